"""The same pipeline on every store: resume, cascade, shared work, sessions."""

import asyncio

import pytest

from langcache import Cache
from langcache.stages import Pipeline, StageFailed
from langcache.testing.redis_server import running_server

LEASE_S = 1.0


@pytest.fixture(scope="module")
def redis_server():
    with running_server() as server:
        yield server


@pytest.fixture(params=["memory", "sqlite", "tiered", "redis"])
def url(request, tmp_path):
    if request.param == "redis":
        server = request.getfixturevalue("redis_server")
        server.ask("FLUSHALL")
        return server.url
    path = f"{tmp_path}/cache.db"
    return {"memory": "memory://", "sqlite": f"sqlite:///{path}", "tiered": f"tiered+sqlite:///{path}"}[request.param]


@pytest.fixture
def cache(url):
    with Cache(url) as cache:
        yield cache


def pipeline(cache, calls, broken):
    pipe = Pipeline("p", cache=cache)

    async def last(inputs, upstream):
        calls.append("last")
        if broken["last"]:
            raise RuntimeError
        return upstream["middle"] + 1

    pipe.stage("first", version="1")(lambda inputs, upstream: (calls.append("first"), inputs["x"])[1])
    pipe.stage("middle", depends_on=["first"], version="1")(
        lambda inputs, upstream: (calls.append("middle"), upstream["first"])[1]
    )
    pipe.stage("last", depends_on=["middle"], version="1")(last)
    return pipe


def test_fail_resume_cascade_and_share(cache):
    """Sync and async, one after the other and at once."""
    calls, broken = [], {"last": True}
    with pytest.raises(StageFailed):
        pipeline(cache, calls, broken).run({"x": 1}, session_id="s")
    broken["last"] = False
    assert asyncio.run(pipeline(cache, calls, broken).arun({"x": 1}, session_id="s")).executed == ["last"]
    assert calls == ["first", "middle", "last", "last"]
    assert [fallen.stage for fallen in pipeline(cache, calls, broken).invalidate("middle")] == ["middle", "last"]
    assert pipeline(cache, calls, broken).status("s").stages["last"].attempts == 2
    calls.clear()

    async def together():
        await asyncio.gather(*(pipeline(cache, calls, broken).arun({"x": 1}) for _ in range(5)))

    asyncio.run(together())
    assert sorted(calls) == ["last", "middle"]
    assert pipeline(cache, calls, broken).health().healthy


def counting(cache, made, meanwhile=lambda: None):
    """One stage whose output says which execution it was, so that no two outputs are equal."""
    pipe = Pipeline("p", cache=cache, lease_s=LEASE_S)

    @pipe.stage("s", version="1")
    def stage(inputs, upstream):
        made.append(1)
        number = len(made)
        meanwhile()
        return number

    return pipe


@pytest.mark.parametrize("ours_is_first", [True, False])
def test_a_run_that_slept_through_its_lease_while_storing_overwrites_nothing(url, clock, monkeypatch, ours_is_first):
    """Renewing and storing are two steps; between them another run takes over. What is stored first is both runs'."""
    made, runs, stored = [], [], []
    with Cache(url, clock=clock) as cache:
        put = cache.store.put

        def sleeping_put(namespace, key, record, **options):
            def wake():
                stored.append(put(namespace, key, record, **options))

            if made != [1] or not key.startswith("entry/"):
                return put(namespace, key, record, **options)
            clock.advance(2 * LEASE_S)
            runs.append(counting(cache, made, wake if ours_is_first else lambda: None).run({}))
            if not ours_is_first:
                wake()
            return stored[0]

        monkeypatch.setattr(cache.store, "put", sleeping_put)
        runs.append(counting(cache, made).run({}))
        assert [run.outputs["s"] for run in runs] == ([1, 1] if ours_is_first else [2, 2])
        assert stored == [ours_is_first]
        assert counting(cache, made).run({}).reused == ["s"]
        assert counting(cache, made).health().healthy
    assert made == [1, 1]
