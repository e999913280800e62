"""Turning off the retries inside a chat model, so that ours is the only layer.

Both SDKs retry twice by default: with three attempts of our own, one failure would be nine HTTP calls. What a
model says about itself is not enough: ``ChatOpenAI`` builds its clients when it is made, and a copy with
``max_retries=0`` goes on using them. So the clients are looked for, and it is their word that counts. They
are known by their shape (the one generator makes OpenAI's, Anthropic's, Groq's and others'), and no SDK is
imported.
"""

from functools import cached_property
from typing import Any, TypeVar, cast

__all__ = ["sdk_retries_of", "without_sdk_retries"]

M = TypeVar("M")


def sdk_retries_of(model: object) -> int | None:
    """How often *model* repeats a failed HTTP call by itself; ``None`` when that cannot be known.

    Of several clients (sync and async) the most eager counts; without any built, the ``max_retries`` field.
    """
    model = _bound(model)
    values = [value for part in _parts(model) for value in part.values()]
    clients = [client for value in values if (client := _client_of(value)) is not None]
    if clients:
        return max(int(client.max_retries) for client in clients)
    declared = getattr(model, "max_retries", None)
    return declared if isinstance(declared, int) else None


def without_sdk_retries(model: M) -> M:
    """A copy of *model* that makes one HTTP call per call; *model* itself is not changed.

    Connections are shared with the original. What was bound to it (``bind_tools`` and the like) is kept. A
    model of a kind not known here comes back as it is: ask :func:`sdk_retries_of` about the result.
    """
    inner = _bound(model)
    if not hasattr(inner, "model_copy") or sdk_retries_of(inner) in (None, 0):
        return model
    if inner is not model:
        bound = without_sdk_retries(inner)
        return cast("M", cast("Any", model).model_copy(update={"bound": bound}))
    return cast("M", _quiet_copy(model))


def _quiet_copy(model: Any) -> Any:
    fields = type(model).model_fields
    copy = model.model_copy(update={"max_retries": 0} if "max_retries" in fields else {})
    for part in _parts(copy):
        for name, value in list(part.items()):
            if isinstance(getattr(type(copy), name, None), cached_property):
                del part[name]  # rebuilt from the copy's own fields when next used
            elif (client := _client_of(value)) is not None:
                part[name] = _quiet(client, value)
    return copy


def _quiet(client: Any, value: Any) -> Any:
    """*value*, a *client* or a resource of it such as ``client.chat.completions``, without retries."""
    quiet = client.with_options(max_retries=0)
    return quiet if client is value else type(value)(quiet)


def _client_of(value: Any) -> Any | None:
    """The SDK client *value* is, or is a resource of."""
    for candidate in (value, getattr(value, "_client", None)):
        if callable(getattr(candidate, "with_options", None)) and isinstance(
            getattr(candidate, "max_retries", None), int
        ):
            return candidate
    return None


def _parts(model: object) -> list[dict[str, Any]]:
    """Where a pydantic model keeps things: its fields (and cached properties), its private attributes."""
    parts = (getattr(model, "__dict__", None), getattr(model, "__pydantic_private__", None))
    return [part for part in parts if part]


def _bound(model: object) -> object:
    """The model inside ``model.bind(...)``, ``.bind_tools(...)``, ``.with_config(...)``."""
    while hasattr(model, "bound"):
        model = model.bound
    return model
