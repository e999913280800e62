"""The running account of one cache in one process, and the captures that listen to it."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from langcache.core.events import Event
from langcache.runtime.ambient import ambient_stage
from langcache.storage.forking import ForkableLock
from langcache.templating.advice import advice

__all__ = ["Ledger", "Stats"]

_log = logging.getLogger("langcache")
Listener = Callable[[Event], object]
_Captures = tuple[tuple["Ledger", list[Event]], ...]
_captures: ContextVar[_Captures] = ContextVar("langcache_captures", default=())

KINDS_KEPT = 1_000
"""Distinct chains or reasons counted by name; further ones are counted as ``"other"``, so memory is bounded."""


@dataclass(slots=True)
class Stats:
    """What this process saw since the cache was made; `entries` and `size_bytes` are the store's.

    ``advice`` says per chain which change of a declaration would have kept how many of the refused answers.
    ``cost_usd`` and ``saved_usd`` sum the known prices; ``unpriced`` counts requests whose model has none. A helper
    call, such as a refresh in the background, is no request; its cost is in ``cost_usd`` and taken off ``saved_usd``.
    """

    requests: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    hit_rate: float = 0.0
    calls_saved: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal = Decimal(0)
    saved_usd: Decimal = Decimal(0)
    unpriced: int = 0
    helpers: int = 0
    helper_cost_usd: Decimal = Decimal(0)
    refusals: dict[str, int] = field(default_factory=dict)
    advice: dict[str, dict[str, int]] = field(default_factory=dict)
    bypasses: dict[str, int] = field(default_factory=dict)
    by_chain: dict[str, dict[str, int]] = field(default_factory=dict)
    entries: int | None = None
    size_bytes: int | None = None
    store_errors: int = 0
    corrupt_entries: int = 0
    store_trouble: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data; money as text, exact to the digit."""
        return {key: str(value) if isinstance(value, Decimal) else value for key, value in asdict(self).items()}


class Ledger:
    """Counts events; never holds a value, a prompt or an answer."""

    def __init__(self) -> None:
        self._lock = ForkableLock()
        self._outcomes: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._bypasses: Counter[str] = Counter()
        self._advice: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._chains: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._sums = Stats()
        self._listeners: tuple[Listener, ...] = ()

    def record(self, event: Event) -> None:
        """Count *event*, and hand it to this context's captures and to every subscriber."""
        where = ambient_stage()
        if where is not None and event.stage is None:
            event.session, event.stage = where
        with self._lock.plain:
            self._count(event)
        for ledger, events in _captures.get():
            if ledger is self:
                events.append(event)
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                self._drop(listener)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call *listener* with every event, in the context and the thread of its request; returns how to end that.

        It must be quick and must not change the event. One that raises is logged and dropped; the chain goes on.
        """
        with self._lock:
            self._listeners = (*self._listeners, listener)
        return lambda: self._remove(listener)

    def _drop(self, listener: Listener) -> None:
        self._remove(listener)
        _log.warning("a subscriber of langcache's events failed and gets no more of them", exc_info=True)

    def _remove(self, listener: Listener) -> None:
        with self._lock:
            self._listeners = tuple(kept for kept in self._listeners if kept is not listener)

    def _count(self, event: Event) -> None:
        self._add_up(event)
        if event.is_helper:
            self._count_helper(event)
            return
        self._outcomes[event.outcome] += 1
        self._chains[_bounded(self._chains, event.chain)][event.outcome] += 1
        if event.outcome == "refused":
            self._count_refusal(event)
        elif event.outcome == "bypass":
            reason = event.reason or "unknown"
            self._bypasses[_bounded(self._bypasses, reason)] += 1

    def _add_up(self, event: Event) -> None:
        sums, cost_usd, saved_usd = self._sums, event.cost_usd, event.saved_usd
        sums.input_tokens += event.input_tokens
        sums.output_tokens += event.output_tokens
        if cost_usd is None or saved_usd is None:
            sums.unpriced += 1
        if cost_usd:
            sums.cost_usd += cost_usd
        if saved_usd:
            sums.saved_usd += saved_usd

    def _count_helper(self, event: Event) -> None:
        sums, cost_usd = self._sums, event.cost_usd or 0
        sums.helpers += 1
        sums.helper_cost_usd += cost_usd
        sums.saved_usd -= cost_usd

    def _count_refusal(self, event: Event) -> None:
        reason = event.reason or "unknown"
        self._refusals[_bounded(self._refusals, reason)] += 1
        if (helps := advice(reason, event.details.get("slot"), event.details.get("form"))) is not None:
            counted = self._advice[_bounded(self._advice, event.chain)]
            counted[_bounded(counted, helps)] += 1

    @contextmanager
    def capture(self) -> Iterator[list[Event]]:
        """Collect this context's events, in the order they end; unbounded."""
        events: list[Event] = []
        _captures.set((*_captures.get(), (self, events)))
        try:
            yield events
        finally:  # perhaps in another context, where a server ends a generator: without a token
            _captures.set(tuple(each for each in _captures.get() if each[1] is not events))

    def stats(self) -> Stats:
        """The account so far, without the store's part."""
        with self._lock:
            outcomes = dict(self._outcomes)
            requests = sum(outcomes.values())
            saved = outcomes.get("hit", 0) + outcomes.get("stale", 0)
            sums = self._sums
            return Stats(
                requests=requests,
                outcomes=outcomes,
                hit_rate=saved / requests if requests else 0.0,
                calls_saved=saved,
                input_tokens=sums.input_tokens,
                output_tokens=sums.output_tokens,
                cost_usd=sums.cost_usd,
                saved_usd=sums.saved_usd,
                unpriced=sums.unpriced,
                helpers=sums.helpers,
                helper_cost_usd=sums.helper_cost_usd,
                refusals=dict(self._refusals),
                advice={chain: dict(counted) for chain, counted in self._advice.items()},
                bypasses=dict(self._bypasses),
                by_chain={chain: dict(counts) for chain, counts in self._chains.items()},
            )


def _bounded(counts: Any, name: str) -> str:
    return name if name in counts or len(counts) < KINDS_KEPT else "other"
