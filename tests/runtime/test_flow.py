"""The flow of one request, in both halves: law 12 is that every test here runs twice."""

import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from support.works import Asker, Transient

from langcache.core.events import Usage
from langcache.errors import CorruptEntry, NotCached, Refused, UnstorableError
from langcache.runtime.work import MaskedRunFailed


@pytest.fixture(params=["sync", "async"])
def asker(request: pytest.FixtureRequest) -> Iterator[Asker]:
    made = Asker(request.param)
    yield made
    made.close()


def stored(asker: Asker) -> int:
    return asker.store.usage("default").entries


def settle(asker: Asker) -> None:
    """Wait for background threads; background tasks are awaited by `Asker`."""
    for thread in threading.enumerate():
        if thread.name == "langcache-refresh":
            thread.join(5)


def test_the_second_user_of_a_kind_is_served_from_the_cache(asker: Asker) -> None:
    """Each reads their own details; the chain ran once, masked."""
    assert [asker.ask(), asker.ask(user="Bob")] == ["Hello Ada.", "Hello Bob."]
    assert asker.chain.runs == [True]
    assert asker.outcomes == ["miss", "hit"]


def test_an_event_says_what_was_spent_and_what_was_saved(asker: Asker) -> None:
    """Tokens, dollars, age, time and attempts; a hit costs nothing."""
    asker.chain.before = lambda: asker.clock.advance(2)

    async def wait() -> None:
        asker.clock.advance(2)

    asker.chain.abefore = wait
    asker.ask()
    asker.clock.advance(5)
    asker.ask()
    miss, hit = asker.events
    assert (10, 20, Decimal(20), Decimal(0), None, 1, 2.0) == (
        miss.input_tokens,
        miss.output_tokens,
        miss.cost_usd,
        miss.saved_usd,
        miss.age_s,
        miss.attempts,
        miss.latency_s,
    )
    assert (0, 0, Decimal(0), Decimal(20), 5.0, 0, 0.0, "known") == (
        hit.input_tokens,
        hit.output_tokens,
        hit.cost_usd,
        hit.saved_usd,
        hit.age_s,
        hit.attempts,
        hit.latency_s,
        hit.model,
    )


@pytest.mark.parametrize("usages", [[Usage("unknown", 1, 1)], [Usage("known", 1, 1), Usage(None, 1, 1)]])
def test_an_unknown_price_is_none_and_never_zero(asker: Asker, usages: list[Usage]) -> None:
    """Neither spent nor saved; one unknown part makes the whole unknown."""
    asker.chain.usages = usages
    asker.ask()
    asker.ask()
    assert [asker.events[0].cost_usd, asker.events[1].saved_usd] == [None, None]
    assert asker.events[0].input_tokens == len(usages)


def test_an_answer_expires_on_the_instant(asker: Asker) -> None:
    """And is fetched anew."""
    asker.ask()
    asker.clock.advance(99.9)
    asker.ask()
    asker.clock.advance(0.1)
    asker.ask()
    assert asker.outcomes == ["miss", "hit", "miss"]


def test_no_store_neither_reads_nor_writes(asker: Asker) -> None:
    """And the chain runs on real values."""
    assert asker.ask("no-store") == "Hello Real."
    assert (stored(asker), asker.last.outcome, asker.last.reason) == (0, "bypass", "no-store")
    asker.ask()
    assert asker.ask("no-store") == "Hello Real."
    assert asker.chain.runs == [False, True, False]


def test_no_cache_does_not_read_but_writes(asker: Asker) -> None:
    """A "regenerate" button: the next reader gets the new answer."""
    asker.chain.says = ["One NAME.", "Two NAME."]
    assert [asker.ask(), asker.ask("no-cache"), asker.ask(user="Bob")] == ["One Ada.", "Two Ada.", "Two Bob."]
    assert asker.outcomes == ["miss", "refresh", "hit"]


def test_max_age_accepts_nothing_older(asker: Asker) -> None:
    """RFC 9111, 5.2.1.1; the entry stays for others, until it is replaced."""
    asker.ask()
    asker.clock.advance(10)
    asker.ask("max-age=10.5")
    asker.ask("max-age=10")
    asker.ask("max-age=10")
    assert asker.outcomes == ["miss", "hit", "miss", "hit"]


@pytest.mark.parametrize("more", [{}, {"directives": "no-store"}, {"directives": "no-cache"}, {"bypass": "history"}])
def test_only_if_cached_never_runs_the_chain(asker: Asker, more: dict[str, Any]) -> None:
    """It raises instead, whatever else is asked (RFC 9111, 5.2.1.7)."""
    directives = ["only-if-cached", more.pop("directives", "")]
    with pytest.raises(NotCached):
        asker.ask(directives, **more)
    assert asker.chain.runs == []
    assert asker.last.reason == "error: NotCached"


def test_only_if_cached_serves_what_is_stored(asker: Asker) -> None:
    """That is what it is for."""
    asker.ask()
    assert asker.ask("only-if-cached", user="Bob") == "Hello Bob."


def test_a_request_without_a_key_goes_around_the_cache(asker: Asker) -> None:
    """Once, on real values; the event says why."""
    assert asker.ask(bypass="no key: it holds a lambda") == "Hello Real."
    assert (asker.last.outcome, asker.last.reason, stored(asker)) == ("bypass", "no key: it holds a lambda", 0)


def test_stale_if_error_serves_an_expired_answer_after_the_last_attempt() -> None:
    """RFC 5861, 4: only when retrying did not help; the event counts the attempts."""
    for half in ("sync", "async"):
        asker = Asker(half, attempts=3)
        asker.ask()
        asker.clock.advance(150)
        asker.chain.says = [Transient()]
        assert asker.ask("stale-if-error=100", user="Bob") == "Hello Bob."
        assert (asker.last.outcome, asker.last.attempts) == ("stale", 3)
        assert asker.last.age_s == pytest.approx(150, abs=30)
        assert asker.last.details["errors"] == ["Transient 503"] * 3
        asker.close()


def test_an_error_without_an_allowance_reaches_the_caller(asker: Asker) -> None:
    """As the chain raised it, with its kind in the event."""
    asker.ask()
    asker.clock.advance(150)
    asker.chain.says = [Transient("down")]
    with pytest.raises(Transient, match="down"):
        asker.ask()
    assert (asker.last.outcome, asker.last.reason) == ("miss", "error: Transient")


def test_a_transient_error_is_retried_and_counted() -> None:
    """One layer, between the cache and the chain."""
    for half in ("sync", "async"):
        asker = Asker(half, attempts=3)
        asker.chain.says = [Transient(), "Hello NAME."]
        assert asker.ask() == "Hello Ada."
        assert (asker.last.attempts, asker.last.details["errors"]) == (2, ["Transient 503"])
        assert asker.clock.now() > 1_000_000_000.0
        asker.close()


def test_stale_while_revalidate_answers_at_once_and_refreshes_once(asker: Asker) -> None:
    """RFC 5861, 3: in the background, on an account of its own."""
    asker.chain.says = ["Old NAME.", "New NAME."]
    asker.ask()
    asker.clock.advance(105)
    assert asker.ask("stale-while-revalidate=10", user="Bob") == "Old Bob."
    settle(asker)
    assert asker.ask(user="Cid") == "New Cid."
    assert asker.chain.runs == [True, True]
    assert sorted(asker.outcomes) == ["hit", "miss", "refresh", "stale"]
    stale = next(event for event in asker.events if event.outcome == "stale")
    refresh = next(event for event in asker.events if event.outcome == "refresh")
    assert (stale.attempts, stale.cost_usd, stale.saved_usd) == (0, Decimal(0), Decimal(20))
    assert (refresh.attempts, refresh.cost_usd, refresh.saved_usd) == (1, Decimal(20), Decimal(0))


def test_a_refresh_that_fails_leaves_the_stale_answer(asker: Asker, caplog: pytest.LogCaptureFixture) -> None:
    """A warning names the kind of error, never its message."""
    asker.ask()
    asker.clock.advance(105)
    asker.chain.says = [Transient("quotes a prompt")]
    for _ in range(2):
        assert asker.ask("stale-while-revalidate=10") == "Hello Ada."
        settle(asker)
    assert "a background refresh failed (Transient)" in caplog.text
    assert "quotes" not in caplog.text


def test_a_refused_answer_is_for_its_user_alone(asker: Asker) -> None:
    """Not stored; the event has the reason and the slot, never the value."""
    refused = Refused("leak", slot="name", form="exact", position=6)
    assert asker.ask(on_template=refused) == "Hello Ada."
    assert (asker.last.outcome, asker.last.reason, stored(asker)) == ("refused", "leak", 0)
    assert asker.last.details == {"slot": "name", "form": "exact", "position": 6}
    assert asker.chain.runs == [True]


def test_a_refusal_known_from_the_run_itself_is_one_too(asker: Asker) -> None:
    """A truncated finish, for one."""
    asker.chain.refusal = "truncated"
    asker.ask()
    assert (asker.last.outcome, asker.last.reason, stored(asker)) == ("refused", "truncated", 0)


def test_a_refused_answer_that_cannot_be_filled_is_fetched_on_real_values(asker: Asker) -> None:
    """The user must not read a half-cut placeholder."""
    assert asker.ask(on_template=Refused("half"), on_reveal=Refused("half")) == "Hello Real."
    assert asker.chain.runs == [True, False]
    assert (asker.last.outcome, asker.last.attempts, asker.last.cost_usd) == ("refused", 2, Decimal(40))
    assert asker.chain.ended_well == [False]


def test_an_answer_of_a_type_that_cannot_be_stored_is_passed_through(asker: Asker) -> None:
    """As the chain made it, on real values; said as a bypass."""
    assert asker.ask(on_template=UnstorableError("an answer of type X")) == "Hello Real."
    assert (asker.last.outcome, asker.last.reason, stored(asker)) == ("bypass", "an answer of type X", 0)
    assert asker.ask(on_template=UnstorableError("an answer of type X"), masks=False) == "Hello Real."
    assert asker.chain.runs == [True, False, False]


def test_a_masked_run_that_fails_is_repeated_on_real_values(asker: Asker) -> None:
    """Law 5: once, stored nowhere, and noticed."""
    asker.chain.says = [MaskedRunFailed("it computes with 'users'"), "Hello NAME."]
    assert asker.ask() == "Hello Real."
    assert (asker.last.outcome, stored(asker), asker.chain.ended_well) == ("bypass", 0, [False])
    assert asker.last.reason == "masked run failed: it computes with 'users'"


def test_a_stored_answer_that_does_not_fit_a_user_is_fetched_for_them(asker: Asker) -> None:
    """It stays for the others."""
    asker.ask()
    assert asker.ask(on_fill=[ValueError("secret")]) == "Hello Real."
    assert (asker.last.outcome, asker.last.reason) == ("bypass", "cannot be filled for this user: ValueError")
    assert asker.ask(user="Bob") == "Hello Bob."
    assert asker.chain.runs == [True, False]


def test_the_leaders_own_answer_that_cannot_be_filled_is_fetched_again(asker: Asker) -> None:
    """The template is sound and stored; only this user's values do not fit."""
    assert asker.ask(on_reveal=ValueError()) == "Hello Real."
    assert (asker.last.outcome, stored(asker)) == ("bypass", 1)
    assert asker.ask(user="Bob") == "Hello Bob."


def test_an_entry_whose_content_makes_no_sense_is_dropped_and_fetched(asker: Asker) -> None:
    """Sealed well, but not what this code writes: counted as corrupt."""
    asker.ask()
    assert asker.ask(on_fill=[CorruptEntry("x")]) == "Hello Ada."
    assert (asker.last.outcome, asker.engine.store.counts["corrupt"]) == ("miss", 1)
    assert asker.ask(user="Bob") == "Hello Bob."
    assert asker.chain.runs == [True, True]


def test_an_entry_of_a_class_that_has_changed_is_replaced(asker: Asker) -> None:
    """It is neither served nor a reason to fail."""
    asker.ask()
    assert asker.ask(on_fill=[UnstorableError("schema")]) == "Hello Ada."
    assert (asker.last.outcome, asker.chain.runs) == ("miss", [True, True])


def test_an_unmasked_chain_runs_on_real_values_and_is_cached(asker: Asker) -> None:
    """``mode="abstract"``: the output goes out untouched, the template is stored."""
    assert asker.ask(masks=False) == "Hello Real."
    assert asker.outcomes == ["miss"]
    assert asker.ask(masks=False) == "Hello Real."
    assert (asker.outcomes, asker.chain.runs) == (["miss", "hit"], [False])


def test_namespaces_and_keys_stay_apart(asker: Asker) -> None:
    """A hard partition."""
    asker.ask()
    asker.ask(namespace="other")
    asker.ask(key="other")
    assert asker.outcomes == ["miss"] * 3


def test_every_request_is_recorded_once(asker: Asker) -> None:
    """Also one that is cancelled or killed on its way."""
    asker.chain.says = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        asker.ask()
    assert len(asker.events) == 1
    asker.chain.says = ["Hello NAME."]
    assert asker.ask() == "Hello Ada."
    assert asker.engine.flights._flights == {}
