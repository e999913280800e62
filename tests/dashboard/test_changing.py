"""Nothing changes but by a person who showed the token, on our own page, having confirmed it."""

import pytest
from support.pages import ORIGIN, TOKEN, Visit, form_secret, log_in
from support.seeding import put_entry

from langcache import Cache
from langcache.dashboard.sessions import COOKIE, LIFETIME_S
from langcache.testing import FakeClock

OURS = {"origin": ORIGIN}
KEY = "ab" * 32


def _stored(cache: Cache) -> int:
    return cache.store.usage(cache.namespace).entries


@pytest.fixture(autouse=True)
def _an_entry(cache: Cache) -> None:
    put_entry(cache, KEY)
    put_entry(cache, "cd" * 32, chain="extra_tasks")


async def test_without_a_token_nothing_can_be_changed(visit: Visit, cache: Cache) -> None:
    """Not even by a form that is right in every other way; the page offers no such form."""
    client = visit()
    client.cookies.set(COOKIE, "anything")
    answer = await client.post("/invalidate", data={"key": KEY, "form_secret": "x"}, headers=OURS)
    assert answer.status_code == 403
    assert _stored(cache) == 2
    assert "<button" not in (await client.get(f"/invalidate?key={KEY}")).text
    assert (await log_in(client, "")).status_code == 403


async def test_whoever_shows_the_token_may_invalidate_one_entry(visit: Visit, cache: Cache) -> None:
    """Log in, look at what would go, confirm: that entry goes, and no other."""
    client = visit(token=TOKEN)
    assert (await log_in(client, TOKEN)).status_code == 303
    assert "Remove 1 entry" in (await client.get(f"/invalidate?key={KEY}")).text
    assert _stored(cache) == 2
    secret = await form_secret(client)
    answer = await client.post("/invalidate", data={"key": KEY, "form_secret": secret}, headers=OURS)
    assert answer.headers["location"] == "/entries?removed=1"
    assert _stored(cache) == 1


async def test_a_filter_names_many_entries_at_once(visit: Visit, cache: Cache) -> None:
    """The conditions are those of `Cache.invalidate`, all of which must be met."""
    put_entry(cache, "ef" * 32, tags=["vip"])
    client = visit(token=TOKEN)
    await log_in(client, TOKEN)
    form = {"chain": "task_planner", "tag": "vip", "form_secret": await form_secret(client)}
    await client.post("/invalidate", data=form, headers=OURS)
    assert _stored(cache) == 2
    assert cache.store.get(cache.namespace, "ef" * 32, now=cache.clock.now()) is None


async def test_a_form_without_conditions_removes_nothing(visit: Visit, cache: Cache) -> None:
    """Nobody empties a cache by leaving fields out."""
    client = visit(token=TOKEN)
    await log_in(client, TOKEN)
    answer = await client.post("/invalidate", data={"form_secret": await form_secret(client)}, headers=OURS)
    assert answer.status_code == 400
    assert _stored(cache) == 2


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://localhost", "http://localhost:81", None])
async def test_a_form_from_another_site_does_nothing(visit: Visit, cache: Cache, origin: str | None) -> None:
    """Its scheme, host and port must be ours; a browser that does not say is not believed."""
    client = visit(token=TOKEN)
    await log_in(client, TOKEN)
    headers = {} if origin is None else {"origin": origin}
    form = {"key": KEY, "form_secret": await form_secret(client)}
    assert (await client.post("/invalidate", data=form, headers=headers)).status_code == 403
    assert (await client.post("/login", data={"token": TOKEN}, headers=headers)).status_code == 403
    assert _stored(cache) == 2


@pytest.mark.parametrize("secret", ["", "0" * 64, "ü"])
async def test_a_form_of_another_session_does_nothing(visit: Visit, cache: Cache, secret: str) -> None:
    """A form carries a secret that only this session's pages hold."""
    client = visit(token=TOKEN)
    await log_in(client, TOKEN)
    answer = await client.post("/invalidate", data={"key": KEY, "form_secret": secret}, headers=OURS)
    assert answer.status_code == 403
    assert _stored(cache) == 2


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + " ", TOKEN.upper()])
async def test_a_wrong_token_opens_nothing(visit: Visit, clock: FakeClock, token: str) -> None:
    """And the next guess has to wait."""
    client, before = visit(token=TOKEN), clock.now()
    answer = await log_in(client, token)
    assert answer.status_code == 403
    assert COOKIE not in answer.cookies
    assert clock.now() > before


async def test_the_cookie_stays_in_the_browser_and_on_our_site(visit: Visit) -> None:
    """No script reads it, no other site sends it, and it is not the token."""
    header = (await log_in(visit(token=TOKEN), TOKEN)).headers["set-cookie"]
    assert "HttpOnly" in header
    assert "samesite=strict" in header.lower()
    assert TOKEN not in header


async def test_a_session_ends(visit: Visit, cache: Cache, clock: FakeClock) -> None:
    """By itself after half a day, and at once when its person logs out."""
    client = visit(token=TOKEN)
    await log_in(client, TOKEN)
    secret = await form_secret(client)
    clock.advance(LIFETIME_S)
    answer = await client.post("/invalidate", data={"key": KEY, "form_secret": secret}, headers=OURS)
    assert answer.status_code == 403

    await log_in(client, TOKEN)
    held = client.cookies[COOKIE]
    await client.post("/logout", data={"form_secret": await form_secret(client)}, headers=OURS)
    client.cookies.set(COOKIE, held)
    assert "Log out" not in (await client.get("/login")).text


@pytest.mark.parametrize("onward", ["//evil.example", "/\\evil.example", "https://evil.example", ""])
async def test_logging_in_leads_to_our_own_pages_only(visit: Visit, onward: str) -> None:
    """The login form is no way to send people elsewhere."""
    client = visit(token=TOKEN)
    answer = await client.post("/login", data={"token": TOKEN, "next": onward}, headers=OURS)
    assert answer.headers["location"] == "/"


async def test_a_private_dashboard_shows_nothing_before_the_token(visit: Visit) -> None:
    """What is bound beyond loopback asks first; the form and its style are there to ask with."""
    client = visit(token=TOKEN, private=True)
    for place in ("/", "/entries", "/entries/rows", f"/entries/{KEY}", "/live"):
        answer = await client.get(place)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={place}")
    assert (await client.get("/static/frame.css")).status_code == 200
    await log_in(client, TOKEN)
    assert (await client.get(f"/entries/{KEY}")).status_code == 200


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"token=" + b"x" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a=1" for _ in range(60)), "application/x-www-form-urlencoded", 400),
        (b"token=%ff\xff", "application/x-www-form-urlencoded", 400),
        (b'{"token": 1}', "application/json", 415),
    ],
)
async def test_what_is_no_form_is_not_read(visit: Visit, body: bytes, kind: str, status: int) -> None:
    """Too long, too many fields, no text, or another type."""
    answer = await visit(token=TOKEN).post("/login", content=body, headers={**OURS, "content-type": kind})
    assert answer.status_code == status


@pytest.mark.parametrize("place", ["/", "/entries", "/invalidate", "/login", "/logout", "/live", f"/entries/{KEY}"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_no_other_method_does_anything(visit: Visit, place: str, method: str) -> None:
    """Only the three forms change something, and they are posted."""
    assert (await visit(token=TOKEN).request(method, place, headers=OURS)).status_code == 405
