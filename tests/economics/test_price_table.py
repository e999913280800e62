"""The user's own prices: exact, per 1,000 tokens, with prompt caches and service tiers where they are told."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from langcache.core.events import Usage
from langcache.economics.price_table import price_table, read_price_table
from langcache.economics.prices import Prices
from langcache.errors import DeclarationError

tokens = st.integers(1, 10**7)
rates = st.decimals(0, 100, places=6)


@given(tokens, tokens, rates, rates)
def test_a_call_costs_its_tokens_at_their_rates(given_: int, made: int, rate_in: Decimal, rate_out: Decimal) -> None:
    """In decimals, without rounding."""
    prices = Prices({"mine": {"input": rate_in, "output": str(rate_out)}})
    assert prices(Usage("mine", given_, made)) == (given_ * rate_in + made * rate_out) / 1000


def test_tokens_of_the_providers_prompt_cache_have_their_own_rates() -> None:
    """They are among the input tokens, and cost as those where no rate is told."""
    usage = Usage("m", 1000, 0, {"cache_read": 600, "cache_creation": 100})
    assert Prices({"m": {"input": 1, "output": 1}})(usage) == 1
    told = {"input": 1, "output": 1, "cache_read": "0.1", "cache_write": "1.25"}
    assert Prices({"m": told})(usage) == Decimal("0.3") + Decimal("0.06") + Decimal("0.125")


def test_a_service_tier_costs_what_is_told_of_it_and_is_unknown_else() -> None:
    """The usual price would be presented as a fact, and is wrong by half."""
    usage = Usage("gpt-4o-mini", 1000, 1000, {"flex": 400, "flex_cache_read": 600})
    assert Prices()(usage) is None
    assert Prices({"gpt-4o-mini": {"input": 1, "output": 1}})(usage) is None
    flex = {"input": 1, "output": 2, "cache_read": "0.5"}
    assert Prices({"gpt-4o-mini": {"input": 2, "output": 4, "flex": flex}})(usage) == Decimal("0.4") + Decimal("2.3")


TABLE = '"gpt-4" = { input = 0.03, output = 0.06 }\n"x" = { input = 0.1, output = 1, flex = { input = 1, output = 1 } }'


@pytest.mark.parametrize("head", ["", "[prices]\n", "[tool.langcache.prices]\n"])
def test_prices_are_read_from_toml(head: str, tmp_path: Path) -> None:
    """From a file of their own or from pyproject.toml; 0.1 is a tenth, and not the nearest binary number."""
    path = tmp_path / "prices.toml"
    path.write_text(head + TABLE)
    table = read_price_table(path)
    assert table["gpt-4"] == {"input": Decimal("0.03"), "output": Decimal("0.06")}
    assert Prices(table)(Usage("x", 3, 0)) == Decimal("0.0003")


def test_a_project_without_prices_has_none(tmp_path: Path) -> None:
    """Its other tables are no models."""
    path = tmp_path / "pyproject.toml"
    path.write_text('[tool.other]\nx = 1\n[project]\nname = "x"')
    assert read_price_table(path) == {}


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (3, "is a table"),
        ({"input": 1}, "lacks 'output'"),
        ({"input": 1, "output": 1, "inptu": 1}, "'inptu'"),
        ({"input": "one", "output": 1}, "for input"),
        ({"input": 1, "output": -1}, "for output"),
        ({"input": 1, "output": "nan"}, "for output"),
        ({"input": 1, "output": 1, "flex": {"input": 1}}, r"m \(flex\)"),
    ],
)
def test_a_row_that_makes_no_sense_is_named(row: Any, named: str) -> None:
    """Before anything is priced with it."""
    with pytest.raises(DeclarationError, match=named):
        price_table({"m": row})


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    """With the place of the mistake."""
    path = tmp_path / "prices.toml"
    path.write_text("= 1")
    with pytest.raises(DeclarationError, match=r"prices\.toml is no TOML"):
        read_price_table(path)
