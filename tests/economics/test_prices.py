"""What provider calls cost: the user's table first, then the bundled one, and None where neither knows."""

import sys
from decimal import Decimal

import pytest

from langcache.core.events import Usage
from langcache.economics.prices import Prices


def test_the_users_table_is_per_thousand_tokens_and_exact() -> None:
    """Decimals from text, so that 0.1 + 0.2 is 0.3."""
    prices = Prices({"mine": {"input": 0.1, "output": "0.2"}})
    assert prices(Usage("mine", 1000, 1000)) == Decimal("0.3")


def test_the_users_table_beats_the_bundled_prices() -> None:
    """Negotiated prices exist."""
    usage = Usage("gpt-4o-mini", 1_000_000, 0)
    bundled = Prices()(usage)
    assert bundled is not None
    assert bundled > 0
    assert Prices({"gpt-4o-mini": {"input": 1, "output": 1}})(usage) == Decimal(1000)


@pytest.mark.parametrize("model", [None, "no-such-model-anywhere", ""])
def test_an_unknown_model_costs_none_and_never_zero(model: str | None) -> None:
    """A zero would be summed up as a fact."""
    assert Prices()(Usage(model, 10, 10)) is None


def test_cached_tokens_are_priced_as_such() -> None:
    """What the provider's own prompt cache served costs less."""
    whole = Prices()(Usage("gpt-4o-mini", 1_000_000, 0))
    cached = Prices()(Usage("gpt-4o-mini", 1_000_000, 0, {"cache_read": 1_000_000}))
    assert whole is not None
    assert cached is not None
    assert cached < whole


def test_without_the_extra_only_the_users_table_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """genai-prices is optional."""
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    usage = Usage("gpt-4o-mini", 7, 7)
    assert Prices()(usage) is None
    assert Prices({"gpt-4o-mini": {"input": 1, "output": 1}})(usage) == Decimal("0.014")


def test_a_call_that_told_no_usage_is_unknown_and_not_free() -> None:
    """A stream without usage, say."""
    assert Prices({"m": {"input": 1, "output": 1}})(Usage("m", 0, 0)) is None
