"""Who may change something: whoever showed the token, until the dashboard stops or half a day is over."""

import hmac
import secrets
from hashlib import sha256

from langcache.runtime.clock import Clock

__all__ = ["COOKIE", "LIFETIME_S", "Sessions"]

COOKIE = "langcache_session"
LIFETIME_S = 12 * 3600
SESSIONS_KEPT = 1_000


class Sessions:
    """Sessions in this process's memory alone; without a token there are none, and nothing can be changed.

    Args:
        token: what a person must show; None for a dashboard that only shows.
        clock: tells when a session is over.
    """

    def __init__(self, token: str | None, clock: Clock) -> None:
        self._token, self._clock = token, clock
        self._secret = secrets.token_bytes(32)
        self._ends: dict[str, float] = {}

    @property
    def are_possible(self) -> bool:
        """Whether there is a token to show."""
        return self._token is not None

    def open(self, shown: str) -> str | None:
        """A new session for whoever shows the token; compared in a time that does not tell how much of it was right."""
        if self._token is None or not hmac.compare_digest(_digest(shown), _digest(self._token)):
            return None
        now = self._clock.now()
        alive = [(session, end) for session, end in self._ends.items() if end > now]
        self._ends = dict(alive[-SESSIONS_KEPT + 1 :])
        session = secrets.token_urlsafe(32)
        self._ends[session] = now + LIFETIME_S
        return session

    def is_open(self, session: str | None) -> bool:
        """Whether *session* is one of ours and not over."""
        return session is not None and self._ends.get(session, 0.0) > self._clock.now()

    def close(self, session: str | None) -> None:
        """End *session*."""
        self._ends.pop(session or "", None)

    def form_secret(self, session: str) -> str:
        """What a form of this session carries, so that no other site can fill one in (CSRF)."""
        return hmac.new(self._secret, session.encode(), sha256).hexdigest()

    def is_form_secret(self, session: str, shown: str) -> bool:
        """Whether *shown* is the one."""
        return hmac.compare_digest(self.form_secret(session).encode(), shown.encode())


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()
