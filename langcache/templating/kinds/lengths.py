"""The ways to write a length of time, each under a name that any other length can be written by."""

from collections.abc import Iterator

from langcache.templating.kinds.numerals import spell

_SIZES = {"week": 604800, "day": 86400, "hour": 3600, "minute": 60, "second": 1}
# Beyond it nobody counts in that unit alone.
_MOST = {"week": 104, "day": 1000, "hour": 100, "minute": 600, "second": 600}
_MIXED = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
_NAMES = {
    "full": {"day": " day*", "hour": " hour*", "minute": " minute*", "second": " second*"},
    "hrs": {"day": " day*", "hour": " hr*", "minute": " min*", "second": " sec*"},
    "hr": {"day": " d", "hour": " hr", "minute": " min", "second": " sec"},
    "h min": {"day": " d", "hour": " h", "minute": " min", "second": " s"},
    "h m": {"day": " d", "hour": " h", "minute": " m", "second": " s"},
    "h": {"day": "d", "hour": "h", "minute": "m", "second": "s"},
    "hmin": {"day": "d", "hour": "h", "minute": "min", "second": "s"},
}
_JOINS = {"full": (" ", " and ", ", "), "hrs": (" ", " and ", ", "), "h": (" ", "")}
PLAIN = "full| and "
"""The style for a length that another style does not suit."""
_WORDS = tuple(f"words|{unit}" for unit in _SIZES)
_HALVES = ("half|an # and a half", "half|one and a half #", "half|1.5 #", "half|1½ #", "half|1.5-#")
STYLES: tuple[str, ...] = (
    *(f"one|{unit}" for unit in _SIZES),
    *(f"{names}|{join}" for names in _NAMES for join in _JOINS.get(names, (" ",))),
    *_HALVES,
    *_WORDS,
    *(f"adjective|{unit}" for unit in _SIZES),
    *(f"adjective words|{unit}" for unit in _SIZES),
    *(f"short|{name}" for name in ("minutes", "mins", "min", "hrs", "hr", "h")),
)
_SHORTS = {"minutes": 60, "mins": 60, "min": 60, "hrs": 3600, "hr": 3600, "h": 3600}


def write(seconds: int, style: str) -> str:
    """A length in a style; nothing where that would not be exact or nobody writes it so."""
    how, _, what = style.partition("|")
    if how in _NAMES:
        return _mixed(seconds, _NAMES[how], what)
    if how == "half":
        return _half(seconds, what)
    if how == "short":
        count, rest = divmod(seconds, _SHORTS[what])
        return f"{count} {what}" if count > 1 and not rest and count <= _MOST["minute"] else ""
    count, rest = divmod(seconds, _SIZES[what])
    if rest or not 0 < count <= _MOST[what]:
        return ""
    number = spell(count) if "words" in how else str(count)
    return f"{number}-{what}" if how.startswith("adjective") else f"{number} {_plural(what, count)}"


def writings(seconds: int) -> Iterator[tuple[str, str]]:
    """Every style that suits a length, with the text."""
    for style in STYLES:
        text = write(seconds, style)
        if text:
            yield style, text


def rates(seconds: int) -> Iterator[str]:
    """The length as one says it in a rate: ``an hour`` may be the value or "per hour"."""
    yield from (f"an {unit}" if unit == "hour" else f"a {unit}" for unit, size in _SIZES.items() if size == seconds)


def _mixed(seconds: int, names: dict[str, str], join: str) -> str:
    pieces = []
    for unit, size in _MIXED:
        count, seconds = divmod(seconds, size)
        if count:
            pieces.append(f"{count}{names[unit].replace('*', '' if count == 1 else 's')}")
    if not pieces:
        return "0" + names["minute"].replace("*", "s")
    return (
        ", ".join(pieces[:-1]) + (join if len(pieces) > 1 else "") + pieces[-1]
        if join == " and "
        else join.join(pieces)
    )


def _half(seconds: int, what: str) -> str:
    """A number of hours, days or weeks and a half; half of one where it is less."""
    unit = next((unit for unit in ("week", "day", "hour") if seconds % _SIZES[unit] == _SIZES[unit] // 2), None)
    if unit is None:
        return ""
    count = seconds // _SIZES[unit]
    a = "an" if unit == "hour" else "a"
    if not count:
        return {"an # and a half": f"half {a} {unit}", "1.5-#": f"half-{unit}"}.get(what, "")
    if what == "an # and a half":
        return f"{a} {unit} and a half" if count == 1 else f"{spell(count)} {unit}s and a half"
    figures = what.replace("one", spell(count)).replace("1", str(count), 1)
    return figures.replace("-#", f"-{unit}").replace("#", f"{unit}s")


def _plural(unit: str, count: int) -> str:
    return unit if count == 1 else f"{unit}s"
