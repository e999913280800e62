"""Which failures of a provider pass by themselves, and how long it asks us to wait.

An error is judged by what it carries: its own verdict (``is_retryable`` of LangChain's model errors), the
response's ``x-should-retry`` (an OpenAI and Anthropic convention), a vendor's code, an HTTP status. What an
error does not say, the error that caused it may.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isnan
from typing import Any

__all__ = ["is_transient", "retry_after_s", "status_of"]

# RFC 9110 statuses that invite a repeat; 409 as both SDKs treat it, 529 is Anthropic's "overloaded".
_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
# A rate limit by name, but one that only a payment lifts.
_EXHAUSTED = frozenset({
    "insufficient_quota", "billing_error", "billing_hard_limit_reached", "billing_not_active",
})  # fmt: skip
# Error events inside a stream come with HTTP status 200; only their type tells.
_PASSING_TYPES = frozenset({"overloaded_error", "rate_limit_error", "api_error", "server_error", "timeout_error"})
# httpx, httpx2, httpcore and the SDKs have no common base for "the connection failed", only names.
_CONNECTION_CLASSES = frozenset({"APIConnectionError", "TimeoutException", "NetworkError", "RemoteProtocolError"})


def is_transient(error: BaseException) -> bool:
    """Whether the same call may well succeed soon.

    Cancellation and interrupts never are; an exhausted quota is not, although it comes as a 429.
    """
    if not isinstance(error, Exception):
        return False
    chain = list(_causes(error))
    if any(_EXHAUSTED & _codes(each) for each in chain):
        return False
    verdicts = (_verdict(each) for each in chain)
    return next((verdict for verdict in verdicts if verdict is not None), False)


def retry_after_s(error: BaseException, *, now: float) -> float | None:
    """Seconds the provider asks to wait, from ``retry-after-ms`` or ``retry-after`` (RFC 9110, 10.2.3).

    Args:
        error: whose response, or whose cause's, carries the header.
        now: Unix time in seconds; a date is read against it.

    Returns:
        ``None`` when there is no hint, or it cannot be read, or it is not in the future.
    """
    for each in _causes(error):
        headers = _headers(each)
        for name, per_second in (("retry-after-ms", 1000), ("retry-after", 1)):
            wait_s = _wait_s(headers.get(name), per_second, now)
            if wait_s is not None:
                return wait_s
    return None


def status_of(error: BaseException) -> int | None:
    """The HTTP status *error*, or what caused it, carries."""
    for each in _causes(error):
        response = getattr(each, "response", None)
        carriers = (getattr(each, "status_code", None), getattr(response, "status_code", None))
        for status in (*carriers, getattr(each, "code", None)):
            if isinstance(status, int) and not isinstance(status, bool):
                return int(status)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """*error*, what it was raised from, and so on; a circle ends where it closes."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__


def _verdict(error: BaseException) -> bool | None:
    """What one error says of itself; ``None`` when it says nothing."""
    told = str(_headers(error).get("x-should-retry", "")).lower()
    if told in ("true", "false"):
        return told == "true"
    own = getattr(error, "is_retryable", None)
    if isinstance(own, bool):
        return own
    status = status_of(error)
    if status is not None and status >= 400:
        return status in _STATUSES
    if _PASSING_TYPES & _codes(error) or _is_connection_failure(error):
        return True
    return None if status is None else False


def _is_connection_failure(error: BaseException) -> bool:
    names = {cls.__name__ for cls in type(error).__mro__}
    return isinstance(error, ConnectionError | TimeoutError) or bool(_CONNECTION_CLASSES & names)


def _codes(error: BaseException) -> set[str]:
    """The vendor's words for what went wrong: ``code`` and ``type``, on the error or in its body."""
    body = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, Mapping) else None
    inner = inner if isinstance(inner, Mapping) else {}
    words = (getattr(error, "code", None), getattr(error, "type", None), inner.get("code"), inner.get("type"))
    return {word for word in words if isinstance(word, str)}


def _headers(error: BaseException) -> Mapping[str, Any]:
    headers = getattr(getattr(error, "response", None), "headers", None)
    return headers if isinstance(headers, Mapping) else {}


def _wait_s(value: Any, per_second: int, now: float) -> float | None:
    if value is None:
        return None
    try:
        wait_s = float(value) / per_second
    except ValueError:
        wait_s = _until(str(value), now)
    return None if isnan(wait_s) or wait_s <= 0 else wait_s


def _until(date: str, now: float) -> float:
    """Seconds from *now* to an HTTP date; NaN when it is none."""
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return float("nan")
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now
