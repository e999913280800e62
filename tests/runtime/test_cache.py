"""`Cache`: opening, naming, removing, closing; what a user holds."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import PromptTemplate
from langchain_core.runnables import RunnableLambda
from support.models import CountingModel

from langcache import Cache, Profile
from langcache.errors import DeclarationError, StoreURLError
from langcache.runtime.lease import TERM_S
from langcache.runtime.opening import ENV_URL
from langcache.testing import FakeClock

PLAN = PromptTemplate.from_template("Plan {kind}")


def wrapped(cache: Cache, model: CountingModel | None = None, **settings: Any) -> Any:
    chain = PLAN | (model or CountingModel()) | StrOutputParser()
    return cache.wrap(
        chain, profile=Profile.of(features=["kind"]), **{"name": "plan", "prompt_version": "v1", **settings}
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cache(clock: FakeClock) -> Iterator[Cache]:
    with Cache("memory://", clock=clock) as made:
        yield made


# Opening.


def test_the_url_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A given one beats it."""
    monkeypatch.setenv(ENV_URL, f"sqlite:///{tmp_path}/from_env.db")
    with Cache() as cache:
        wrapped(cache).invoke({"kind": "a"})
    assert (tmp_path / "from_env.db").exists()
    monkeypatch.setenv(ENV_URL, "nonsense://")
    Cache("memory://").close()
    with pytest.raises(StoreURLError, match="nonsense"):
        Cache()


def test_without_any_url_it_is_a_file_in_the_users_cache_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing to set up."""
    monkeypatch.delenv(ENV_URL, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with Cache() as cache:
        wrapped(cache).invoke({"kind": "a"})
    assert len(list(tmp_path.rglob("langcache/langcache.db"))) == 1


@pytest.mark.parametrize("url", ["nonsense://", "memory", "sqlit:///x.db", "sqlite:///x.db?colour=red"])
def test_a_wrong_url_raises_at_once(url: str) -> None:
    """It is a mistake of the developer, not an accident of the store."""
    with pytest.raises(StoreURLError):
        Cache(url)


@pytest.mark.parametrize("option", ["ttl", "stale_if_error", "stale_while_revalidate"])
@pytest.mark.parametrize("value", [0, -1, timedelta(0), float("nan"), "30d", ()])
def test_a_time_that_is_none_raises(option: str, value: Any) -> None:
    """With the option's name."""
    with pytest.raises(DeclarationError, match=option):
        Cache("memory://", **{option: value})


@pytest.mark.parametrize(
    ("mistake", "fix"),
    [
        (lambda: Cache(Path("x.db")), "sqlite:///"),  # type: ignore[arg-type]
        (lambda: Cache("memory://", retry=3), r"RetryPolicy\(attempts"),  # type: ignore[arg-type]
        (lambda: Cache("memory://").user("Ada"), "by name"),  # type: ignore[arg-type]
    ],
)
def test_a_mistake_names_its_fix(mistake: Callable[[], object], fix: str) -> None:
    """Where it is made, not at the first request."""
    with pytest.raises((DeclarationError, StoreURLError), match=fix):
        mistake()


@pytest.mark.parametrize("namespace", [None, 7, b"tenant", "tenant-\ud800", "a\0b"])
def test_a_namespace_that_is_no_text_raises(namespace: Any) -> None:
    """Some stores would take it and others not, and 7 is not "7"; what cannot be written down fails its neighbours."""
    with pytest.raises(DeclarationError, match="namespace"):
        Cache("memory://", namespace=namespace)
    with Cache("memory://") as cache, pytest.raises(DeclarationError, match="namespace"):
        cache.namespaced(namespace)


@pytest.mark.parametrize("ttl", [timedelta(hours=1), 3600, 3600.0])
def test_a_lifetime_is_seconds_or_a_timedelta(ttl: Any, clock: FakeClock) -> None:
    """Shortened by 5 % at most, at random, so that entries written together do not expire together."""
    model = CountingModel()
    with Cache("memory://", ttl=ttl, clock=clock) as cache:
        chain = wrapped(cache, model)
        for advance_s, calls in ((0, 1), (3600 * 0.949, 1), (3600 * 0.051, 2)):
            clock.advance(advance_s)
            chain.invoke({"kind": "a"})
            assert model.calls == calls


def test_an_answer_lives_thirty_days_unless_told_and_may_live_for_ever(clock: FakeClock) -> None:
    """Infinity is a lifetime."""
    calls = []
    for ttl in (None, float("inf")):
        model = CountingModel()
        with Cache("memory://", ttl=ttl, clock=clock) as cache:
            chain = wrapped(cache, model)
            for days in (0, 28, 3):
                clock.advance(days * 86_400)
                chain.invoke({"kind": "a"})
        calls.append(model.calls)
    assert calls == [2, 1]


def test_a_foreign_file_is_left_alone_and_the_chain_answers(tmp_path: Path) -> None:
    """Law 9: the cache is off, one event and the statistics say why, with the path."""
    path = tmp_path / "notes.txt"
    path.write_bytes(b"my notes")
    with Cache(f"sqlite:///{path}") as cache, cache.capture() as events:
        chain = wrapped(cache)
        assert [chain.invoke({"kind": "a"}) for _ in range(2)] == ["Hello."] * 2
        assert asyncio.run(chain.ainvoke({"kind": "a"})) == "Hello."
        assert str(path) in (cache.stats().store_trouble or "")
        assert str(path) in (asyncio.run(cache.astats()).store_trouble or "")
    assert sum(str(path) in (event.reason or "") for event in events) == 1
    assert path.read_bytes() == b"my notes"
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


# Its life.


async def test_it_is_a_context_manager_both_ways_and_keeps_what_was_stored(tmp_path: Path) -> None:
    """Also without any closing."""
    url, model = f"sqlite:///{tmp_path}/x.db", CountingModel()
    forgotten = Cache(url)
    wrapped(forgotten, model).invoke({"kind": "a"})
    async with Cache(url) as cache:
        await wrapped(cache, model).ainvoke({"kind": "a"})
    with Cache(url) as cache:
        wrapped(cache, model).invoke({"kind": "a"})
    assert model.calls == 1
    forgotten.close()


@pytest.mark.parametrize("half", ["sync", "async"])
def test_closing_gives_back_what_it_leads(half: str, tmp_path: Path) -> None:
    """Its answer can no longer be stored: another process goes on at once, not when the lease has run out."""
    asked, answer = threading.Event(), threading.Event()

    def slowly(text: str) -> str:
        if not asked.is_set():
            asked.set()
            answer.wait(60)
        return text.upper()

    leads, waits = (Cache(f"sqlite:///{tmp_path / 'x.db'}") for _ in range(2))
    chains = [cache.wrap(RunnableLambda(slowly), name="shout", prompt_version="1") for cache in (leads, waits)]
    with waits, ThreadPoolExecutor(1) as thread:
        leading = thread.submit(chains[0].invoke, "hi")
        asked.wait(60)
        if half == "async":
            asyncio.run(leads.aclose())
        else:
            leads.close()
        begun = time.monotonic()
        assert chains[1].invoke("hi") == "HI"
        assert time.monotonic() - begun < TERM_S / 2
        answer.set()
        assert leading.result() == "HI"


def test_a_refresh_outlives_the_event_loop_of_its_request(clock: FakeClock) -> None:
    """An `asyncio.run` for each request, as in a task queue or a synchronous server, cancels what the request began."""
    answered: list[str] = []

    async def shout(text: str) -> str:
        await asyncio.sleep(0.05)
        answered.append(text)
        return f"{text.upper()} {len(answered)}"

    with Cache("memory://", ttl=10, stale_while_revalidate=100, clock=clock) as cache:
        chain = cache.wrap(RunnableLambda(shout), name="shout", prompt_version="1")
        assert asyncio.run(chain.ainvoke("hi")) == "HI 1"
        clock.advance(20)
        assert asyncio.run(chain.ainvoke("hi")) == "HI 1"
        for thread in threading.enumerate():
            if thread.name == "langcache-refresh":
                thread.join(60)
        assert asyncio.run(chain.ainvoke("hi")) == "HI 2"
        assert answered == ["hi", "hi"]


async def test_closing_waits_for_refreshes_under_way(clock: FakeClock) -> None:
    """A task must not outlive the store it writes to."""
    cache, model = Cache("memory://", ttl=10, stale_while_revalidate=100, clock=clock), CountingModel()
    chain = wrapped(cache, model)
    await chain.ainvoke({"kind": "a"})
    clock.advance(20)
    await chain.ainvoke({"kind": "a"})
    await cache.aclose()
    assert (model.calls, cache.engine.tasks) == (2, set())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a platform without fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("url", ["memory://", "sqlite:///{path}/x.db"])
def test_it_survives_fork(url: str, tmp_path: Path) -> None:
    """A preforking server makes its cache before it forks: the child reads and writes, the parent goes on."""
    model = CountingModel()
    with Cache(url.format(path=tmp_path)) as cache:
        chain = wrapped(cache, model)
        chain.invoke({"kind": "a"})
        child = os.fork()
        if child == 0:
            code = 1
            try:
                chain.invoke({"kind": "a"})
                chain.invoke({"kind": "b"})
                code = 0 if model.calls == 2 else 2
            finally:
                os._exit(code)
        assert os.waitpid(child, 0) == (child, 0)
        chain.invoke({"kind": "b"})
        assert model.calls == (1 if url.startswith("sqlite") else 2)


# Removing.


def _sync(cache: Cache, name: str, **conditions: Any) -> int:
    return int(getattr(cache, name)(**conditions))


def _async(cache: Cache, name: str, **conditions: Any) -> int:
    return int(asyncio.run(getattr(cache, f"a{name}")(**conditions)))


Remove = Callable[..., int]
both = pytest.mark.parametrize("remove", [_sync, _async])


def fill(cache: Cache, clock: FakeClock) -> dict[str, str]:
    """Four entries, a minute apart; their keys by what is special about them."""
    keys: dict[str, str] = {}
    special: dict[str, dict[str, Any]] = {
        "first": {},
        "second version": {"prompt_version": "v2"},
        "typed": {"generation_type": "full", "tags": ("a", "b")},
        "other chain": {"name": "other", "tags": ("a",)},
    }
    for label, settings in special.items():
        with cache.capture() as events:
            wrapped(cache, **settings).invoke({"kind": label})
        keys[label] = events[0].key
        clock.advance(60)
    return keys


@both
@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        ({"chain": "plan"}, {"other chain"}),
        ({"prompt_version": "v2"}, {"first", "typed", "other chain"}),
        ({"generation_type": "full"}, {"first", "second version", "other chain"}),
        ({"tags": "a"}, {"first", "second version"}),
        ({"tags": ["a", "b"]}, {"first", "second version", "other chain"}),
        ({"older_than": timedelta(minutes=2)}, {"typed", "other chain"}),
        ({"older_than": 121.0}, {"typed", "other chain"}),
        ({"older_than": 1e9}, {"first", "second version", "typed", "other chain"}),
        ({"chain": "plan", "tags": ["a"]}, {"first", "second version", "other chain"}),
        ({"chain": "plan", "prompt_version": "v1", "older_than": 200}, {"second version", "typed", "other chain"}),
        ({"chain": "nobody"}, {"first", "second version", "typed", "other chain"}),
        ({"tags": ["full"]}, {"first", "second version", "typed", "other chain"}),
    ],
)
def test_what_is_removed_meets_every_condition(
    remove: Remove, conditions: dict[str, Any], left: set[str], cache: Cache, clock: FakeClock
) -> None:
    """And how many fell is said."""
    keys = fill(cache, clock)
    fell = remove(cache, "invalidate", **conditions)
    there = {name for name, key in keys.items() if cache.store.get("default", key, now=clock.now())}
    assert (fell, there) == (len(keys) - len(left), left)


@both
def test_one_entry_is_removed_by_its_key(remove: Remove, cache: Cache, clock: FakeClock) -> None:
    """The key an event shows; with another condition, both must hold."""
    keys = fill(cache, clock)
    assert remove(cache, "invalidate", key=keys["typed"], chain="other") == 0
    assert remove(cache, "invalidate", key=keys["typed"], chain="plan") == 1
    assert remove(cache, "invalidate", key=keys["first"]) == 1
    assert remove(cache, "invalidate", key=keys["first"]) == 0
    assert cache.stats().entries == 2


@both
@pytest.mark.parametrize("conditions", [{}, {"tags": []}, {"tags": ""}, {"chain": None}])
def test_removing_nothing_in_particular_is_refused(remove: Remove, conditions: dict[str, Any], cache: Cache) -> None:
    """A variable that happened to be empty must not empty the cache."""
    with pytest.raises(DeclarationError, match=r"clear\(\)"):
        remove(cache, "invalidate", **conditions)


@both
@pytest.mark.parametrize("age", [-1, timedelta(days=-30), float("nan"), "30d"])
def test_an_age_that_is_none_is_refused(remove: Remove, age: Any, cache: Cache, clock: FakeClock) -> None:
    """A sign too many must not empty the cache."""
    fill(cache, clock)
    with pytest.raises(DeclarationError, match="older_than"):
        remove(cache, "invalidate", older_than=age)
    assert cache.stats().entries == 4


@both
def test_clear_removes_all_of_its_namespace_and_nothing_else(remove: Remove, cache: Cache, clock: FakeClock) -> None:
    """And says how many."""
    other = cache.namespaced("tenant-7")
    fill(cache, clock)
    fill(other, clock)
    assert remove(cache, "clear") == 4
    assert remove(cache, "clear") == 0
    assert (cache.stats().entries, other.stats().entries) == (0, 4)


@both
def test_more_than_a_page_is_removed(remove: Remove, cache: Cache, clock: FakeClock) -> None:
    """Removal goes page by page."""
    from langcache.storage.base import Record

    for number in range(1203):
        cache.store.put("default", str(number), Record(b"", clock.now(), None, frozenset({"tag:x"})), now=clock.now())
    assert remove(cache, "invalidate", tags="x") == 1203


# Namespaces and blocks.


def test_a_namespace_is_a_hard_partition_of_one_cache(cache: Cache) -> None:
    """Another tenant's answer is never served; the account is one."""
    model = CountingModel()
    tenant = cache.namespaced("tenant-7")
    for where in (cache, tenant, tenant, cache.namespaced("default")):
        wrapped(where, model).invoke({"kind": "a"})
    assert (model.calls, cache.stats().requests, tenant.stats().requests) == (2, 4, 4)
    assert (cache.namespace, tenant.namespace, tenant.store) == ("default", "tenant-7", cache.store)


def test_directives_of_blocks_nest_and_end(cache: Cache) -> None:
    """The innermost is the narrowest; ``no-store`` beats all."""
    model = CountingModel()
    chain = wrapped(cache, model)
    with cache.capture() as events:
        for outer, inner in (("no-cache", "max-age=9"), ("no-store", "max-age=9"), ("max-age=9", "no-cache")):
            with cache.directives(outer), cache.directives(inner):
                chain.invoke({"kind": "a"})
        chain.invoke({"kind": "a"})
    assert [event.outcome for event in events] == ["miss", "bypass", "refresh", "hit"]
    with pytest.raises(DeclarationError, match="no-store"), cache.directives("no-sotre"):
        pass


def test_statistics_hold_the_stores_own_figures(cache: Cache, clock: FakeClock) -> None:
    """Sync and async alike; of this namespace."""
    fill(cache, clock)
    stats, astats = cache.stats(), asyncio.run(cache.astats())
    assert stats == astats
    assert (stats.entries, stats.requests, stats.store_errors, stats.corrupt_entries) == (4, 4, 0, 0)
    assert stats.size_bytes
    assert stats.size_bytes > 0
