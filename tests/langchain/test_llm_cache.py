"""Door 2 by hand: what is the same request, and what each user reads."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel, FakeListLLM
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnableParallel
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr
from support.doors import BOB, PROMPT, Applicant, Echo, Planner, applicant

from langcache import Cache, ChainPolicy
from langcache.errors import NotCached
from langcache.testing import Provider, Reply, ToolCall

KEY = SecretStr("test")


@pytest.fixture
def cache():
    with Cache("memory://") as cache:
        yield cache


def planner(cache: Cache, **declared: Any) -> Any:
    model = Planner(cache=cache.llm_cache(name="plan", profile=Applicant, prompt_version="v1", **declared))
    return PROMPT | model, model


def stored(cache: Cache) -> bytes:
    """Every byte of the store."""
    found = []
    for key in cache.store.scan(cache.namespace, now=cache.clock.now()):
        found.append(repr(key).encode())
        record = cache.store.get(cache.namespace, key.key, now=cache.clock.now())
        found.append(record.value)
    return b"\n".join(found)


def test_two_users_of_one_kind_cost_one_call_and_each_reads_of_their_own(cache: Cache) -> None:
    """Law 1 and the point of it all: synonyms, a bucket and details differ, the kind is one."""
    chain, model = planner(cache)
    assert chain.invoke(applicant()).content == "Tell the story of PathAI."
    assert chain.invoke(BOB).content == "Tell the story of Quantix."
    assert model.calls == 1


async def test_the_same_awaited(cache: Cache) -> None:
    """Law 12."""
    chain, model = planner(cache)
    assert (await chain.ainvoke(applicant())).content == "Tell the story of PathAI."
    assert (await chain.ainvoke(BOB)).content == "Tell the story of Quantix."
    assert model.calls == 1


@pytest.mark.parametrize(
    "other", [{"background": "nurse"}, {"gpa": 3.9}, {"gpa": None}, {"startup_name": None}, {"universities": []}]
)
def test_another_kind_is_another_call(cache: Cache, other: dict[str, Any]) -> None:
    """Law 1: another feature, or a slot that is not there."""
    chain, model = planner(cache)
    chain.invoke(applicant())
    chain.invoke(applicant(**other))
    assert model.calls == 2


def test_no_value_of_a_user_is_at_rest(cache: Cache) -> None:
    """Law 2, in every byte of the store."""
    chain, _ = planner(cache)
    chain.invoke(applicant())
    at_rest = stored(cache)
    assert b"Tell the story of" in at_rest
    assert [value for value in (b"PathAI", b"MIT", b"Stanford", b"3.42") if value in at_rest] == []


def test_an_answer_that_leaks_is_refused(cache: Cache) -> None:
    """Law 2: a blurred raw value in the answer is personal."""
    model = Echo(cache=cache.llm_cache(name="plan", profile=Applicant))
    with cache.capture() as events:
        (PROMPT | model).invoke(applicant(universities=[]))
    assert [(e.outcome, e.reason) for e in events] == [("refused", "leak")]
    assert stored(cache) == b""


def test_a_model_swapped_behind_one_prompt_version_is_another_call(cache: Cache) -> None:
    """Law 1: the prompt version stands for the prompt text alone."""
    door = cache.llm_cache(name="plan", profile=Applicant, prompt_version="v1")
    first, second = Planner(cache=door, model_name="a"), Planner(cache=door, model_name="b")
    (PROMPT | first).invoke(applicant())
    (PROMPT | second).invoke(applicant())
    assert (first.calls, second.calls) == (1, 1)


def test_two_model_calls_of_one_chain_never_share_an_entry(cache: Cache) -> None:
    """Law 1: what the second call is asked holds what the first answered."""
    door = cache.llm_cache(name="plan", profile=Applicant)
    model = Planner(cache=door)
    chain = PROMPT | model | (lambda m: [HumanMessage(f"Translate of {m.content} (GPA")]) | model
    assert chain.invoke(applicant()).content == "Tell the story of Tell the story of PathAI.."
    assert chain.invoke(BOB).content == "Tell the story of Tell the story of Quantix.."
    assert model.calls == 2


def test_retrieved_context_that_differs_is_another_call(cache: Cache) -> None:
    """Law 1: rendered messages are always residue."""
    prompt = ChatPromptTemplate.from_template("Context: {context}\nPlan for {background} of {startup_name} (GPA")
    model = Planner(cache=cache.llm_cache(name="plan", profile=Applicant))
    for context in ("Deadlines are in May.", "Deadlines are in June."):
        (prompt | model).invoke({**applicant(), "context": context})
    assert model.calls == 2


def test_an_undeclared_number_that_equals_a_feature_stays_in_the_key(cache: Cache) -> None:
    """Law 1: with GPA 3.42 and 3.42 points asked for, both would otherwise be one gap."""
    prompt = ChatPromptTemplate.from_template("Give {n} points to a GPA of {gpa} of {startup_name} (GPA")
    model = Planner(cache=cache.llm_cache(name="plan", profile=Applicant))
    for gpa in (3.42, 3.1):
        (prompt | model).invoke({**applicant(gpa=gpa), "n": gpa})
    assert model.calls == 2


def test_context_that_a_function_adds_stays_in_the_key(cache: Cache) -> None:
    """Law 1: only what the prompt made of known variables may hold the user's numbers."""
    model = Planner(cache=cache.llm_cache(name="plan", profile=Applicant))
    for gpa in (3.4, 3.1):

        def retrieve(prompt: Any, gpa: float = gpa) -> Any:
            return [HumanMessage(f"The deadline is in {gpa} days"), *prompt.to_messages()]

        (PROMPT | retrieve | model).invoke(applicant(gpa=gpa))
    assert model.calls == 2


class TestTheFaultsOfLangChainsOwnCache:
    """Law 1, with the four defects of the built-in cache."""

    def test_a_copy_with_another_model_is_another_call(self, cache: Cache) -> None:
        """Defect 1: the copy keeps the description its original cached."""
        with Provider(reply="Hi") as provider:
            model = ChatOpenAI(base_url=provider.openai_url, api_key=KEY, model="gpt-4", cache=cache.llm_cache())
            model.invoke("Hello")
            model.model_copy(update={"model_name": "gpt-5", "temperature": 1}).invoke("Hello")
            model.invoke("Hello")
            assert [r.json["model"] for r in provider.requests] == ["gpt-4", "gpt-5"]

    def test_a_changed_parameter_is_another_call(self, cache: Cache) -> None:
        """Defect 1: so does the model itself."""
        with Provider(reply="Hi") as provider:
            model = ChatOpenAI(base_url=provider.openai_url, api_key=KEY, model="gpt-4", cache=cache.llm_cache())
            model.invoke("Hello")
            model.temperature = 0.9
            model.invoke("Hello")
            assert provider.calls == 2

    def test_a_changed_schema_of_one_name_is_another_call_and_its_own_class(self, cache: Cache) -> None:
        """Defect 2: schemas are known by their content."""

        def person(**fields: Any) -> type[BaseModel]:
            return type("P", (BaseModel,), {"__annotations__": fields, "__module__": "one", "__qualname__": "P"})

        old, new = person(name=str), person(name=str, age=int)
        with Provider() as provider:
            model = ChatOpenAI(base_url=provider.openai_url, api_key=KEY, model="gpt-4o-mini", cache=cache.llm_cache())
            first = [model.with_structured_output(kind).invoke("Ada") for kind in (old, new)]
            again = [model.with_structured_output(kind).invoke("Ada") for kind in (old, new)]
            assert provider.calls == 2
        assert [type(answer) for answer in (*first, *again)] == [old, new, old, new]
        assert first == again

    def test_an_irrelevant_knob_is_the_same_call(self, cache: Cache) -> None:
        """Defect 3: a timeout does not shape an answer."""
        with Provider(reply="Hi") as provider:
            for timeout in (5, 6):
                ChatOpenAI(
                    base_url=provider.openai_url, api_key=KEY, model="m", timeout=timeout, cache=cache.llm_cache()
                ).invoke("Hello")
            assert provider.calls == 1

    def test_two_custom_models_that_differ_do_not_share(self, cache: Cache) -> None:
        """Defect 4: what a model says identifies it is not all there is."""
        door = cache.llm_cache()
        answers = [Echo(cache=door, prefix=prefix).invoke("Hello").content for prefix in ("One: ", "Two: ")]
        assert answers == ["One: Hello", "Two: Hello"]

    def test_a_custom_model_that_changed_is_another_call(self, cache: Cache) -> None:
        """Defect 1 again, for what no author listed."""
        model = Echo(cache=cache.llm_cache())
        model.invoke("Hello")
        model.prefix = "Now: "
        assert model.invoke("Hello").content == "Now: Hello"

    def test_bound_arguments_of_a_text_model_are_in_the_key(self, cache: Cache) -> None:
        """Defect 4: a text model looks up before it says what it was bound to."""
        model = FakeListLLM(responses=["one", "two"], cache=cache.llm_cache())
        assert model.invoke("Hello") == model.invoke("Hello") == "one"
        assert model.bind(temperature=1).invoke("Hello") == "two"

    async def test_and_awaited(self, cache: Cache) -> None:
        """Defect 4, async."""
        model = FakeListLLM(responses=["one", "two"], cache=cache.llm_cache())
        assert await model.ainvoke("Hello") == await model.ainvoke("Hello") == "one"
        assert await model.bind(temperature=1).ainvoke("Hello") == "two"


class TestFreshObjects:
    """Law 7."""

    def test_a_hit_has_a_new_id_zero_usage_and_says_so(self, cache: Cache) -> None:
        model = Echo(cache=cache.llm_cache())
        first, second, third = (model.invoke("Hello") for _ in range(3))
        assert model.calls == 1
        assert len({first.id, second.id, third.id}) == 3
        assert {second.usage_metadata[name] for name in ("input_tokens", "output_tokens", "total_tokens")} == {0}
        assert second.response_metadata["langcache"]["usage"]["total_tokens"] == 12

    def test_a_reader_who_writes_into_an_answer_changes_nobody_elses(self, cache: Cache) -> None:
        model = Echo(cache=cache.llm_cache())
        for _ in range(3):
            answer = model.invoke("Hello")
            assert answer.content == "Noted: Hello"
            answer.content = "POISON"
            answer.response_metadata["langcache"] = "POISON"

    def test_ids_and_usage_of_earlier_messages_are_not_in_the_key(self, cache: Cache) -> None:
        """Message ids, usage and our own marks say nothing about what is asked."""
        model = Echo(cache=cache.llm_cache())
        for turn in range(2):
            history = AIMessage(
                "", id=f"m{turn}", tool_calls=[{"name": "f", "args": {}, "id": f"c{turn}"}],
                usage_metadata={"input_tokens": turn, "output_tokens": 0, "total_tokens": turn},
            )  # fmt: skip
            model.invoke([HumanMessage("Hi"), history, ToolMessage("4", tool_call_id=f"c{turn}")])
        assert model.calls == 1


class TestTheRightUser:
    """Threads, tasks, batches, nesting: everybody reads about themselves, or the cache stands aside."""

    USERS = [applicant(startup_name=f"Startup{n}x", gpa=3.0 + n / 1000) for n in range(50)]
    OWN = [f"Tell the story of Startup{n}x." for n in range(50)]

    def test_batch(self, cache: Cache) -> None:
        chain, model = planner(cache)
        chain.invoke(applicant())
        assert [m.content for m in chain.batch(self.USERS)] == self.OWN
        assert model.calls == 1

    async def test_abatch(self, cache: Cache) -> None:
        chain, model = planner(cache)
        chain.invoke(applicant())
        assert [m.content for m in await chain.abatch(self.USERS)] == self.OWN
        assert model.calls == 1

    async def test_cold(self, cache: Cache) -> None:
        chain, _ = planner(cache)
        assert [m.content for m in await chain.abatch(self.USERS)] == self.OWN

    def test_users_in_metadata_with_one_prompt_for_all(self, cache: Cache) -> None:
        """One and the same text from 50 users at once: what each reads follows their own metadata."""
        model = Planner(cache=cache.llm_cache(name="plan", profile=Applicant))
        answers = model.batch(
            ["Plan of it (GPA"] * 50, [{"metadata": {"profile": {**user}}, "max_concurrency": 8} for user in self.USERS]
        )
        assert {m.content for m in answers} == {"Tell the story of it."}
        assert model.calls >= 1

    def test_parallel_branches(self, cache: Cache) -> None:
        chain, _ = planner(cache)
        both = RunnableParallel(
            ada=RunnableLambda(lambda _: applicant()) | chain, bob=RunnableLambda(lambda _: BOB) | chain
        )
        for _ in range(3):
            answers = both.invoke({})
            assert answers["ada"].content == "Tell the story of PathAI."
            assert answers["bob"].content == "Tell the story of Quantix."

    def test_two_prompts_then_two_models_under_one_parent(self, cache: Cache) -> None:
        """The hazard of the sibling rule: the latest prompt is not the call's own."""
        model = Planner(cache=cache.llm_cache(name="plan", profile=Applicant))

        def both(_: Any, config: Any) -> list[str]:
            asked = [PROMPT.invoke(user, config) for user in (applicant(), BOB)]
            return [model.invoke(prompt, config).content for prompt in asked]

        chain = RunnableLambda(both)
        expected = ["Tell the story of PathAI.", "Tell the story of Quantix."]
        assert [chain.invoke({}) for _ in range(2)] == [expected, expected]
        assert model.calls == 1
        assert b"PathAI" not in stored(cache)

    def test_prompts_that_cannot_be_told_apart_are_bypassed(self, cache: Cache) -> None:
        """In doubt, aside: both prompts were made over into new messages."""
        model = Planner(cache=cache.llm_cache(name="plan", profile=Applicant))

        def both(_: Any, config: Any) -> list[str]:
            asked = [PROMPT.invoke(user, config).to_string() for user in (applicant(), BOB)]
            return [model.invoke(prompt, config).content for prompt in asked]

        with cache.capture() as events:
            RunnableLambda(both).invoke({})
        assert [e.outcome for e in events] == ["bypass", "bypass"]

    def test_a_prompt_batch_of_generate(self, cache: Cache) -> None:
        model = Echo(cache=cache.llm_cache())
        asked = [[HumanMessage(text)] for text in ("a", "b", "a")]
        for _ in range(2):
            result = model.generate(asked)
            assert [g[0].text for g in result.generations] == ["Noted: a", "Noted: b", "Noted: a"]

    async def test_a_prompt_batch_of_agenerate(self, cache: Cache) -> None:
        model = Echo(cache=cache.llm_cache())
        asked = [[HumanMessage(text)] for text in ("a", "b", "a")]
        for _ in range(2):
            result = await model.agenerate(asked)
            assert [g[0].text for g in result.generations] == ["Noted: a", "Noted: b", "Noted: a"]

    def test_a_model_that_calls_a_model_with_the_same_words(self, cache: Cache) -> None:
        door = cache.llm_cache()
        inner = Echo(cache=door, prefix="Inner ")

        class Outer(Echo):
            def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
                told = inner.invoke(messages)
                return super()._generate([told], *args, **kwargs)

        outer = Outer(cache=door, prefix="Outer ")
        for _ in range(2):
            assert outer.invoke("x").content == "Outer Inner x"
            assert inner.invoke("x").content == "Inner x"
        assert (outer.calls, inner.calls) == (1, 1)


class TestWhereValuesComeFrom:
    """Metadata beats the prompt's variables, which beat the ambient user."""

    def test_the_ambient_user(self, cache: Cache) -> None:
        model = Planner(cache=cache.llm_cache(name="plan", profile=Applicant))
        for user in (applicant(), BOB):
            with cache.user(user):
                answer = model.invoke(f"Plan of {user['startup_name']} (GPA")
            assert answer.content == f"Tell the story of {user['startup_name']}."
        assert model.calls == 1

    def test_metadata(self, cache: Cache) -> None:
        model = Planner(cache=cache.llm_cache(name="plan", profile=Applicant))
        for user in (applicant(), BOB):
            with cache.user(applicant(startup_name="Somebody else")):
                answer = model.invoke(f"Plan of {user['startup_name']} (GPA", {"metadata": {"profile": user}})
            assert answer.content == f"Tell the story of {user['startup_name']}."
        assert model.calls == 1

    def test_no_value_at_all_is_a_bypass(self, cache: Cache) -> None:
        """Without them the answer would be stored with the user in it."""
        model = Planner(cache=cache.llm_cache(name="plan", profile=Applicant))
        with cache.capture() as events:
            model.invoke("Plan of PathAI (GPA")
        assert [e.outcome for e in events] == ["bypass"]
        assert "metadata['profile']" in str(events[0].reason)


class TestNeverStored:
    """Law 5 at this door."""

    @pytest.mark.parametrize(
        ("finish", "reason"), [("length", "truncated"), ("content_filter", "filtered"), ("refusal", "refusal")]
    )
    def test_an_unfinished_answer(self, cache: Cache, finish: str, reason: str) -> None:
        model = Echo(cache=cache.llm_cache(), finish=finish)
        with cache.capture() as events:
            model.invoke("Hello")
            model.invoke("Hello")
        assert [(e.outcome, e.reason) for e in events] == [("refused", reason)] * 2

    def test_an_empty_answer(self, cache: Cache) -> None:
        model = Echo(cache=cache.llm_cache(), prefix="")
        with cache.capture() as events:
            model.invoke("")
        assert [(e.outcome, e.reason) for e in events] == [("refused", "empty answer")]

    def test_a_failure_is_accounted_for(self, cache: Cache) -> None:
        class Broken(Echo):
            def _generate(self, *args: Any, **kwargs: Any) -> Any:
                raise RuntimeError("down")

        with cache.capture() as events, pytest.raises(RuntimeError):
            Broken(cache=cache.llm_cache()).invoke("Hello")
        assert [(e.outcome, e.reason) for e in events] == [("miss", "error: RuntimeError")]


class TestDirectives:
    """RFC 9111 at this door."""

    def test_no_store_is_neither_read_nor_written(self, cache: Cache) -> None:
        model = Echo(cache=cache.llm_cache())
        for _ in range(2):
            model.invoke("Hello", {"metadata": {"langcache": "no-store"}})
        assert (model.calls, cache.stats().entries) == (2, 0)

    def test_no_cache_by_tag_is_written_but_not_read(self, cache: Cache) -> None:
        model = Echo(cache=cache.llm_cache())
        with cache.capture() as events:
            model.invoke("Hello")
            model.invoke("Hello", {"tags": ["langcache:no-cache"]})
            model.invoke("Hello")
        assert [e.outcome for e in events] == ["miss", "refresh", "hit"]
        assert model.calls == 2

    @pytest.mark.parametrize("door", ["sync", "async"])
    async def test_only_if_cached_raises(self, cache: Cache, door: str) -> None:
        model = Echo(cache=cache.llm_cache())

        async def ask() -> Any:
            return model.invoke("Hello") if door == "sync" else await model.ainvoke("Hello")

        with cache.capture() as events, cache.directives("only-if-cached"), pytest.raises(NotCached):
            await ask()
        assert (model.calls, [e.reason for e in events]) == (0, ["error: NotCached"])

    def test_the_vip_who_opted_out(self, cache: Cache) -> None:
        class Vip(Applicant):
            def cache_directives(self) -> str | None:
                return "no-store" if self.startup_name == "PathAI" else None

        model = Planner(cache=cache.llm_cache(name="plan", profile=Vip))
        for _ in range(2):
            (PROMPT | model).invoke(applicant())
        assert (model.calls, cache.stats().entries) == (2, 0)

    def test_a_policys_own(self, cache: Cache) -> None:
        chain, model = planner(cache, directives="no-store")
        for _ in range(2):
            chain.invoke(applicant())
        assert (model.calls, cache.stats().entries) == (2, 0)


def test_events_tell_tokens_and_latency(cache: Cache) -> None:
    """A miss costs what the provider counted, a hit costs nothing."""
    model = Echo(cache=cache.llm_cache())
    with cache.capture() as events:
        model.invoke("Hello")
        model.invoke("Hello")
    miss, hit = events
    assert (miss.outcome, miss.input_tokens, miss.output_tokens, miss.model) == ("miss", 7, 5, "echo-1")
    assert (hit.outcome, hit.input_tokens, hit.output_tokens, hit.model) == ("hit", 0, 0, "echo-1")
    assert hit.age_s is not None


def test_invalidate_by_the_labels_of_a_policy(cache: Cache) -> None:
    """Entries of this door carry the same labels as those of a wrapped chain."""
    chain, model = planner(cache, tags=["beta"], generation_type="full")
    chain.invoke(applicant())
    assert cache.invalidate(chain="plan", prompt_version="v1", tags="beta", generation_type="full") == 1
    chain.invoke(applicant())
    assert model.calls == 2


def test_tool_calls_are_filled_for_the_reader(cache: Cache) -> None:
    """A detail in the arguments of a tool call is a gap as well."""

    def reply(request: Any) -> Reply:
        text = request.json["messages"][-1]["content"]
        return Reply(tool_calls=[ToolCall("write", {"about": text.rpartition(" of ")[2]})])

    prompt = ChatPromptTemplate.from_template("For a {background} with {gpa}: write of {startup_name}")
    door = cache.llm_cache(name="plan", profile=Applicant)
    with Provider(reply=reply) as provider:
        model = ChatOpenAI(base_url=provider.openai_url, api_key=KEY, model="m", cache=door)
        calls = [(prompt | model).invoke(user).tool_calls[0] for user in (applicant(), BOB)]
        assert provider.calls == 1
    assert [call["args"] for call in calls] == [{"about": "PathAI"}, {"about": "Quantix"}]
    assert calls[0]["id"] != calls[1]["id"]


def test_a_wrapped_chain_is_cached_once_and_regenerates(cache: Cache) -> None:
    """Inside a wrapped chain this door stands aside: "regenerate" reaches the provider."""
    model = Echo(cache=cache.llm_cache())
    chain = cache.wrap(ChatPromptTemplate.from_template("Say {x}") | model, name="say", prompt_version="1")
    chain.invoke({"x": "a"})
    chain.invoke({"x": "a"}, {"metadata": {"langcache": "no-cache"}})
    assert (model.calls, cache.stats().entries) == (2, 1)


def test_a_policy_of_a_handler_given_by_hand(cache: Cache) -> None:
    """`handler` may carry the policy instead of the model's cache."""
    model = Planner(cache=cache.llm_cache())
    handler = cache.handler(name="plan", profile=Applicant)
    for user in (applicant(), BOB):
        answer = (PROMPT | model).invoke(user, {"callbacks": [handler]})
        assert answer.content == f"Tell the story of {user['startup_name']}."
    assert model.calls == 1


def test_a_policy_covers_what_its_name_says_and_nothing_else(cache: Cache) -> None:
    """By run name of a run around it, by tag, by metadata."""
    model: BaseChatModel = Planner(cache=cache.llm_cache([ChainPolicy(name="plan", profile=Applicant)]))
    chain = PROMPT | model
    configs: list[Any] = [{"run_name": "plan"}, {"tags": ["plan"]}, {"metadata": {"chain": "plan"}}]
    with cache.capture() as events:
        for config in configs:
            chain.invoke(applicant(), config)
        chain.invoke(applicant())
    assert [(e.chain, e.outcome) for e in events] == [
        ("plan", "miss"), ("plan", "hit"), ("plan", "hit"), ("llm", "miss"),
    ]  # fmt: skip


class Slow(Echo):
    """Takes its time; fails as often as told."""

    failures: int = 0

    def _generate(self, *args: Any, **kwargs: Any) -> Any:
        result = super()._generate(*args, **kwargs)
        time.sleep(0.05)
        if self.calls <= self.failures:
            raise RuntimeError("down")
        return result

    async def _agenerate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
        self.calls += 1
        at = self.calls
        await asyncio.sleep(0.05)
        if at <= self.failures:
            raise RuntimeError("down")
        self.calls -= 1
        return Echo._generate(self, messages)


class TestOneCall:
    """Law 6 at this door: LangChain looks up and updates, and whoever misses meanwhile waits."""

    def test_threads(self, cache: Cache) -> None:
        model = Slow(cache=cache.llm_cache())
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: model.invoke("Hello").content, range(16)))
        assert (set(answers), model.calls) == ({"Noted: Hello"}, 1)

    async def test_tasks(self, cache: Cache) -> None:
        model = Slow(cache=cache.llm_cache())
        answers = await asyncio.gather(*[model.ainvoke("Hello") for _ in range(64)])
        assert ({m.content for m in answers}, model.calls) == ({"Noted: Hello"}, 1)
        assert len({m.id for m in answers}) == 64

    def test_batch(self, cache: Cache) -> None:
        model = Slow(cache=cache.llm_cache())
        model.batch(["Hello"] * 16)
        assert model.calls == 1

    async def test_a_leader_that_fails_is_replaced_once(self, cache: Cache) -> None:
        model = Slow(cache=cache.llm_cache(), failures=1)
        answers = await asyncio.gather(*[model.ainvoke("Hello") for _ in range(8)], return_exceptions=True)
        assert sum(isinstance(answer, RuntimeError) for answer in answers) == 1
        assert model.calls == 2

    async def test_a_leader_that_is_cancelled_is_replaced(self, cache: Cache) -> None:
        model = Slow(cache=cache.llm_cache())
        leader = asyncio.create_task(model.ainvoke("Hello"))
        await asyncio.sleep(0.02)
        waiters = [asyncio.create_task(model.ainvoke("Hello")) for _ in range(4)]
        await asyncio.sleep(0)
        leader.cancel()
        async with asyncio.timeout(5):
            answers = await asyncio.gather(*waiters)
        assert {m.content for m in answers} == {"Noted: Hello"}

    def test_answers_that_are_refused_do_not_make_others_queue(self, cache: Cache) -> None:
        model = Slow(cache=cache.llm_cache(), finish="length")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: model.invoke("Hello"), range(8)))
        assert model.calls == 8
