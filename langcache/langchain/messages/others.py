"""LangChain's other answers as data and back: dicts that add up, and prompt values."""

from collections.abc import Callable
from typing import Any

from langchain_core.prompt_values import ChatPromptValue, StringPromptValue
from langchain_core.runnables.utils import AddableDict

from langcache.errors import CorruptEntry
from langcache.langchain.messages.structure import Leaf

__all__ = ["OTHERS", "pack_other", "unpack_other"]

OTHERS: dict[str, tuple[type, type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "parts": (AddableDict, dict, dict, AddableDict),
    "text prompt": (StringPromptValue, str, lambda prompt: prompt.text, lambda text: StringPromptValue(text=text)),
    "chat prompt": (
        ChatPromptValue,
        list,
        lambda prompt: list(prompt.messages),
        lambda messages: ChatPromptValue(messages=messages),
    ),
}
"""By kind: what each is, what it holds, and how it is taken apart and made."""


def pack_other(value: Any, leaf: Leaf) -> tuple[str, Any] | None:
    """Kind and data of *value*; None if it is none of these."""
    for kind, (cls, _, apart, _) in OTHERS.items():
        if type(value) is cls:
            return kind, leaf(apart(value))
    return None


def unpack_other(kind: str, held: Any) -> Any:
    """An answer of that kind; raises `CorruptEntry` if *held* is not what such a one holds."""
    _, holds, _, make = OTHERS[kind]
    if not isinstance(held, holds):
        raise CorruptEntry(f"no {kind}")
    return make(held)
