"""Slot kinds: how a value is recognised in text, written into it, and what of it must never be left behind.

A kind is one module with a class that has the four members of `Kind`; `register` makes it known by name.
The engine asks a kind for *surface forms* instead of showing it the text, so that one scan of an answer
serves every slot at once and no kind can make it slow.
"""

from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple, Protocol

from langcache.errors import DeclarationError
from langcache.templating.kinds.locales import cldr, english
from langcache.templating.slots import Personal, is_list


class Form(NamedTuple):
    """One way a value may be written.

    Args:
        text: the value, written that way.
        style: the name of that way: ``kind.render(slot, style) == text``. ``None``: it can be recognised but
            not be filled for another user, so an answer that holds it is refused.
        sure: nobody writes this and means something else, however short or common its words are.
        why: the refusal's reason where *style* is ``None``.
        locatable: masking may put a placeholder here; ``False`` for words that only point at the value
            (pronouns, "tomorrow"), which stay in the text and so in the key.
        part: only a part of the value (a first name): another slot whose value this is takes precedence.
        proper: a name that is also a word ("Young", "Rob"): without its capital it is that word.
        place: a place without what it lies in: before a comma or "University" it may be another one.
        gendered: a name: behind a word for a man or a woman it fits only some ("Liebe Anna").
    """

    text: str
    style: str | None = ""
    sure: bool = False
    why: str = "leak"
    locatable: bool = True
    part: bool = False
    proper: bool = False
    place: bool = False
    gendered: bool = False


class Kind(Protocol):
    """What the engine needs to know about a kind of value.

    A kind may also have ``parts = False``: single words of its values, their acronyms and misspellings give
    nobody away (dates, amounts, phone numbers). Without it they are watched. And it may have
    ``pieces(slot, style)``: what `render` writes as pairs of a text and whether it is of the value, for values
    that are several (a list), so that what stands between them is not escaped with them; ``None`` for others.
    ``several`` names the kind that stands in for it where the value is a list.
    """

    def recognise(self, slot: Personal) -> Iterable[Form]:
        """Every way the slot's value may be written that can also be filled, preferred ways first."""
        ...

    def render(self, slot: Personal, style: str) -> str:
        """The value in a style that `recognise` named, perhaps for another user; raises ``Refused``."""
        ...

    def residue(self, slot: Personal) -> Iterable[Form]:
        """Further forms that must not be left in a template, though no gap can stand for them."""
        ...


_MODULES = {
    "text": "plain",
    "name": "plain",
    "person": "person",
    "address": "address",
    "email": "email",
    "phone": "phone",
    "url": "url",
    "list": "list",
    "date": "date",
    "time": "time",
    "datetime": "datetime",
    "duration": "duration",
    "number": "number",
    "money": "money",
    "percent": "percent",
}
_KINDS: dict[str, Kind] = {}
_LIBRARIES = {"person": "nameparser", "phone": "phonenumbers"}
"""What a kind cannot do without, of the extra ``kinds``."""
_LOCAL = frozenset({"date", "datetime", "money", "number", "percent"})
"""Kinds that other locales write in other ways."""


def register(name: str, kind: Kind) -> None:
    """Make a kind known, or replace one."""
    _KINDS[name] = kind


def is_known(name: str) -> bool:
    """Whether a kind has that name, without importing it."""
    return name in _KINDS or name in _MODULES


def check_kind(name: str, locale: str) -> None:
    """A slot of this kind could be read and filled here; where not, each of its answers would be refused, in silence.

    Raises:
        DeclarationError: no kind has that name, no locale is called so, or a library that they need is not installed.
    """
    if not is_known(name):
        raise DeclarationError(f"no kind is called {name!r}; register it first")
    library = None if name in _KINDS else _LIBRARIES.get(name)
    if library is not None and find_spec(library) is None:
        raise DeclarationError(f"kind {name!r} needs {library}: pip install 'langcache-middleware[kinds]'")
    if name in _LOCAL and not english(locale):
        cldr(locale)


def kind_of(slot: Personal) -> Kind:
    """The kind of a slot, imported on first use.

    Raises:
        DeclarationError: no kind has that name.
    """
    kind = _KINDS.get(slot.kind) or _load(slot, slot.kind)
    several = getattr(kind, "several", None) if is_list(slot.value) else None
    return kind if several is None else _KINDS.get(several) or _load(slot, several)


def has_parts(kind: Kind) -> bool:
    """Whether a single word of a longer value may give it away."""
    return bool(getattr(kind, "parts", True))


def _load(slot: Personal, name: str) -> Kind:
    try:
        module = import_module(f"{__name__}.{_MODULES[name]}")
    except KeyError:
        raise DeclarationError(f"slot {slot.name!r}: no kind is called {slot.kind!r}") from None
    kind: Kind = module.KIND
    return _KINDS.setdefault(name, kind)
