"""Kind ``date``: a day, as apps store it and as people write and say it."""

from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache

from langcache.templating.folding import folded_words
from langcache.templating.kinds import Form, plain
from langcache.templating.kinds.abroad import abroad
from langcache.templating.kinds.days import WEEKDAYS, Day, day_of, other_reading, reference_of, write, writings
from langcache.templating.kinds.locales import cldr, english, locale_of, month_first
from langcache.templating.kinds.numerals import ordinal, spell, spell_and, spell_ordinal
from langcache.templating.kinds.relative_days import (
    IDIOMS,
    STYLES as RELATIVE,
    idioms,
    relative_forms,
    resolve,
    said_relatively,
    write_relative,
)
from langcache.templating.slots import Personal, written
from langcache.templating.traces import roman

_CORE = ("MMMM do", "MMMM d", "MMM d", "d MMMM", "do MMMM", "do 'of' MMMM", "d MMM", "MMM do", "do MMM")
_ENGLISH = (
    *_CORE,
    "MMMM do, y", "MMMM d, y", "MMM d, y", "MMM do, y", "MMMM do y", "MMMM d y", "MMM d y", "d MMMM y", "do MMMM y",
    "do 'of' MMMM y", "do 'of' MMMM, y", "d MMM y", "do MMM y", "d MMMM, y",
    *(f"{weekday}{core}" for weekday in ("EEEE, ", "EEEE ") for core in (*_CORE[:6], "MMMM do, y", "MMMM d, y")),
    "EEEE, MMM d, y", "EEEE, d MMMM y", "EEEE, do MMMM y", "EEEE d MMMM y", "EEEE do MMMM y", "EEEE 'the' do",
    "EEEE 'the' do 'of' MMMM", "EEEE, 'the' do 'of' MMMM", "EEE, MMM d", "EEE, MMM d, y", "EEE MMM d", "EEE d MMM",
    "EEE, d MMM", "EEE, d MMM y", "EEE, dd MMM y", "MMM. d", "MMM. d, y", "'the' do 'of' MMMM", "'the' do 'of' MMMM, y",
    "'the' do 'of' MMMM y", "d 'of' MMMM", "MMMM 'the' do", "MMMM dd", "MMMM dd, y", "dd MMMM", "dd MMMM y", "MMM dd",
    "MMM dd, y", "dd MMM y", "MMMM y", "MMM y", "y-MM-dd", "y/MM/dd", "y.MM.dd", "dd-MMM-y", "d-MMM-y", "dd.MM.y",
    "d.M.y", "dd.MM.yy", "d.M.yy", "'is a' EEEE", "'was a' EEEE", "'on a' EEEE", "MMMM d (EEEE)", "MMMM do (EEEE)",
    "MMMM d, y (EEEE)", "MMM d (EEE)", "y-MM-dd (EEEE)",
    *(f"{core} {sign}yy" for core in ("MMMM d,", "d MMMM", "MMM d,", "d MMM", "MMMM", "MMM") for sign in ("''", "’")),
    "MMMM d , y", "MMM d , y", "MMMM do , y", "d MMM yy", "dd MMM yy", "d-MMM-yy", "dd-MMM-yy",
)  # fmt: skip
_MONTH_FIRST = ("M/d/y", "MM/dd/y", "M/d/yy", "MM/dd/yy", "M/d", "MM/dd", "M-d-y", "MM-dd-y")
_DAY_FIRST = ("d/M/y", "dd/MM/y", "d/M/yy", "dd/MM/yy", "d/M", "dd/MM", "d-M-y", "dd-MM-y")
_NUMERIC = ("y-MM-dd", "y/MM/dd", "dd.MM.y", "d.M.y", "dd/MM/y", "d/M/y", "dd-MM-y", "d.M.", "dd.MM.")
_LIVED = {
    "'born in' y": "birth", "'born' y": "birth", "'b.' y": "birth", "'(b.' y": "birth", "'('y–": "birth",
    "'died in' y": "death", "'died' y": "death", "'d.' y": "death", "'(d.' y": "death",
}  # fmt: skip
"""Patterns in which a year alone can only be that of a birth or a death."""
_EVENTS = {"birthday": "birth", "birthdate": "birth", "born": "birth", "dob": "birth", "died": "death", "dod": "death"}
_CLDR = ("MMMMd", "MMMd", "yMMMMd", "yMMMd", "yMMMEd", "MMMEd", "yMMMM", "yMd", "Md", "yMMMMEEEEd", "MMMMEEEEd")
_VAGUE = ("in May", "of May", "this May", "next May", "early May", "mid May", "late May", "May of", "May's")
_FEW = 10
"""Ordinals up to here are words of any text."""
SHORT = frozenset({"M/d", "MM/dd", "d/M", "dd/MM"})
"""Patterns that may as well be a fraction: neither sure nor masked."""


class Date:
    """Days. Options: ``reference_date`` (a date or a callable) for relative words, ``locale``."""

    parts = False

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """The value as it is, then the day in every pattern of the locale, then as seen from the reference."""
        locale, day = locale_of(slot), _day(slot)
        if day is None:
            yield from _unread(slot)
            return
        own = written(slot.value)
        yield from _verbatim(own)
        seen: set[str | None] = {None}
        told = {_EVENTS.get(word, word) for word in folded_words(f"{slot.name.replace('_', ' ')} {slot.label}")}
        patterns = tuple(each for each in patterns_of(locale) if each not in _LIVED or _LIVED[each] in told)
        for pattern, text in zip(patterns, writings(day, patterns, locale), strict=True):
            if text not in seen:
                seen.add(text)
                yield Form(str(text), pattern, sure=pattern not in SHORT, locatable=pattern not in SHORT)
        if english(locale):
            yield from _unfinished(day)
            # Typed as "day after tomorrow" it is exchanged verbatim, whatever stands before it.
            typed = own.lower() if said_relatively(own) else "\0"
            forms = relative_forms(day, _reference(slot))
            yield from (form for form in forms if typed not in form.text or form.text in IDIOMS)

    def render(self, slot: Personal, style: str) -> str:
        """The day in a pattern; raises ``Refused`` where the value is no day or lacks what the pattern shows."""
        if style in IDIOMS:
            return style
        locale, day, text = locale_of(slot), _day(slot), None
        if day is not None and style in patterns_of(locale):
            text = write(day, style, locale)
        elif day is not None and style in RELATIVE:
            text = write_relative(day, style, _reference(slot))
        return plain.KIND.render(slot, style) if text is None else text

    def residue(self, slot: Personal) -> Iterator[Form]:
        """Its month, its year and its weekday alone, and the numeric order that the locale does not use."""
        locale, day = locale_of(slot), _day(slot)
        if day is None:
            return
        yield from (Form(text, None, part=True) for text in _parts(day, locale))
        yield from (Form(text, None) for text in abroad(day.month, day.day))
        if not english(locale):
            yield from _unfilled(day, _CORE, "en")
        swapped = _DAY_FIRST if month_first(locale) else _MONTH_FIRST
        yield from _unfilled(day, [pattern for pattern in swapped if len(pattern) > 4], locale)
        other = other_reading(slot.value, locale)
        if other is not None:
            yield from _unfilled(other, (*_CORE, "y-MM-dd"), locale)


def _day(slot: Personal) -> Day | None:
    found = day_of(slot.value, locale_of(slot))
    if found is not None or not isinstance(slot.value, str):
        return found
    reference = _reference(slot)
    return resolve(slot.value, reference) if reference is not None else None


def _reference(slot: Personal) -> date | None:
    return reference_of(slot.options.get("reference_date"))


def _unread(slot: Personal) -> Iterable[Form]:
    """A value that is no known day: relative words are exchanged verbatim, anything else is a text."""
    return _verbatim(written(slot.value)) if said_relatively(slot.value) else plain.KIND.recognise(slot)


def _verbatim(own: str) -> Iterator[Form]:
    relative = said_relatively(own)
    yield Form(own, "", sure=relative or len(own) > 5, locatable=not relative)
    if relative:
        yield from idioms()


def _unfilled(day: Day, patterns: Iterable[str], locale: str) -> Iterator[Form]:
    yield from (Form(text, None) for text in writings(day, patterns, locale) if text)


def _parts(day: Day, locale: str) -> Iterator[str]:
    if day.year is not None:
        yield from _years(day.year)
    if not english(locale):
        yield from (text for text in (write(day, "MMMM", locale), write(day, "LLLL", locale)) if text)
        return
    if day.day > _FEW:
        yield spell_ordinal(day.day)
    # "may" is a verb in most answers; as a month it comes with one of these.
    yield from (
        (*_VAGUE, f"May {spell_ordinal(day.day)}")
        if day.month == 5
        else (write(day, "MMMM") or "", write(day, "MMM") or "")
    )
    yield ordinal(day.day)


def _years(year: int) -> Iterator[str]:
    """A year in figures and words, and its decade."""
    century, rest = divmod(year, 100)
    yield from (str(year), f"'{rest:02}", f"’{rest:02}", f"FY{year}", f"FY{rest:02}", f"{year // 10}0s")
    yield from (roman(year), spell(year), spell_and(year)) if 1000 <= year < 4000 else ()
    if 10 <= century < 100 and rest:
        yield f"{spell(century)} {'oh-' if rest < 10 else ''}{spell(rest)}"


def _unfinished(day: Day) -> Iterator[Form]:
    """The day where more belongs to it than a gap could hold: ``May 3–5``, or a weekday nobody knows the next of."""
    texts = [text for text in writings(day, _CORE[:4]) if text]
    around = [f"{text}–" for text in texts]
    if day.date is None:
        around += [f"{weekday}, {text}" for weekday in WEEKDAYS for text in texts]
    else:
        around += [text for text in (write(day, "'a' EEEE"), write(day, "'falls on' EEEE")) if text]
    yield from (Form(text, None, why="date part", locatable=False) for text in around)


@lru_cache(maxsize=64)
def patterns_of(locale: str) -> dict[str, None]:
    """The patterns that dates are recognised in, preferred ones first."""
    if english(locale):
        return dict.fromkeys((*_ENGLISH, *(_MONTH_FIRST if month_first(locale) else _DAY_FIRST), *_LIVED))
    found = cldr(locale)
    formats = [found.date_formats[width].pattern for width in ("long", "full", "medium", "short")]
    skeletons = [found.datetime_skeletons[name].pattern for name in _CLDR if name in found.datetime_skeletons]
    return dict.fromkeys((*formats, *skeletons, *_NUMERIC))


KIND = Date()
