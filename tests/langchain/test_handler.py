"""Matching: which call a lookup belongs to, which chain the call, which user the chain serves."""

import weakref
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, strategies as st
from langchain_core.callbacks import CallbackManager
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.prompt_values import ChatPromptValue
from support.doors import Applicant
from support.lines import lines_run

from langcache import Cache, ChainPolicy
from langcache.langchain import handler as handlers
from langcache.langchain.handler import PROBE, CacheHandler
from langcache.langchain.matching import RUNS_KEPT, Call, Runs, begin, claim, claimed, finish, policy_for


def call(text: str, **told: Any) -> Call:
    return Call(uuid4(), (HumanMessage(text),), **told)


def given_of(runs: Runs, parent: UUID | None, messages: Any) -> tuple[Any, bool]:
    prompt, unsure = runs.prompt_of(parent, messages)
    return (prompt.given if prompt else None), unsure


class TestClaiming:
    """A lookup gets its own call, once; an update the call its lookup claimed."""

    def test_the_latest_with_this_prompt(self) -> None:
        first, second = begin(call("claim a")), begin(call("claim a"))
        assert claim(first.prompt, "llm") is second
        assert claim(first.prompt, "llm") is first
        assert claim(first.prompt, "llm") is None

    def test_another_prompt_is_nobodys(self) -> None:
        begin(call("claim b"))
        assert claim(call("claim c").prompt, "llm") is None

    def test_an_update_belongs_to_the_lookup_with_the_same_words(self) -> None:
        outer = begin(call("claim d"))
        claim(outer.prompt, "outer")
        inner = begin(call("claim d"))
        claim(inner.prompt, "inner")
        assert claimed(inner.prompt, "inner") is inner
        assert claimed(outer.prompt, "outer") is outer

    def test_a_call_that_is_over_is_nobodys(self) -> None:
        over = begin(call("claim e"))
        prompt = over.prompt
        finish(over)
        assert claim(prompt, "llm") is None

    def test_a_call_that_is_over_keeps_nothing_of_the_user(self) -> None:
        over = begin(call("claim f", variables={"name": "Zanquor"}))
        assert over.prompt
        finish(over)
        assert not any("claim f" in str(held) or "Zanquor" in str(held) for held in vars(over).values())

    def test_ids_of_messages_do_not_matter(self) -> None:
        one = Call(uuid4(), (AIMessage("x", id="1"),))
        two = Call(uuid4(), (AIMessage("x", id="2"),))
        assert one.prompt == two.prompt

    @given(st.lists(st.integers(0, 3), min_size=1, max_size=20))
    def test_every_lookup_in_any_order_has_a_call_with_its_own_prompt(self, prompts: list[int]) -> None:
        """Law 1: whatever is started before it is looked up, nobody gets somebody else's call."""
        tag = uuid4().hex
        for number in prompts:
            begin(call(f"{tag} {number}"))
        for number in sorted(prompts):
            found = claim(call(f"{tag} {number}").prompt, "llm")
            assert found is not None
            assert found.messages[0].content == f"{tag} {number}"


class TestVariables:
    """The prompt's variables, by the nearest run that formatted one."""

    @staticmethod
    def formatted(runs: Runs, parent: UUID, given: Any, *messages: Any) -> Any:
        prompt = uuid4()
        runs.format(prompt, parent, given)
        runs.end(prompt, ChatPromptValue(messages=list(messages)))
        return messages

    def test_the_only_one(self) -> None:
        runs, parent, inner = Runs(), uuid4(), uuid4()
        runs.start(parent, None, "chain")
        runs.start(inner, parent, "retry")
        self.formatted(runs, parent, {"x": 1}, HumanMessage("1"))
        assert given_of(runs, inner, [HumanMessage("1")]) == ({"x": 1}, False)

    def test_of_two_the_one_whose_own_message_is_asked(self) -> None:
        """A literal system message is one object for everybody, and says nothing."""
        runs, parent, shared = Runs(), uuid4(), SystemMessage("s")
        runs.start(parent, None, "chain")
        ada = self.formatted(runs, parent, {"x": "Ada"}, shared, HumanMessage("Ada"))
        bob = self.formatted(runs, parent, {"x": "Bob"}, shared, HumanMessage("Bob"))
        assert given_of(runs, parent, ada) == ({"x": "Ada"}, False)
        assert given_of(runs, parent, bob) == ({"x": "Bob"}, False)
        assert given_of(runs, parent, [shared]) == (None, True)
        assert given_of(runs, parent, [HumanMessage("Ada")]) == ({"x": "Ada"}, False)
        assert given_of(runs, parent, [HumanMessage("Eve")]) == (None, True)
        assert given_of(runs, parent, [*ada, *bob]) == (None, True)

    def test_two_handlers_that_tell_of_one_prompt_tell_of_one(self) -> None:
        runs, parent, other = Runs(), uuid4(), uuid4()
        runs.start(parent, None, "chain")
        self.formatted(runs, parent, {"x": "Ada"}, HumanMessage("Ada"))
        runs.format(other, parent, {"x": "Bob"})
        bob = ChatPromptValue(messages=[HumanMessage("Bob")])
        for _ in range(2):
            runs.end(other, bob)
        assert given_of(runs, parent, bob.messages) == ({"x": "Bob"}, False)

    def test_twice_the_prompts_of_one_function_are_twice_the_work(self) -> None:
        """A loop over the parts of a document formats one for each; to compare them all at each call was a cube."""

        def work(count: int) -> int:
            runs, parent = Runs(), uuid4()
            runs.start(parent, None, "chain")

            def loop() -> None:
                for n in range(count):
                    own = self.formatted(runs, parent, {"part": n}, HumanMessage(f"part {n}"))
                    assert given_of(runs, parent, own) == ({"part": n}, False)

            return lines_run(loop)

        assert work(40) <= 2.2 * work(20)

    def test_no_parent_no_variables(self) -> None:
        assert given_of(Runs(), None, [HumanMessage("x")]) == (None, False)

    def test_an_ended_run_takes_its_prompts_along(self) -> None:
        runs, parent = Runs(), uuid4()
        runs.start(parent, None, "chain")
        self.formatted(runs, parent, {"x": 1}, HumanMessage("1"))
        runs.end(parent)
        assert (runs.around(parent), given_of(runs, parent, [])) == ((), (None, False))
        assert not runs._owners

    def test_runs_that_never_end_are_bounded(self) -> None:
        runs = Runs()
        for _ in range(RUNS_KEPT + 5):
            runs.start(uuid4(), None, "stream")
        assert len(runs._runs) == RUNS_KEPT


class TestPolicies:
    """By the call's own name, tags and metadata, else by the nearest run around it."""

    PLAN, NODE = ChainPolicy(name="plan", profile=Applicant), ChainPolicy(name="node", profile=Applicant)
    BOTH = ((PLAN, False), (NODE, False))

    def test_the_nearest_run_wins(self) -> None:
        assert policy_for(call("x", names=(None, "node", "plan")), self.BOTH) is self.NODE
        assert policy_for(call("x", names=(None, "plan", "node")), self.BOTH) is self.PLAN

    def test_a_tag_or_metadata_wins_over_runs_around(self) -> None:
        assert policy_for(call("x", names=(None, "node"), tags=("plan",)), self.BOTH) is self.PLAN
        assert policy_for(call("x", names=(None, "node"), metadata={"chain": "plan"}), self.BOTH) is self.PLAN

    def test_none(self) -> None:
        assert policy_for(call("x", names=(None, "other")), self.BOTH) is None


def test_told_by_two_handlers_a_call_is_one() -> None:
    """The handler given by hand and the process's own speak of the same call; policies add up."""
    policy = ChainPolicy(name="plan", profile=Applicant)
    run_id = uuid4()
    told: dict[str, Any] = {"run_id": run_id, "invocation_params": {}, "options": {}}
    CacheHandler().on_chat_model_start({}, [[HumanMessage("told twice")]], **told)
    CacheHandler(policies=[policy]).on_chat_model_start({}, [[HumanMessage("told twice")]], **told)
    found = claim(call("told twice").prompt, "llm")
    assert found is not None
    assert found.policies == ((policy, False),)
    finish(found)


def test_the_probe_is_idle_unless_a_cache_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is paid by a process whose caches are gone."""
    monkeypatch.setattr(handlers, "_watching", weakref.WeakSet())
    probe: Any = PROBE.get()
    with Cache("memory://") as cache:
        door = cache.llm_cache()
        assert not probe.ignore_chain
        assert probe in CallbackManager.configure().handlers
        handlers.unwatch(door)
        assert probe.ignore_chain
        assert probe.ignore_chat_model
