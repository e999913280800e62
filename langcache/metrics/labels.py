"""Labels a monitoring system can bear: few names each, and what is beyond them together as ``"other"``.

Every distinct label value is a time series of its own, kept for ever (https://prometheus.io/docs/practices/naming/,
"Do not use labels to store dimensions with high cardinality").
"""

from threading import Lock

from langcache.core.events import Event

__all__ = ["LIMIT", "OTHER", "Bounded", "Labels", "failure_of"]

LIMIT = 100
OTHER = "other"
UNKNOWN = "unknown"

_FAILED = "error: "


class Bounded:
    """The first *limit* names as they are, any further one as ``"other"``."""

    def __init__(self, limit: int) -> None:
        self._limit, self._lock = limit, Lock()
        self._known: frozenset[str] = frozenset()

    def __call__(self, name: str) -> str:
        """*name*, if it is one of the known."""
        if name in self._known:
            return name
        with self._lock:
            if len(self._known) < self._limit:
                self._known |= {name}
        return name if name in self._known else OTHER


class Labels:
    """What of an event becomes a label.

    Args:
        limit: distinct chains, models and reasons at most, of each kind.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._chains, self._models, self._reasons = Bounded(limit), Bounded(limit), Bounded(limit)

    def chain(self, event: Event) -> str:
        """The chain's name."""
        return self._chains(event.chain)

    def model(self, event: Event) -> str:
        """The model that answered, now or when the entry was made."""
        return self._models(event.model or UNKNOWN)

    def not_stored(self, event: Event) -> str | None:
        """Why the answer was refused or the cache bypassed; without the position in the text. None if neither."""
        if event.outcome not in ("refused", "bypass"):
            return None
        return self._reasons((event.reason or UNKNOWN).partition(" (")[0])

    def failure(self, event: Event) -> str | None:
        """The name of the error the request ended with; None if it did not."""
        failure = failure_of(event)
        return None if failure is None else self._reasons(failure)


def failure_of(event: Event) -> str | None:
    """The name of the error the request ended with; None if it did not."""
    if event.reason is None or not event.reason.startswith(_FAILED):
        return None
    return event.reason.removeprefix(_FAILED)
