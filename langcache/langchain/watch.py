"""Notice that a runnable was changed after it was fingerprinted, without walking it again on every call."""

from typing import Any

from pydantic import BaseModel

from langcache.langchain.fingerprint import IRRELEVANT, Fingerprint, fingerprint
from langcache.langchain.own_state import has_own_state, own_state
from langcache.storage.forking import ForkableLock

__all__ = ["Watched"]

_STATE = (int, list, dict)
"""What a model counts or collects in while it runs; its parameters are not changed by its own runs."""


class Watched:
    """A runnable and its fingerprint, renewed when a field of anything inside it changes.

    A counter or list that changes *while* the runnable runs is the runnable's own state, not a parameter: it keeps
    the value it had, so that a model that counts its calls still has one key.

    Args:
        runnable: what is wrapped.
    """

    def __init__(self, runnable: Any) -> None:
        self.runnable = runnable
        self._lock = ForkableLock()
        self._running = 0
        self._state: dict[tuple[int, str], Any] = {}
        self._renew()

    def _renew(self) -> None:
        self.found: Fingerprint = fingerprint(self.runnable, self._state)
        self._shots = [(item, _snapshot(item)) for item in self.found.objects if isinstance(item, BaseModel)]

    def current(self) -> Fingerprint:
        """The fingerprint as of now; the same object until a parameter changes."""
        for item, shot in self._shots:
            if item.__dict__ != shot:
                return self._changed()
        for look_up, item in self.found.bindings:
            if look_up() is not item:
                return self._rebound()
        return self.found

    def _rebound(self) -> Fingerprint:
        with self._lock:
            self._renew()
            return self.found

    def _changed(self) -> Fingerprint:
        with self._lock:
            found = [self._is_parameter(item, shot) for item, shot in self._shots]
            if any(found):
                self._renew()
            else:
                self._shots = [(item, _snapshot(item)) for item, _ in self._shots]
            return self.found

    def _is_parameter(self, item: BaseModel, shot: dict[str, Any]) -> bool:
        """Whether anything but the runnable's own state differs; what is found to be state is remembered."""
        found = False
        known, stateful = own_state(item), has_own_state(item)
        for name in _differences(item, shot):
            if name in known:
                continue
            if stateful and self._running and isinstance(item.__dict__.get(name), _STATE):
                self._state.setdefault((id(item), name), shot.get(name))
            found = found or (name not in IRRELEVANT and (id(item), name) not in self._state)
        return found

    def __enter__(self) -> None:
        with self._lock:
            self._running += 1

    def __exit__(self, *_: object) -> None:
        self.current()
        with self._lock:
            self._running -= 1


def _snapshot(item: BaseModel) -> dict[str, Any]:
    """The fields, containers copied one level deep so that a change inside them shows."""
    return {name: value.copy() if type(value) in (list, dict) else value for name, value in item.__dict__.items()}


def _differences(item: BaseModel, shot: dict[str, Any]) -> list[str]:
    now = item.__dict__
    return [name for name in type(item).model_fields if now.get(name) != shot.get(name)]
