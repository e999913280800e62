"""Compile a profile's markers once, into what reading a request needs; check that they can work."""

import re
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from itertools import pairwise
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from langcache.core import normalise
from langcache.core.code import describe_callable
from langcache.core.dropped import check_field, is_mark
from langcache.core.encoding import canonical, digest
from langcache.core.marks import Feature, Ignore, Mark, Slot
from langcache.core.naming import check_name
from langcache.core.normalise import Normal, Normaliser, folded
from langcache.core.slot_kinds import kind_of_annotation
from langcache.errors import DeclarationError, UnkeyableError
from langcache.templating.kinds import check_kind

__all__ = ["MISSING", "Declaration", "FeatureSpec", "SlotSpec", "compile_declaration"]


class _Missing(Enum):
    MISSING = "missing"


MISSING = _Missing.MISSING
"""An input that was not given and has no default; distinct from ``None`` and from ``""``."""

Default = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """One compiled feature."""

    name: str
    normalise: Normaliser
    coerce: Callable[[Any], Any] | None
    default: Default

    def read(self, raw: Any) -> Normal:
        """Normalise *raw*.

        Raises:
            UnkeyableError: the value does not fit the declared type; the message names the feature, not the value.
        """
        if self.coerce is not None and raw is not None:
            try:
                raw = self.coerce(raw)
            except ValidationError as error:
                kind = error.errors(include_input=False, include_context=False)[0]["type"]
                raise UnkeyableError(f"feature {self.name!r} does not fit its type ({kind})") from None
        return self.normalise(raw)


@dataclass(frozen=True, slots=True)
class SlotSpec:
    """One compiled slot."""

    name: str
    label: str
    aliases: tuple[str, ...]
    kind: str
    options: Mapping[str, Any]
    required: bool
    lookup_ok: bool
    default: Default


@dataclass(frozen=True, slots=True)
class Declaration:
    """A profile, compiled."""

    features: tuple[FeatureSpec, ...] = ()
    slots: tuple[SlotSpec, ...] = ()
    ignored: tuple[str, ...] = ()
    digest: str = ""
    names: frozenset[str] = field(default_factory=frozenset)

    @property
    def required(self) -> frozenset[str]:
        """Names of slots an answer must mention."""
        return frozenset(slot.name for slot in self.slots if slot.required)

    @property
    def lookup_ok(self) -> frozenset[str]:
        """Names of slots whose values may be looked up: what is found is the same for all users."""
        return frozenset(slot.name for slot in self.slots if slot.lookup_ok)


_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def compile_declaration(owner: str, declared: Mapping[str, FieldInfo]) -> Declaration:
    """Compile the marked fields *declared* by the profile called *owner*.

    Raises:
        DeclarationError: a declaration cannot work; the message names the field.
    """
    marks = {name: mark for name, info in declared.items() if (mark := _mark(owner, name, info)) is not None}
    features = tuple(_feature(owner, n, m, declared[n]) for n, m in marks.items() if isinstance(m, Feature))
    slots = tuple(_slot(owner, n, m, declared[n]) for n, m in marks.items() if isinstance(m, Slot))
    _check_labels(owner, slots)
    described = [_described(owner, name, mark, declared[name]) for name, mark in marks.items()]
    return Declaration(
        features,
        slots,
        tuple(name for name, mark in marks.items() if isinstance(mark, Ignore)),
        digest(canonical(described)),
        frozenset(marks),
    )


def _mark(owner: str, name: str, info: FieldInfo) -> Mark | None:
    found = [m() if isinstance(m, type) else m for m in info.metadata if is_mark(m)]
    if len(found) > 1:
        raise DeclarationError(f"{owner}.{name}: declared as more than one of Feature, Slot and Ignore")
    mark: Mark | None = found[0] if found else None
    check_field(f"{owner}.{name}", name, info, mark)
    return mark


def _feature(owner: str, name: str, mark: Feature, info: FieldInfo) -> FeatureSpec:
    kinds = _kinds(info.annotation)
    chosen = [key for key in ("synonyms", "buckets", "dates_by", "normalize") if getattr(mark, key) is not None]
    chosen += ["exact"] if mark.exact else []
    if len(chosen) > 1:
        raise DeclarationError(f"{owner}.{name}: {chosen[0]} and {chosen[1]} cannot both normalise one feature")
    each = _normaliser(owner, name, mark, kinds)
    if mark.normalize is None:
        sets = mark.unordered or any((get_origin(kind) or kind) in (set, frozenset) for kind in kinds)
        each = normalise.unordered(each) if sets else each if mark.exact else normalise.itemwise(each)
    default = _default(f"{owner}.{name}", info)
    return FeatureSpec(name, each, _coercion(mark, info.annotation, kinds), default)


def _normaliser(owner: str, name: str, mark: Feature, kinds: tuple[Any, ...]) -> Normaliser:
    if mark.normalize is not None:
        if not callable(mark.normalize):
            raise DeclarationError(f"{owner}.{name}: normalize is a callable, not {mark.normalize!r}")
        return normalise.by_call(name, mark.normalize)
    if mark.exact:
        return normalise.exact
    if mark.buckets is not None:
        _check_edges(f"{owner}.{name}", mark.buckets)
        return normalise.buckets(name, tuple(mark.buckets))
    if mark.dates_by is not None:
        if mark.dates_by not in ("year", "month"):
            raise DeclarationError(f"{owner}.{name}: dates_by is 'year' or 'month', not {mark.dates_by!r}")
        return normalise.by_date(name, mark.dates_by)
    if mark.synonyms is not None:
        _check_synonyms(f"{owner}.{name}", mark.synonyms)
        return normalise.synonyms(mark.synonyms)
    members = [member for kind in kinds for member in _members(kind)]
    return normalise.choices(members) if members else normalise.plain


def _kinds(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, without None."""
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(kind for part in get_args(annotation) for kind in _kinds(part))
    return () if annotation is type(None) else (annotation,)


def _members(kind: Any) -> tuple[Any, ...]:
    if get_origin(kind) is Literal:
        return get_args(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return tuple(kind)
    return tuple(m for part in get_args(kind) if get_origin(kind) is not Literal for m in _members(part))


_COERCED = (bool, int, float)


def _coercion(mark: Feature, annotation: Any, kinds: tuple[Any, ...]) -> Callable[[Any], Any] | None:
    """Numbers and booleans arrive as text from forms and CSV files; text itself needs no coercion."""
    if mark.normalize is not None or not kinds or not all(kind in _COERCED for kind in kinds):
        return None
    coerce = TypeAdapter(annotation).validate_python
    if bool in kinds:
        return coerce
    return lambda raw: coerce("a boolean" if isinstance(raw, bool) else raw)  # pydantic would read True as 1


def _default(where: str, info: FieldInfo) -> Default:
    if info.default_factory_takes_validated_data:
        raise DeclarationError(f"{where}: a default_factory here takes no argument: an input is read by itself")
    return (lambda: MISSING) if info.is_required() else (lambda: info.get_default(call_default_factory=True))


def _check_edges(where: str, edges: Any) -> None:
    if not isinstance(edges, list | tuple) or not edges:
        raise DeclarationError(f"{where}: buckets are a list of at least one edge")
    if any(isinstance(e, bool) or not isinstance(e, int | float) or e != e for e in edges):
        raise DeclarationError(f"{where}: bucket edges are numbers")
    if any(low >= high for low, high in pairwise(edges)):
        raise DeclarationError(f"{where}: bucket edges must ascend, each once; got {list(edges)}")


def _check_synonyms(where: str, groups: Any) -> None:
    if not isinstance(groups, Mapping):
        raise DeclarationError(f"{where}: synonyms are a mapping of a head word to the list of words that mean it")
    seen: dict[str, str] = {}
    for head, words in groups.items():
        if not _are_words(words) or not isinstance(head, str):
            raise DeclarationError(f"{where}: the synonyms of {head!r} are a list of words")
        for word in dict.fromkeys(folded(w) for w in (head, *words)):
            if word in seen:
                raise DeclarationError(f"{where}: the synonym {word!r} is in two groups, {seen[word]!r} and {head!r}")
            seen[word] = head


def _are_words(words: Any) -> bool:
    return isinstance(words, Iterable) and not isinstance(words, str) and all(isinstance(word, str) for word in words)


def _slot(owner: str, name: str, mark: Slot, info: FieldInfo) -> SlotSpec:
    label = name.replace("_", " ") if mark.label is None else mark.label
    given = (mark.aliases,) if isinstance(mark.aliases, str) else mark.aliases
    if not isinstance(label, str) or not _are_words(given):
        raise DeclarationError(f"{owner}.{name}: a label is text, and its aliases are a list of such")
    aliases = tuple(given)
    options = {"pronouns": mark.pronouns, "reference_date": mark.reference_date, "locale": mark.locale}
    kind = mark.kind or kind_of_annotation(_kinds(info.annotation))
    try:
        check_kind(str(kind), str(mark.locale or "en").replace("-", "_"))
    except DeclarationError as error:
        raise DeclarationError(f"{owner}.{name}: {error}") from None
    default = _default(f"{owner}.{name}", info)
    return SlotSpec(name, label, aliases, kind, options, mark.required, mark.lookup_ok, default)


def _check_labels(owner: str, slots: tuple[SlotSpec, ...]) -> None:
    seen: dict[str, str] = {}
    for slot in slots:
        texts = (slot.label, *slot.aliases)
        for text in texts:
            check_name(f"{owner}.{slot.name}: the label", text)
            if not text.strip() or any(mark in text for mark in "[]{}<>\\\n"):
                raise DeclarationError(f"{owner}.{slot.name}: a label is words without brackets, not {text!r}")
        for label in dict.fromkeys(map(folded, texts)):
            if label in seen:
                raise DeclarationError(
                    f"{owner}.{slot.name}: the label {label!r} is already that of {owner}.{seen[label]}"
                )
            seen[label] = slot.name


def _describe(mark: Mark) -> list[Any]:
    """What a marker says, as plain values; a callable stands for its name, code and constants.

    Only what differs from the default is said, so that a later version's new option leaves old keys alone.
    """
    said = {f.name: getattr(mark, f.name) for f in fields(mark) if getattr(mark, f.name) != f.default}
    return [type(mark).__name__, {name: _describe_value(value) for name, value in said.items()}]


def _described(owner: str, name: str, mark: Mark, info: FieldInfo) -> list[Any]:
    said = [name, _describe(mark), _ADDRESS.sub("", str(info.annotation))]
    try:
        canonical(said)
    except UnkeyableError as error:
        raise DeclarationError(f"{owner}.{name}: {error}: declare it with plain values") from None
    return said


def _describe_value(value: Any) -> Any:
    return describe_callable(value) if callable(value) else value
