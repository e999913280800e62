"""Stages on the account: what became of each, by its family, and which stage an event happened in."""

from decimal import Decimal

import pytest
from support.chains import SAY, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache
from langcache.stages import Pipeline, StageFailed, report_cost
from langcache.testing import FakeClock


@pytest.fixture
def cache():
    with Cache("memory://", clock=FakeClock()) as made:
        yield made


def test_each_stage_is_counted_with_what_it_cost_and_saved(cache):
    """Executed, reused, failed, invalidated; items under their family's name, since their own may be anything."""
    pipe, broken = Pipeline("app", cache=cache), {"b"}

    @pipe.stage("plan")
    def plan(inputs, upstream):
        report_cost("0.10")
        return ["a", "b"]

    @pipe.stage("code-{id}", for_each="plan")
    def code(inputs, upstream, item):
        report_cost("0.25")
        if item in broken:
            raise RuntimeError
        return item

    with pytest.raises(StageFailed):
        pipe.run({})
    broken.clear()
    pipe.run({})
    assert len(pipe.invalidate("code-a")) == 1
    stages = cache.stats(days=1).stages
    plans, codes = stages["app:plan"], stages["app:code-{id}"]
    assert (plans.executed, plans.reused, plans.cost_usd, plans.saved_usd) == (1, 1, Decimal("0.1"), Decimal("0.1"))
    assert (codes.executed, codes.reused, codes.failed, codes.invalidated) == (2, 1, 1, 1)
    assert (codes.cost_usd, codes.saved_usd) == (Decimal("0.75"), Decimal("0.25"))
    assert set(stages) == {"app:plan", "app:code-{id}"}


def test_an_event_says_which_stage_it_happened_in(cache):
    """And of which session; outside a stage it says neither."""
    wrapped = cache.wrap(chain(CountingModel(say=SAY)), profile=Applicant, name="plan")
    pipe = Pipeline("app", cache=cache)

    @pipe.stage("draft")
    def draft(inputs, upstream):
        return wrapped.invoke(founder())

    with cache.capture() as events:
        pipe.run({}, session_id="s1")
        wrapped.invoke(founder())
    assert [(event.session, event.stage) for event in events] == [("s1", "draft"), (None, None)]
    assert cache.stats(days=1).requests == 2


@pytest.mark.parametrize(
    "cost",
    [float("nan"), "sNaN", float("inf"), "-inf", "1e999999", 10**400, -5, "-0.01", "abc", None, True],
    ids=lambda cost: str(cost)[:10],
)
def test_what_is_no_sum_of_money_is_a_cost_that_nobody_knows(cache, cost):
    """The stage was paid for, so it does not fail; its session can still be read and gone on with."""
    pipe = Pipeline("app", cache=cache)

    @pipe.stage("plan")
    def plan(inputs, upstream):
        report_cost("0.10")
        report_cost(cost)
        return inputs["x"]

    runs = [pipe.run({"x": x}, session_id="s") for x in (1, 2, 2)]
    assert [(run.cost_usd, run.unpriced) for run in runs] == [(Decimal("0.10"), 1)] * 2 + [(Decimal(0), 0)]
    assert pipe.status("s").cost_usd == Decimal("0.20")
    assert [entry.lineage.cost_usd for entry in pipe.entries()] == [None, None]
    assert cache.stats(days=1).stages["app:plan"].cost_usd == Decimal("0.20")
