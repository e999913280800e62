"""What a validator may say, and what is made of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from langcache.errors import DeclarationError

__all__ = ["Report", "as_report"]


@dataclass(frozen=True, slots=True)
class Report:
    """A validator's verdict; data, so a stage may also return one as its output.

    Args:
        passed: whether the output may be used.
        problems: what is wrong with it, for people.
    """

    passed: bool
    problems: tuple[str, ...] = ()

    @classmethod
    def of(cls, problems: Iterable[str]) -> "Report":
        """Passed if there are no *problems*."""
        found = tuple(problems)
        return cls(not found, found)


def as_report(said: Any) -> Report:
    """What a validator returned, as a report.

    A `Report`; True or False; the problems found, in a list or tuple; or any object or dict that says ``passed``,
    ``ok`` or ``valid``, and perhaps ``problems``, ``errors`` or ``issues``.

    Raises:
        DeclarationError: it is none of these, None above all: a validator that forgets to return has judged nothing;
            or its problems are none.
    """
    if isinstance(said, bool):
        return Report(said)
    if isinstance(said, list | tuple):
        return Report.of(_texts(said))
    passed = _first(said, ("passed", "ok", "valid"))
    if isinstance(passed, bool):
        return Report(passed, _texts(_first(said, ("problems", "errors", "issues"))))
    raise DeclarationError(f"a validator returns a Report, a bool or a list of problems, not {type(said).__name__}")


def _texts(problems: Any) -> tuple[str, ...]:
    """The problems as texts; a text is one of them, not as many as it has letters."""
    if problems is None or isinstance(problems, str):
        return (problems,) if problems else ()
    if isinstance(problems, Iterable):
        return tuple(str(problem) for problem in problems)
    raise DeclarationError(f"a validator's problems are texts, not a {type(problems).__name__}")


def _first(said: Any, names: tuple[str, ...]) -> Any:
    """The first of *names* that *said* has, as a key or an attribute."""
    found = said if isinstance(said, Mapping) else {name: getattr(said, name, None) for name in names}
    return next((value for name in names if (value := found.get(name)) is not None), None)
