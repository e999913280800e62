"""OpenTelemetry instruments for what a cache does; the same figures as for Prometheus, by OpenTelemetry's customs."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from langcache.core.events import Event
from langcache.metrics.buckets import CALL_S, HIT_S
from langcache.metrics.labels import Labels
from langcache.runtime.guard import GuardedStore

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter, Observation

__all__ = ["Meters"]


class Meters:
    """Listens to a ledger, and is asked for the state of *store*.

    Args:
        meter: what makes the instruments.
        store: its breaker and its failures are reported.
        labels: keeps attributes few.
    """

    def __init__(self, meter: "Meter", store: GuardedStore, labels: Labels) -> None:
        self._store, self._labels, self._open = store, labels, True
        counter, histogram = meter.create_counter, meter.create_histogram
        self._requests = counter("langcache.requests", "{request}", "Requests, by what the cache did.")
        self._saved = counter("langcache.savings", "USD", "What hits would have cost.")
        self._cost = counter("langcache.cost", "USD", "What provider calls cost.")
        self._helpers = counter("langcache.helper_cost", "USD", "The part of the cost that is our own: refreshes.")
        self._unpriced = counter("langcache.unpriced", "{request}", "Requests whose model has no known price.")
        self._tokens = counter("langcache.tokens", "{token}", "Tokens of provider calls.")
        self._cached = counter(
            "langcache.prompt_cache.tokens", "{token}", "Input tokens of the provider's prompt cache."
        )
        self._not_stored = counter("langcache.not_stored", "{request}", "Answers refused and requests bypassed.")
        self._failures = counter("langcache.failures", "{request}", "Requests that ended in an error.")
        self._hits_s = histogram(
            "langcache.hit.duration", "s", "Answers from the cache.", explicit_bucket_boundaries_advisory=HIT_S
        )
        self._calls_s = histogram(
            "langcache.call.duration", "s", "Answers from a run.", explicit_bucket_boundaries_advisory=CALL_S
        )
        self._observe(meter)

    def close(self) -> None:
        """Report no more of the store; OpenTelemetry cannot take an instrument back."""
        self._open = False

    def __call__(self, event: Event) -> None:
        """Count *event*."""
        chain = {"langcache.chain": self._labels.chain(event)}
        model = {"langcache.model": self._labels.model(event)}
        if not event.is_helper:
            self._requests.add(1, {**chain, "langcache.outcome": event.outcome})
        self._count_money(event, chain, model)
        self._count_tokens(event, chain, model)
        reason, failure = self._labels.not_stored(event), self._labels.failure(event)
        if reason is not None:
            self._not_stored.add(1, {"langcache.outcome": event.outcome, "langcache.reason": reason})
        if failure is not None:
            self._failures.add(1, {**chain, "error.type": failure})
        else:
            served = event.outcome in ("hit", "stale")
            (self._hits_s if served else self._calls_s).record(event.latency_s, chain)

    def _count_money(self, event: Event, chain: dict[str, str], model: dict[str, str]) -> None:
        if event.cost_usd is None or event.saved_usd is None:
            self._unpriced.add(1, model)
        for counter, amount in (
            (self._saved, event.saved_usd),
            (self._cost, event.cost_usd),
            (self._helpers, event.cost_usd if event.is_helper else None),
        ):
            if amount is not None and amount > 0:
                counter.add(float(amount), {**chain, **model})

    def _count_tokens(self, event: Event, chain: dict[str, str], model: dict[str, str]) -> None:
        for kind, used in (("input", event.input_tokens), ("output", event.output_tokens)):
            if used:
                self._tokens.add(used, {**chain, **model, "gen_ai.token.type": kind})
        for access, used in (("read", event.cache_read_tokens), ("write", event.cache_write_tokens)):
            if used:
                self._cached.add(used, {**model, "langcache.access": access})

    def _observe(self, meter: "Meter") -> None:
        store = self._store
        meter.create_observable_gauge(
            "langcache.store.breaker_open",
            [lambda _: self._seen(int(store.trouble is not None))],
            description="1 while the store is left alone.",
        )
        for name, kind, says in (
            ("langcache.store.errors", "store errors", "Calls of the store that failed."),
            ("langcache.store.corrupt_entries", "corrupt", "Stored entries that were not what was written."),
        ):
            meter.create_observable_counter(name, [self._counted(kind)], description=says)

    def _counted(self, kind: str) -> Any:
        return lambda _: self._seen(self._store.counts[kind])

    def _seen(self, value: int) -> "Iterable[Observation]":
        from opentelemetry.metrics import Observation

        return [Observation(value)] if self._open else []
