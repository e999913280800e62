"""Carrying stores across ``os.fork``: each is brought to rest before it, and goes on in parent and child."""

import os
from threading import Lock
from typing import Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """Something with locks, connections or threads that a fork would otherwise copy half-way."""

    def before_fork(self) -> None:
        """Come to rest."""

    def after_fork_in_parent(self) -> None:
        """Go on."""

    def after_fork_in_child(self) -> None:
        """Go on in a process where only the forking thread lives."""


_forkables: WeakSet[Forkable] = WeakSet()
_at_rest: list[Forkable] = []


def survive_fork(forkable: Forkable) -> None:
    """Call *forkable*'s hooks around each fork for as long as it lives."""
    _forkables.add(forkable)


def _before() -> None:
    _at_rest.extend(_forkables)
    for forkable in _at_rest:
        forkable.before_fork()


def _after_in_parent() -> None:
    while _at_rest:
        _at_rest.pop().after_fork_in_parent()


def _after_in_child() -> None:
    while _at_rest:
        _at_rest.pop().after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)


class ForkableLock:
    """A lock that a fork never finds held by a thread the child lacks. For what is held briefly and takes no other.

    Attributes:
        plain: the lock itself, for where a microsecond counts.
    """

    def __init__(self) -> None:
        self.plain = self._lock = Lock()
        survive_fork(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def before_fork(self) -> None:
        """Wait until nobody holds it."""
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Go on: the forking thread, which holds it, lives on here."""
        self._lock.release()
