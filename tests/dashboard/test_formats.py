"""Figures as people read them: nothing known is dressed up, nothing unknown becomes a zero."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from langcache.dashboard import formats
from langcache.dashboard.reasons import MEANINGS

THIN = "\N{NARROW NO-BREAK SPACE}"
TEMPLATING = Path(__file__).parents[2] / "docs" / "templating.md"


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (None, "–"),
        (Decimal(0), "$0.00"),
        (Decimal("1234.567"), "$1,234.57"),
        (Decimal("-2.5"), "-$2.50"),
        (Decimal("0.1"), "$0.10"),
        (Decimal("0.09996"), "$0.10"),
        (Decimal("0.0213"), "$0.021"),
        (Decimal("0.00000042"), "$0.00000042"),
        (Decimal("-0.0021"), "-$0.0021"),
    ],
)
def test_dollars(amount: Decimal | None, expected: str) -> None:
    """To the cent, and below ten cents to two digits that count."""
    assert formats.usd(amount) == expected


@given(st.decimals(min_value="1e-9", max_value="1e9", allow_nan=False, places=9))
def test_no_amount_seems_free(amount: Decimal) -> None:
    """Whatever was spent shows a digit that is not zero, and is within 5 % of what it was."""
    shown = Decimal(formats.usd(amount).replace("$", "").replace(",", ""))
    assert abs(shown - amount) <= amount * Decimal("0.05")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "–"), (0.0000031, f"3{THIN}µs"), (0.34, f"340{THIN}ms"), (1.5, f"1.50{THIN}s"), (90.0, f"90.00{THIN}s"),
        (3600.0, "1 hour"), (200_000.0, "2 days"),
    ],
)  # fmt: skip
def test_durations(seconds: float | None, expected: str) -> None:
    """In the unit a person would use."""
    assert formats.duration(seconds) == expected


def test_counts_sizes_shares_and_times() -> None:
    """A comma between thousands, decimal units, UTC."""
    assert formats.count(1_234_567) == "1,234,567"
    assert formats.size(1_234_567) == f"1.2{THIN}MB"
    assert formats.size(None) == formats.count(None) == formats.percent(None) == formats.moment(None) == "–"
    assert formats.percent(0.7718) == f"77.2{THIN}%"
    assert formats.moment(0.0) == "1 Jan 1970, 00:00 UTC"
    assert formats.iso(86_399.0) == "1970-01-01T23:59:59Z"
    assert formats.plural(1, "entry", "entries") == "1 entry"
    assert formats.span(-5.0) == "0 seconds"


def test_every_reason_the_page_on_templating_names_has_a_meaning() -> None:
    """A person who sees a refusal's reason is told what happened and what helps."""
    section = TEMPLATING.read_text().partition("## What is refused")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    reasons = {reason for row in rows for reason in re.findall(r"`([^`]+)`", row)}
    assert reasons
    assert reasons - MEANINGS.keys() == set()
