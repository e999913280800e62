"""Figures as people read them: pure, the same in every template."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from langcache.core.naming import without_halves
from langcache.dashboard.reasons import meaning_of
from langcache.runtime.account.model import Slice
from langcache.runtime.account.plain import plain
from langcache.runtime.features import typed

__all__ = ["FILTERS", "UNKNOWN", "count", "day", "duration", "iso", "moment", "percent", "size", "usd"]

UNKNOWN: Final = "–"
"""Stands where nothing is known, which is never the same as zero."""

GAP: Final = "\N{NARROW NO-BREAK SPACE}"
CENT: Final = Decimal("0.01")
SPANS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
SIZES: Final = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def usd(amount: Decimal | None) -> str:
    """Dollars to the cent; what is less than ten cents to its second digit, so that no call seems free."""
    if amount is None:
        return UNKNOWN
    step = CENT if amount == 0 else min(CENT, Decimal(1).scaleb(amount.adjusted() - 1))
    shown = abs(amount).quantize(step)
    if shown >= Decimal("0.1"):
        shown = shown.quantize(CENT)
    return f"{'-' if amount < 0 else ''}${shown:,f}"


def percent(share: float | None) -> str:
    """A share between 0 and 1, to the tenth of a percent."""
    return UNKNOWN if share is None else f"{share * 100:.1f}{GAP}%"


def count(number: int | None) -> str:
    """With a comma between thousands."""
    return UNKNOWN if number is None else f"{number:,}"


def duration(seconds: float | None) -> str:
    """How long something took."""
    if seconds is None:
        return UNKNOWN
    if seconds < 0.001:
        return f"{seconds * 1e6:.0f}{GAP}µs"
    if seconds < 1:
        return f"{seconds * 1e3:.3g}{GAP}ms"
    return f"{seconds:.2f}{GAP}s" if seconds < 120 else span(seconds)


def span(seconds: float) -> str:
    """A long time, in its largest unit: ``"3 days"``."""
    for length, name in SPANS:
        if seconds >= length:
            return plural(int(seconds // length), name)
    return plural(max(0, int(seconds)), "second")


def size(size_bytes: int | None) -> str:
    """Bytes in their largest unit."""
    if size_bytes is None:
        return UNKNOWN
    for length, name in SIZES:
        if size_bytes >= length:
            return f"{size_bytes / length:.1f}{GAP}{name}"
    return f"{size_bytes}{GAP}B"


def plural(number: int, noun: str, nouns: str | None = None) -> str:
    """``"1 entry"``, ``"2 entries"``."""
    return f"{number:,} {noun if number == 1 else nouns or f'{noun}s'}"


def iso(at: float) -> str:
    """Seconds since the epoch as a machine reads them, for ``<time datetime>``."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(at: float | None) -> str:
    """Seconds since the epoch as a person reads them, in UTC as every day of the account is."""
    return UNKNOWN if at is None else datetime.fromtimestamp(at, UTC).strftime("%-d %b %Y, %H:%M UTC")


def day(at: float) -> str:
    """The UTC day of *at*."""
    return datetime.fromtimestamp(at, UTC).strftime("%-d %b")


def features(named: Mapping[str, Any]) -> str:
    """Normalised features as a person reads them: ``"founder · computer science · 3.0–3.5"``."""
    return " · ".join(typed(value) for value in named.values() if value is not None)


def busiest(slices: Mapping[str, Slice]) -> list[tuple[str, Slice]]:
    """Slices by name, those with most requests first."""
    return sorted(slices.items(), key=lambda item: (-item[1].requests, item[0]))


def label(name: str) -> str:
    """A field's name as a heading: ``"ttl_s"`` is ``"Ttl"``, since its value says the unit."""
    return name.removesuffix("_s").removesuffix("_usd").replace("_", " ").capitalize()


def evidence(value: Any, name: str) -> str:
    """One piece of a recommendation's evidence, by the unit in its name."""
    if value is None:
        return UNKNOWN
    if name.endswith("_usd"):
        return usd(value)
    if name.endswith("_s"):
        return span(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{each}: {evidence(inner, '')}" for each, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(evidence(each, "") for each in value)
    return count(value) if isinstance(value, int) else str(value)


def as_json(value: Any) -> str:
    """Data on one line."""
    return json.dumps(plain(value), ensure_ascii=False)


def urlencode(text: str) -> str:
    """As part of a URL; what is no text finds nothing, but a page that links to it is shown."""
    return quote(without_halves(text), safe="/")


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "usd": usd,
    "percent": percent,
    "count": count,
    "duration": duration,
    "span": span,
    "size": size,
    "plural": plural,
    "iso": iso,
    "moment": moment,
    "day": day,
    "features": features,
    "busiest": busiest,
    "json": as_json,
    "label": label,
    "evidence": evidence,
    "meaning": meaning_of,
    "urlencode": urlencode,
}
"""What templates may call."""
