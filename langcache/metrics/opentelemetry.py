"""A cache's events as OpenTelemetry spans and metrics. Extra ``opentelemetry``."""

from collections.abc import Callable
from typing import Any

from langcache.errors import DeclarationError
from langcache.metrics.labels import LIMIT, Labels
from langcache.metrics.meters import Meters
from langcache.metrics.spans import Spans
from langcache.runtime.cache import Cache

__all__ = ["instrument"]

SCOPE = "langcache"


def instrument(
    cache: Cache, *, tracer_provider: Any = None, meter_provider: Any = None, limit: int = LIMIT
) -> Callable[[], None]:
    """Report every request to *cache*, in any of its namespaces, as a span and in metrics; returns how to end that.

    Args:
        cache: what is watched.
        tracer_provider, meter_provider: where to; OpenTelemetry's global ones by default.
        limit: distinct chains, models and reasons in metrics, of each kind; further ones are called ``"other"``.

    Raises:
        DeclarationError: `opentelemetry-api` is not installed.
    """
    try:
        from opentelemetry import metrics, trace
    except ImportError:
        message = 'spans and metrics need opentelemetry-api: pip install "langcache-middleware[opentelemetry]"'
        raise DeclarationError(message) from None
    spans = Spans(trace.get_tracer(SCOPE, tracer_provider=tracer_provider), cache.clock)
    meters = Meters(metrics.get_meter(SCOPE, meter_provider=meter_provider), cache.engine.store, Labels(limit))
    ends = (cache.ledger.subscribe(spans), cache.ledger.subscribe(meters), meters.close)

    def end() -> None:
        for each in ends:
            each()

    return end
