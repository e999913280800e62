"""What a masked value looks like to a chain: it prints as its placeholder and refuses to be computed with."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn, SupportsIndex

from langcache.errors import MaskedValueUsed

_NUMERIC = re.compile(r"%([-+ #0]*\d*)(?:\.\d+)?[diouxXeEfFgGc]")
_CUTS = re.compile(r"[^%]*\.\d+s?")
"""A format that shows the first letters of a text only: ``{name:.1}``."""


class MaskedText(str):
    """A placeholder or bucket label in a value's place.

    Everything that prints it gives its text. Everything whose result would depend on the value raises
    `MaskedValueUsed`, and *on_use*, if given, is called with the slot's name first: a caller that swallows
    exceptions (a template engine's ``int`` filter) cannot hide it. No value is in here to be found.

    Args:
        text: what it prints as.
        name: the slot or feature it stands for.
        on_use: called with *name* whenever something computes with it.
    """

    __slots__ = ("_name", "_on_use", "changed")
    _name: str
    changed: bool
    """Whether it is the value in other letters: then it is no input handed on."""
    _on_use: Callable[[str], object] | None

    def __new__(cls, text: str, *, name: str, on_use: Callable[[str], object] | None = None) -> "MaskedText":
        """A masked text; see the class."""
        self = super().__new__(cls, text)
        self._name = name
        self._on_use = on_use
        self.changed = False
        return self

    def _changed(self, text: str) -> "MaskedText":
        """The value in other letters: still not to be computed with, as who asks for ``tier.lower()`` mostly means."""
        other = MaskedText(text, name=self._name, on_use=self._on_use)
        other.changed = True
        return other

    def _used(self, how: str) -> NoReturn:
        self._note()
        raise MaskedValueUsed(
            f"the chain computed with the masked value of {self._name!r} ({how}); declare it as a Feature, "
            "or wrap the chain with mode='abstract'"
        )

    def _note(self) -> None:
        if self._on_use is not None:
            self._on_use(self._name)

    @property
    def name(self) -> str:
        """The slot or feature it stands for."""
        return self._name

    @property
    def plain(self) -> str:
        """The text as a plain ``str``."""
        return str.__str__(self)

    def __str__(self) -> str:
        return "".join((self,))

    def __repr__(self) -> str:
        return repr(self.plain)

    def __format__(self, spec: str) -> str:
        return self._used("format") if _CUTS.fullmatch(spec) else self.plain

    def __bool__(self) -> bool:
        return True

    def __copy__(self) -> "MaskedText":
        return self

    def __deepcopy__(self, memo: object) -> "MaskedText":
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise MaskedValueUsed(f"the masked value of {self._name!r} cannot be pickled")

    def __hash__(self) -> int:
        return self._used("hash")

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, MaskedText):
            return self.plain == other.plain
        if other is None or other is False or (type(other) in (int, str) and not other):
            return False  # emptiness, which template engines ask of everything; it is in the key already
        return self._used("==")

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __add__(self, other: object) -> str:
        if isinstance(other, str):
            return self.plain + str(other)
        return self._used("+")

    def __radd__(self, other: object) -> str:
        if isinstance(other, str):
            return str(other) + self.plain
        return self._used("+")

    def __rmod__(self, other: object) -> str:
        if not isinstance(other, str):
            self._used("%")
        return _NUMERIC.sub(r"%\1s", str(other)) % self.plain

    def strip(self, chars: str | None = None, /) -> "MaskedText":
        """As it is: a placeholder has no blanks around it."""
        return self._changed(self.plain)

    lstrip = rstrip = strip

    def lower(self) -> "MaskedText":
        """Its text in lower case, which `read` understands."""
        return self._changed(self.plain.lower())

    casefold = lower

    def upper(self) -> "MaskedText":
        """Its text in upper case, which `read` understands."""
        return self._changed(self.plain.upper())

    def title(self) -> "MaskedText":
        """Its text in title case, which `read` understands."""
        return self._changed(self.plain.title())

    def capitalize(self) -> "MaskedText":
        """As it is: the first character is a bracket."""
        return self._changed(self.plain)

    def replace(self, old: str, new: str, count: SupportsIndex = -1, /) -> str:
        """Its text where nothing of it would be replaced: escaping for HTML or quotes is only printing."""
        return self.plain if old and old not in self.plain else self._used("replace")


def _refusing(how: str) -> Callable[..., NoReturn]:
    def refuse(self: "MaskedText | MaskedList", *args: object, **kwargs: object) -> NoReturn:
        self._used(how)

    refuse.__name__ = how
    refuse.__doc__ = "Would compute with the value; raises `MaskedValueUsed`."
    return refuse


_OPERATIONS = """
lt le gt ge len getitem contains iter mul rmul mod sub rsub truediv rtruediv floordiv rfloordiv divmod rdivmod
pow rpow neg pos abs int float complex index round trunc floor ceil
"""
_METHODS = """
center count encode endswith expandtabs find format format_map index isalnum isalpha isascii isdecimal isdigit
isidentifier islower isnumeric isprintable isspace istitle isupper join ljust partition removeprefix
removesuffix rfind rindex rjust rpartition rsplit split splitlines startswith swapcase translate zfill
"""
for _how in (*(f"__{name}__" for name in _OPERATIONS.split()), *_METHODS.split()):
    setattr(MaskedText, _how, _refusing(_how))


class MaskedList(list[MaskedText]):
    """A list slot in its masked form: one placeholder that stands for however many items there are.

    Args:
        items: the placeholder, or another such list, as whoever copies a list of any type passes it.
        many: whether there is more than one item: then the first alone is not what the placeholder stands for.
    """

    def __init__(self, items: "MaskedText | Iterable[MaskedText]", *, many: bool = True) -> None:
        super().__init__([items] if isinstance(items, MaskedText) else items)
        self._many = many

    @property
    def name(self) -> str:
        """The slot it stands for."""
        return self._item.name

    @property
    def _item(self) -> MaskedText:
        return next(list.__iter__(self))

    def _used(self, how: str) -> NoReturn:
        self._item._used(how)  # noqa: SLF001 -- the list speaks for its item

    def __str__(self) -> str:
        return self._item.plain

    def __format__(self, spec: str) -> str:
        return self._item.plain

    def __iter__(self) -> Iterator[MaskedText]:
        stopped_early = self._many
        try:
            yield self._item
            stopped_early = False
        finally:
            if stopped_early:  # as `next(iter(...))` does, and Jinja's `first`
                self._item._note()  # noqa: SLF001 -- the list speaks for its item

    def __bool__(self) -> bool:
        return True

    def __copy__(self) -> "MaskedList":
        return self

    def __deepcopy__(self, memo: object) -> "MaskedList":
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise MaskedValueUsed(f"the masked value of {self._item._name!r} cannot be pickled")  # noqa: SLF001

    def __eq__(self, other: object) -> bool:
        if isinstance(other, MaskedList):
            return self._item == other._item
        if other is None or other is False or (type(other) is int and other == 0):
            return False
        return self._used("==")

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __getitem__(self, at: Any) -> Any:
        if at == 0 and not self._many:
            return self._item
        return self._used("[]")


_LIST_OPERATIONS = "len contains lt le gt ge add mul rmul imul iadd reversed setitem delitem"
_LIST_METHODS = "append clear count extend index insert pop remove reverse sort"
for _how in (*(f"__{name}__" for name in _LIST_OPERATIONS.split()), *_LIST_METHODS.split()):
    setattr(MaskedList, _how, _refusing(_how))
