"""Model checking: random pipelines, edits, invalidations, failures and crashes against a from-scratch oracle."""

import asyncio
import os

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from langcache import Cache
from langcache.stages import StageFailed
from langcache.testing import FakeClock
from tests.stages.oracle import Oracle
from tests.stages.random_pipelines import Crash, CrashingStore, build, new_world, pipelines

SOAK = os.environ.get("LANGCACHE_SOAK") == "1"
LEASE_S = 30.0
EDITS = st.tuples(
    st.sampled_from(["input", "no input", "prompt", "agent", "body"]), st.integers(0, 5), st.integers(0, 2)
)


def plain(value):
    """An output as the oracle writes it."""
    return tuple((item["id"], item["v"]) for item in value) if isinstance(value, list) else value


class Schedules(RuleBasedStateMachine):
    """0 stale outputs downstream, 0 re-runs of a committed stage, and exactly the minimal set executed.

    No rule has a precondition: what a crash leaves committed depends on how threads took turns, and what hypothesis
    draws next must not.
    """

    @initialize(pipeline=pipelines(), limit=st.sampled_from([1, 1, 4]))
    def start(self, pipeline, limit):
        self.pipeline, self.limit = pipeline, limit
        self.world, self.oracle = new_world(pipeline), Oracle(pipeline)
        self.clock, self.store, self.log = FakeClock(), CrashingStore(), []
        self.cache = Cache(store=self.store, clock=self.clock)

    def names(self):
        return [declared.name for declared in self.pipeline]

    def pick(self, number):
        return self.names()[number % len(self.pipeline)]

    @rule(edits=st.lists(EDITS, max_size=2), asynchronous=st.booleans())
    def edit_and_run(self, edits, asynchronous):
        for what, number, value in edits:
            if what == "input":
                self.world.inputs["xyz"[number % 3]] = value
            elif what == "no input":
                self.world.inputs.pop("z", None)
            else:
                getattr(self.world, what)[self.pick(number)] = value
        self.run(asynchronous)

    @rule(number=st.integers(0, 5), item=st.integers(1, 3))
    def break_or_mend(self, number, item):
        self.world.failing ^= {self.pick(number).replace("{id}", str(item))}

    def run(self, asynchronous):
        executed, values, traces = self.oracle.expect(self.world)
        fails = bool(executed) and executed[-1] in self.world.failing
        outputs, ran = self.observe(asynchronous)
        if self.limit == 1:
            assert executed == ran
        elif not fails:
            assert sorted(executed) == sorted(ran)
        assert fails == (outputs is None)
        if outputs is not None:
            assert {name: value for name, value in values.items() if name in traces} == outputs
        self.take_in(traces, values)

    @rule(writes=st.integers(0, 25), after=st.booleans(), asynchronous=st.booleans())
    def crash(self, writes, after, asynchronous):
        executed, values, traces = self.oracle.expect(self.world)
        self.store.dies_in, self.store.after = writes, after
        try:
            _, ran = self.observe(asynchronous)
        except Crash:
            ran = self.log[self.mark :]
        if self.limit == 1:
            assert executed[: len(ran)] == ran
        self.store.revive()
        self.take_in(traces, values)
        self.clock.advance(LEASE_S)

    @rule(number=st.integers(0, 5), how=st.sampled_from(["key", "pattern", "tag"]))
    def invalidate(self, number, how):
        name = self.pick(number)
        named = {"key": name, "pattern": name.replace("{id}", "*"), "tag": f"tag-{name}"}[how]
        self.falls(lambda trace: trace.stage == name, **{how: named})

    @rule(value=st.integers(0, 2), what=st.sampled_from(["prompt", "agent"]))
    def invalidate_version(self, value, what):
        self.falls(lambda trace: getattr(trace, what) == value, **{f"{what}_version": str(value)})

    @rule(number=st.integers(0, 5), writes=st.integers(0, 2))
    def crash_while_invalidating(self, number, writes):
        """Cut off in the middle, the same call finishes the work."""
        name = self.pick(number)
        self.store.dies_in, self.store.after = writes, False
        try:
            build(self.pipeline, self.world, self.cache, self.log).invalidate(name)
        except Crash:
            self.store.revive()
            build(self.pipeline, self.world, self.cache, self.log).invalidate(name)
        self.store.revive()
        self.oracle.invalidate(lambda trace: trace.stage == name)

    def falls(self, meant, **conditions):
        pipe = build(self.pipeline, self.world, self.cache, self.log)
        announced = [fallen.cache_key for fallen in pipe.invalidate(**conditions, dry_run=True)]
        fallen = pipe.invalidate(**conditions)
        assert announced == [entry.cache_key for entry in fallen]
        assert self.oracle.invalidate(meant) == sorted(entry.stage for entry in fallen)

    def observe(self, asynchronous):
        """Outputs (None if a stage failed) and what was executed."""
        pipe = build(self.pipeline, self.world, self.cache, self.log, max_concurrency=self.limit, lease_s=LEASE_S)
        self.mark = len(self.log)
        self.store.committed.clear()
        try:
            run = asyncio.run(pipe.arun(self.world.inputs)) if asynchronous else pipe.run(self.world.inputs)
        except StageFailed:
            return None, self.log[self.mark :]
        ran = self.log[self.mark :]
        assert sorted(run.executed) == sorted(ran)
        return {name: plain(value) for name, value in run.outputs.items()}, ran

    def take_in(self, traces, values):
        """What was committed is what succeeded; the oracle hears of it from the store, not from the run."""
        stored = set(self.store.committed)
        assert not stored & self.world.failing
        self.oracle.commit({name: traces[name] for name in stored}, values)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_random_schedules_agree_with_the_oracle():
    """At full counts 10,000 schedules of up to 20 steps; 150 otherwise."""
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Schedules,
        settings=settings(
            max_examples=10_000 if SOAK else 80,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
