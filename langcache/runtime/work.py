"""What the flow needs to know of one request; the LangChain layer implements it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from langcache.core.directives import Directives
from langcache.core.entry import Entry
from langcache.core.events import Event, Usage
from langcache.errors import LangcacheError

__all__ = ["MaskedRunFailed", "Produced", "Stream", "StreamBroke", "Work"]


class MaskedRunFailed(LangcacheError):
    """A masked run failed for a reason that is not the provider's; the cause is chained.

    Its text says what the chain did, and the declaration to mend.
    """


class StreamBroke(LangcacheError):
    """A stream failed with *error* when some of it was shown already: there is nothing left to fall back on."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        super().__init__(type(error).__name__)


@dataclass(slots=True)
class Produced:
    """What one run of the chain gave.

    Attributes:
        output: the chain's answer; with placeholders in it if the run was masked.
        usages: of each provider call.
        refusal: why it must not be stored, known from the run itself, such as ``"truncated"``.
        shown: the consumer of a stream has seen it, chunk by chunk, already filled.
        unfilled: what of it could not be written for that consumer, if something could not.
        own: those of `usages` that are not on the account of a request inside this one; None: all of them.
    """

    output: Any
    usages: list[Usage] = field(default_factory=list)
    refusal: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    shown: bool = False
    unfilled: Exception | None = None
    own: list[Usage] | None = None


class Stream(Protocol):
    """One run of the chain that has come as far as its first chunk."""

    said: bool
    """Whether anything that says something may have been shown: the first chunk of a message often does not."""

    @property
    def resumes(self) -> bool:
        """Whether a run on real values may go on behind what was shown."""

    def pull(self) -> list[Any] | None:
        """What may be shown next, perhaps nothing yet; None at the end. Raises what the chain raises."""

    async def apull(self) -> list[Any] | None:
        """`pull`, awaited."""

    def produced(self) -> Produced:
        """The answer, at the end."""


class Work(Protocol):
    """One request on its way through the flow."""

    namespace: str
    key: str
    bypass: str | None
    """Why the cache must stand aside, if it must."""
    masks: bool
    """Whether the chain runs on placeholders."""
    repeats: bool
    """Whether a run that failed is worth another attempt of ours."""
    directives: Directives
    event: Event
    labels: frozenset[str]

    @property
    def lost(self) -> Sequence[Usage]:
        """Of the provider calls made in runs that produced nothing: they failed, or were abandoned, but were paid."""

    def run(self, masked: bool) -> Produced | Stream:
        """One attempt; raises what the chain raises, or `MaskedRunFailed`."""

    async def arun(self, masked: bool) -> Produced | Stream:
        """`run`, awaited."""

    def template(self, produced: Produced) -> Any:
        """The packed, delexicalized answer; raises `Refused` or `UnstorableError`."""

    def reveal(self, produced: Produced) -> Any:
        """The answer for the user who asked, of a masked run; raises `Refused` or `UnstorableError`."""

    def fill(self, entry: Entry) -> Any:
        """The answer for the user who asked, of a stored entry; raises `Refused`, `UnstorableError`, `ValueError`
        or `CorruptEntry`."""

    def about(self) -> dict[str, Any]:
        """The readable half of the entry: the parts of the key."""

    def apart(self) -> "Work":
        """The same request on an account of its own, heard by nobody: for a refresh in the background."""

    def masked_run_ended(self, well: bool) -> None:
        """Told after each masked run whether it could be used, to notice a chain that cannot be masked."""
