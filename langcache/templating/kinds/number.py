"""Kind ``number``: a count or measure, in figures, with a scale, in words."""

from collections.abc import Iterator

from langcache.templating.kinds import Form, plain
from langcache.templating.kinds.figures import (
    STYLES,
    counted,
    decimal_of,
    foreign,
    guards,
    write,
    write_counted,
    writings,
)
from langcache.templating.kinds.locales import locale_of
from langcache.templating.slots import Personal, written
from langcache.templating.spelling import number_of

_LONG = 4
"""Letters from which a bare number says enough by itself; of shorter ones the context must tell."""


class Number:
    """Numbers. Option: ``locale``."""

    parts = False

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """The value as it is, then in every style, and the phrases in which its digits mean another number."""
        locale = locale_of(slot)
        number = decimal_of(slot.value, locale)
        if number is None:
            yield from plain.KIND.recognise(slot)
            return
        own = written(slot.value)
        yield Form(own, "", sure=len(own) >= _LONG, locatable=len(own) >= _LONG)
        for style, text in writings(number, locale):
            if text == own or text == "one":
                continue
            yield Form(
                text, style, sure=len(text) >= _LONG and any(c.isdigit() for c in text), locatable=len(text) >= _LONG
            )
        if number_of(slot.value) is not None:
            yield from counted(slot)
        yield from guards(slot)

    def render(self, slot: Personal, style: str) -> str:
        """The number in a style; raises ``Refused`` if the value is none."""
        locale = locale_of(slot)
        number = decimal_of(slot.value, locale)
        if text := write_counted(slot, style):
            return text
        if number is None or style not in STYLES:
            return plain.KIND.render(slot, style)
        return write(number, style, locale)

    def residue(self, slot: Personal) -> Iterator[Form]:
        """The spellings of other locales."""
        locale = locale_of(slot)
        yield from foreign(decimal_of(slot.value, locale), locale)


KIND = Number()
