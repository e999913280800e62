"""Door 1: a wrapped chain."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder, PromptTemplate
from langchain_core.runnables import (
    ConfigurableField,
    RouterRunnable,
    Runnable,
    RunnableBranch,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
)
from pydantic import BaseModel
from support.chains import PROMPT, SAY, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache, Feature, Profile, Slot
from langcache.errors import DeclarationError, NotCached


@pytest.fixture
def cache() -> Cache:
    return Cache("memory://")


def test_users_of_one_kind_cost_one_call_and_read_their_own_details(cache: Cache) -> None:
    """The main job: one call, every answer with the reader's details."""
    model = CountingModel(say=SAY)
    wrapped = cache.wrap(chain(model), profile=Applicant, name="plan")
    answers = [
        wrapped.invoke(founder()),
        wrapped.invoke(founder(background=" CEO ", startup_name="Zed", universities=["Yale"])),
        wrapped.invoke(founder(background="Entrepreneur", startup_name="Acme", universities=["A1", "B2", "C3"])),
    ]
    assert [answers[0], answers[2]] == ["Pitch PathAI to MIT and CMU.", "Pitch Acme to A1, B2 and C3."]
    assert answers[1] == "Pitch Zed to Yale." or model.calls == 2  # one university is another presence than many
    assert model.calls == 2


async def test_async_does_the_same(cache: Cache) -> None:
    """Law 12."""
    model = CountingModel(say=SAY)
    wrapped = cache.wrap(chain(model), profile=Applicant)
    assert await wrapped.ainvoke(founder()) == "Pitch PathAI to MIT and CMU."
    assert await wrapped.ainvoke(founder(startup_name="Zed")) == "Pitch Zed to MIT and CMU."
    assert wrapped.invoke(founder(startup_name="Sync")) == "Pitch Sync to MIT and CMU."
    assert model.calls == 1


def test_a_masked_prompt_never_holds_the_details(cache: Cache) -> None:
    """Law 2: what leaves for the provider is the same for all users of one key."""
    model = CountingModel(say=SAY)
    wrapped = cache.wrap(chain(model), profile=Applicant)
    wrapped.invoke(founder())
    assert "PathAI" not in model.last
    assert "[startup name]" in model.last
    assert "MIT" not in model.last


def test_the_instruction_is_in_the_system_message_only(cache: Cache) -> None:
    """Never in the human turn; it can be replaced, and turned off."""
    for instruction, expected in ((None, "square brackets"), ("Keep [x] as is.", "Keep [x] as is."), (False, None)):
        model = CountingModel(say=SAY)
        cache.wrap(chain(model), profile=Applicant, name=str(instruction), instruction=instruction).invoke(founder())
        system, human = model.seen[0]
        assert (expected is not None) == (str(system.content) != "You advise a founder.")
        assert expected is None or expected in system.content
        assert "square brackets" not in human.content


WHICH = ConfigurableField(id="which")
ONLY = {"key": lambda _: "only", "input": RunnablePassthrough()}
AROUND: dict[str, Any] = {
    "an alternative": lambda one: one.configurable_alternatives(WHICH, default_key="one", other=StrOutputParser()),
    "another": lambda one: StrOutputParser().configurable_alternatives(WHICH, one=one),
    "one that is made": lambda one: StrOutputParser().configurable_alternatives(WHICH, one=lambda: one),
    "a router": lambda one: ONLY | RouterRunnable({"only": one}),
    "a branch": lambda one: RunnableBranch((lambda _: True, one), one),
    "a part": lambda one: RunnablePassthrough.assign(plan=one).pick("plan"),
}


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
def test_a_model_is_told_wherever_it_stands(cache: Cache, around: Any) -> None:
    """In every runnable that holds it in a field; a function's is out of reach."""
    model = CountingModel(say=SAY)
    wrapped = cache.wrap(around(PROMPT | model | StrOutputParser()), profile=Applicant, name="w", prompt_version="1")
    wrapped.invoke(founder(), {"configurable": {"which": "one"}})
    assert "square brackets" in model.last


def test_numbers_lists_and_jinja_prompts_take_placeholders(cache: Cache) -> None:
    """A slot works where a prompt formats it numerically or iterates over it."""
    profile = Profile.of(
        slots={"users": Slot(), "schools": Slot(label="school")}, features={"gpa": Feature(buckets=[3])}
    )
    prompts: list[Runnable[Any, Any]] = [
        ChatPromptTemplate.from_messages([("human", "{users:,} at {schools} with {gpa:.1f}")]),
        ChatPromptTemplate.from_messages(
            [("human", "{{ users }} at {% for s in schools %}{{ s }};{% endfor %} {{ gpa }}")], template_format="jinja2"
        ),
        PromptTemplate.from_template("{users:08.2f} {schools} {gpa}"),
    ]
    for number, prompt in enumerate(prompts):
        model = CountingModel(say="[users] at [school]")
        wrapped = cache.wrap(prompt | model | StrOutputParser(), profile=profile, name=str(number))
        assert wrapped.invoke({"users": 200_000, "schools": ["MIT", "CMU"], "gpa": 3.4}) == "200000 at MIT and CMU"
        assert wrapped.invoke({"users": 15, "schools": ["X", "Y", "Z"], "gpa": 3.9}) == "15 at X, Y and Z"
        assert (model.calls, "200" in model.last) == (1, False)


def test_details_inside_undeclared_text_and_history_are_masked(cache: Cache) -> None:
    """ "How do I pitch PathAI?" is one key for every founder."""
    model = CountingModel(say="Like [startup name] does.")
    prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{question}")])
    wrapped = cache.wrap(prompt | model | StrOutputParser(), profile=Applicant)

    def ask(name: str) -> Any:
        history = [HumanMessage(f"I run {name}."), AIMessage(f"Tell me of {name}!", id=name)]
        return wrapped.invoke(founder(startup_name=name, question=f"How do I pitch {name}?", history=history))

    assert [ask("PathAI"), ask("Zed Labs")] == ["Like PathAI does.", "Like Zed Labs does."]
    assert model.calls == 1
    assert "PathAI" not in model.last


def test_residue_that_differs_is_another_key(cache: Cache) -> None:
    """Forgetting to declare costs hits, never correctness."""
    model = CountingModel(say=lambda messages: str(messages[-1].content))
    wrapped = cache.wrap(ChatPromptTemplate.from_messages([("human", "{q}")]) | model | StrOutputParser())
    assert [wrapped.invoke({"q": "a"}), wrapped.invoke({"q": "b"}), wrapped.invoke({"q": "a"})] == ["a", "b", "a"]
    assert model.calls == 2


@pytest.mark.parametrize(
    "say",
    ["Go to [Startup Name]!", "Go to [startup_name]!", r"Go to \[startup name\]!", "Go to [STARTUP NAME]!"],
)
def test_known_manglings_are_understood(cache: Cache, say: str) -> None:
    """A model that writes the placeholder a little differently still fills."""
    wrapped = cache.wrap(chain(CountingModel(say=say)), profile=Applicant)
    assert wrapped.invoke(founder()).lower() == "go to pathai!"


@pytest.mark.parametrize("say", ["Go to [startup na", "Go to [startup nme] now"])
def test_a_broken_placeholder_is_refused_and_the_user_still_gets_a_whole_answer(cache: Cache, say: str) -> None:
    """Half-cut or unresolved: nothing is stored, the chain runs once on real values."""
    model = CountingModel(say=lambda messages: say if "[startup name]" in str(messages) else "Go to PathAI!")
    wrapped = cache.wrap(chain(model), profile=Applicant)
    with cache.capture() as events:
        assert wrapped.invoke(founder()) == "Go to PathAI!"
    assert (events[0].outcome, cache.stats().entries) == ("refused", 0)


def test_a_required_slot_that_is_missing_refuses(cache: Cache) -> None:
    """``required=True``: an answer that does not mention it is for nobody else."""
    profile = Profile.of(slots={"startup_name": Slot(required=True)})
    wrapped = cache.wrap(chain(CountingModel(say="Go!")), profile=profile)
    with cache.capture() as events:
        assert wrapped.invoke(founder()) == "Go!"
    assert (events[0].outcome, events[0].reason, events[0].details["slot"]) == (
        "refused",
        "required slot missing",
        "startup_name",
    )


def test_values_that_look_like_templates_stay_literal(cache: Cache) -> None:
    """Law 4: nothing is expanded twice."""
    wrapped = cache.wrap(chain(CountingModel(say=SAY)), profile=Applicant)
    for name in ("[university name]", "{{x}}", "{startup_name}", '"quoted"', "\\u0000", "[startup name]"):
        assert wrapped.invoke(founder(startup_name=name)) == f"Pitch {name} to MIT and CMU."


def test_a_prompt_that_holds_a_placeholders_text_gets_a_distinct_token(cache: Cache) -> None:
    """Law 4: the author's own ``[startup name]`` stays the author's."""
    model = CountingModel(say="Write [startup name] in brackets for [startup name 2].")
    prompt = ChatPromptTemplate.from_messages([("human", "Use [startup name] literally. For {startup_name}.")])
    wrapped = cache.wrap(prompt | model | StrOutputParser(), profile=Profile.of(slots=["startup_name"]))
    answer = wrapped.invoke({"startup_name": "PathAI"})
    assert "[startup name]" in answer
    assert "PathAI" in answer


class Task(BaseModel):
    title: str
    steps: list[str]
    effort: int = 1


@dataclass
class Note:
    text: str
    about: list[str]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            {"a": ["[startup name]", 3, None, True, 1.5], "[startup name]": 1},
            {"a": ["Zed", 3, None, True, 1.5], "Zed": 1},
        ),
        (
            Task(title="Pitch [startup name]", steps=["x", "[Startup Name]"]),
            Task(title="Pitch Zed", steps=["x", "Zed"]),
        ),
        ([Note("[startup name]", ["[startup name]!"])], [Note("Zed", ["Zed!"])]),
        (("[startup name]", 2), ("Zed", 2)),
        ('{"name": "[startup name]"}', '{"name": "Zed"}'),
    ],
)
def test_answers_are_filled_leaf_by_leaf(cache: Cache, answer: Any, expected: Any) -> None:
    """Text, JSON trees, pydantic models, dataclasses and lists of them keep their shape and type."""
    runs: list[Any] = []

    def run(inputs: Any) -> Any:
        runs.append(inputs)
        return answer

    wrapped = cache.wrap(RunnableLambda(run), profile=Applicant, name="x", prompt_version="1")
    wrapped.invoke(founder())
    filled = wrapped.invoke(founder(startup_name="Zed"))
    assert (filled, type(filled), len(runs)) == (expected, type(expected), 1)


def test_json_text_is_filled_with_json_escaping(cache: Cache) -> None:
    """A value can never close the string it stands in."""
    import json

    wrapped = cache.wrap(chain(CountingModel(say='{"name": "[startup name]"}')), profile=Applicant)
    name = 'Quote " and \\ back\nslash'
    assert json.loads(wrapped.invoke(founder(startup_name=name))) == {"name": name}


def test_a_type_that_cannot_be_stored_is_passed_through_and_reported(cache: Cache) -> None:
    """Bypass, with the reason."""
    thing = object()
    wrapped = cache.wrap(RunnableLambda(lambda _: thing), profile=Applicant, name="x", prompt_version="1")
    with cache.capture() as events:
        assert wrapped.invoke(founder()) is thing
    assert (events[0].outcome, "object" in (events[0].reason or "")) == ("bypass", True)


def test_a_message_from_a_hit_is_fresh(cache: Cache) -> None:
    """Law 7: new id, zero usage, the original usage kept aside."""
    wrapped = cache.wrap(PROMPT | CountingModel(say=SAY), profile=Applicant)
    miss, hit, again = (wrapped.invoke(founder(startup_name=name)) for name in ("A1 Corp", "B2 Corp", "C3 Corp"))
    assert [m.content for m in (miss, hit)] == ["Pitch A1 Corp to MIT and CMU.", "Pitch B2 Corp to MIT and CMU."]
    assert len({miss.id, hit.id, again.id}) == 3
    assert (miss.usage_metadata["total_tokens"], hit.usage_metadata["total_tokens"]) == (30, 0)
    assert hit.response_metadata["langcache"]["outcome"] == "hit"
    assert hit.response_metadata["langcache"]["usage"]["total_tokens"] == 30
    again.content = "POISON"
    assert wrapped.invoke(founder(startup_name="D4 Corp")).content == "Pitch D4 Corp to MIT and CMU."


@pytest.mark.parametrize("compute", [lambda v: v * 2, lambda v: v[:2], lambda v: v == "PathAI", len])
def test_a_chain_that_computes_with_a_masked_value_falls_back_to_real_values(cache: Cache, compute: Any) -> None:
    """Law 5: no wrong answer; nothing stored, the event says which slot to declare a Feature."""
    steps = RunnablePassthrough.assign(x=lambda d: compute(d["startup_name"])) | RunnableLambda(lambda d: str(d["x"]))
    wrapped = cache.wrap(steps, profile=Applicant, name="x", prompt_version="1")
    with cache.capture() as events:
        for name in ("PathAI", "Zed", "PathAI", "Acme", "Zed"):
            assert wrapped.invoke(founder(startup_name=name)) == str(compute(name))
    assert {e.outcome for e in events} == {"bypass"}
    assert "startup_name" in (events[0].reason or "")
    assert "cannot be masked" in (events[-1].reason or "")
    assert cache.stats().entries == 0


def test_a_swallowed_failure_to_compute_is_noticed(cache: Cache) -> None:
    """A chain that catches the exception cannot hide that it branched on a masked value."""

    def run(inputs: Any) -> str:
        try:
            return "big" if inputs["users"] > 100 else "small"
        except TypeError:
            return "unknown"

    wrapped = cache.wrap(RunnableLambda(run), profile=Profile.of(slots=["users"]), name="x", prompt_version="1")
    assert [wrapped.invoke({"users": n}) for n in (500, 5)] == ["big", "small"]


@pytest.mark.parametrize("how", ["batch", "abatch", "stream", "astream", "as_completed", "pipe", "parallel", "config"])
async def test_every_way_to_call(cache: Cache, how: str) -> None:
    """invoke is not the only door into a runnable."""
    model = CountingModel(say=SAY)
    wrapped = cache.wrap(chain(model), profile=Applicant)
    users = [founder(startup_name=name) for name in ("A1 Corp", "B2 Corp", "C3 Corp")]
    expected = [f"Pitch {u['startup_name']} to MIT and CMU." for u in users]
    answers: list[Any]
    if how == "batch":
        answers = wrapped.batch(users, config={"max_concurrency": 2})
    elif how == "abatch":
        answers = await wrapped.abatch(users)
    elif how == "stream":
        answers = ["".join(wrapped.stream(u)) for u in users]
    elif how == "astream":
        answers = ["".join([c async for c in wrapped.astream(u)]) for u in users]
    elif how == "as_completed":
        answers = [answer for _, answer in sorted(wrapped.batch_as_completed(users))]
    elif how == "pipe":
        answers = (RunnablePassthrough() | wrapped | (lambda text: text)).batch(users)
    elif how == "parallel":
        answers = [got["a"] for got in RunnableParallel(a=wrapped, b=wrapped).batch(users)]
    else:
        answers = wrapped.with_config(tags=["t"]).batch(users)
    assert (answers, model.calls) == (expected, 1)


def test_per_item_configs_of_a_batch_are_per_item(cache: Cache) -> None:
    """One item opts out, the others do not."""
    model = CountingModel(say=SAY)
    wrapped = cache.wrap(chain(model), profile=Applicant)
    configs: Any = [{}, {"metadata": {"langcache": "no-store"}}, {}]
    with cache.capture() as events:
        wrapped.batch([founder()] * 3, config=configs)
    assert sorted(e.outcome for e in events) == ["bypass", "hit", "miss"]
    assert model.calls == 2


async def test_under_a_langgraph_node(cache: Cache) -> None:
    """In a graph the wrapped chain behaves as anywhere."""
    from langgraph.graph import END, START, StateGraph

    model = CountingModel(say=SAY)
    wrapped = cache.wrap(chain(model), profile=Applicant)
    graph = StateGraph(dict)  # type: ignore[type-var]
    graph.add_node("plan", lambda state: {"answer": wrapped.invoke(state)})
    graph.add_edge(START, "plan")
    graph.add_edge("plan", END)
    app: Any = graph.compile()
    assert app.invoke(founder())["answer"] == "Pitch PathAI to MIT and CMU."
    assert (await app.ainvoke(founder(startup_name="Zed")))["answer"] == "Pitch Zed to MIT and CMU."
    assert model.calls == 1


@pytest.mark.parametrize("mode", ["mask", "abstract"])
def test_64_threads_one_call(cache: Cache, mode: Any) -> None:
    """Law 6, threads."""
    model = CountingModel(say=SAY if mode == "mask" else "Go on!", delay_s=0.2)
    wrapped = cache.wrap(chain(model), profile=Applicant, mode=mode)
    with ThreadPoolExecutor(64) as pool:
        answers = list(pool.map(lambda n: wrapped.invoke(founder(startup_name=f"Corp{n}")), range(64)))
    assert model.calls == 1
    assert answers == [f"Pitch Corp{n} to MIT and CMU." if mode == "mask" else "Go on!" for n in range(64)]


@pytest.mark.parametrize("mode", ["mask", "abstract"])
async def test_64_tasks_one_call(cache: Cache, mode: Any) -> None:
    """Law 6, tasks."""
    model = CountingModel(say=SAY if mode == "mask" else "Go on!", delay_s=0.2)
    wrapped = cache.wrap(chain(model), profile=Applicant, mode=mode)
    answers = await asyncio.gather(*(wrapped.ainvoke(founder(startup_name=f"Corp{n}")) for n in range(64)))
    assert model.calls == 1
    assert answers == [f"Pitch Corp{n} to MIT and CMU." if mode == "mask" else "Go on!" for n in range(64)]


def test_if_the_leader_fails_one_other_takes_over(cache: Cache) -> None:
    """Law 6: a dead leader is replaced once."""
    said = iter([ValueError("no"), *[SAY] * 10])
    model = CountingModel(say=lambda _: next(said), delay_s=0.2)
    wrapped = cache.wrap(chain(model), profile=Applicant)
    with ThreadPoolExecutor(16) as pool:
        futures = [pool.submit(wrapped.invoke, founder(startup_name=f"Corp{n}")) for n in range(16)]
    errors = [f.exception() for f in futures if f.exception()]
    assert (model.calls, len(errors)) == (2, 1)


def test_a_refused_leader_releases_the_others_in_parallel(cache: Cache) -> None:
    """Law 6: they do not queue up one by one."""
    import threading
    import time

    begun = threading.Barrier(9, timeout=120)
    together = threading.Barrier(8, timeout=120)
    first = threading.Event()

    def say(_: Any) -> str:
        if not first.is_set():
            first.set()
            time.sleep(1)
        else:
            together.wait()
        return "We love PathAI."

    def ask(user: dict[str, Any]) -> Any:
        begun.wait()
        return profile_free.invoke(user)

    model = CountingModel(say=say)
    wrapped = cache.wrap(chain(model), profile=Applicant, mode="abstract")
    many = [founder(startup_name="PathAI", background="founder") for _ in range(8)]
    profile_free = cache.wrap(chain(model), name="y", mode="abstract", profile=Profile.of(ignore=["startup_name"]))
    assert wrapped is not None
    with ThreadPoolExecutor(9) as pool:
        futures = [pool.submit(ask, user) for user in [*many, many[0]]]
    assert [f.result() for f in futures] == ["We love PathAI."] * 9


def test_abstract_mode_fills_the_next_users_details(cache: Cache) -> None:
    """The chain runs on real values; the answer is delexicalized afterwards."""
    model = CountingModel(say=lambda m: f"Pitch {'PathAI' if 'PathAI' in str(m) else '?'} today.")
    wrapped = cache.wrap(chain(model), profile=Applicant, mode="abstract")
    assert wrapped.invoke(founder()) == "Pitch PathAI today."
    assert wrapped.invoke(founder(startup_name="Zed")) == "Pitch Zed today."
    assert model.calls == 1


@pytest.mark.parametrize(
    ("say", "more"),
    [("PATH-AI wins", {}), ("with 200,000 users", {"users": 200_000}), ("A 3.42 is good", {"gpa": 3.42})],
)
def test_abstract_mode_refuses_what_resembles_a_detail(cache: Cache, say: str, more: Any) -> None:
    """A slot value in disguise, an ignored value, a raw value blurred into a bucket."""
    wrapped = cache.wrap(chain(CountingModel(say=say)), profile=Applicant, mode="abstract")
    with cache.capture() as events:
        assert wrapped.invoke(founder(**more)) == say
    assert (events[0].outcome, cache.stats().entries) == ("refused", 0)


def test_only_if_cached_raises_when_it_is_not(cache: Cache) -> None:
    """RFC 9111: no answer but a stored one."""
    wrapped = cache.wrap(chain(CountingModel(say=SAY)), profile=Applicant)
    with cache.directives("only-if-cached"), pytest.raises(NotCached):
        wrapped.invoke(founder())
    wrapped.invoke(founder())
    with cache.directives("only-if-cached"):
        assert wrapped.invoke(founder()) == "Pitch PathAI to MIT and CMU."


@pytest.mark.parametrize("text", ["a\0b", "caf\udce9"])
@pytest.mark.parametrize("argument", ["name", "prompt_version", "generation_type", "tags"])
def test_a_label_that_no_store_can_write_down_is_refused(cache: Cache, argument: str, text: str) -> None:
    """At SQLite one such label failed whatever other chains wrote with it."""
    given: Any = {argument: [text] if argument == "tags" else text}
    for kind in (chain(CountingModel()), CountingModel()):
        with pytest.raises(DeclarationError, match=argument.removesuffix("s")):
            cache.wrap(kind, **given)


def test_a_lambda_asks_for_a_version(cache: Cache) -> None:
    """What cannot be fingerprinted says so."""
    with pytest.raises(DeclarationError, match="prompt_version"):
        cache.wrap(PROMPT | CountingModel() | RunnableLambda(lambda m: m.content), profile=Applicant)


def test_a_graph_is_told_of_the_door_that_runs_its_tools_each_time(cache: Cache) -> None:
    """A hit of a whole agent would run none of them."""
    with pytest.raises(DeclarationError, match=r"prompt_version.*CacheMiddleware"):
        cache.wrap(create_agent(CountingModel(), []))


def test_a_tag_alone_is_one_tag() -> None:
    """Not as many as it has letters."""
    with Cache("memory://") as cache, cache.capture() as events:
        cache.wrap(RunnableLambda(lambda _: "hi"), prompt_version="1", tags="vip").invoke("x")
        assert (events[0].tags, cache.invalidate(tags="vip")) == (("vip",), 1)
