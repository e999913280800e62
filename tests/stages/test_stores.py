"""The same pipeline on every store: resume, cascade, shared work, sessions."""

import asyncio

import pytest

from langcache import Cache
from langcache.stages import Pipeline, StageFailed
from langcache.testing.redis_server import running_server


@pytest.fixture(scope="module")
def redis_server():
    with running_server() as server:
        yield server


@pytest.fixture(params=["memory", "sqlite", "tiered", "redis"])
def cache(request, tmp_path):
    if request.param == "redis":
        server = request.getfixturevalue("redis_server")
        server.ask("FLUSHALL")
        url = server.url
    else:
        path = f"{tmp_path}/cache.db"
        url = {"memory": "memory://", "sqlite": f"sqlite:///{path}", "tiered": f"tiered+sqlite:///{path}"}[
            request.param
        ]
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
