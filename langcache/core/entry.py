"""What is stored under a key: two lines of JSON, one a hit needs and one only people do."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from langcache.errors import CorruptEntry

__all__ = ["Entry", "labels_of", "read_about"]

FORMAT = 2
_ENCODER = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer as a template, with what a hit must account for.

    Attributes:
        body: the packed answer, see `langcache.core.packing`.
        created_at, fresh_until: seconds since the epoch.
        model: name of the model that answered, if one call did; ``input_tokens``, ``output_tokens``, ``cost_usd``
            are those of all calls it took.
        about: the readable half: chain, prompt version, and every part of the key (features as normalised values,
            all else as digests).
        took_s: how long fetching it took, retries and their waits included.
    """

    body: Any
    created_at: float
    fresh_until: float
    model: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    took_s: float = 0.0

    def to_bytes(self) -> bytes:
        """Write the entry down."""
        cost = None if self.cost_usd is None else str(self.cost_usd)
        hot = [
            FORMAT,
            self.created_at,
            self.fresh_until,
            self.took_s,
            self.model,
            self.input_tokens,
            self.output_tokens,
            cost,
            self.body,
        ]
        return b"%b\n%b" % (_dump(hot), _dump(self.about))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Entry":
        """Read the half a hit needs; ``about`` stays empty.

        Raises:
            CorruptEntry: the bytes are no entry of this format.
        """
        try:
            version, created, fresh, took, model, given, made, cost, body = json.loads(data[: data.index(b"\n")])
            entry = cls(
                body,
                float(created),
                float(fresh),
                None if model is None else str(model),
                int(given),
                int(made),
                None if cost is None else Decimal(cost),
                took_s=float(took),
            )
        except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise CorruptEntry(f"not an entry ({type(error).__name__})") from None
        if version != FORMAT or not _makes_sense(entry):
            raise CorruptEntry(f"an entry of format {FORMAT} looks different")
        return entry


def read_about(data: bytes) -> dict[str, Any]:
    """The readable half of an entry's bytes.

    Raises:
        CorruptEntry: the bytes are no entry.
    """
    try:
        about = json.loads(data[data.index(b"\n") + 1 :])
    except (ValueError, RecursionError) as error:
        raise CorruptEntry(f"not an entry ({type(error).__name__})") from None
    if not isinstance(about, dict):
        raise CorruptEntry("not an entry (no description)")
    return about


def labels_of(chain: str, prompt_version: str, generation_type: str | None, tags: tuple[str, ...]) -> frozenset[str]:
    """The labels an entry is found and invalidated by."""
    found = {f"chain:{chain}", f"prompt:{prompt_version}", *(f"tag:{tag}" for tag in tags)}
    if generation_type is not None:
        found.add(f"type:{generation_type}")
    return frozenset(found)


def _makes_sense(entry: Entry) -> bool:
    """Whether its times and its cost can be reckoned with; ``fresh_until`` may be infinite."""
    known_cost = entry.cost_usd is None or entry.cost_usd.is_finite()
    known_times = math.isfinite(entry.created_at) and not math.isnan(entry.fresh_until)
    return known_cost and known_times and 0 <= entry.took_s < math.inf


def _dump(value: Any) -> bytes:
    return _ENCODER.encode(value).encode()
