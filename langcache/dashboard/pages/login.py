"""Logging in with the token, and out again."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from langcache.dashboard.forms import read_form, read_own_form
from langcache.dashboard.sessions import COOKIE, LIFETIME_S
from langcache.dashboard.site import site_of

__all__ = ["ask", "enter", "leave"]

WRONG_TOKEN_PAUSE_S = 0.5
"""After each wrong token, during which no other is looked at: two guesses a second, whoever guesses."""


async def ask(request: Request) -> Response:
    """``GET /login``: the form."""
    return site_of(request).page(request, "login.html", next=_inside(request.query_params.get("next")), wrong=False)


async def enter(request: Request) -> Response:
    """``POST /login``: a session for whoever shows the token."""
    site, form = site_of(request), await read_form(request)
    onward = _inside(form.get("next"))
    async with site.one_guess:
        session = site.sessions.open(form.get("token", ""))
        if session is None:
            await site.cache.clock.asleep(WRONG_TOKEN_PAUSE_S)
            return site.page(request, "login.html", status=403, next=onward, wrong=True)
    answer = RedirectResponse(onward, 303)
    is_secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, session, max_age=LIFETIME_S, httponly=True, samesite="strict", secure=is_secure)
    return answer


async def leave(request: Request) -> Response:
    """``POST /logout``: the end of the session."""
    site = site_of(request)
    await read_own_form(request, site.sessions)
    site.sessions.close(request.cookies.get(COOKIE))
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _inside(path: str | None) -> str:
    """Where to go on to: a path of ours, never another site."""
    is_ours = path is not None and path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if is_ours and path is not None else "/"
