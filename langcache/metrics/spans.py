"""One OpenTelemetry span for each request, child of whatever span its caller was in."""

from typing import TYPE_CHECKING, Any

from langcache.core.events import Event
from langcache.metrics.labels import failure_of
from langcache.runtime.clock import Clock

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

__all__ = ["Spans"]

NAME = "langcache.lookup"
NS = 1_000_000_000

_ATTRIBUTES = (
    *("chain", "prompt_version", "generation_type", "tags", "outcome", "key", "reason", "model"),
    *("input_tokens", "output_tokens", "age_s", "attempts", "is_helper", "session", "stage"),
)


class Spans:
    """Listens to a ledger.

    Args:
        tracer: what makes the spans.
        clock: the cache's own, so that a span ends when the request did.
    """

    def __init__(self, tracer: "Tracer", clock: Clock) -> None:
        self._tracer, self._clock = tracer, clock

    def __call__(self, event: Event) -> None:
        """Make the span of a request that has just ended."""
        from opentelemetry.trace import Status, StatusCode

        ended = self._clock.now()
        span = self._tracer.start_span(
            NAME, attributes=attributes(event), start_time=int((ended - event.latency_s) * NS)
        )
        failure = failure_of(event)
        if failure is not None:
            span.set_status(Status(StatusCode.ERROR, failure))
            span.set_attribute("error.type", failure)
        span.end(int(ended * NS))


def attributes(event: Event) -> dict[str, Any]:
    """What a span says of *event*: ours under ``langcache.``, the provider's prompt cache under its standard names.

    Tokens and model are ours: under the standard names, a request would be billed twice where the provider's client
    is traced as well, and a hit at all.
    """
    found = {f"langcache.{name}": getattr(event, name) for name in _ATTRIBUTES}
    for name in ("cost_usd", "saved_usd"):
        amount = getattr(event, name)
        found[f"langcache.{name}"] = None if amount is None else float(amount)
    # https://github.com/open-telemetry/semantic-conventions-genai, attributes of gen_ai spans
    found["gen_ai.usage.cache_read.input_tokens"] = event.cache_read_tokens or None
    found["gen_ai.usage.cache_creation.input_tokens"] = event.cache_write_tokens or None
    return {name: value for name, value in found.items() if value not in (None, "", ())}
