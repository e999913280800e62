"""The declared shape of a chain's input: which inputs decide, which only fill gaps, which do neither."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, create_model

from langcache.core.declaration import Declaration, compile_declaration
from langcache.core.dropped import check_annotations, check_resolved
from langcache.core.marks import Feature, Ignore, Mark, Slot
from langcache.core.naming import check_name
from langcache.errors import DeclarationError

__all__ = ["Profile"]

_RESERVED = frozenset({"cache_directives", "declaration", "model_config", "model_fields", "of", "of_values"})


class Profile(BaseModel):
    """Declare a chain's inputs; a pydantic model whose fields are annotated with `Feature`, `Slot` or `Ignore`.

    ::

        class Applicant(Profile):
            background: Annotated[str, Feature(synonyms={"founder": ["entrepreneur", "ceo"]})]
            startup_name: Annotated[str | None, Slot(label="startup name")] = None

    Inputs nobody declares are residue: part of the key byte for byte, with slot values found inside masked.
    A field that is missing takes its default; without one, missing is a state of its own, distinct from ``""``.

    Raises:
        DeclarationError: when the class is made, if a declaration cannot work; the message names the field.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="allow")

    declaration: ClassVar[Declaration] = Declaration()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        check_resolved(cls)
        check_annotations(cls)
        cls.declaration = compile_declaration(cls.__name__, cls.model_fields)
        for name in sorted(cls.declaration.names):
            _check_name(cls.__name__, name)

    @classmethod
    def of(
        cls,
        *,
        features: Iterable[str] | Mapping[str, Feature] = (),
        slots: Iterable[str] | Mapping[str, Slot] = (),
        ignore: Iterable[str] | Mapping[str, Ignore] = (),
        name: str = "Profile",
    ) -> type["Profile"]:
        """Make a profile without writing a class; each argument is names, or a mapping of name to marker.

        Raises:
            DeclarationError: a name is declared twice, or a declaration cannot work.
        """
        if not isinstance(name, str):
            raise DeclarationError(f"a profile's name is text, not {name!r}")
        check_name("the profile's name", name)
        fields: dict[str, Any] = {}
        for given, marker in ((features, Feature), (slots, Slot), (ignore, Ignore)):
            for field, mark in _marks(given, marker).items():
                _check_name(name, field)
                if field in fields:
                    raise DeclarationError(f"{field!r} is declared twice: an input has one part to play")
                fields[field] = (Annotated[Any, mark], ...)
        return create_model(name, __base__=cls, **fields)

    def cache_directives(self) -> str | Iterable[str] | None:
        """Directives for this user, such as ``"no-store"`` for one who opted out; override it."""
        return None

    @classmethod
    def of_values(cls, values: Mapping[str, Any]) -> "Profile":
        """An instance from declared *values* as they come, validated where they can be."""
        known = {name: values[name] for name in cls.model_fields if name in values}
        try:
            return cls.model_validate(known)
        except ValueError:
            return cls.model_construct(**known)


def _check_name(owner: str, field: str) -> None:
    check_name("the name of an input", field)
    taken = field.startswith("model_") and hasattr(BaseModel, field)
    if field.startswith("_") or field in _RESERVED or taken:
        raise DeclarationError(f"{owner}.{field}: pydantic or Profile keeps this name for itself: rename the input")


def _marks(given: Any, marker: type[Mark]) -> Mapping[str, Mark]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise DeclarationError(f"{given!r}: give a list of names, or a mapping of name to {marker.__name__}(...)")
    marks = given if isinstance(given, Mapping) else {name: marker() for name in given}
    for name, mark in marks.items():
        if not isinstance(name, str) or not isinstance(mark, marker):
            raise DeclarationError(f"{name!r}: a name of an input goes with {marker.__name__}(...), not with {mark!r}")
    return marks
