"""A slot of one user, and how its value is written as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

_NO_OPTIONS: Mapping[str, object] = MappingProxyType({})


def _no_options() -> Mapping[str, object]:
    return _NO_OPTIONS


@dataclass(frozen=True, slots=True)
class Personal:
    """One personal value of one user, under the name that templates know it by.

    Args:
        name: field name; identifies the slot in templates.
        label: text a placeholder shows in its brackets, such as ``"startup name"``.
        value: a scalar (``str``, ``int``, ``float``, ``Decimal``, ``date``, …) or a list or tuple of scalars.
        aliases: further labels a model may use for it.
        kind: name of a registered kind; see `langcache.templating.kinds`.
        options: settings of that kind, such as ``pronouns`` or ``locale``.

    Attributes:
        renderings: gap to what `langcache.templating.fill` wrote there; kept as long as the value itself.
    """

    name: str
    label: str
    value: object = field(repr=False)
    aliases: tuple[str, ...] = ()
    kind: str = "text"
    options: Mapping[str, object] = field(default_factory=_no_options)
    renderings: dict[tuple[str, ...], str] = field(default_factory=dict, init=False, repr=False, compare=False)


def is_list(value: object) -> bool:
    """Whether a value may be several."""
    return isinstance(value, (list, tuple))


def items(value: object) -> Sequence[object]:
    """The scalars of a value: the present items of a list, the value itself, or nothing."""
    if isinstance(value, (list, tuple)):
        return [item for item in value if written(item)]
    return [value] if written(value) else []


def written(value: object) -> str:
    """A scalar as the text a prompt would show; ``None`` is written as nothing."""
    return "" if value is None else str(value)


def joined(value: object, last: str = " and ") -> str:
    """A value as running text: a list as ``"MIT, Stanford and CMU"``."""
    texts = [written(item) for item in items(value)]
    if len(texts) < 2:
        return texts[0] if texts else ""
    return ", ".join(texts[:-1]) + last + texts[-1]
