"""Kind ``percent``: a share, as ``42%``, ``42 percent``, ``forty-two percent`` or the fraction ``0.42``."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from langcache.templating.kinds import Form, plain
from langcache.templating.kinds.figures import decimal_of, write
from langcache.templating.kinds.locales import locale_of
from langcache.templating.slots import Personal, written

_SAID = re.compile(r"(?P<number>[-+]?\d[\d.,]*|[a-z -]+?)\s?(?:%|per\s?cent|pct\.?|percentage points?)", re.IGNORECASE)
_SIGNS = (
    "%", " %", "\u00a0%", "\u202f%", " percent", " per cent", " pct", "-percent",
    " percentage points", " percentage point", "-percentage-point",
)  # fmt: skip
_STYLES = (*(f"#,##0|{sign}" for sign in _SIGNS), "words| percent", "words| per cent")
_OF_ONE = "1="
"""Begins the styles that read a bare number as a part of one: ``0.42`` as ``42%``."""


class Share(NamedTuple):
    """A number of hundredths, if it says so, or a bare number that may be a part of one."""

    number: Decimal
    marked: bool


class Percent:
    """Shares. Option: ``locale``."""

    parts = False

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """The value as it is, then with every sign; a bare fraction also as so many hundredths."""
        share = share_of(slot.value, locale_of(slot))
        if share is None:
            yield from plain.KIND.recognise(slot)
            return
        own = written(slot.value)
        yield Form(own, "", sure=share.marked, locatable=share.marked)
        seen = {own}
        for style in _styles(share):
            text = _write(share, style, locale_of(slot))
            if text not in seen:
                seen.add(text)
                yield Form(text, style, sure=True)

    def render(self, slot: Personal, style: str) -> str:
        """The share in a style; raises ``Refused`` if the value is none."""
        share = share_of(slot.value, locale_of(slot))
        if share is None or style.removeprefix(_OF_ONE) not in _STYLES:
            return plain.KIND.render(slot, style)
        return _write(share, style, locale_of(slot))

    def residue(self, slot: Personal) -> Iterator[Form]:
        """The fraction that a share is, so many of a hundred, and the number with other signs or digits."""
        share = share_of(slot.value, locale_of(slot))
        if share is None:
            return
        if share.marked and share.number % 100:  # all of it is 1, as is the first step
            yield Form(write(share.number / 100, "0", locale_of(slot)), None)
        if share.number != share.number.to_integral_value():
            yield Form(f"{share.number.normalize():f}".replace(".", ",") + "%", None)
        own = f"{share.number.normalize():f}"
        yield from (Form(f"{own}{zeros}%", None) for zeros in ((".0", ".00") if "." not in own else ("0", "00")))
        yield from (Form(own + text, None) for text in ("/100", " out of 100", " in 100", " in every 100"))


def share_of(value: object, locale: str) -> Share | None:
    """The share that a value is or says; ``None`` for anything else."""
    number = decimal_of(value, locale)
    if number is not None:
        return Share(number, marked=False)
    match = _SAID.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= 60 else None
    number = decimal_of(match["number"].strip(), locale) if match else None
    return Share(number, marked=True) if number is not None else None


def _styles(share: Share) -> Iterator[str]:
    yield from _STYLES
    if not share.marked and 0 < abs(share.number) < 1:
        yield from (_OF_ONE + style for style in _STYLES)


def _write(share: Share, style: str, locale: str) -> str:
    number = share.number * 100 if style.startswith(_OF_ONE) and not share.marked else share.number
    figures, _, sign = style.removeprefix(_OF_ONE).partition("|")
    return write(number, figures, locale) + sign


KIND = Percent()
