"""Kind ``phone``: one number in all the ways to write it; its last digits alone refuse.

Option ``locale`` (``"en"``, ``"de_CH"``, …) says in which countries a number without a country code may be.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from langcache.errors import DeclarationError
from langcache.templating.kinds import Form, list as lists
from langcache.templating.slots import Personal, items, written

_SEPARATORS = ("-", ".", " ", "")
# C is the country code, A the area code, N the (other) groups of digits, joined by the sign behind the N.
STYLES = (
    *(f"N{sep}" for sep in _SEPARATORS),
    "(A) N-", "(A)N-", "(A)-N-", "(A) N ", "(A) N.", "A/N-",
    *(f"{lead}{sep}N{sep}" for lead in ("+C", "00C", "C") for sep in _SEPARATORS),
    "+C N-", "+C (A) N-", "+C(A)N-", "C (A) N-", "+C (0)N ", "tel:+C-N-",
)  # fmt: skip
_YEAR = re.compile(r"(?:19|20)\d\d")
# Digits that may be a year are told from one by the words before them.
_ENDING = ("ending in", "ending with", "ends in", "ends with", "last four digits", "last 4 digits")
_PHONE = re.compile(r"[+(\d][\d\s().+/-]{4,28}\d")


class Number(NamedTuple):
    """A number's groups of digits.

    Args:
        country: country code, empty if unknown.
        groups: as they are dialled within the country, a leading zero included.
        abroad: as they follow the country code.
    """

    country: str
    groups: tuple[str, ...]
    abroad: tuple[str, ...]


class Phone:
    """Telephone numbers."""

    parts = False
    pieces = lists.KIND.pieces

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """The number as typed, then in every other usual way."""
        yield from lists.KIND.recognise(slot)
        number = _number(slot)
        if number is not None:
            found: dict[str, str] = {}
            for style in STYLES:
                found.setdefault(_compose(number, style) or "", style)
            yield from (Form(text, style) for text, style in found.items() if text)

    def render(self, slot: Personal, style: str) -> str:
        """The number in a style; as typed where it cannot be written so."""
        if style not in STYLES:
            return lists.KIND.render(slot, style)
        number = _number(slot)
        return (number and _compose(number, style)) or lists.KIND.render(slot, "")

    def residue(self, slot: Personal) -> Iterator[Form]:
        """The number without its area code, that code named as one, and the last digits."""
        yield from lists.KIND.residue(slot)
        for item in items(slot.value):
            number = _parse(written(item), _locale(slot))
            if number is not None:
                yield from (Form(text, None) for text in _ends(number) if text)


def _locale(slot: Personal) -> str:
    return str(slot.options.get("locale") or "en")


def _number(slot: Personal) -> Number | None:
    found = items(slot.value)
    return _parse(written(found[0]), _locale(slot)) if len(found) == 1 else None


@lru_cache(maxsize=256)
def _parse(text: str, locale: str) -> Number | None:
    """The number a text is; one of no known country is its groups as typed. Cached in memory for fast fills.

    Raises:
        DeclarationError: phonenumbers is not installed.
    """
    if not _PHONE.fullmatch(text.strip()):
        return None
    try:
        import phonenumbers
    except ImportError:
        raise DeclarationError("kind 'phone' needs phonenumbers: pip install 'langcache-middleware[kinds]'") from None
    typed = _digits(text)
    for region in _regions(locale):
        try:
            number = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if not phonenumbers.is_valid_number(number):
            continue
        national, abroad = (
            _digits(phonenumbers.format_number(number, form))
            for form in (phonenumbers.PhoneNumberFormat.NATIONAL, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        )
        if _agree(typed, national, abroad):
            return Number(str(number.country_code), national, abroad[1:])
    return None if text.strip().startswith("+") else Number("", typed, ())


def _agree(typed: tuple[str, ...], national: tuple[str, ...], abroad: tuple[str, ...]) -> bool:
    """Whether the digits were grouped as in the supposed country; without groups, or with its code, they are."""
    return len(typed) == 1 or typed == national or typed[0].lstrip("0") == abroad[0]


def _regions(locale: str) -> tuple[str, ...]:
    language, _, territory = locale.replace("-", "_").partition("_")
    usual = {"en": ("US", "GB")}.get(language, (language.upper(),))
    return (territory, *usual) if territory else usual


def _digits(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\d+", text))


def _compose(number: Number, style: str) -> str | None:
    head, _, sep = style.partition("N")
    groups = number.abroad if "C" in style else number.groups
    if not groups or ("A" in style and len(groups) < 2) or (style[0] == "C" and number.country != "1"):
        return None
    if "(0)" in style and number.country == "1":
        return None
    rest = sep.join(groups[1:] if "A" in style else groups)
    return head.replace("C", number.country).replace("A", groups[0]) + rest


def _ends(number: Number) -> Iterator[str]:
    digits = "".join(number.groups)
    if len(digits) < 7:
        return
    if len(number.groups) > 2:
        yield from (sep.join(number.groups[1:]) for sep in _SEPARATORS)
    yield "".join(number.abroad)
    area = number.groups[0]
    yield from (f"area code {area}", f"{area} area code", *_in_brackets(area)) if len(number.groups) > 2 else ()
    yield from (digits[1:], f"44{digits[1:]}", f"+44 {digits[1:]}", digits[-6:]) if digits[0] == "0" else ()
    last = digits[-4:]
    yield from (f"{words} {last}" for words in _ENDING) if _YEAR.fullmatch(last) else (last,)


def _in_brackets(area: str) -> tuple[str, ...]:
    """An area code as telephone books write it, unless it may be the number of an item: ``(2)``."""
    return (f"({area})",) if len(area) > 2 else ()


KIND = Phone()
