"""A mapping that remembers what was read of it: only that is part of a stage's key.

What is read is written as tokens: ``=name`` the value of a name (or that it is missing), ``?name`` whether it is there,
``#`` the set of all names (iterating, counting, printing, comparing). It is no ``dict``: C code reads a dict's
storage behind the back of any subclass, and a read that goes unnoticed would be a wrong hit. ``dict(inputs)`` makes
one, and counts as reading everything.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from langcache.core.encoding import canonical, digest
from langcache.errors import DeclarationError, UnkeyableError
from langcache.stages.digests import digest_of_value

__all__ = ["EVERYTHING", "Later", "Recorded", "Upstream", "Values"]

EVERYTHING = "*"
"""Token of a stage that was given all inputs at once, as a Runnable is."""

ABSENT = "absent"


class Values:
    """A run's inputs as they are when it starts, with the digest of each.

    Raises:
        DeclarationError: they are no mapping of names.
        UnkeyableError: an input is no data, or cannot be copied; the message names it.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        given = _named(values)
        self._digests = {name: _digest(name, value) for name, value in given.items()}
        # A copy, since whoever changed one while the run goes on would have the rest stored under the wrong digest.
        memo: dict[int, Any] = {}
        self.values = {name: _copied(name, value, memo) for name, value in given.items()}
        self.whole = digest(canonical(self._digests))

    def digest_of(self, token: str, only: frozenset[str] | None = None) -> str:
        """What *token* reads now, as a digest; with *only*, these names are all there is to see."""
        kind, name = token[:1], token[1:]
        seen = only is None or name in only
        if kind == "=":
            return self._digests.get(name, ABSENT) if seen else ABSENT
        if kind == "?":
            return "present" if seen and name in self._digests else ABSENT
        visible = {name: value for name, value in self._digests.items() if only is None or name in only}
        return digest(canonical(visible if kind == EVERYTHING else sorted(visible)))


class Later(NamedTuple):
    """A value of a `Recorded` that is made when it is read, anew each time.

    A family is given its whole list, of which most instances read one item: rebuilt for each, it would be a square.

    Args:
        make: makes it.
    """

    make: Callable[[], Any]


class Recorded(Mapping[str, Any]):
    """Read-only; hands out deep copies, so that no stage can change what another sees.

    It says that its class is dict, since LangChain asks for one and then reads it as any mapping.

    Args:
        values: what may be read.
        only: names that may be seen; None: all.
        tokens: where the tokens go; pass a set to share it.
        marks: tokens to note instead of ``=name`` for these names; names marked None are not noted.
    """

    __class__ = property(lambda _: dict)

    def __init__(
        self,
        values: Mapping[str, Any],
        *,
        only: frozenset[str] | None = None,
        tokens: set[str] | None = None,
        marks: Mapping[str, str | None] | None = None,
    ) -> None:
        self._values = values if only is None else {name: values[name] for name in values if name in only}
        self.tokens = set() if tokens is None else tokens
        self._marks = marks

    def _note(self, kind: str, name: object) -> None:
        # Not as an enum's member would format itself.
        name = str.__str__(name) if isinstance(name, str) else repr(name)
        token = kind + name if self._marks is None else self._marks.get(name)
        if token is not None:
            self.tokens.add(token)

    def __getitem__(self, name: str) -> Any:
        self._note("=", name)
        value = self._values[name]
        return value.make() if isinstance(value, Later) else copy.deepcopy(value)

    def __contains__(self, name: object) -> bool:
        self._note("?", name)
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        self._note("#", "")
        return iter(self._values)

    def __len__(self) -> int:
        self._note("#", "")
        return len(self._values)

    def __repr__(self) -> str:
        return repr(dict(self))

    def __or__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return dict(self) | dict(other)

    def without(self, name: str) -> "Recorded":
        """The same without *name*, noting what is read in the same place."""
        values = {other: value for other, value in self._values.items() if other != name}
        return Recorded(values, tokens=self.tokens, marks=self._marks)

    def copy(self) -> dict[str, Any]:
        """All of it, as a dict."""
        return dict(self)

    def __deepcopy__(self, memo: Any) -> dict[str, Any]:
        return dict(self)

    def __reduce__(self) -> Any:
        return dict, (dict(self),)


class Upstream(dict[str, Any]):
    """Outputs by declared dependency, a family's as a dict by instance; an instance is also found by its own name."""

    def __init__(self, given: dict[str, Any], families: frozenset[str]) -> None:
        super().__init__(given)
        self._families = families

    def __missing__(self, name: str) -> Any:
        for family in self._families:
            if name in self[family]:
                return self[family][name]
        declared = ", ".join(map(repr, self)) or "nothing"
        raise KeyError(f"{name!r} is no dependency of this stage, which has {declared}: add it to depends_on")


def _named(values: Any) -> dict[str, Any]:
    try:
        given = dict(values)
    except (TypeError, ValueError):
        raise DeclarationError(f"inputs are a mapping of names to data, not a {type(values).__name__}") from None
    for name in given:
        if not isinstance(name, str):
            raise DeclarationError(f"the name of an input is text, not {name!r}")
    return {str.__str__(name): value for name, value in given.items()}


def _digest(name: str, value: Any) -> str:
    try:
        return digest_of_value(value)
    except UnkeyableError as error:
        raise UnkeyableError(f"input {name!r} cannot be part of a key: {error}") from None


def _copied(name: str, value: Any, memo: dict[int, Any]) -> Any:
    try:
        return copy.deepcopy(value, memo)
    except Exception as error:
        reason = f"a {type(value).__qualname__} that cannot be copied ({type(error).__name__})"
        raise UnkeyableError(f"input {name!r} cannot be given to stages: {reason}") from None
