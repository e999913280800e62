"""What differs between locales: English is built in, all others come from CLDR through babel."""

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from langcache.errors import DeclarationError
from langcache.templating.slots import Personal

if TYPE_CHECKING:
    from babel import Locale

_MONTH_FIRST = {"en", "en_US", "en_PH", "en_PR", "en_GU", "en_VI"}


class Marks(NamedTuple):
    """How a locale separates digits."""

    group: str
    decimal: str


def locale_of(slot: Personal) -> str:
    """The slot's locale, as ``"en"`` or ``"de_DE"``."""
    return str(slot.options.get("locale") or "en").replace("-", "_")


def english(locale: str) -> bool:
    """Whether a locale's language is English."""
    return locale == "en" or locale.startswith("en_")


def month_first(locale: str) -> bool:
    """Whether ``3/1`` is the first of March there."""
    return locale in _MONTH_FIRST


@lru_cache(maxsize=64)
def marks(locale: str) -> Marks:
    """The signs between digits."""
    if english(locale):
        return Marks(",", ".")
    signs = cldr(locale).number_symbols.get("latn", {})
    return Marks(signs.get("group", ","), signs.get("decimal", "."))


@lru_cache(maxsize=64)
def cldr(locale: str) -> "Locale":
    """The locale's data.

    Raises:
        DeclarationError: there is no such locale, or babel is not installed.
    """
    try:
        from babel import Locale, UnknownLocaleError
    except ImportError:
        raise DeclarationError(f"locale {locale!r} needs babel: pip install 'langcache-middleware[kinds]'") from None
    try:
        return Locale.parse(locale)
    except (UnknownLocaleError, ValueError):
        raise DeclarationError(f"no locale is called {locale!r}") from None
