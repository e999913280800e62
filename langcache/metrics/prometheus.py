"""A cache's events as Prometheus metrics. Extra ``prometheus``."""

from collections.abc import Iterator
from typing import Any

from langcache.core.events import Event
from langcache.errors import DeclarationError
from langcache.metrics.buckets import CALL_S, HIT_S
from langcache.metrics.labels import LIMIT, Labels
from langcache.runtime.cache import Cache

__all__ = ["Collector"]


class Collector:
    """Counts what *cache* does from now on, and reads the state of its store whenever it is scraped.

    One per cache and registry; it covers every namespace of the cache. Works with `prometheus_client`'s multiprocess
    mode, where the store's state is left out: it is each process's own.

    Args:
        cache: what is watched.
        registry: where the metrics are registered; `prometheus_client.REGISTRY` by default.
        prefix: what every metric's name begins with.
        limit: distinct chains, models and reasons, of each kind; further ones are labelled ``"other"``.

    Raises:
        DeclarationError: `prometheus_client` is not installed.
        ValueError: *registry* already has metrics of this *prefix*.
    """

    def __init__(self, cache: Cache, registry: Any = None, *, prefix: str = "langcache", limit: int = LIMIT) -> None:
        self._library = library = _library()
        self._registry = library.REGISTRY if registry is None else registry
        self._store, self._prefix, self._labels = cache.engine.store, prefix, Labels(limit)
        self._made: list[Any] = []
        counter, histogram = library.Counter, library.Histogram
        self._requests = self._make(counter, "requests", "Requests, by what the cache did.", ["chain", "outcome"])
        self._saved = self._make(counter, "saved_usd", "What hits would have cost, in USD.", ["chain", "model"])
        self._cost = self._make(counter, "cost_usd", "What provider calls cost, in USD.", ["chain", "model"])
        self._helpers = self._make(
            counter, "helper_cost_usd", "The part of the cost that is our own: refreshes.", ["chain", "model"]
        )
        self._unpriced = self._make(counter, "unpriced", "Requests whose model has no known price.", ["model"])
        self._tokens = self._make(counter, "tokens", "Tokens of provider calls.", ["chain", "model", "type"])
        self._cached = self._make(
            counter, "prompt_cache_tokens", "Input tokens of the provider's own prompt cache.", ["model", "access"]
        )
        self._not_stored = self._make(
            counter, "not_stored", "Answers refused and requests that went round the cache.", ["outcome", "reason"]
        )
        self._failures = self._make(counter, "failures", "Requests that ended in an error.", ["chain", "error"])
        self._hits_s = self._make(histogram, "hit_latency_seconds", "Answers from the cache.", ["chain"], buckets=HIT_S)
        self._calls_s = self._make(histogram, "call_latency_seconds", "Answers from a run.", ["chain"], buckets=CALL_S)
        self._registry.register(self)
        self._made.append(self)
        self._unsubscribe = cache.ledger.subscribe(self._heard)

    def close(self) -> None:
        """Stop counting, and take the metrics out of the registry."""
        self._unsubscribe()
        while self._made:
            self._registry.unregister(self._made.pop())

    def collect(self) -> Iterator[Any]:
        """The store as it is now: called by the registry on each scrape."""
        core, prefix, store = self._library.core, self._prefix, self._store
        yield core.GaugeMetricFamily(
            f"{prefix}_store_breaker_open", "1 while the store is left alone.", float(store.trouble is not None)
        )
        yield core.CounterMetricFamily(
            f"{prefix}_store_errors", "Calls of the store that failed.", store.counts["store errors"]
        )
        yield core.CounterMetricFamily(
            f"{prefix}_corrupt_entries", "Stored entries that were not what was written.", store.counts["corrupt"]
        )

    def _make(self, kind: Any, name: str, says: str, labels: list[str], **more: Any) -> Any:
        made = kind(f"{self._prefix}_{name}", says, labels, registry=self._registry, **more)
        self._made.append(made)
        return made

    def _heard(self, event: Event) -> None:
        chain = self._labels.chain(event)
        if not event.is_helper:
            self._requests.labels(chain, event.outcome).inc()
        self._count_money(event, chain)
        self._count_tokens(event, chain)
        reason, failure = self._labels.not_stored(event), self._labels.failure(event)
        if reason is not None:
            self._not_stored.labels(event.outcome, reason).inc()
        if failure is not None:
            self._failures.labels(chain, failure).inc()
        else:
            served = event.outcome in ("hit", "stale")
            (self._hits_s if served else self._calls_s).labels(chain).observe(event.latency_s)

    def _count_money(self, event: Event, chain: str) -> None:
        if event.cost_usd is None or event.saved_usd is None:
            self._unpriced.labels(self._labels.model(event)).inc()
        for counter, amount in (
            (self._saved, event.saved_usd),
            (self._cost, event.cost_usd),
            (self._helpers, event.cost_usd if event.is_helper else None),
        ):
            if amount is not None and amount > 0:
                counter.labels(chain, self._labels.model(event)).inc(float(amount))

    def _count_tokens(self, event: Event, chain: str) -> None:
        for kind, used in (("input", event.input_tokens), ("output", event.output_tokens)):
            if used:
                self._tokens.labels(chain, self._labels.model(event), kind).inc(used)
        for access, used in (("read", event.cache_read_tokens), ("write", event.cache_write_tokens)):
            if used:
                self._cached.labels(self._labels.model(event), access).inc(used)


def _library() -> Any:
    try:
        import prometheus_client.core
    except ImportError:
        message = 'metrics for Prometheus need prometheus-client: pip install "langcache-middleware[prometheus]"'
        raise DeclarationError(message) from None
    return prometheus_client
