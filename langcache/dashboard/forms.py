"""Reading a form that changes something, and making sure that a person on our own page sent it."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from langcache.dashboard.sessions import COOKIE, Sessions

__all__ = ["PROOF_FIELD", "read_form", "read_own_form"]

PROOF_FIELD = "form_secret"
MAX_BYTES = 16_384
MAX_FIELDS = 50
TYPE = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a form one of our own pages sent; of fields of one name the last.

    Raises:
        HTTPException: 403 where another site sent it, 413 where it is too long, 415 or 400 where it is no form.
    """
    if not _is_from_us(request):
        raise HTTPException(403, "That form came from another site, so nothing was done.")
    if request.headers.get("content-type", "").partition(";")[0].strip() != TYPE:
        raise HTTPException(415, "That is not a form.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise HTTPException(413, "That form is too long.")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise HTTPException(400, "That is not a form.") from None


async def read_own_form(request: Request, sessions: Sessions) -> Mapping[str, str]:
    """`read_form`, from a person who is logged in and whose page was made for this very session.

    Raises:
        HTTPException: as `read_form`; 403 also where nothing can be changed, or not by this person.
    """
    if not sessions.are_possible:
        raise HTTPException(403, "This dashboard only shows: it was started without a token.")
    fields = await read_form(request)
    session = request.cookies.get(COOKIE)
    if session is None or not sessions.is_open(session):
        raise HTTPException(403, "Log in first: nothing was done.")
    if not sessions.is_form_secret(session, fields.get(PROOF_FIELD, "")):
        raise HTTPException(403, "That form is not of this session; reload its page and try again.")
    return fields


def _is_from_us(request: Request) -> bool:
    """Whether the browser says that the page which sent this has our scheme, host and port.

    Every browser sends ``Origin`` with a form. That of a page without a referrer is ``null``, which is nobody's.
    """
    origin = urlsplit(request.headers.get("origin", ""))
    return (origin.scheme, origin.netloc) == (request.url.scheme, request.headers.get("host", ""))
