"""Numbers in figures and words: read from what people write, written by a CLDR pattern."""

import re
from collections.abc import Iterator
from decimal import Decimal

from langcache.templating.folding import folded_words, singular
from langcache.templating.kinds import Form
from langcache.templating.kinds.locales import Marks, english, locale_of, marks
from langcache.templating.kinds.numerals import MOST, spell, spell_and, unspell
from langcache.templating.slots import Personal, written
from langcache.templating.spelling import number_of, respelled

SCALES = {
    "k": 1000,
    "thousand": 1000,
    "m": 10**6,
    "mn": 10**6,
    "million": 10**6,
    "bn": 10**9,
    "b": 10**9,
    "billion": 10**9,
}
_SCALED = re.compile(r"(?P<number>[-+]?[\d.,]+)\s?(?P<scale>k|thousand|mn|m|million|bn|b|billion)", re.IGNORECASE)
_SPACES = " \u00a0\u202f\u2009"
_SPACED = re.compile(rf"[-+]?\d{{1,3}}(?:[{_SPACES}]\d{{3}})+(?:[.,]\d+)?")
# How a scale is written, and from how much on: nobody writes 500 as 0.0005 million.
_SCALE_STYLES = {
    "0k": (1000, "k", 1000), "0K": (1000, "K", 1000), "0 thousand": (1000, " thousand", 1000),
    "0M": (10**6, "M", 10**6), "0 million": (10**6, " million", 10**5), "0-million": (10**6, "-million", 10**5),
    "0B": (10**9, "B", 10**9), "0bn": (10**9, "bn", 10**9), "0 billion": (10**9, " billion", 10**8),
}  # fmt: skip
_GROUPED = {"#,##0": "", "# ##0": " ", "#\u00a0##0": "\u00a0", "#\u202f##0": "\u202f"}
_WORDS = ("words", "words and")
STYLES = ("#,##0", "0", "# ##0", "#\u00a0##0", "#\u202f##0", *_SCALE_STYLES, *_WORDS)


def decimal_of(value: object, locale: str = "en") -> Decimal | None:
    """The number that a value is or says, in figures or English words; ``None`` for anything else."""
    plain = number_of(_standard(value, locale))
    if plain is not None or not isinstance(value, str) or len(value) > 60:
        return plain
    text = value.strip()
    if match := _SCALED.fullmatch(text):
        number = number_of(_standard(match["number"], locale))
        return None if number is None else number * SCALES[match["scale"].lower()]
    if _SPACED.fullmatch(text):
        return number_of(re.sub(rf"[{_SPACES}]", "", text).replace(",", "."))
    spelled = unspell(text)
    return None if spelled is None else Decimal(spelled)


def _standard(value: object, locale: str) -> object:
    signs = marks(locale)
    if not isinstance(value, str) or signs == Marks(",", "."):
        return value
    if re.fullmatch(r"[-+]?\d+\.\d{1,2}|[-+]?\d+", value.strip()):
        return value  # how apps write numbers everywhere
    return value.translate({ord(signs.group): ",", ord(signs.decimal): "."})


def write(number: Decimal, style: str, locale: str = "en", *, places: int | None = None) -> str:
    """A number in a style; in grouped figures where that style does not suit it, for nobody writes 0.0005 million.

    Args:
        number: the number.
        style: one of `STYLES`.
        locale: decides the signs between digits.
        places: digits after the decimal sign; by default as many as there are.
    """
    whole = number == number.to_integral_value()
    if style in _WORDS and whole and 0 <= number < MOST:
        return spell(int(number), locale) if style == "words" else spell_and(int(number))
    if style in _SCALE_STYLES:
        size, name, least = _SCALE_STYLES[style]
        scaled = (number / size).normalize()
        if number >= least and -scaled.as_tuple().exponent <= 2:  # type: ignore[operator]
            return _digits(scaled, "", locale, None) + name
    signs = marks(locale)
    return _digits(number, "" if style == "0" else _GROUPED.get(style) or signs.group, locale, places)


def _digits(number: Decimal, group: str, locale: str, places: int | None) -> str:
    text = f"{number:,.{places}f}" if places is not None else f"{number.normalize():,f}"
    return text.translate({ord(","): group, ord("."): marks(locale).decimal})


def writings(number: Decimal, locale: str) -> Iterator[tuple[str, str]]:
    """Every style in which a number looks different, preferred ones first, with the text."""
    seen = set()
    for style in STYLES:
        if not english(locale) and (style == "words and" or any(c.isalpha() for c in style.removeprefix("words"))):
            continue
        text = write(number, style, locale)
        if text not in seen:
            seen.add(text)
            yield style, text


def foreign(number: Decimal | None, locale: str) -> Iterator[Form]:
    """The spellings of a number that belong to other locales."""
    if number is not None:
        own = {write(number, style, locale) for style in ("0", "#,##0")}
        yield from (Form(text, None) for text in dict.fromkeys(respelled(number)) if text not in own)


_BEFORE = (
    "$", "£", "€", "#", "–",
    "No. ", "no. ", "Day ", "day ", "Step ", "step ", "Week ", "week ", "Month ", "month ", "Year ",
    "Option ", "option ", "Phase ", "phase ", "Part ", "part ", "Chapter ", "chapter ", "Page ", "page ", "Level ",
    "level ", "Version ", "version ", "Top ", "top ", "Section ", "section ", "Stage ", "stage ", "Question ", "Room ",
    "room ", "Gate ", "or ", "Tier ", "Grade ", "grade ", "under ", "aged ", "v",
    "January ", "February ", "March ", "April ", "May ", "June ", "July ", "August ", "September ", "October ",
    "November ", "December ", "Jan ", "Feb ", "Mar ", "Apr ", "Jun ", "Jul ", "Aug ", "Sep ", "Oct ", "Nov ", "Dec ",
)  # fmt: skip
_AFTER = (
    "%", " %", " percent", " of", " out of", " or", " am", " pm", " AM", " PM", " a.m.", " p.m.", " star", " stars",
    "-star", "°", "–", " o'clock", " dollars", " pounds", " euros", " GBP", " USD", " EUR",
)  # fmt: skip
_UNITS = (
    "day", "night", "week", "month", "year", "hour", "person", "guest", "people", "ticket", "room", "seat", "adult",
    "child", "passenger", "item", "user", "minute",
)  # fmt: skip


def bare(slot: Personal) -> list[Form]:
    """A bare number as it is, and the company in which it means something else; nothing for other values."""
    number = number_of(slot.value)
    if number is None:
        return []
    return [Form(written(slot.value), locatable=abs(number) >= 1000), *counted(slot), *guards(slot)]


def counted(slot: Personal) -> Iterator[Form]:
    """A bare number before what it counts: by its label (``number of days``), or any time where that is its kind."""
    for unit in _units(slot):
        for style in (_COUNTED + unit, _GROUPED_COUNT + unit):
            yield Form(write_counted(slot, style) or "", style, sure=True, locatable=False)


def write_counted(slot: Personal, style: str) -> str | None:
    """The bare number in a style of `counted`; ``None`` for any other style or value."""
    how, _, unit = style.partition("|")
    number = number_of(slot.value)
    if f"{how}|" not in (_COUNTED, _GROUPED_COUNT) or number is None or unit not in _units(slot):
        return None
    return (written(slot.value) if f"{how}|" == _COUNTED else write(number, "#,##0", locale_of(slot))) + unit


_COUNTED, _GROUPED_COUNT = "#|", "#,##0|"
_COUNT_LABEL = re.compile(r"\b(?:number|count|total|amount) of (?P<of>[a-z]+)|\bhow many (?P<many>[a-z]+)")
_OF_TIME = (
    "minutes", "minute", "mins", "min", "hours", "hour", "days", "day", "business days", "business day",
    "working days", "working day",
)  # fmt: skip


def _units(slot: Personal) -> Iterator[str]:
    match = _COUNT_LABEL.search(slot.label.lower())
    noun = (match["of"] or match["many"]) if match else ""
    nouns = dict.fromkeys([noun, singular(noun)]) if noun else _OF_TIME if slot.kind in ("time", "duration") else ()
    yield from (join + name for name in nouns for join in (" ", "-"))


def is_age(slot: Personal) -> bool:
    """Whether a slot's name or label says that it is somebody's age."""
    return "age" in folded_words(f"{slot.name.replace('_', ' ')} {slot.label}")


def guards(slot: Personal) -> Iterator[Form]:
    """What looks like the number and is another: ``2 of 3``, ``$2``, ``Day 2``, ``2 pm``."""
    text, number = written(slot.value), decimal_of(slot.value, locale_of(slot))
    if number is None or not 0 <= number < 1000 or not text.isdigit():
        return
    before = [words for words in _BEFORE if words != "aged " or not is_age(slot)]
    around = [*(words + text for words in before), *(text + after for after in _AFTER)]
    around += [f"one {unit}" for unit in _UNITS] if number == 1 else []
    yield from (Form(phrase, None, why="ambiguous value", locatable=False) for phrase in around)
