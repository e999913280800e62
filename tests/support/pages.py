"""Reading the dashboard's pages, and acting as a person on them does."""

import re
from collections.abc import Callable

import httpx

__all__ = ["ORIGIN", "TOKEN", "Visit", "form_secret", "log_in"]

TOKEN = "a token only its owner knows"
ORIGIN = "http://localhost"
Visit = Callable[..., httpx.AsyncClient]
"""Opens a dashboard with these options, and gives a client that asks it."""


async def log_in(client: httpx.AsyncClient, token: str) -> httpx.Response:
    """Send the login form as a browser on our page does."""
    return await client.post("/login", data={"token": token}, headers={"origin": str(client.base_url)})


async def form_secret(client: httpx.AsyncClient) -> str:
    """What the forms of this session carry."""
    found = re.search(r'name="form_secret" value="([0-9a-f]+)"', (await client.get("/login")).text)
    assert found is not None, "the page has no form of a logged-in person"
    return found[1]
