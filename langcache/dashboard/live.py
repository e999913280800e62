"""Telling open pages that there is something new: one server-sent event per change, never the news itself.

A page that is told asks for itself again and takes over what differs, so a figure is written in one place only.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import blake2b

from starlette.requests import Request
from starlette.responses import StreamingResponse

from langcache.runtime.cache import Cache

__all__ = ["Pulse", "live"]

PERIOD_S = 1.0
RETRY_MS = 2_000
BUSY = 0.1
"""The share of the time that may go into looking, where an account is so large that a look takes long."""


@dataclass
class Pulse:
    """A word that changes whenever the account or the store does.

    Attributes:
        cache: what is watched.
        period_s: how often it is looked at, however many pages are open.
        word: as it was last; empty before the first look.
    """

    cache: Cache
    period_s: float = PERIOD_S
    word: str = field(default="", init=False)
    _look_at: float = field(default=float("-inf"), init=False)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _closing: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def words(self) -> AsyncIterator[str]:
        """The word as it is, then each new one, until the dashboard stops."""
        told = None
        while not self._closing.is_set():
            word = await self._current()
            if word != told:
                told = word
                yield word
            else:
                yield ""
            await self._pause()

    def close(self) -> None:
        """Let go of every open page, so that the server need not wait for them."""
        self._closing.set()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self.period_s):
                await self._closing.wait()
        except TimeoutError:
            return

    async def _current(self) -> str:
        async with self._reading:
            loop = asyncio.get_running_loop()
            now = loop.time()
            if now >= self._look_at:
                self.word = await self._look()
                took_s = loop.time() - now
                self._look_at = now + max(self.period_s / 2, took_s / BUSY)
            return self.word

    async def _look(self) -> str:
        stats = await self.cache.astats(days=1)
        seen = (stats.requests, stats.helpers, stats.entries, stats.size_bytes, sorted(stats.stages.items()))
        return blake2b(repr(seen).encode(), digest_size=8).hexdigest()


async def live(request: Request) -> StreamingResponse:
    """``/live``: a line per change, and a comment per look, by which a closed page is noticed."""
    pulse: Pulse = request.app.state.site.pulse

    async def lines() -> AsyncIterator[str]:
        yield f"retry: {RETRY_MS}\n\n"
        async for word in pulse.words():
            yield f"data: {word}\n\n" if word else ":\n\n"

    return StreamingResponse(lines(), media_type="text/event-stream")
