"""Kind ``money``: an amount, with its currency as a sign, a code or a word."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from langcache.templating.kinds import Form, plain
from langcache.templating.kinds.figures import decimal_of, foreign, write
from langcache.templating.kinds.locales import locale_of
from langcache.templating.slots import Personal, written


class Currency(NamedTuple):
    """How a currency is written."""

    sign: str
    one: str
    many: str


CURRENCIES = {
    "USD": Currency("$", "dollar", "dollars"),
    "GBP": Currency("£", "pound", "pounds"),
    "EUR": Currency("€", "euro", "euros"),
    "INR": Currency("₹", "rupee", "rupees"),
    "JPY": Currency("¥", "yen", "yen"),
}
_SAID = {
    **{name: code for code, currency in CURRENCIES.items() for name in currency},
    **{code.lower(): code for code in (*CURRENCIES, "CHF", "CAD", "AUD", "CNY", "SEK", "NOK", "DKK", "NZD", "SGD")},
    "us$": "USD",
    "euro": "EUR",
}
_SIGNS = frozenset(currency.sign for currency in CURRENCIES.values())
_AMOUNT = re.compile(
    r"(?P<minus>-)?(?P<before>US\$|[$£€₹¥]|[A-Za-z]{3}\b)?\s?"
    r"(?P<number>[-+]?\d[\d.,\u00a0\u202f ]*(?:\s?(?:k|thousand|mn|million|bn|billion|m|b)\b)?)\s?"
    r"(?P<after>[$£€₹¥]|[A-Za-z]+)?",
    re.IGNORECASE,
)
# CLDR's sign for a currency: once the sign, twice the code, three times the name; a hyphen asks for its singular.
_SIGNED, _SUFFIXED = ("¤#", "# ¤¤¤", "# ¤¤", "¤¤ #"), ("# ¤", "#¤")
_PLACES = (*_SIGNED, "¤ #", "¤¤#", "#-¤¤¤", *_SUFFIXED, "#")
_FIGURES = ("#,##0", "#,##0.00", "0", "0.00")
_SCALES = ("0k", "0K", "0M", "0 million", "0-million", "0B", "0bn", "0 billion", "0 thousand")


_LIKELY = {"USD": _PLACES, "GBP": _SIGNED, "EUR": (*_SIGNED, *_SUFFIXED)}
_CODES = frozenset(_SAID.values())
_COMMON = frozenset(map(str, range(13)))
"""Numbers too frequent to be the sum of a value that names its currency."""
_LONG = 3
"""Letters beyond which a bare sum may be masked."""


class Amount(NamedTuple):
    """A sum, in a currency if one is known."""

    number: Decimal
    currency: str | None


class Money:
    """Sums of money. Option: ``locale``."""

    parts = False

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """The value as it is, then with every sign, code and name, of its own currency or of the likely ones."""
        amount = amount_of(slot.value, locale_of(slot))
        if amount is None:
            yield from plain.KIND.recognise(slot)
            return
        own = written(slot.value)
        yield Form(own, "", sure=amount.currency is not None)
        seen = {own}
        for style, text in _writings(amount, locale_of(slot)):
            marked = not style.endswith("|#")
            if text not in seen and (marked or text not in _COMMON):
                seen.add(text)
                yield Form(text, style, sure=marked, locatable=marked or len(text) > _LONG)

    def render(self, slot: Personal, style: str) -> str:
        """The sum in a style, in its own currency; raises ``Refused`` if the value is none."""
        amount = amount_of(slot.value, locale_of(slot))
        text = _write(amount, style, locale_of(slot)) if amount is not None else None
        return plain.KIND.render(slot, style) if text is None else text

    def residue(self, slot: Personal) -> Iterator[Form]:
        """The number in other notations, its whole part where cents follow it, and that in words."""
        locale = locale_of(slot)
        amount = amount_of(slot.value, locale)
        if amount is None:
            return
        yield from foreign(amount.number, locale)
        whole = amount.number.to_integral_value(rounding="ROUND_FLOOR")
        if whole != amount.number and whole >= 100:
            yield from (Form(write(whole, style, locale), None) for style in ("0", "#,##0"))
        if whole >= 13:
            yield from (Form(write(whole, style, locale), None) for style in ("words", "words and"))


def amount_of(value: object, locale: str) -> Amount | None:
    """The sum that a value is or says; ``None`` for anything else."""
    number = decimal_of(value, locale) if not isinstance(value, str) or value[:1] not in _SIGNS else None
    if number is not None:
        return Amount(number, None)
    match = _AMOUNT.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= 60 else None
    if match is None:
        return None
    number = decimal_of(match["number"].strip(), locale)
    said = [name.lower() for name in (match["before"], match["after"]) if name]
    if number is None or len(said) > 1 or any(name not in _SAID for name in said):
        return None
    return Amount(-number if match["minus"] else number, _SAID[said[0]] if said else None)


def _writings(amount: Amount, locale: str) -> Iterator[tuple[str, str]]:
    """Styles and texts. A style is ``CURRENCY|figures|place``, the currency for a value that has none of its own."""
    whole = amount.number == amount.number.to_integral_value()
    plain_figures = sorted(_FIGURES, key=lambda figures: figures.endswith(".00") == whole)
    scales = _SCALES if abs(amount.number) >= 1000 else ()
    numbers = {figures: _number(abs(amount.number), figures, locale) for figures in (*plain_figures, *scales)}
    words = _number(amount.number, "words", locale) if whole and amount.number >= 0 else None
    for code, places in {amount.currency: _PLACES}.items() if amount.currency else _LIKELY.items():
        for figures, number in numbers.items():
            for place in places if figures in _FIGURES else (*_SIGNED, "#"):
                if number is not None:
                    yield f"{code}|{figures}|{place}", _placed(number, place, code, amount.number)
        if words is not None:
            yield f"{code}|words|# ¤¤¤", _placed(words, "# ¤¤¤", code, amount.number)


def _write(amount: Amount, style: str, locale: str) -> str | None:
    code, figures, place = (*style.split("|"), "", "")[:3]
    if place not in _PLACES or code not in _CODES or figures not in (*_FIGURES, *_SCALES, "words"):
        return None
    figures = "#,##0" if figures == "words" and amount.number < 0 else figures
    number = _number(abs(amount.number), figures, locale)
    return None if number is None else _placed(number, place, amount.currency or code, amount.number)


def _number(number: Decimal, figures: str, locale: str) -> str | None:
    """The figures of a sum; cents show where there are any, whatever the style, and are never rounded."""
    cents = number.quantize(Decimal("0.01")) if number < 10**20 else number
    exact, whole = cents == number, number == number.to_integral_value()
    if figures.endswith(".00"):
        return write(number, figures[:-3], locale, places=2) if exact else None
    if figures not in _FIGURES:
        text = write(number, figures, locale)
        if text != write(number, "#,##0", locale):
            return text
        figures = "#,##0"
    return write(number, figures, locale, places=0 if whole else 2 if exact else None)


def _placed(number: str, place: str, code: str, value: Decimal) -> str:
    sign, one, many = CURRENCIES.get(code) or Currency(code, code, code)
    name = one if value == 1 or "-" in place else many
    text = place.replace("¤¤¤", name).replace("¤¤", code)
    if code not in CURRENCIES:
        text = text.replace("¤#", "¤ #").replace("#¤", "# ¤")
    return ("-" if value < 0 else "") + text.replace("¤", sign).replace("#", number)


KIND = Money()
