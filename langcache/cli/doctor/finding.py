"""What a doctor says."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Finding", "failed", "ok", "warning"]

Status = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        check: its name.
        status: a failed one makes the command fail; a warning does not.
        finding: in words.
        fix: what to do about it; empty where there is nothing to do.
    """

    check: str
    status: Status
    finding: str
    fix: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data."""
        return asdict(self)


def ok(check: str, finding: str) -> Finding:
    """Nothing to do."""
    return Finding(check, "ok", finding)


def warning(check: str, finding: str, fix: str) -> Finding:
    """Works, but not as it could."""
    return Finding(check, "warning", finding, fix)


def failed(check: str, finding: str, fix: str) -> Finding:
    """Does not work, or answers wrongly."""
    return Finding(check, "failed", finding, fix)
