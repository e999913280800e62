"""Money as whole numbers, so that it adds up in any store: in millionths of a millionth of a dollar."""

from decimal import Context, Decimal

__all__ = ["from_cell", "sum_of", "to_cell"]

PLACES = 12
"""The price of one token has fewer."""

_EXACT = Context(prec=60)
"""Whatever context the caller has set, nothing is rounded."""

sum_of = _EXACT.add


def to_cell(usd: Decimal) -> int:
    """*usd* as a number that stores add up."""
    return int(_EXACT.to_integral_value(_EXACT.scaleb(usd, PLACES)))


def from_cell(number: int) -> Decimal:
    """The money that *number* stands for, without trailing zeros."""
    usd = _EXACT.scaleb(Decimal(number), -PLACES)
    return usd.normalize(_EXACT) if number else Decimal(0)
