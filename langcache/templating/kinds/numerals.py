"""Whole numbers as words, both ways: English by rule, other languages through num2words."""

import re

from langcache.errors import DeclarationError

MOST = 10**15
"""Numbers from here on are never written as words."""
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_VALUES = {word: number for number, word in enumerate(_ONES)} | {w: 10 * n for n, w in enumerate(_TENS) if n > 1}
_SIZES = {name: size for size, name in _SCALES}
_WORD = re.compile(r"[a-z]+")
_SPELLED = re.compile(r"[a-zA-Z][a-zA-Z\s,-]*")


def spell(number: int, locale: str = "en") -> str:
    """A whole number of at least zero in words, American style: ``"two hundred five thousand"``.

    Raises:
        DeclarationError: the locale is not English and num2words is not installed.
    """
    return _english(number) if locale.startswith("en") else _foreign(number, locale)


def spell_and(number: int) -> str:
    """The British style: ``"two hundred and five thousand"``."""
    text = re.sub(r"hundred (?!thousand|million|billion|trillion)", "hundred and ", _english(number))
    return text if number < 1000 or not 0 < number % 1000 < 100 else _last_and(text, number)


def unspell(text: str) -> int | None:
    """The number that English words are; ``None`` if they are anything else."""
    if len(text) > 200 or not _SPELLED.fullmatch(text):
        return None
    words = _WORD.findall(text.lower())
    total = group = 0
    for at, word in enumerate(words):
        if word in _VALUES:
            group += _VALUES[word]
        elif word == "hundred" and group:
            group *= 100
        elif word in _SIZES and group:
            total, group = total + group * _SIZES[word], 0
        elif not (word == "and" and at) and not (word == "a" and at == 0 and len(words) > 1):
            return None
        if word == "a":
            group = 1
    number = total + group
    return number if _plain(text) in (_plain(spell(number)), _plain(spell(number), "a")) else None


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``13th``."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


_IRREGULAR = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip


def spell_ordinal(number: int) -> str:
    """``thirty-fourth``, ``two hundredth``: an English ordinal in words."""
    words = _english(number)
    at = max(words.rfind("-"), words.rfind(" ")) + 1
    head, last = words[:at], words[at:]
    if last in _IRREGULAR:
        return head + _IRREGULAR[last]
    return f"{head}{last[:-1]}ieth" if last.endswith("y") else f"{head}{last}th"


def _english(number: int) -> str:
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
    size, name = next((size, name) for size, name in _SCALES if number >= size)
    head, rest = divmod(number, size)
    return f"{_english(head)} {name}" + (f" {_english(rest)}" if rest else "")


def _last_and(text: str, number: int) -> str:
    tail = _english(number % 1000)
    return f"{text.removesuffix(tail)}and {tail}"


def _plain(text: str, one: str = "one") -> list[str]:
    words = [word for word in _WORD.findall(text.lower()) if word != "and"]
    return [one, *words[1:]] if words[:1] == ["one"] else words


def _foreign(number: int, locale: str) -> str:
    try:
        from num2words import num2words  # type: ignore[import-untyped]
    except ImportError:
        raise DeclarationError(
            f"numbers as words in {locale!r} need num2words: pip install 'langcache-middleware[kinds]'"
        ) from None
    try:
        return str(num2words(number, lang=locale.replace("-", "_")))
    except NotImplementedError:
        return str(number)
