"""OpenTelemetry sees what the cache did: through the real SDK and its in-memory exporters."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from metrics.traffic import CALL_USD, Traffic, answer
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from langcache.core.events import Event
from langcache.metrics.opentelemetry import instrument


@dataclass
class Watched:
    """A cache under instrumentation, and what came of it."""

    traffic: Traffic = field(default_factory=Traffic)
    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)
    end: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.meters = MeterProvider([self.reader])
        self.end = instrument(self.traffic.cache, tracer_provider=self.tracers, meter_provider=self.meters)

    @property
    def spans(self) -> list[ReadableSpan]:
        """In the order they ended."""
        return list(self.exporter.get_finished_spans())

    def points(self, name: str) -> list[Any]:
        """What one instrument has measured, by its attributes."""
        data = self.reader.get_metrics_data()
        found = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics] if data else []
        return [point for metric in found if metric.name == name for point in metric.data.data_points]

    def value(self, name: str, **attributes: str) -> Any:
        """One measurement; None where there is none."""
        wanted = {key.replace("__", "."): value for key, value in attributes.items()}
        return next((p.value for p in self.points(name) if wanted.items() <= dict(p.attributes).items()), None)


@pytest.fixture
def watched() -> Iterator[Watched]:
    made = Watched()
    yield made
    made.tracers.shutdown()
    made.meters.shutdown()
    made.traffic.cache.close()


def test_each_lookup_is_a_span(watched: Watched) -> None:
    """With what the cache did and what it was worth."""
    watched.traffic.run()
    watched.traffic.clock.advance(60)
    watched.traffic.run()
    miss, hit = (dict(span.attributes or {}) for span in watched.spans)
    assert {span.name for span in watched.spans} == {"langcache.lookup"}
    assert (miss["langcache.outcome"], hit["langcache.outcome"]) == ("miss", "hit")
    assert miss["langcache.key"] == hit["langcache.key"] != ""
    assert (hit["langcache.chain"], hit["langcache.model"]) == ("plan", "fake-1")
    assert (hit["langcache.age_s"], hit["langcache.saved_usd"]) == (60.0, float(CALL_USD))
    assert (miss["langcache.cost_usd"], miss["langcache.saved_usd"], "langcache.age_s" in miss) == (0.025, 0.0, False)
    assert (miss["langcache.output_tokens"], hit["langcache.output_tokens"]) == (20, 0)


def test_a_span_lasts_as_long_as_its_request(watched: Watched) -> None:
    """By the cache's own clock."""
    watched.traffic.run()
    (span,) = watched.spans
    assert span.start_time is not None
    assert span.end_time is not None
    assert span.end_time - span.start_time == 2_000_000_000


async def test_a_span_is_a_child_of_its_callers(watched: Watched) -> None:
    """Sync and async; so that a trace shows where a request was answered."""
    with watched.tracers.get_tracer("app").start_as_current_span("request") as outer:
        watched.traffic.run()
        await watched.traffic.arun()
    ours = [span for span in watched.spans if span.name == "langcache.lookup"]
    assert [span.parent.span_id for span in ours if span.parent] == [outer.get_span_context().span_id] * 2


def test_the_providers_prompt_cache_has_its_standard_names(watched: Watched) -> None:
    """It is another cache than ours; a hit of ours has not even asked it."""
    watched.traffic.run()
    watched.traffic.run()
    miss, hit = (span.attributes or {} for span in watched.spans)
    assert miss["gen_ai.usage.cache_read.input_tokens"] == 4
    assert miss["gen_ai.usage.cache_creation.input_tokens"] == 3
    assert not [name for name in hit if name.startswith("gen_ai.")]


def test_a_failed_request_is_a_failed_span(watched: Watched) -> None:
    """Named by its error, whose text may hold anything."""
    watched.traffic.say = lambda: KeyError("PathAI")
    with pytest.raises(KeyError):
        watched.traffic.run()
    (span,) = watched.spans
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "KeyError")
    assert (span.attributes or {})["error.type"] == "KeyError"
    assert watched.value("langcache.failures", langcache__chain="plan", error__type="KeyError") == 1


def test_no_span_and_no_metric_holds_a_detail(watched: Watched) -> None:
    """Features are no attributes either: they may be many."""
    watched.traffic.run()
    watched.traffic.run()
    told = "".join(span.to_json() or "" for span in watched.spans)
    data = watched.reader.get_metrics_data()
    assert data is not None
    assert "PathAI" not in told + data.to_json()
    assert json.loads(watched.spans[0].to_json())["attributes"]["langcache.chain"] == "plan"


async def test_the_figures_are_those_of_stats(watched: Watched) -> None:
    """Requests, cost, savings, tokens."""
    watched.traffic.run()
    watched.traffic.run()
    await watched.traffic.arun()
    assert watched.value("langcache.requests", langcache__outcome="miss") == 1
    assert watched.value("langcache.requests", langcache__outcome="hit") == 2
    assert watched.value("langcache.cost", langcache__model="fake-1") == 0.025
    assert watched.value("langcache.savings", langcache__model="fake-1") == pytest.approx(0.05)
    assert watched.value("langcache.tokens", gen_ai__token__type="input") == 10
    assert watched.value("langcache.prompt_cache.tokens", langcache__access="read") == 4


def test_hits_and_calls_have_histograms_of_their_own(watched: Watched) -> None:
    """In seconds."""
    watched.traffic.run()
    watched.traffic.run()
    (calls,), (hits,) = watched.points("langcache.call.duration"), watched.points("langcache.hit.duration")
    assert (calls.count, calls.sum, hits.count, hits.sum) == (1, 2.0, 1, 0.0)
    assert calls.explicit_bounds[-1] == 300.0
    assert hits.explicit_bounds[0] == 0.0001


def test_refusals_bypasses_and_unknown_prices_are_counted(watched: Watched) -> None:
    """By their reasons."""
    watched.traffic.run(metadata={"langcache": "no-store"})
    said = answer("")
    said.response_metadata["model_name"] = "nobody-knows-9"
    watched.traffic.say = lambda: said
    watched.traffic.run()
    assert watched.value("langcache.not_stored", langcache__outcome="bypass", langcache__reason="no-store") == 1
    assert watched.value("langcache.not_stored", langcache__outcome="refused") == 1
    assert watched.value("langcache.unpriced", langcache__model="nobody-knows-9") == 1


def test_a_call_of_ours_is_no_request(watched: Watched) -> None:
    """But it costs, and its span says whose it was."""
    helper = Event("plan", outcome="refresh", model="fake-1", cost_usd=CALL_USD, is_helper=True)
    watched.traffic.cache.ledger.record(helper)
    assert watched.points("langcache.requests") == []
    assert watched.value("langcache.cost") == watched.value("langcache.helper_cost") == float(CALL_USD)
    assert (watched.spans[0].attributes or {})["langcache.is_helper"] is True


def test_the_breaker_is_observed(watched: Watched) -> None:
    """With the failures of the store."""
    assert watched.value("langcache.store.breaker_open") == 0
    watched.traffic.break_store()
    for _ in range(3):
        watched.traffic.run()
    assert watched.value("langcache.store.breaker_open") == 1
    assert watched.value("langcache.store.errors") >= 3


def test_ending_it_ends_it(watched: Watched) -> None:
    """No further span, no further figure."""
    watched.traffic.run()
    watched.end()
    watched.traffic.run()
    assert len(watched.spans) == 1
    assert watched.value("langcache.requests", langcache__outcome="hit") is None
    assert watched.points("langcache.store.breaker_open") == []
