"""Prometheus sees what the cache did: through the real client and its text format."""

import time
from collections.abc import Iterator

import pytest
from metrics.traffic import CALL_USD, DAY_S, Traffic, answer
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from langcache.metrics.prometheus import Collector

NO_STORE = {"langcache": "no-store"}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def traffic(registry: CollectorRegistry) -> Iterator[Traffic]:
    made = Traffic()
    collector = Collector(made.cache, registry)
    yield made
    collector.close()
    made.cache.close()


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"langcache_{name}", labels)


def test_a_miss_and_hits_are_counted_with_what_they_cost_and_saved(
    traffic: Traffic, registry: CollectorRegistry
) -> None:
    """The figures are those of `stats`."""
    for _ in range(4):
        traffic.run()
    assert value(registry, "requests_total", chain="plan", outcome="miss") == 1
    assert value(registry, "requests_total", chain="plan", outcome="hit") == 3
    assert value(registry, "cost_usd_total", chain="plan", model="fake-1") == float(CALL_USD)
    assert value(registry, "saved_usd_total", chain="plan", model="fake-1") == pytest.approx(float(3 * CALL_USD))
    assert traffic.cache.stats().saved_usd == 3 * CALL_USD


async def test_awaited_requests_are_counted_too(traffic: Traffic, registry: CollectorRegistry) -> None:
    """Sync and async are the same."""
    await traffic.arun()
    await traffic.arun()
    assert value(registry, "requests_total", chain="plan", outcome="miss") == 1
    assert value(registry, "requests_total", chain="plan", outcome="hit") == 1


def test_tokens_are_those_of_provider_calls(traffic: Traffic, registry: CollectorRegistry) -> None:
    """A hit adds none; the provider's own prompt cache is a part of the input."""
    traffic.run()
    traffic.run()
    assert value(registry, "tokens_total", chain="plan", model="fake-1", type="input") == 10
    assert value(registry, "tokens_total", chain="plan", model="fake-1", type="output") == 20
    assert value(registry, "prompt_cache_tokens_total", model="fake-1", access="read") == 4
    assert value(registry, "prompt_cache_tokens_total", model="fake-1", access="write") == 3


def test_hits_and_calls_have_histograms_of_their_own(traffic: Traffic, registry: CollectorRegistry) -> None:
    """They are four orders of magnitude apart."""
    traffic.run()
    traffic.run()
    assert value(registry, "call_latency_seconds_sum", chain="plan") == 2.0
    assert value(registry, "call_latency_seconds_bucket", chain="plan", le="1.0") == 0
    assert value(registry, "call_latency_seconds_bucket", chain="plan", le="2.5") == 1
    assert value(registry, "hit_latency_seconds_count", chain="plan") == 1
    assert value(registry, "hit_latency_seconds_bucket", chain="plan", le="0.0001") == 1


def test_what_is_not_stored_is_counted_by_its_reason(traffic: Traffic, registry: CollectorRegistry) -> None:
    """Refusals and bypasses apart."""
    traffic.run(metadata=NO_STORE)
    traffic.say = lambda: answer("")
    traffic.run()
    assert value(registry, "not_stored_total", outcome="bypass", reason="no-store") == 1
    reasons = traffic.cache.stats().refusals
    assert value(registry, "not_stored_total", outcome="refused", reason=next(iter(reasons))) == 1


def test_failures_are_counted_and_have_no_latency(traffic: Traffic, registry: CollectorRegistry) -> None:
    """The time to an error is not the time to an answer."""
    traffic.say = lambda: KeyError("x")
    with pytest.raises(KeyError):
        traffic.run()
    assert value(registry, "failures_total", chain="plan", error="KeyError") == 1
    assert value(registry, "call_latency_seconds_count", chain="plan") is None


def test_the_store_is_read_when_scraped(traffic: Traffic, registry: CollectorRegistry) -> None:
    """The breaker opens after three failures."""
    assert value(registry, "store_breaker_open") == 0
    traffic.break_store()
    for _ in range(3):
        traffic.run()
    assert value(registry, "store_breaker_open") == 1
    assert (value(registry, "store_errors_total") or 0) >= 3
    assert value(registry, "corrupt_entries_total") == 0


def test_a_refresh_in_the_background_is_no_request(traffic: Traffic, registry: CollectorRegistry) -> None:
    """But it costs, and is told apart from what users cost."""
    traffic.run()
    traffic.clock.advance(1.25 * DAY_S)
    traffic.run(metadata={"langcache": "stale-while-revalidate=86400"})
    deadline = time.monotonic() + 60
    while value(registry, "helper_cost_usd_total", chain="plan", model="fake-1") is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert value(registry, "helper_cost_usd_total", chain="plan", model="fake-1") == float(CALL_USD)
    assert value(registry, "cost_usd_total", chain="plan", model="fake-1") == float(2 * CALL_USD)
    assert value(registry, "requests_total", chain="plan", outcome="stale") == 1
    assert value(registry, "requests_total", chain="plan", outcome="refresh") is None


def test_an_unknown_price_is_counted_as_unknown(traffic: Traffic, registry: CollectorRegistry) -> None:
    """Not as free."""
    said = answer()
    said.response_metadata["model_name"] = "nobody-knows-9"
    traffic.say = lambda: said
    traffic.run()
    assert value(registry, "unpriced_total", model="nobody-knows-9") == 1


def test_chains_beyond_the_limit_are_one() -> None:
    """A chain named per user must not fill the monitoring."""
    traffic, registry = Traffic(), CollectorRegistry()
    Collector(traffic.cache, registry, limit=2)
    for number in range(5):
        traffic.chain = traffic.wrapped(f"chain-{number}")
        traffic.run()
    assert value(registry, "requests_total", chain="chain-1", outcome="miss") == 1
    assert value(registry, "requests_total", chain="other", outcome="miss") == 3


def test_the_text_format_names_no_detail(traffic: Traffic, registry: CollectorRegistry) -> None:
    """What Prometheus scrapes holds names of chains, models and reasons, nothing of a user."""
    traffic.run()
    text = generate_latest(registry).decode()
    assert "langcache_requests_total" in text
    assert "PathAI" not in text


def test_closing_ends_the_counting_and_frees_the_names(traffic: Traffic) -> None:
    """So that the next cache can be watched in the same registry."""
    registry = CollectorRegistry()
    collector = Collector(traffic.cache, registry)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        Collector(traffic.cache, registry)
    collector.close()
    traffic.run()
    assert list(registry.collect()) == []
    Collector(traffic.cache, registry).close()
