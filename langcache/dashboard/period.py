"""What the address of a page says of numbers: above all how far back it looks, by default a week."""

from typing import Final

from starlette.requests import Request

__all__ = ["DEFAULT_DAYS", "PERIODS", "days_of", "number_in"]

PERIODS: Final = ((1, "Today"), (7, "Week"), (30, "30 days"), (90, "90 days"))
DEFAULT_DAYS: Final = 7
LONGEST_DAYS: Final = 366
DIGITS: Final = 10


def days_of(request: Request) -> int:
    """The days of UTC a page covers, today included, as its query ``days`` says."""
    days = number_in(request, "days", DEFAULT_DAYS)
    return max(1, min(days, LONGEST_DAYS))


def number_in(request: Request, name: str, otherwise: int = 0) -> int:
    """A whole number in the query of an address; whatever else stands there is taken for *otherwise*."""
    typed = request.query_params.get(name, "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < DIGITS else otherwise
