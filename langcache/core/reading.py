"""Read one request through a declaration: features normalised, slots set apart, residue kept byte for byte."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langcache.core.declaration import MISSING, Declaration, SlotSpec
from langcache.errors import UnkeyableError
from langcache.templating import MaskedList, MaskedText, Personal

__all__ = ["Reading", "read_request"]


@dataclass(slots=True)
class Reading:
    """One request, seen through its profile."""

    features: list[Any]
    """Normalised feature values, in the order of declaration; `MISSING` where not given."""
    presence: list[Any]
    """Per slot: ``"one"``, ``"many"``, or the value itself where it is missing or falsy, which is no detail."""
    shown: dict[str, Any]
    """What a masked chain receives for the declared inputs that were given, slots excepted."""
    slots: dict[str, Personal]
    """Slots that hold a personal value."""
    ignored: dict[str, Any]
    """Ignored inputs that were given."""
    blurred: dict[str, Any]
    """Raw feature values that share their key with others."""
    residue: dict[str, Any]
    """Undeclared inputs, as given."""


def read_request(declaration: Declaration, inputs: Mapping[str, Any], user: Mapping[str, Any]) -> Reading:
    """Read *inputs*; declared values that are not among them come from *user*, the ambient profile.

    Raises:
        UnkeyableError: a feature's value does not fit its declaration; the message names the feature only.
    """
    reading = Reading([], [], {}, {}, {}, {}, {})
    for feature in declaration.features:
        raw = _value(feature.name, feature.default, inputs, user)
        if raw is MISSING:
            reading.features.append("missing")
            continue
        normal = feature.read(raw)
        reading.features.append((normal.key,))
        reading.shown[feature.name] = normal.shown
        if normal.blurs:
            reading.blurred[feature.name] = raw
    for slot in declaration.slots:
        _read_slot(slot, _value(slot.name, slot.default, inputs, user), reading)
    for name in declaration.ignored:
        raw = _value(name, _missing, inputs, user)
        if raw is not MISSING:
            reading.ignored[name] = raw
    names = declaration.names
    reading.residue = {name: value for name, value in inputs.items() if name not in names}
    return reading


def _missing() -> Any:
    return MISSING


def _value(name: str, default: Any, inputs: Mapping[str, Any], user: Mapping[str, Any]) -> Any:
    if name in inputs:
        return _seen_through(inputs[name])
    if name in user:
        return user[name]
    return default()


def _seen_through(value: Any) -> Any:
    """A placeholder of a wrapped chain around this one is this chain's value: plain text."""
    if isinstance(value, MaskedText):
        return value.plain
    return [item.plain for item in value] if isinstance(value, MaskedList) else value


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str) or not hasattr(value, "__iter__")


def _is_blank(item: Any) -> bool:
    """Whether nothing is written where *item* stands."""
    return item is None or (isinstance(item, str) and not item.strip())


def _is_nothing(value: Any) -> bool:
    try:
        return not value or _is_blank(value)
    except Exception:
        return False  # of an array it cannot be said


def _read_slot(slot: SlotSpec, raw: Any, reading: Reading) -> None:
    if raw is MISSING:
        reading.presence.append("missing")
        return
    many = isinstance(raw, list | tuple | set | frozenset)
    if many:
        items = sorted(raw, key=str) if isinstance(raw, set | frozenset) else raw
        raw = [item for item in items if not _is_blank(item)]
    if _is_nothing(raw):
        reading.presence.append((raw,))
        reading.shown[slot.name] = raw
        return
    if not all(map(_is_scalar, raw if many else (raw,))):
        raise UnkeyableError(f"slot {slot.name!r} is neither a scalar nor a list of scalars: declare its parts")
    reading.presence.append("many" if many and len(raw) > 1 else "one")
    reading.slots[slot.name] = Personal(slot.name, slot.label, raw, slot.aliases, slot.kind, slot.options)
