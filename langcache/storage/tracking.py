"""How a store that hears of changes tells those who keep copies."""

from typing import Protocol, runtime_checkable


class Listener(Protocol):
    """Keeps copies of records. Called from a thread of the store's."""

    def begun(self) -> None:
        """From now on every change is told."""

    def changed(self, namespace: str, key: str) -> None:
        """The record under *key* is not what it was."""

    def lost(self) -> None:
        """Changes may have gone untold, and will until :meth:`begun`."""


class Tracker(Protocol):
    """Tells one listener."""

    def stop(self) -> None:
        """End it; blocks for a moment."""


@runtime_checkable
class Trackable(Protocol):
    """A store that can tell."""

    def track(self, listener: Listener, *, within_s: float) -> Tracker | None:
        """Tell *listener*, which is not kept alive, of every change.

        Args:
            listener: is told.
            within_s: changes that go untold are noticed, and :meth:`Listener.lost` called, within this time.

        Returns:
            None if this store cannot, as it is set up or as no thread is to be had.
        """
