"""Find markers where pydantic would drop them in silence: the input would be no slot, and leak."""

import re
from collections.abc import Iterator
from inspect import get_annotations
from typing import Annotated, Any, ForwardRef, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from langcache.core.marks import Feature, Ignore, Mark, Slot
from langcache.errors import DeclarationError

__all__ = ["check_annotations", "check_field", "check_resolved", "is_mark", "is_marked"]

_WRITTEN = re.compile(r"Annotated\s*\[.*\b(Feature|Slot|Ignore)\b", re.DOTALL)
_FIX = "write it in the type: Annotated[str, Slot(...)]"


def is_mark(item: Any) -> bool:
    """Whether *item* is a marker, with brackets or without."""
    return isinstance(item, Mark) or (isinstance(item, type) and issubclass(item, Feature | Slot | Ignore))


def is_marked(annotation: Any, within: tuple[Any, ...] = ()) -> bool:
    """Whether a marker is anywhere in *annotation*, also behind a type's alias; *within* are those it is read for."""
    if is_mark(annotation) or (get_origin(annotation) is Annotated and any(map(is_mark, get_args(annotation)[1:]))):
        return True
    aliased = _aliased(annotation)
    if isinstance(aliased, str):
        return _WRITTEN.search(aliased) is not None
    if aliased is not None and not any(annotation is each for each in within):
        return is_marked(aliased, (*within, annotation))
    return any(is_marked(part, within) for part in get_args(annotation) if not isinstance(part, str))


def _aliased(annotation: Any) -> Any:
    """What a ``type X = …``, a ``TypeAliasType`` or a ``NewType`` stands for."""
    try:
        return getattr(annotation, "__value__", None) or getattr(annotation, "__supertype__", None)
    except NameError:  # it is read when it is asked for
        return None


def check_resolved(profile: type[BaseModel]) -> None:
    """Every field has a type: of one that names what cannot be found, nobody can say how it is declared.

    Raises:
        DeclarationError: a type is not found where the class is made.
    """
    if profile.__pydantic_fields_complete__:
        return
    for name, info in profile.model_fields.items():
        if not getattr(info, "_complete", False):
            hint = info.annotation.__forward_arg__ if isinstance(info.annotation, ForwardRef) else info.annotation
            raise DeclarationError(
                f"{profile.__name__}.{name}: nothing is found for a name in {hint!s}: import it outside "
                "`if TYPE_CHECKING:`, or define it above the profile"
            )


def check_annotations(profile: type[BaseModel]) -> None:
    """No marker is on what pydantic makes no field of.

    Raises:
        DeclarationError: one is.
    """
    for owner in _owners(profile):
        for name, hint in get_annotations(owner).items():
            if name not in profile.model_fields and _is_hint_marked(owner, name, hint):
                raise DeclarationError(f"{profile.__name__}.{name}: {_no_field(name)}")
        for name, value in {**vars(owner), **_private(owner)}.items():
            if isinstance(value, Mark) or (name in _private(owner) and is_mark(value)):
                raise DeclarationError(f"{profile.__name__}.{name}: a marker is no value; {_FIX}")


def _owners(profile: type[BaseModel]) -> Iterator[type]:
    """The class and its mixins; every base that is a profile has been checked."""
    yield profile
    yield from (base for base in profile.__mro__[1:] if not issubclass(base, BaseModel))


def _private(owner: type) -> dict[str, Any]:
    return {name: each.default for name, each in getattr(owner, "__private_attributes__", {}).items()}


def _no_field(name: str) -> str:
    if name.startswith("_"):
        return "pydantic makes no field of a name with an underscore in front: rename the input"
    return "a ClassVar is no input: take ClassVar away, or the marker"


def _is_hint_marked(owner: type, name: str, hint: Any) -> bool:
    """Of an annotation that is still text (``from __future__ import annotations``), what it says counts."""
    if not isinstance(hint, str):
        return is_marked(hint)
    alone = type(owner.__name__, (), {"__annotations__": {name: hint}, "__module__": owner.__module__})
    try:
        return is_marked(get_type_hints(alone, localns=dict(vars(owner)), include_extras=True)[name])
    except Exception:  # reading it runs the app's own code, and a name of a function around is not found
        return _WRITTEN.search(hint) is not None


def check_field(where: str, name: str, info: FieldInfo, mark: Mark | None) -> None:
    """The marker of a field is where it is read, and its input arrives under the field's name.

    Raises:
        DeclarationError: it is not; the message begins with *where*.
    """
    if is_mark(info.default):
        raise DeclarationError(f"{where}: a marker is no default; {_FIX}")
    if is_mark(info.annotation):
        kind = info.annotation if isinstance(info.annotation, type) else type(info.annotation)
        raise DeclarationError(f"{where}: a marker stands beside its type: Annotated[str, {kind.__name__}(...)]")
    if is_marked(info.annotation):
        raise DeclarationError(
            f"{where}: put the marker outermost: Annotated[X | None, Slot()], not Annotated[X, Slot()] | None"
        )
    if mark is not None and info.validation_alias not in (None, name):
        raise DeclarationError(
            f"{where}: an alias is no name of an input, which would arrive undeclared as {info.validation_alias!r}: "
            "call the field so, or where that is no name in Python, use Profile.of(slots={...: Slot()})"
        )
