"""The user's own prices: as a mapping, or read from TOML."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from langcache.core.events import Usage
from langcache.errors import DeclarationError

__all__ = ["PER", "TIERS", "Rates", "price_table", "read_price_table", "tier_of"]

PER = 1_000
"""Prices are in USD per this many tokens, the unit vendors' older price pages use."""

TIERS = ("batch", "flex", "priority")
"""Service tiers with prices of their own; langchain-openai names the last two in a call's usage."""

_RATES = ("input", "output", "cache_read", "cache_write")


@dataclass(frozen=True, slots=True)
class Rates:
    """What one model costs, in USD per 1,000 tokens.

    Attributes:
        input, output: per token given and made.
        cache_read, cache_write: of tokens given that the provider's prompt cache read or wrote; as `input` if None.
        tiers: by service tier, where that has prices of its own.
    """

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    tiers: Mapping[str, "Rates"] = field(default_factory=dict)

    def cost(self, usage: Usage) -> Decimal | None:
        """What a call cost; None if it was of a service tier whose prices are not given."""
        tier = tier_of(usage)
        if tier is not None:
            return self.tiers[tier].cost(_plain(usage, tier)) if tier in self.tiers else None
        read, written = usage.details.get("cache_read", 0), usage.details.get("cache_creation", 0)
        given = self.input * (usage.input_tokens - read - written)
        given += (self.input if self.cache_read is None else self.cache_read) * read
        given += (self.input if self.cache_write is None else self.cache_write) * written
        return (given + self.output * usage.output_tokens) / PER


def tier_of(usage: Usage) -> str | None:
    """The service tier a call was made in, if it says so."""
    return next((tier for tier in TIERS if tier in usage.details), None)


def _plain(usage: Usage, tier: str) -> Usage:
    """The same usage, its details under their usual names."""
    details = {name.removeprefix(f"{tier}_"): tokens for name, tokens in usage.details.items() if name != tier}
    return Usage(usage.model, usage.input_tokens, usage.output_tokens, details)


def price_table(table: Mapping[str, Mapping[str, Any]]) -> dict[str, Rates]:
    """Model name to rates, of ``{"input": …, "output": …}`` in USD per 1,000 tokens.

    A row may also have ``cache_read``, ``cache_write``, and a row of its own for ``batch``, ``flex`` or ``priority``.

    Raises:
        DeclarationError: a row lacks a price, or has something that is none; the message names it.
    """
    return {model: _rates(model, row) for model, row in table.items()}


def read_price_table(path: str | Path) -> dict[str, dict[str, Any]]:
    """The table for ``Cache(prices=…)`` in a TOML file, exact to the digit.

    It is ``[tool.langcache.prices]``, or ``[prices]``, or the whole file::

        "gpt-4" = { input = 0.03, output = 0.06 }

    Raises:
        DeclarationError: the file is no TOML, or not all of it are prices.
        OSError: it cannot be read.
    """
    try:
        found = tomllib.loads(Path(path).read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError(f"{path} is no TOML: {error}") from None
    table = found.get("tool", {}).get("langcache", {}).get("prices", {}) if "tool" in found else found
    table = table.get("prices", table)
    price_table(table)
    return dict(table)


def _rates(model: str, row: Any) -> Rates:
    if not isinstance(row, Mapping):
        raise DeclarationError(f"the price of {model!r} is a table, {{ input = …, output = … }}")
    if unknown := row.keys() - {*_RATES, *TIERS}:
        raise DeclarationError(f"the price of {model!r} has no {min(unknown)!r}; it has {', '.join(_RATES + TIERS)}")
    if missing := [name for name in _RATES[:2] if name not in row]:
        raise DeclarationError(f"the price of {model!r} lacks {missing[0]!r}, in USD per 1,000 tokens")
    rates = {name: _rate(model, name, row[name]) for name in _RATES if name in row}
    return Rates(**rates, tiers={tier: _rates(f"{model} ({tier})", row[tier]) for tier in TIERS if tier in row})


def _rate(model: str, name: str, value: Any) -> Decimal:
    try:
        rate = Decimal(str(value))
    except InvalidOperation:
        rate = Decimal(-1)
    if not rate.is_finite() or rate < 0:
        raise DeclarationError(f"the price of {model!r} for {name} is a number of USD, not {value!r}")
    return rate
