"""Runs as users see them: fan-out, resume, sessions, costs, concurrency, stores that fail."""

import asyncio
import copy
import os
import pickle
import subprocess
import sys
import threading
from collections import Counter, deque
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from pydantic import BaseModel
from support.lines import lines_run

from langcache import Cache
from langcache.errors import StoreError, UnstorableError
from langcache.stages import Files, Pipeline, StageFailed, report_cost
from langcache.stages.execution import Execution
from langcache.stages.outputs import Output
from langcache.storage.memory import MemoryStore
from langcache.testing import FaultyStore, Raise, always


def ten_phases(cache, broken):
    """The orchestrator's shape: a plan, ten phases in order, a summary; each costs a dime."""
    pipe = Pipeline("orchestrator", cache=cache)

    @pipe.stage("plan")
    def plan(inputs, upstream):
        report_cost("0.10")
        return [{"id": number} for number in range(1, inputs["phases"] + 1)]

    @pipe.stage("phase-{id}-code", for_each="plan", in_order=True)
    def code(inputs, upstream, item):
        report_cost("0.10")
        if item["id"] in broken:
            raise RuntimeError("no answer")
        return f"code {item['id']} after {sorted(upstream['phase-{id}-code'])}"

    @pipe.stage("summary", depends_on="phase-{id}-code")
    def summary(inputs, upstream):
        return len(upstream["phase-{id}-code"])

    return pipe


def test_a_failed_phase_is_where_the_next_run_goes_on(cache):
    """Phase 8 of 10: the first seven are reused, and both runs' costs add up to one and a dime."""
    broken = {8}
    with pytest.raises(StageFailed) as failed:
        ten_phases(cache, broken).run({"phases": 10}, session_id="s")
    assert failed.value.stage == "phase-8-code"
    assert isinstance(failed.value.__cause__, RuntimeError)
    assert Decimal("0.90") == failed.value.run.cost_usd
    broken.clear()
    run = ten_phases(cache, broken).run({"phases": 10}, session_id="s")
    assert run.reused == ["plan", *(f"phase-{n}-code" for n in range(1, 8))]
    assert run.executed == ["phase-8-code", "phase-9-code", "phase-10-code", "summary"]
    assert (Decimal("0.30"), Decimal("0.80")) == (run.cost_usd, run.saved_usd)


def test_a_session_keeps_error_attempts_and_cost(cache):
    """Of every stage, over all its runs."""
    broken = {2}
    for _ in range(2):
        with pytest.raises(StageFailed):
            ten_phases(cache, broken).run({"phases": 3}, session_id="s")
    status = ten_phases(cache, broken).status("s")
    stage = status.stages["phase-2-code"]
    assert ("failed", 2, Decimal("0.20"), "RuntimeError: no answer") == (
        stage.state,
        stage.attempts,
        stage.cost_usd,
        stage.error,
    )
    broken.clear()
    ten_phases(cache, broken).run({"phases": 3}, session_id="s")
    status = ten_phases(cache, broken).status("s")
    assert ("finished", 3, Decimal("0.60")) == (status.state, status.runs, status.cost_usd)
    assert (status.stages["phase-2-code"].attempts, status.stages["phase-2-code"].error) == (3, None)
    assert ten_phases(cache, broken).status("other").state == "unknown"


def test_a_killed_run_is_made_up_for_without_what_earlier_runs_had_made(cache, clock, monkeypatch):
    """The session has entries of several inputs: each kill booked those again that were not the stage's latest."""

    def costing():
        clock.advance(1)
        pipe = Pipeline("p", cache=cache)

        @pipe.stage("a", version="1")
        def a(inputs, upstream):
            report_cost("0.10")
            return inputs["x"]

        @pipe.stage("b", version="1", depends_on="a")
        def b(inputs, upstream):
            if inputs["x"] == "killed":
                raise SystemExit
            report_cost("0.10")
            return upstream["a"]

        return pipe

    for x in (1, 2):
        costing().run({"x": x}, session_id="s")
    with monkeypatch.context() as patched:  # who is killed says no last word
        patched.setattr(Execution, "_end", lambda self: (step for step in ()))
        for _ in range(3):
            with pytest.raises(SystemExit):
                costing().run({"x": "killed"}, session_id="s")
            assert costing().status("s").cost_usd == Decimal("0.50")
    costing().run({"x": 1}, session_id="s")
    status = costing().status("s")
    assert (status.state, status.runs, status.cost_usd) == ("finished", 6, Decimal("0.50"))
    assert {name: stage.attempts for name, stage in status.stages.items()} == {"a": 3, "b": 2}


def test_one_more_item_runs_one_instance(cache):
    """Each instance is cached on its own; removing an item runs none."""
    pipe = Pipeline("p", cache=cache)
    pipe.stage("list")(lambda inputs, upstream: inputs["words"])
    pipe.stage("upper-{id}", for_each="list", depends_on="list")(lambda inputs, upstream, item: item.upper())
    assert pipe.run({"words": ["a", "b"]}).executed == ["list", "upper-a", "upper-b"]
    assert pipe.run({"words": ["a", "b", "c"]}).executed == ["list", "upper-c"]
    assert pipe.run({"words": ["c"]}).executed == ["list"]


def test_siblings_and_predecessors_are_given_under_their_family(cache):
    """Of a family as a whole, a dict by instance; of the same item, the sibling's output; in order, the one before."""
    pipe = Pipeline("p", cache=cache)
    pipe.stage("list")(lambda inputs, upstream: [1, 2])
    pipe.stage("a-{id}", for_each="list")(lambda inputs, upstream, item: item * 10)
    pipe.stage("b-{id}", for_each="list", same_item="a-{id}", in_order=True)(
        lambda inputs, upstream, item: [upstream["a-{id}"], upstream["b-{id}"]]
    )
    pipe.stage("c", depends_on=["a-{id}"])(lambda inputs, upstream: [upstream["a-{id}"], upstream["a-2"]])
    run = pipe.run({})
    assert run.outputs["b-1"] == [10, {}]
    assert run.outputs["b-2"] == [20, {"b-1": [10, {}]}]
    assert run.outputs["c"] == [{"a-1": 10, "a-2": 20}, 20]
    assert run.outputs["a-{id}"] == {"a-1": 10, "a-2": 20}
    assert [fallen.stage for fallen in pipe.invalidate("a-2", dry_run=True)] == ["a-2", "b-2", "c"]


@pytest.mark.parametrize("bad", [7, [{"id": 1}, {"id": 1}], [{"id": "../x"}]])
def test_a_list_that_cannot_fan_out_fails_its_family(cache, bad):
    """Named, and nothing of it runs."""
    pipe = Pipeline("p", cache=cache)
    pipe.stage("list")(lambda inputs, upstream: bad)
    pipe.stage("x-{id}", for_each="list")(lambda inputs, upstream, item: 0)
    with pytest.raises(StageFailed) as failed:
        pipe.run({})
    assert failed.value.stage == "x-{id}"


def test_siblings_under_way_finish_and_no_new_one_starts(cache):
    """A failure loses nothing that was paid for."""
    pipe = Pipeline("p", cache=cache, max_concurrency=2)
    both, noted = threading.Barrier(2), threading.Event()

    @pipe.stage("bad")
    def bad(inputs, upstream):
        both.wait(10)
        raise ValueError("broken")

    @pipe.stage("good")
    def good(inputs, upstream):
        both.wait(10)
        assert noted.wait(10)
        return 1

    pipe.stage("later", depends_on=["good"])(lambda inputs, upstream: 2)
    with pytest.raises(StageFailed) as failed:
        pipe.run({}, on_progress=lambda progress: noted.set() if progress.kind == "failed" else None)
    assert (failed.value.stage, failed.value.run.executed) == ("bad", ["good"])
    assert [entry.stage for entry in pipe.entries()] == ["good"]


def test_what_siblings_commit_after_an_interrupt_is_on_the_sessions_account(cache):
    """Ctrl-C ends the run; what was under way finishes and is committed, so it was paid for by this session."""
    pipe, both_run, interrupted = Pipeline("p", cache=cache), threading.Barrier(2), threading.Event()

    @pipe.stage("slow")
    def slow(inputs, upstream):
        both_run.wait(10)
        interrupted.wait(10)
        report_cost("0.10")
        return "slow"

    @pipe.stage("interrupted")
    def interrupting(inputs, upstream):
        both_run.wait(10)
        threading.Timer(0.2, interrupted.set).start()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipe.run({}, session_id="s")
    status = pipe.status("s")
    assert [entry.stage for entry in pipe.entries()] == ["slow"]
    assert (status.state, Decimal("0.10")) == ("failed", status.cost_usd)
    assert status.stages["slow"].attempts == 1


async def test_async_runs_share_entries_with_sync_ones(cache):
    """Sync and async are the same, and async stages run side by side."""
    pipe = Pipeline("p", cache=cache)
    both = asyncio.Barrier(2)

    async def meet(inputs, upstream):
        async with asyncio.timeout(10):
            await both.wait()
        return inputs["x"]

    pipe.stage("a")(meet)
    pipe.stage("b")(meet)
    pipe.stage("c", depends_on=["a", "b"])(lambda inputs, upstream: sum(upstream.values()))
    run = await pipe.arun({"x": 1})
    assert (run.executed, run.outputs["c"]) == (["a", "b", "c"], 2)
    assert pipe.run({"x": 1}).reused == ["a", "b", "c"]
    assert [line.action for line in await pipe.aplan({"x": 1})] == ["reuse"] * 3
    assert len(await pipe.ainvalidate("a", dry_run=True)) == 2
    assert (await pipe.ahealth()).healthy
    assert (await pipe.astatus(run.session_id)).state == "finished"


@pytest.mark.parametrize("is_async", [False, True])
def test_a_task_that_a_stage_cancels_itself_fails_the_stage(cache, is_async):
    """Nobody cancelled the run, so it is a failure like any other."""
    pipe = Pipeline("p", cache=cache)

    @pipe.stage("s", version="1")
    async def stage(inputs, upstream):
        report_cost("0.10")
        task = asyncio.create_task(asyncio.sleep(60))
        task.cancel()
        await task

    with pytest.raises(StageFailed, match="CancelledError") as failed:
        asyncio.run(pipe.arun({})) if is_async else pipe.run({})
    assert isinstance(failed.value.__cause__, asyncio.CancelledError)
    assert Decimal("0.10") == failed.value.run.cost_usd


@pytest.mark.parametrize("is_async", [False, True])
def test_an_error_that_cannot_say_what_it_is_is_named(cache, is_async):
    """With its cause and cost like any other."""

    class Mute(Exception):
        def __str__(self):
            raise self

    pipe = Pipeline("p", cache=cache)

    @pipe.stage("s", version="1")
    def stage(inputs, upstream):
        report_cost("0.10")
        raise Mute

    with pytest.raises(StageFailed, match=r"stage 's' failed: Mute$") as failed:
        asyncio.run(pipe.arun({}, session_id="s")) if is_async else pipe.run({}, session_id="s")
    assert isinstance(failed.value.__cause__, Mute)
    assert Decimal("0.10") == failed.value.run.cost_usd
    assert pipe.status("s").stages["s"].error == "Mute"


async def test_a_cancelled_run_gives_its_leases_back(cache):
    """The next one need not wait for a dead one's lease to run out."""
    pipe, begun, nap_s = Pipeline("p", cache=cache), asyncio.Event(), [60, 0]

    @pipe.stage("slow", version="1")
    async def slow(inputs, upstream):
        begun.set()
        await asyncio.sleep(nap_s.pop(0))
        return 1

    running = asyncio.create_task(pipe.arun({}, session_id="s"))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    started = cache.clock.now()
    assert (await pipe.arun({})).executed == ["slow"]
    assert cache.clock.now() == started


def test_fifty_runs_at_once_execute_each_stage_once(tmp_path):
    """Threads with a pipeline each, as processes would have."""
    calls = []

    def slow(inputs, upstream):
        calls.append(1)
        threading.Event().wait(0.05)
        return 1

    with Cache(f"sqlite:///{tmp_path}/cache.db") as cache:
        outputs = []

        def run():
            pipe = Pipeline("p", cache=cache)
            pipe.stage("slow", version="1")(slow)
            outputs.append(pipe.run({"x": 1}).outputs["slow"])

        threads = [threading.Thread(target=run) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (calls, outputs) == ([1], [1] * 50)


class Feature(BaseModel):
    name: str


@dataclass
class Plan:
    features: list[Feature]


def test_models_files_and_messages_come_back_as_they_were(cache):
    """Data is rebuilt by its own class; each dependent has its own copy."""
    made = {
        "plan": Plan([Feature(name="login")]),
        "files": Files({"app/main.py": "x = 1\n", "logo.png": b"\x89PNG"}),
        "said": AIMessage("hello"),
        "pair": (1, b"raw"),
    }
    pipe = Pipeline("p", cache=cache)
    pipe.stage("make", version="1")(lambda inputs, upstream: made)
    pipe.stage("spoil", depends_on=["make"])(lambda inputs, upstream: upstream["make"]["plan"].features.clear())
    pipe.run({})
    again = pipe.run({}).outputs["make"]
    assert made["plan"] == again["plan"]
    assert made["files"] == again["files"]
    assert isinstance(again["files"], Files)
    assert (made["said"].content, made["pair"]) == (again["said"].content, again["pair"])
    assert [entry.metadata.file_count for entry in pipe.entries("make")] == [2]


def test_twice_the_files_are_twice_the_work():
    """A project of 1,000 files took half a minute to check, each time it was read: every file beside every other."""
    some, twice = ({f"src/part_{number % 9}/file_{number}.py": "" for number in range(n)} for n in (100, 200))
    assert lines_run(lambda: Files(twice)) < 2.5 * lines_run(lambda: Files(some))


@pytest.mark.parametrize(
    "files", [["a", "a/b"], ["a/b", "a"], ["x/a/b/c", "x/a"], ["x/a", "y", "x/a/b/c"]], ids="; ".join
)
def test_a_file_cannot_be_where_a_folder_is(files):
    """In whatever order they come, also copied and in another process; a folder that is empty again is none."""
    *before, last = files
    made = Files(dict.fromkeys(before, ""))
    for same in (copy.deepcopy(made), pickle.loads(pickle.dumps(made)), made):
        with pytest.raises(UnstorableError, match="cannot both be files"):
            same[last] = ""
        same.clear()
        same[last] = ""
        assert same == {last: ""}


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "C:\\x", "a\\b", "", ".", "a\0b"])
def test_a_path_that_leaves_the_folder_is_refused(cache, path):
    """In a `Files`, and in the usual dict called files."""
    pipe = Pipeline("p", cache=cache)
    pipe.stage("s")(lambda inputs, upstream: {"files": {inputs["path"]: "x"}})
    with pytest.raises(StageFailed, match="UnstorableError"):
        pipe.run({"path": path})


@pytest.mark.parametrize("output", [object(), Path("report.md"), Counter("ab"), [{"at": object()}]])
def test_what_is_no_data_fails_the_stage(cache, output):
    """Nothing is pickled, and the error says what may be returned."""
    pipe = Pipeline("p", cache=cache)
    pipe.stage("s", version="1")(lambda inputs, upstream: output)
    with pytest.raises(StageFailed, match="cannot be stored; return plain data"):
        pipe.run({})


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "output",
    [
        date(2026, 3, 29),
        datetime(2026, 10, 25, 2, 30, 0, 5),  # noqa: DTZ001 -- a naive one
        datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
        [datetime(2026, 1, 1, tzinfo=UTC), time(1, 2, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))],
        timedelta(-1, 5, 7),
        Decimal("1.10"),
        UUID(int=7),
        {"a", "b", ("c", 1)},
        frozenset({1, frozenset({2.5, None})}),
        {1: "one", None: 2, (3, "x"): {4.5: {"deep"}}},
        {"at": {date(2026, 1, 1): Decimal("-0.00")}},
    ],
)
def test_values_of_python_s_own_come_back_as_they_were(cache, output):
    """What JSON lacks and steps of a pipeline hand to each other; to the type, the zone and the last zero."""
    pipe, given = Pipeline("p", cache=cache), []
    pipe.stage("make", version="1")(lambda inputs, upstream: output)
    pipe.stage("take", version="1", depends_on="make")(lambda inputs, upstream: given.append(upstream["make"]))
    again = [pipe.run({}).outputs["make"] for _ in range(2)]
    assert [output] * 3 == [*given, *again]
    assert {repr(output)} == {repr(each) for each in (*given, *again)} or isinstance(output, set | frozenset)


def test_a_zone_this_machine_does_not_know_is_a_rerun_and_no_crash(cache, monkeypatch):
    """As in a slim container without tzdata."""
    pipe = Pipeline("p", cache=cache)
    pipe.stage("make", version="1")(lambda inputs, upstream: datetime(2026, 1, 1, tzinfo=BERLIN))
    pipe.run({})

    def unknown(key):
        raise ZoneInfoNotFoundError(key)

    unknown.key = "Europe/Berlin"
    monkeypatch.setattr("langcache.stages.builtin_values.ZoneInfo", unknown)
    with pytest.raises(StageFailed, match="a ZoneInfo cannot be stored"):
        pipe.run({})


SHUFFLED = """
import sys
from langcache import Cache
from langcache.stages import Pipeline
pipe = Pipeline("p", cache=Cache(sys.argv[1]))
pipe.stage("words", version=sys.argv[2])(lambda inputs, upstream: {"one", "two", "four", frozenset({"a", "b"})})
pipe.stage("count", depends_on="words", version="1")(lambda inputs, upstream: len(upstream["words"]))
print(*pipe.run({}).executed)
"""


def test_an_equal_set_made_by_another_process_is_the_same_output(tmp_path):
    """Each process has a set in an order of its own: early cutoff must not see it."""
    ran = [
        subprocess.run(
            [sys.executable, "-c", SHUFFLED, f"sqlite:///{tmp_path}/s.db", version],
            env={**os.environ, "PYTHONHASHSEED": version},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for version in ("1", "2", "3")
    ]
    assert ran == [["words", "count"], ["words"], ["words"]]


def chain(text, prices=None):
    message = AIMessage(
        text,
        usage_metadata={"input_tokens": 1000, "output_tokens": 1000, "total_tokens": 2000},
        response_metadata={"model_name": "tiny"},
    )
    model = GenericFakeChatModel(messages=iter([message] * 9))
    return ChatPromptTemplate.from_template(text + " {inputs}") | model | StrOutputParser()


def test_calls_of_models_are_priced_wherever_they_are_made(clock):
    """Inside a function and as a Runnable; a second run saves what the first one cost."""
    with Cache("memory://", clock=clock, prices={"tiny": {"input": 0.01, "output": 0.02}}) as cache:
        pipe, model = Pipeline("p", cache=cache), chain("hello")
        pipe.stage("function", version="1")(lambda inputs, upstream: model.invoke({"inputs": "x"}))
        pipe.stage("runnable", runnable=chain("hi"))
        run = pipe.run({"x": 1})
        assert (Decimal("0.06"), 0) == (run.cost_usd, run.unpriced)
        again = pipe.run({"x": 1})
        assert (Decimal(0), Decimal("0.06")) == (again.cost_usd, again.saved_usd)


def test_a_runnable_is_keyed_by_its_prompt_and_all_inputs(cache):
    """An edited prompt can never serve its old output."""

    def executed(text, inputs):
        pipe = Pipeline("p", cache=cache)
        pipe.stage("s", runnable=ChatPromptTemplate.from_template(text) | RunnableLambda(lambda prompt: str(prompt)))
        return pipe.run(inputs).executed

    assert executed("a {inputs}", {"x": 1}) == ["s"]
    assert executed("a {inputs}", {"x": 1}) == []
    assert executed("b {inputs}", {"x": 1}) == ["s"]
    assert executed("a {inputs}", {"x": 2}) == ["s"]


def test_a_dead_store_costs_reuse_not_the_run():
    """Fail open: everything is executed, and said not to be committed."""
    broken = {name: always(Raise(StoreError("down"))) for name in ("get", "put", "acquire", "scan", "usage")}
    with Cache(store=FaultyStore(MemoryStore(), broken)) as cache:
        pipe = Pipeline("p", cache=cache)
        pipe.stage("a")(lambda inputs, upstream: 1)
        pipe.stage("b", depends_on=["a"])(lambda inputs, upstream: upstream["a"] + 1)
        run = pipe.run({})
    assert (run.outputs["b"], run.uncommitted) == (2, ["a", "b"])


def test_progress_tells_each_step_as_it_happens(cache):
    """A listener that fails does not fail the run."""
    heard = []

    def listen(progress):
        heard.append((progress.kind, progress.stage))
        raise RuntimeError("ignored")

    ten_phases(cache, set()).run({"phases": 1}, on_progress=listen)
    assert heard == [
        ("started", "plan"),
        ("executed", "plan"),
        ("started", "phase-1-code"),
        ("executed", "phase-1-code"),
        ("started", "summary"),
        ("executed", "summary"),
        ("finished", None),
    ]


async def test_progress_can_be_iterated(cache):
    """Sync and async; what the run raises comes after the last step."""
    broken, heard = {2}, deque()
    with pytest.raises(StageFailed):
        heard.extend(ten_phases(cache, broken).stream({"phases": 2}))
    kinds = ["started", "executed", "started", "executed", "started", "failed", "finished"]
    assert [step.kind for step in heard] == kinds
    broken.clear()
    steps = [step async for step in ten_phases(cache, broken).astream({"phases": 2})]
    assert [step.stage for step in steps if step.kind == "executed"] == ["phase-2-code", "summary"]


def test_a_wrapped_chain_inside_a_stage_is_paid_once_and_saved_after(clock):
    """Both see the call; it is counted once. A hit inside a stage is saved money."""
    with Cache("memory://", clock=clock, prices={"tiny": {"input": 0.01, "output": 0.02}}) as cache:
        wrapped = cache.wrap(chain("hello"), name="c", prompt_version="1")
        pipe = Pipeline("p", cache=cache)
        pipe.stage("one", version="1")(lambda inputs, upstream: wrapped.invoke({"inputs": "x"}))
        pipe.stage("two", depends_on=["one"], version="1")(lambda inputs, upstream: wrapped.invoke({"inputs": "x"}))
        run = pipe.run({})
    assert (run.cost_usd, run.saved_usd) == (Decimal("0.03"), Decimal("0.03"))


def test_a_list_that_becomes_a_source_later_still_cascades(cache):
    """Its stored entry is relabelled, not run again."""
    pipe = Pipeline("p", cache=cache)
    pipe.stage("list", version="1")(lambda inputs, upstream: [1])
    pipe.run({})
    pipe.stage("each-{id}", for_each="list", version="1")(lambda inputs, upstream, item: item)
    assert pipe.run({}).executed == ["each-1"]
    assert [fallen.stage for fallen in pipe.invalidate("list")] == ["list", "each-1"]


def test_whoever_lost_the_lease_takes_the_others_output(cache, clock):
    """A process that was asleep for longer than its lease neither overwrites nor goes on with its own."""
    pipe = Pipeline("p", cache=cache, lease_s=1)
    mine = []

    @pipe.stage("s", version="1")
    def stage(inputs, upstream):
        mine.append(1)
        if len(mine) == 1:
            clock.advance(2)  # our lease runs out, and another run comes by
            assert pipe.run({}).outputs["s"] == 2
        return len(mine) if len(mine) > 1 else "never"

    run = pipe.run({})
    assert (run.outputs["s"], run.reused) == (2, ["s"])
    assert [entry.output.value() for entry in pipe.entries()] == [2]


def test_a_list_that_no_instance_reads_is_not_rebuilt_for_each(cache, monkeypatch):
    """Each is given its own item; the whole list for each would be a square of its length."""
    rebuilt = []
    value = Output.value
    monkeypatch.setattr(Output, "value", lambda self: rebuilt.append(self.hash) or value(self))
    pipe = Pipeline("family", cache=cache)
    pipe.stage("plan")(lambda inputs, upstream: list(range(inputs["n"])))
    pipe.stage("do-{id}", for_each="plan")(lambda inputs, upstream, item: [item])
    plan = pipe.run({"n": 20}).entries["plan"].output.hash
    assert rebuilt.count(plan) < 5


def test_an_instance_that_reads_the_whole_list_is_given_one_of_its_own(cache):
    pipe = Pipeline("family", cache=cache)
    pipe.stage("plan")(lambda inputs, upstream: [{"id": n} for n in range(3)])

    @pipe.stage("do-{id}", for_each="plan")
    def do(inputs, upstream, item):
        whole = upstream["plan"]
        seen = [len(whole), len(upstream["plan"]), "plan" in upstream, list(upstream), len(dict(upstream)["plan"])]
        whole.clear()
        return seen

    outputs = pipe.run({}).outputs
    assert [outputs[f"do-{n}"] for n in range(3)] == [[3, 3, True, ["plan"], 3]] * 3
