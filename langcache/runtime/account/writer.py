"""Writes folded rows to the store, each batch once, and sees to it that sheets of keys stay bounded."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from langcache.runtime.account.calendar import Retention, day_of, sheet_of
from langcache.runtime.account.fold import Fold, Folded
from langcache.runtime.account.kept import ABOUT, BELOW, KeptKeys, Look, look_at
from langcache.runtime.account.sheets import key_sums_of, sheets_of
from langcache.runtime.breaker import Breaker
from langcache.runtime.clock import Clock
from langcache.storage.base import Sheet, Store
from langcache.storage.forking import ForkableLock

__all__ = ["Writer"]

logger = logging.getLogger("langcache")

PAUSE_S: Final = 5.0
"""How long a store that failed is left alone, in seconds."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """What was given to the store, perhaps in vain; under its id it is never added twice."""

    id: str
    namespace: str
    sheets: list[Sheet]


class Writer:
    """Never raises; whoever calls sees to it that only one does.

    Args:
        store: where to.
        clock: for what is over, and for how long a store that failed is left alone.
        retention: how long and how much is kept.
    """

    def __init__(self, store: Store, clock: Clock, retention: Retention) -> None:
        self._store, self._clock, self._retention = store, clock, retention
        self._breaker = Breaker(clock, failures=1, pause_s=PAUSE_S, slow_s=float("inf"))
        self._kept: dict[tuple[str, int], KeptKeys] = {}
        self._unsent: list[_Batch] = []
        self.trouble: str | None = None

    @property
    def has_unsent(self) -> bool:
        """Whether something was given to the store and not taken."""
        return bool(self._unsent)

    def write(self, fold: Fold, folding: ForkableLock, *, anyway: bool) -> None:
        """Write what was not taken before, and what *fold* has gathered since."""
        if not (anyway or self._breaker.closed()):
            return
        try:
            if self._unsent:
                self._send()
            with folding:
                taken = fold.take()
            for namespace, folded in taken.items():
                with self._given_up(namespace):
                    self._unsent.append(self._batch(namespace, folded))
            self._send()
            self._look_around()
        except Exception as error:
            self._failed(error)
        else:
            self._breaker.succeeded()
            self.trouble = None

    def _batch(self, namespace: str, folded: Folded) -> _Batch:
        keys = {day: self._kept_of(namespace, day).through(sums) for day, sums in key_sums_of(folded).items()}
        return _Batch(uuid.uuid4().hex, namespace, sheets_of(folded, keys, self._retention))

    def _send(self) -> None:
        while self._unsent:
            batch = self._unsent[0]
            with self._given_up(batch.namespace):
                self._store.add_counts(batch.namespace, batch.sheets, batch=batch.id, now=self._clock.now())
            self._unsent.pop(0)

    @contextmanager
    def _given_up(self, namespace: str) -> Iterator[None]:
        """What can never be written down is not tried for ever, in the way of all that comes after it."""
        try:
            yield
        except (ValueError, TypeError, ArithmeticError) as error:
            logger.warning(
                "langcache: a part of the account of %r cannot be written (%s)", namespace, type(error).__name__
            )

    def _kept_of(self, namespace: str, day: int) -> KeptKeys:
        kept = self._kept.get((namespace, day))
        if kept is None:
            yesterday = day_of(self._clock.now()) - 1
            self._kept = {place: each for place, each in self._kept.items() if place[1] >= yesterday}
            kept = self._kept[namespace, day] = KeptKeys(self._retention.keys)
        return kept

    def _look_around(self) -> None:
        for (namespace, day), kept in self._kept.items():
            if kept.look_is_due:
                kept.looked(self._trim(namespace, "keys", day), self._trim(namespace, "keys8", day))

    def _trim(self, namespace: str, kind: str, day: int) -> Look:
        """Drop the keys of a sheet that are too many; doing it twice, or in two processes, does no harm."""
        name, now = sheet_of(kind, day), self._clock.now()
        rows = self._store.read_counts(namespace, [name], now=now)[name]
        look = look_at(rows, self._retention.sample(kind))
        if look.drop:
            about = Sheet(name, self._retention.sheets(day)[kind], {ABOUT: {BELOW: repr(look.below)}})
            self._store.add_counts(namespace, [about], batch=uuid.uuid4().hex, now=now)
            self._store.drop_counts(namespace, name, look.drop)
        return look

    def _failed(self, error: Exception) -> None:
        self._breaker.failed(error)
        if self.trouble is None:
            logger.warning("langcache: the account cannot be written for now (%s)", type(error).__name__)
        self.trouble = str(error) or type(error).__name__
