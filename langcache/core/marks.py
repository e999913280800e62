"""The three markers a profile's fields carry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

__all__ = ["Feature", "Ignore", "Mark", "Slot"]


@dataclass(frozen=True)
class Feature:
    """An input that decides the answer; normalised, it is part of the key.

    Text is compared after Unicode NFC, casefold and whitespace folding unless ``exact``. Enum and ``Literal``
    annotations map any typing of a member to it; ``set`` annotations ignore order.

    Args:
        synonyms: head word to the words that mean the same; a masked chain sees the head as written here.
        buckets: ascending edges of numeric ranges; a range includes its lower edge: ``low <= x < high``.
        unordered: items of a list in any order are the same (implied by a ``set`` annotation).
        dates_by: keep only the year, or the year and month, of a date.
        normalize: a callable of your own; what it returns is the key. Applied instead of the above.
        exact: no normalising: ``"US"`` and ``"us"`` are two kinds of users.

    Raises:
        DeclarationError: when the class is made, if the declaration cannot work; the message names the field.
    """

    synonyms: Mapping[str, Sequence[str]] | None = None
    buckets: Sequence[float] | None = None
    unordered: bool = False
    dates_by: Literal["year", "month"] | None = None
    normalize: Callable[[Any], Any] | None = None
    exact: bool = False

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        """The type's own; of a marker in place of a type, any, so that the profile can say what is wrong."""
        from pydantic_core import core_schema

        return core_schema.any_schema() if source is cls or isinstance(source, cls) else handler(source)


class _AnyValue:
    """Takes the value as it comes: what only fills a gap needs no validation."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        from pydantic_core import core_schema

        return core_schema.any_schema()


@dataclass(frozen=True)
class Slot(_AnyValue):
    """A personal detail that only fills a gap in the answer; its value is never stored.

    Args:
        label: the text in the brackets the model sees, ``[startup name]``; the field's name with spaces by default.
        aliases: other labels a model may use for it.
        kind: how its value is written in text; inferred from the annotation where obvious, else ``"text"``.
        required: refuse an answer that does not mention it.
        lookup_ok: the value may go into a retriever query or a tool argument without changing the answer's kind.
        pronouns: for persons, what to do about gendered pronouns in an answer.
        reference_date: for dates, the day relative words count from; the request's day by default.
        locale: how numbers and dates are written, as a BCP 47 tag.
    """

    label: str | None = None
    aliases: Sequence[str] = ()
    kind: str | None = None
    required: bool = False
    lookup_ok: bool = False
    pronouns: Literal["refuse", "keep"] = "refuse"
    reference_date: date | Callable[[], date] | None = None
    locale: str = "en"


@dataclass(frozen=True)
class Ignore(_AnyValue):
    """An input that neither decides nor fills: withheld when masking; an answer that mentions it is refused."""


Mark = Feature | Slot | Ignore
