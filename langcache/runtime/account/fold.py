"""Events folded into few rows of numbers, in memory, until they go to the store."""

from collections import defaultdict
from typing import Any, Final

from langcache.core.events import Event, StageEvent
from langcache.runtime.account.calendar import MINUTE_S
from langcache.runtime.account.sums import ReasonSum, StageSum, Tally

__all__ = ["Fold", "Folded", "Names", "Place"]

NAMES_KEPT: Final = 1_000
"""Distinct chains with their versions and models, or reasons, told apart by one process; further ones are ``other``."""

SEEN_KEPT: Final = 10_000
"""Keys whose last row is remembered, to know how long it is to the next request."""

Names = tuple[Any, ...]
Place = tuple[int, str, str, str | None, str | None, str]
"""Minute since the epoch, chain, prompt version, generation type, model, key; no key where it does not count."""


class Folded:
    """The rows of one namespace.

    Attributes:
        tallies: requests.
        reasons: by minute, then outcome, chain, reason, slot and form.
        stages: by minute, then pipeline and stage.
    """

    __slots__ = ("reasons", "stages", "tallies")

    def __init__(self) -> None:
        self.tallies: dict[Place, Tally] = {}
        self.reasons: dict[tuple[int, Names], ReasonSum] = {}
        self.stages: dict[tuple[int, Names], StageSum] = {}

    def __len__(self) -> int:
        return len(self.tallies) + len(self.reasons) + len(self.stages)


class Fold:
    """Rows of numbers that grow with what is told apart and not with the number of events."""

    def __init__(self) -> None:
        self._folded: defaultdict[str, Folded] = defaultdict(Folded)
        self._known: set[Names] = set()
        self._seen: dict[tuple[str, str], Tally] = {}

    def __len__(self) -> int:
        return sum(map(len, self._folded.values()))

    def take(self) -> dict[str, Folded]:
        """All rows by namespace, which the caller has from now on."""
        taken, self._folded = self._folded, defaultdict(Folded)
        return taken

    def add(self, namespace: str, at: float, event: Event | StageEvent) -> None:
        """Count *event*, which ended *at*."""
        folded, minute = self._folded[namespace], int(at // MINUTE_S)
        if isinstance(event, StageEvent):
            names = self._bounded((event.pipeline, event.stage))
            folded.stages.setdefault((minute, names), StageSum()).count(event)
            return
        key = "" if event.outcome == "bypass" else event.key
        place = minute, event.chain, event.prompt_version, event.generation_type, event.model, key
        tally = folded.tallies.get(place)
        if tally is None:
            tally = self._begun(namespace, folded, place)
        tally.count(at, event)
        if event.outcome in ("bypass", "refused"):
            folded.reasons.setdefault((minute, self._bounded(_reason(event))), ReasonSum()).count(event)

    def _begun(self, namespace: str, folded: Folded, place: Place) -> Tally:
        minute, *names, key = place
        chain, version, kind, model = self._bounded(tuple(names))
        tally = folded.tallies.setdefault((minute, chain, version, kind, model, key), Tally())
        if key:
            self._follow(namespace, key, tally)
        return tally

    def _follow(self, namespace: str, key: str, tally: Tally) -> None:
        """Let *tally* know when the key was asked for before."""
        if len(self._seen) >= SEEN_KEPT:
            self._seen.clear()
        before = self._seen.get((namespace, key))
        if before is not None and tally.last_at is None:
            tally.last_at = before.last_at
        self._seen[namespace, key] = tally

    def _bounded(self, names: Names) -> Names:
        """*names*, or those of all others if there are too many."""
        if names not in self._known:
            if len(self._known) >= NAMES_KEPT:
                return ("other", *[""] * (len(names) - 1))
            self._known.add(names)
        return names


def _reason(event: Event) -> Names:
    slot, form = (None if (word := event.details.get(name)) is None else str(word) for name in ("slot", "form"))
    return event.outcome, event.chain, event.reason or "unknown", slot, form
