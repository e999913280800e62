"""One run of a chain, streamed: opened as far as its first chunk, filled on the way, gathered for the store."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Any, Protocol

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.runnables.utils import AddableDict

from langcache.errors import Refused
from langcache.langchain.growth import Growth, growth_of, may_grow
from langcache.langchain.told_parts import Told, without
from langcache.langchain.value_chunks import FAULT
from langcache.langchain.watch import Watched
from langcache.runtime import ambient
from langcache.runtime.work import Produced

__all__ = ["ChainStream", "Source", "added"]

_END: Any = object()


class Filler(Protocol):
    """Fills the chunks of a masked run."""

    @property
    def refused(self) -> Refused | None:
        """Why what came so far cannot be read."""

    @property
    def unfilled(self) -> Refused | None:
        """Why a value could not be written."""

    def feed(self, chunk: Any) -> list[Any]:
        """What may be shown of *chunk* and those before it."""

    def finish(self) -> list[Any]:
        """What was held back."""


class Source(Protocol):
    """Where a stream's chunks come from, and what becomes of them at the end."""

    watched: Watched

    def failure(self, error: Exception) -> Exception:
        """What an error of the run is to the flow."""

    def finished(self, output: Any) -> Produced:
        """The gathered answer with all that was seen of the run; may raise `MaskedRunFailed`."""


class ChainStream:
    """Implements `langcache.runtime.work.Stream`.

    Args:
        source: what runs.
        filler: fills the chunks of a masked run; None for one on real values.
        grows: whether each chunk, or which parts of it, replace those before.
        told: what of the chunks that came and those that were shown was told for sure; see `told_parts`.
        before: what a run before this one has told; it is not shown again.
    """

    def __init__(
        self,
        source: Source,
        filler: Filler | None,
        *,
        grows: Growth = False,
        told: Callable[[Sequence[Any], Sequence[Any]], Told | None] | None = None,
        before: Told | None = None,
    ) -> None:
        self._source, self._filler, self._grows = source, filler, grows
        self._told_of, self._before = told, before or {}
        self._chunks: Any = None
        self._opening: list[Any] = []
        self._gathered: list[Any] = []
        self._passed: list[Any] = []
        self._failed: Refused | None = None
        self._ended = self._muted = False
        self._shown = self.said = bool(before)

    def open(self, chunks: Any) -> "ChainStream":
        """Begin to read an iterator; raises what the chain raises before its first chunk."""
        self._chunks = chunks
        self._opening = [self._next()]
        return self

    async def aopen(self, chunks: Any) -> "ChainStream":
        """`open` for an async iterator."""
        self._chunks = chunks
        self._opening = [await self._anext()]
        return self

    def pull(self) -> list[Any] | None:
        """What may be shown next; None at the end."""
        if self._ended:
            return None
        return self._seen(self._opening.pop() if self._opening else self._next())

    async def apull(self) -> list[Any] | None:
        """`pull`, awaited."""
        if self._ended:
            return None
        return self._seen(self._opening.pop() if self._opening else await self._anext())

    @property
    def resumes(self) -> bool:
        """Whether another run may go on behind what was shown: that said nothing, or what the other says as well."""
        return not self.said or self.told is not None

    @property
    def told(self) -> Told | None:
        """What was shown, if another run would show the same."""
        return self._told_of(self._gathered, self._passed) if self._told_of is not None else None

    def produced(self) -> Produced:
        """The answer, gathered; with placeholders in it if the run was masked."""
        gathered = _Sum()
        produced = self._source.finished(gathered.whole(self._gathered, self._grows))
        produced.refusal = produced.refusal or self._fault or (None if gathered.sound else "chunks that do not merge")
        produced.shown = self._shown and not self._muted
        produced.unfilled = self._filler.unfilled if self._filler is not None and produced.shown else None
        return produced

    def close(self) -> None:
        """Let go of the run."""
        with suppress(Exception):
            self._chunks.close()

    async def aclose(self) -> None:
        """`close`, awaited."""
        with suppress(Exception):
            await self._chunks.aclose()

    def _next(self) -> Any:
        try:
            with self._inside():
                return next(self._chunks, _END)
        except Exception as error:
            self._fail(error)

    async def _anext(self) -> Any:
        try:
            with self._inside():
                return await anext(self._chunks, _END)
        except Exception as error:
            self._fail(error)

    def _inside(self) -> ExitStack:
        stack = ExitStack()
        stack.enter_context(self._source.watched)
        stack.enter_context(ambient.running_inside())
        return stack

    def _fail(self, error: Exception) -> None:
        failure = self._source.failure(error)
        if failure is error:
            raise error
        raise failure from error

    def _seen(self, chunk: Any) -> list[Any]:
        """What of a chunk may be shown. What cannot be read or filled is not, unless something was shown before."""
        self._ended = chunk is _END
        if not self._ended:
            self._gathered.append(chunk)
        bare = [] if self._ended else without(self._before, chunk)
        shown = self._filled(self._filler, chunk) if self._filler is not None else bare
        if self._muted:
            return []
        self._passed += shown
        self._shown = self._shown or bool(shown)
        self.said = self.said or any(map(_says, shown))
        return shown

    def _filled(self, filler: Filler, chunk: Any) -> list[Any]:
        """What the filler makes of a chunk, or of the end; a fault of its own is not the chain's."""
        shown: list[Any] = []
        try:
            shown = filler.finish() if self._ended else filler.feed(chunk)
        except Exception:
            self._failed = Refused(FAULT)
        self._muted = self._muted or (self._trouble is not None and not self.said)
        return shown

    @property
    def _trouble(self) -> Refused | None:
        """Why what was said so far could not be shown as it should."""
        return self._failed or (self._filler and (self._filler.refused or self._filler.unfilled)) or None

    @property
    def _fault(self) -> str | None:
        """Whether the trouble was ours, so that nobody can tell whether what was shown is right."""
        trouble = self._trouble
        return trouble.reason if trouble is not None and trouble.reason == FAULT else None


def _says(chunk: Any) -> bool:
    """Whether a chunk says anything yet: the first of a message often only names the role.

    As long as none does, another answer may still follow: of an error, of a run on real values. Where the run ends
    well, nothing that was shown is shown again, whether it said anything or not.
    """
    if chunk is None or isinstance(chunk, str):
        return bool(chunk)
    message = getattr(chunk, "message", chunk)
    if not isinstance(message, AIMessage):
        return True
    calls = message.tool_calls or message.invalid_tool_calls or getattr(message, "tool_call_chunks", None)
    return bool(message.content or calls) or any((message.additional_kwargs or {}).values())


def added(chunks: list[Any]) -> Any:
    """Chunks added up where they can be; else the last one counts, as in ``Runnable.transform``."""
    return _Sum().added(chunks)


class _Sum:
    """Puts together what chunks make.

    Attributes:
        sound: whether those that should add up did.
    """

    def __init__(self) -> None:
        self.sound = True

    def whole(self, chunks: list[Any], grows: Growth) -> Any:
        """The answer, as `invoke` would give it: of dicts that add up, a dict with each part whole."""
        if grows is True:
            return chunks[-1] if chunks else None
        if not chunks or not all(isinstance(chunk, AddableDict) for chunk in chunks):
            return self.added(chunks)
        parts: dict[str, list[Any]] = {}
        for chunk in chunks:
            for name, part in chunk.items():
                parts.setdefault(name, []).append(part)
        return {name: self.whole(_told(some), growth_of(grows, name)) for name, some in parts.items()}

    def added(self, chunks: list[Any]) -> Any:
        """See `added`."""
        if chunks and all(type(chunk) is str for chunk in chunks):
            self.sound = self.sound and not may_grow(chunks)
            return "".join(chunks)
        merged = bool(chunks) and all(isinstance(chunk, AIMessageChunk | ChatGenerationChunk) for chunk in chunks)
        try:
            if merged:
                return chunks[0] + chunks[1:] if chunks[1:] else chunks[0]
        except Exception:  # two providers' metadata, say
            self.sound = False
            return chunks[-1]
        final = self._one_by_one(chunks)
        self.sound = self.sound and not may_grow(chunks)
        return final

    def _one_by_one(self, chunks: list[Any]) -> Any:
        final = chunks[0] if chunks else None
        for chunk in chunks[1:]:
            try:
                final = final + chunk
            except Exception as error:  # whatever the operator of a class of the user's own may raise
                self.sound = self.sound and isinstance(error, TypeError)
                final = chunk
        return final


def _told(parts: list[Any]) -> list[Any]:
    """Those that are something, if any is: nothing adds nothing."""
    return [part for part in parts if part is not None] or parts[:1]
