"""Run the demo: every applicant through both chains, then one call past the cache, then one failure."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from langcache import Cache
from langcache.cli.demo.applicants import Row
from langcache.cli.demo.chains import GENERATION_TYPES, RECORDED, Chains, Endpoint, TaskList, wrapped_chains
from langcache.cli.demo.tapes import replay
from langcache.core.events import Event

__all__ = ["Answer", "Bypassed", "Run", "ask_again", "ask_without_cache", "run"]

Advance = Callable[[str], None]
"""Told after each request which generation type it was."""


@dataclass(frozen=True)
class Answer:
    """What one applicant got."""

    applicant: Row
    plan: TaskList
    extras: str


@dataclass(frozen=True)
class Bypassed:
    """One call with ``no-store``, and the number of stored entries before and after it."""

    applicant: Row
    event: Event
    entries_before: int | None
    entries_after: int | None


@dataclass(frozen=True)
class Run:
    """Everything a report is made from.

    Attributes:
        events: of the applicants' requests alone.
        http_requests: how many of them the cassettes answered; None when the providers were real.
        survived: the call that failed at first; None when the providers were real, as they fail when they like.
    """

    answers: list[Answer]
    events: list[Event]
    http_requests: int | None
    bypassed: Bypassed
    survived: Event | None


def run(cache: Cache, applicants: list[Row], *, live: Endpoint | None, advance: Advance) -> Run:
    """Serve everybody.

    Args:
        cache: where answers are kept.
        applicants: who asks.
        live: the real providers; None to replay the cassettes.
        advance: progress.
    """
    chains = wrapped_chains(cache, live or RECORDED)
    served, events, http_requests = [], [], 0
    for name in GENERATION_TYPES:
        chain = getattr(chains, name)
        with _provider(name, live) as tape, cache.capture() as seen:
            served.append([_served(chain, applicant, name, advance) for applicant in applicants])
        events += seen
        http_requests += tape.play_count if tape is not None else 0
    answers = [Answer(*each) for each in zip(applicants, *served, strict=True)]
    with _provider("no_store", live):
        bypassed = ask_without_cache(cache, chains, applicants[0])
    survived = None if live else _survive(cache, chains, applicants[0])
    return Run(answers, events, None if live else http_requests, bypassed, survived)


def _provider(name: str, live: Endpoint | None) -> AbstractContextManager[Any]:
    return nullcontext() if live else replay(name)


def _served(chain: Any, applicant: Row, name: str, advance: Advance) -> Any:
    answer = chain.invoke(applicant)
    advance(name)
    return answer


def ask_without_cache(cache: Cache, chains: Chains, applicant: Row) -> Bypassed:
    """One request that is neither read from the cache nor written to it."""
    before = cache.stats().entries
    with cache.capture() as events:
        chains.full_llm.invoke(applicant, {"metadata": {"langcache": "no-store"}})
    return Bypassed(applicant, events[0], before, cache.stats().entries)


def _survive(cache: Cache, chains: Chains, applicant: Row) -> Event:
    with replay("rate_limited"):
        return ask_again(cache, chains, applicant)


def ask_again(cache: Cache, chains: Chains, applicant: Row) -> Event:
    """One request for a new answer, whatever is stored; on the cassette the provider fails first."""
    with cache.capture() as events:
        chains.full_llm.invoke(applicant, {"metadata": {"langcache": "no-cache"}})
    return events[0]
