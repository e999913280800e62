"""Days of requests on the account of a cache, recorded as the doors record them."""

from collections.abc import Iterator
from decimal import Decimal

from langcache import Cache
from langcache.core.events import Event, Outcome
from langcache.testing import FakeClock
from support.seeding import DAY_S

__all__ = ["a_feature_that_does_not_matter", "a_week_with_a_bad_yesterday", "events_of_a_day"]

CALL_USD = Decimal("0.0125")
LATENCY_S = {"hit": 0.0004, "miss": 1.7, "refused": 2.1, "bypass": 1.9}


def events_of_a_day(
    *, hits: int, misses: int, refused: int = 0, bypassed: int = 0, chain: str = "task_planner", version: str = "v3"
) -> Iterator[Event]:
    """So many requests of each outcome, the misses first; hits are of the keys that missed."""
    numbers: dict[Outcome, int] = {"miss": misses, "hit": hits, "refused": refused, "bypass": bypassed}
    reasons = {"refused": "leak", "bypass": "no-store"}
    for outcome, number in numbers.items():
        for place in range(number):
            yield Event(
                chain,
                version,
                "full_llm",
                outcome=outcome,
                key="" if outcome == "bypass" else f"{version}-{chain}-{place % max(1, misses)}",
                reason=reasons.get(outcome),
                model="gpt-4.1-mini",
                input_tokens=0 if outcome == "hit" else 900,
                output_tokens=0 if outcome == "hit" else 420,
                cost_usd=Decimal(0) if outcome == "hit" else CALL_USD,
                saved_usd=CALL_USD if outcome == "hit" else Decimal(0),
                latency_s=LATENCY_S[outcome],
                attempts=0 if outcome == "hit" else 1,
                parts={"feature background": "founder", "feature gpa": "3.0–3.5"} if outcome == "miss" else None,
            )


def a_feature_that_does_not_matter(cache: Cache) -> None:
    """Requests of a chain whose answer is the same for every browser: something to recommend."""
    for kind in ("founder", "nurse", "student"):
        for browser in ("Firefox", "Chrome", "Safari"):
            parts = {"feature kind": kind, "feature browser": browser, "profile": "p", "model": "m"}
            event = Event("letter", "v1", outcome="miss", key=f"{kind} {browser}", model="gpt-4o", cost_usd=CALL_USD)
            event.parts, event.template = parts, kind
            cache.ledger.record(event)


def a_week_with_a_bad_yesterday(cache: Cache, clock: FakeClock) -> None:
    """Five good days, a yesterday with a new prompt version and refusals, and the beginning of today."""
    for _ in range(5):
        _a_day(cache, clock, hits=80, misses=20)
    _a_day(cache, clock, hits=20, misses=40, refused=15, bypassed=5, version="v4")
    for event in events_of_a_day(hits=30, misses=10, version="v4"):
        cache.ledger.record(event)
        clock.advance(10.0)


def _a_day(cache: Cache, clock: FakeClock, **counts: object) -> None:
    day = clock.now() // DAY_S
    for event in events_of_a_day(**counts):  # type: ignore[arg-type]
        cache.ledger.record(event)
        clock.advance(60.0)
    clock.advance((day + 1) * DAY_S - clock.now() + 3600.0)
