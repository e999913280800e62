"""The views a person can open, with something on each."""

from collections.abc import Iterator
from contextlib import contextmanager

from support.browsing import served
from support.seeding import put_entry
from support.traffic import a_feature_that_does_not_matter, a_week_with_a_bad_yesterday

from langcache import Cache
from langcache.stages import Pipeline
from langcache.testing import FakeClock

__all__ = ["ENTRY", "VIEWS", "a_busy_dashboard"]

ENTRY = "ab" * 32
VIEWS = (
    "/", "/?days=1", "/chains", "/profiles", "/refusals", "/recommendations", "/pipelines", "/pipelines/orchestrator",
    "/entries", f"/entries/{ENTRY}", f"/invalidate?key={ENTRY}", "/login",
)  # fmt: skip


@contextmanager
def a_busy_dashboard(cache: Cache, clock: FakeClock, token: str | None = None) -> Iterator[str]:
    """The URL of a dashboard with a week of traffic, entries and a pipeline."""
    a_week_with_a_bad_yesterday(cache, clock)
    a_feature_that_does_not_matter(cache)
    body = {"tasks": [{"title": {"$t": ["A long pitch for ", ["startup_name"], " <b>" + "and more " * 60]}}]}
    put_entry(cache, ENTRY, body=body, features={"background": "founder", "gpa": "3.0–3.5"}, tags=["vip"])
    for place in range(30):
        put_entry(cache, f"{place:064x}", chain="a_chain_with_a_very_long_name_" * 2, age_s=60.0 * place)
    pipe = Pipeline("orchestrator", cache=cache)
    pipe.stage("idea", version="1")(lambda inputs, upstream: {"text": "an idea"})
    pipe.run({}, session_id="s1")
    with served(cache, token=token, pipelines=[pipe]) as url:
        yield url
