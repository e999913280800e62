"""What provider calls cost, from genai-prices' bundled table and the user's own on top."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from langcache.core.events import Usage
from langcache.economics.price_table import price_table, tier_of

__all__ = ["Prices"]


class Prices:
    """Prices provider calls in USD.

    Args:
        table: model name to ``{"input": …, "output": …}`` in USD per 1,000 tokens; beats the bundled prices.

    Raises:
        DeclarationError: a row of *table* makes no sense.
    """

    def __init__(self, table: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._table = price_table(table or {})

    def __call__(self, usage: Usage) -> Decimal | None:
        """The cost of one call; None if its model, or its service tier, has no known price, or it told no usage."""
        if usage.model is None or not (usage.input_tokens or usage.output_tokens):
            return None
        own = self._table.get(usage.model)
        if own is not None:
            return own.cost(usage)
        if tier_of(usage) is not None:
            return None  # genai-prices knows the usual tier alone
        details = tuple(sorted(usage.details.items()))
        return _bundled(usage.model, usage.input_tokens, usage.output_tokens, details)


@lru_cache(maxsize=4096)
def _bundled(model: str, input_tokens: int, output_tokens: int, details: tuple[tuple[str, int], ...]) -> Decimal | None:
    try:
        from genai_prices import Usage as Priced, calc_price
    except ImportError:
        return None
    known = dict(details)
    try:
        found = calc_price(
            Priced(
                input_tokens=input_tokens,
                output_tokens=output_tokens,
                cache_read_tokens=known.get("cache_read"),
                cache_write_tokens=known.get("cache_creation"),
            ),
            model_ref=model,
        )
    except (LookupError, ValueError):
        return None
    return found.total_price
