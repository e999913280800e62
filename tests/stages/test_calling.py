"""What users hand over: inputs of every kind, functions that misbehave, Runnables that read what they are given."""

import asyncio
import pickle
from enum import Enum

import pytest
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from langchain_openai import ChatOpenAI

from langcache import Cache
from langcache.errors import DeclarationError
from langcache.stages import Pipeline, StageFailed
from langcache.testing import Provider


def stage_of(function, cache, **options):
    pipe = Pipeline("p", cache=cache)
    pipe.stage("s", **options)(function)
    return pipe


def nothing_left(inputs, upstream):
    return next(iter([]))


@pytest.mark.timeout(60)
async def test_a_stage_whose_iterator_is_empty_fails(cache):
    """No future takes a StopIteration: what waits for one that was to hold it waits for ever."""
    pipe = stage_of(nothing_left, cache)
    for run in (lambda: pipe.arun({}), lambda: pipe.run({})):
        with pytest.raises(StageFailed, match="StopIteration"):
            await run()


@pytest.mark.parametrize("inputs", [None, "text", ["a"], {1: "a"}])
def test_inputs_are_names_and_data(cache, inputs):
    """A name that is no text could not be told from one that is."""
    with pytest.raises(DeclarationError, match="input"):
        stage_of(lambda inputs, upstream: 1, cache).run(inputs)


@pytest.mark.parametrize("name", [Enum("Name", {"X": "x"}, type=str).X, "x"])
def test_an_input_is_found_under_whatever_equals_its_name(cache, name):
    """An enum's member formats itself in its own way."""
    pipe = stage_of(lambda inputs, upstream: inputs[name], cache)
    assert [pipe.run({"x": value}).outputs["s"] for value in (1, 2)] == [1, 2]


def test_an_input_changed_while_the_run_goes_on_changes_nothing(cache):
    """What was read later would be stored under the digest of what was given."""
    given = {"words": ["first"]}
    pipe = stage_of(lambda inputs, upstream: given["words"].append("late"), cache, version="1")
    pipe.stage("then", depends_on=["s"])(lambda inputs, upstream: inputs["words"])
    assert pipe.run(given).outputs["then"] == ["first"]


@pytest.mark.parametrize(
    ("text", "said"), [("Build {idea}", "Build it"), ("Build {idea} in {time}", "Build it in 1 h")]
)
def test_a_prompt_takes_the_inputs_as_they_are(cache, text, said):
    """LangChain would wrap what is no dict, and put all of it where one input should be."""
    prompt = ChatPromptTemplate.from_template(text)
    pipe = stage_of(lambda inputs, upstream: prompt.invoke(inputs).messages[0].content, cache)
    run = pipe.run({"idea": "it", "time": "1 h"})
    assert run.outputs["s"] == said
    assert "=idea" in run.entries["s"].lineage.reads


def test_what_a_stage_is_given_may_be_its_output(cache):
    """As a dict, all of it read."""
    pipe = stage_of(lambda inputs, upstream: inputs, cache)
    pipe.stage("then", depends_on=["s"])(lambda inputs, upstream: {"all": upstream})
    assert dict(pipe.run({"x": 1}).outputs) == {"s": {"x": 1}, "then": {"all": {"s": {"x": 1}}}}
    assert pipe.run({"x": 2}).outputs["s"] == {"x": 2}


async def test_a_runnable_that_is_only_async_runs_in_both(cache):
    """Alone or in a chain."""

    async def answer(given):
        return given["inputs"]["x"]

    for name, runnable in {"alone": RunnableLambda(answer), "chain": RunnableLambda(answer) | (lambda x: x)}.items():
        pipe = Pipeline(name, cache=cache)
        pipe.stage("s", runnable=runnable)
        assert pipe.run({"x": 1}).outputs["s"] == 1
        assert (await pipe.arun({"x": 2})).outputs["s"] == 2


def test_a_client_keeps_its_connections_from_one_async_stage_to_the_next():
    """They belong to an event loop, which therefore is the same, whatever thread the stages are run from."""
    with Provider(keep_alive=True) as provider, Cache("memory://") as cache:
        model = ChatOpenAI(base_url=provider.openai_url, api_key="test", model="gpt-4o-mini", max_retries=0)

        async def ask(inputs, upstream):
            return (await model.ainvoke(inputs["text"])).content

        pipe = Pipeline("p", cache=cache)
        pipe.stage("first", version="1")(ask)
        pipe.stage("second", depends_on=["first"], version="1")(ask)
        for text in ("one", "two"):
            assert pipe.run({"text": text}).outputs["second"] == f"echo: {text}"


@pytest.mark.timeout(60)
def test_a_run_inside_an_async_stage_does_not_wait_for_itself(cache):
    """Its stages cannot be awaited in the loop that it keeps from going on."""
    inner, outer = Pipeline("inner", cache=cache), Pipeline("outer", cache=cache)
    for name in "ab":

        @inner.stage(name)
        async def stage(inputs, upstream):
            await asyncio.sleep(0)
            return 1

    @outer.stage("s", version="1")
    async def whole(inputs, upstream):
        return dict(inner.run({}).outputs)

    assert outer.run({}).outputs["s"] == {"a": 1, "b": 1}


@pytest.mark.timeout(60)
def test_an_async_stage_that_ends_the_program_ends_the_run_alone(cache):
    """What it is awaited in goes on for the next."""

    async def leave(inputs, upstream):
        raise SystemExit(3)

    async def stay(inputs, upstream):
        return 1

    with pytest.raises(SystemExit):
        stage_of(leave, cache).run({})
    assert stage_of(stay, cache).run({}).outputs["s"] == 1


def test_a_failure_comes_home_from_another_process(cache):
    """A pool pickles what a worker raises."""
    with pytest.raises(StageFailed) as caught:
        stage_of(lambda inputs, upstream: 1 / 0, cache).run({})
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (type(copy), str(copy), copy.stage, copy.others) == (StageFailed, str(caught.value), "s", ())


def test_a_stage_that_chooses_what_it_reads_is_reused_for_each_choice(cache):
    """Every way of reading is remembered, not just the last few."""
    chosen = []

    def choose(inputs, upstream):
        chosen.append(inputs["n"])
        return inputs[f"text {inputs['n']}"]

    pipe, texts = stage_of(choose, cache), {f"text {n}": n for n in range(100)}
    for _ in range(2):
        for n in range(100):
            pipe.run({**texts, "n": n})
    assert len(chosen) == 100
