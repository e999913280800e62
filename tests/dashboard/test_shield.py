"""What every answer carries, and which hosts are answered at all."""

import pytest
from support.pages import Visit

from langcache.dashboard.catalogue import Catalogue
from langcache.dashboard.hosts import Hosts, is_loopback
from langcache.dashboard.shield import CONTENT_SECURITY_POLICY

PLACES = ("/login", "/nowhere", "/static/frame.css", "/entries")


@pytest.mark.parametrize("place", PLACES)
async def test_every_answer_is_strict(visit: Visit, place: str) -> None:
    """Pages, errors and files alike: no foreign or inline script, no frame, no sniffing, no referrer."""
    headers = (await visit().get(place)).headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == ("no-cache" if place.startswith("/static/") else "no-store")


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    """The strict words are there, and no word that loosens them."""
    words = set(CONTENT_SECURITY_POLICY.replace(";", "").split())
    assert {"default-src", "'none'", "script-src", "style-src", "'self'", "frame-ancestors"} <= words
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http:", "data:"} & words


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "[::2]", "127.0.0.1.evil.example:80"])
async def test_a_request_for_another_host_learns_nothing(visit: Visit, host: str) -> None:
    """A name that somebody lets resolve to this machine (DNS rebinding) is not ours."""
    answer = await visit().get("/entries", headers={"host": host})
    assert answer.status_code == 400
    assert "ntries" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8800", "127.0.0.1:8800", "[::1]:8800"])
async def test_loopback_is_answered_by_default(visit: Visit, host: str) -> None:
    """With and without a port, in any case."""
    assert (await visit().get("/login", headers={"host": host})).status_code == 200


def test_a_wildcard_stands_for_addresses_and_for_no_name() -> None:
    """Bound to every address, a dashboard is reached by any; a name could be anybody's."""
    hosts = Hosts.of(["0.0.0.0", "cache.example"])
    assert hosts.answer("192.0.2.7:8800")
    assert hosts.answer("[2001:db8::1]:8800")
    assert hosts.answer("cache.example")
    assert not hosts.answer("evil.example")


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("box", False)],
)
def test_only_loopback_is_loopback(host: str, expected: bool) -> None:
    """Everything else may be reached from elsewhere."""
    assert is_loopback(host) is expected


async def test_what_fails_here_is_a_strict_page_without_a_traceback(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever an error says may hold what a person typed; the log has it, the page does not."""

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(Catalogue, "look", fail)
    answer = await visit().get("/entries")
    assert answer.status_code == 500
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "RuntimeError" in answer.text
    assert "a secret" not in answer.text
