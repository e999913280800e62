"""Every directive at every place; the narrowest wins, ``no-store`` beats all."""

import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Annotated, Any

import pytest
from support.chains import SAY, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache, Feature, Profile, Slot
from langcache.errors import DeclarationError, NotCached
from langcache.testing import FakeClock


class Vip(Profile):
    background: Annotated[str, Feature()]
    startup_name: Annotated[str, Slot()]
    universities: Annotated[list[str], Slot(label="university name")]
    asked: str | None = None

    def cache_directives(self) -> str | Iterable[str] | None:
        return "no-store" if self.background == "vip" else None


def wait_for(done: Callable[[], bool]) -> bool:
    """Whether *done* comes true while a background thread works."""
    for _ in range(1000):
        try:
            if done():
                return True
        except NotCached:
            pass
        time.sleep(0.01)
    return False


PLACES = ["metadata", "metadata list", "tag", "with_config", "block", "wrap"]


def call(cache: Cache, model: CountingModel, place: str, directive: str) -> Any:
    kwargs = {"directives": directive} if place == "wrap" else {}
    wrapped: Any = cache.wrap(chain(model), profile=Applicant, name="x", **kwargs)
    config: Any = {
        "metadata": {"metadata": {"langcache": directive}},
        "metadata list": {"metadata": {"langcache": [directive]}},
        "tag": {"tags": [f"langcache:{directive}"]},
    }.get(place, {})
    if place == "with_config":
        wrapped = wrapped.with_config(tags=[f"langcache:{directive}"])
    with cache.directives(directive) if place == "block" else nullcontext():
        return wrapped.invoke(founder(), config)


@pytest.mark.parametrize("place", PLACES)
def test_each_directive_at_each_place(place: str) -> None:
    """no-store, no-cache, only-if-cached, max-age, stale-if-error, stale-while-revalidate."""
    clock = FakeClock()
    cache = Cache("memory://", clock=clock, ttl=100)
    said: dict[str, Any] = {"now": SAY}
    model = CountingModel(say=lambda _: said["now"])
    with pytest.raises(NotCached):
        call(cache, model, place, "only-if-cached")
    call(cache, model, place, "no-store")
    assert (model.calls, cache.stats().entries) == (1, 0)
    call(cache, model, place, "no-cache")
    assert (model.calls, cache.stats().entries) == (2, 1)
    call(cache, model, place, "no-cache")
    call(cache, model, place, "only-if-cached")
    assert model.calls == 3
    clock.advance(50)
    call(cache, model, place, "max-age=60")
    assert model.calls == 3
    call(cache, model, place, "max-age=40")
    assert model.calls == 4
    clock.advance(150)
    said["now"] = ConnectionError("down")
    assert call(cache, model, place, "stale-if-error=300") == "Pitch PathAI to MIT and CMU."
    with cache.capture() as events, pytest.raises(ConnectionError):
        call(cache, model, place, "stale-if-error=10")
    assert events[0].attempts == 3
    said["now"] = "New."
    assert call(cache, model, place, "stale-while-revalidate=900") == "Pitch PathAI to MIT and CMU."
    assert wait_for(lambda: call(cache, model, place, "only-if-cached") == "New.")


def test_the_narrowest_wins() -> None:
    """A call's max-age replaces the chain's no-cache; no-store beats all from anywhere."""
    cache = Cache("memory://")
    model = CountingModel(say=SAY)
    wrapped = cache.wrap(chain(model), profile=Applicant, directives="no-cache")
    for _ in range(2):
        wrapped.invoke(founder(), {"metadata": {"langcache": "max-age=3600"}})
    assert model.calls == 1
    with cache.directives("no-store"):
        wrapped.invoke(founder(), {"metadata": {"langcache": "max-age=3600"}})
    assert model.calls == 2


def test_a_chains_no_store_in_metadata_survives_a_calls_own_metadata() -> None:
    """LangChain lets a call's metadata replace the chain's under one key; ``no-store`` beats it all the same."""
    cache = Cache("memory://")
    model = CountingModel(say=SAY)
    wrapped = cache.wrap(chain(model), profile=Applicant)
    private = wrapped.with_config(metadata={"langcache": "no-store", "team": "x"}, tags=["t"])
    for _ in range(2):
        private.invoke(founder(), {"metadata": {"langcache": "max-age=3600"}})
    assert (model.calls, cache.stats().entries) == (2, 0)
    wrapped.invoke(founder())
    assert (model.calls, cache.stats().entries) == (3, 1)


def test_a_profiles_own_directives() -> None:
    """The VIP who opted out is neither read nor written."""
    cache = Cache("memory://")
    model = CountingModel(say="Hi [startup name]")
    wrapped = cache.wrap(chain(model), profile=Vip)
    with cache.capture() as events:
        for background in ("vip", "vip", "nurse", "nurse"):
            wrapped.invoke(founder(background=background))
    assert [e.outcome for e in events] == ["bypass", "bypass", "miss", "hit"]
    assert cache.stats().entries == 1


def test_an_unknown_directive_names_the_nearest() -> None:
    """A typing error must not silently store a VIP's answer."""
    cache = Cache("memory://")
    wrapped = cache.wrap(chain(CountingModel()), profile=Applicant)
    with pytest.raises(DeclarationError, match="no-store"):
        wrapped.invoke(founder(), {"metadata": {"langcache": "no-stor"}})
