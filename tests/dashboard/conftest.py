"""A dashboard in this process, asked over ASGI: no socket, no browser."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from support.pages import ORIGIN, Visit

from langcache import Cache
from langcache.dashboard import create_app
from langcache.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cache(clock: FakeClock) -> Iterator[Cache]:
    with Cache("memory://", clock=clock) as opened:
        yield opened


@pytest_asyncio.fixture
async def visit(cache: Cache) -> AsyncIterator[Visit]:
    """Opens a dashboard of the cache with these options, and gives a client that asks it."""
    clients = []

    def open_dashboard(**options: Any) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(create_app(cache, **options), raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=ORIGIN)
        clients.append(client)
        return client

    yield open_dashboard
    for client in clients:
        await client.aclose()
