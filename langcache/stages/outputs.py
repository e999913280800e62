"""A stage's output as data: what is stored, what is hashed, and what each dependent is given a fresh copy of."""

import json
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from langcache.core.classes import Classes
from langcache.core.encoding import digest
from langcache.core.packing import Foreign, pack, unpack
from langcache.errors import CorruptEntry, UnstorableError
from langcache.runtime.doors import door
from langcache.stages.builtin_values import KINDS, pack_builtin, unpack_builtin
from langcache.stages.files import Files
from langcache.stages.inputs import Recorded, Upstream

__all__ = ["Output", "from_bytes", "to_output"]

_HINT = "; return plain data (dict, list, set, text, number, date, …), a dataclass, a pydantic model, messages or Files"


@dataclass(frozen=True, slots=True)
class Output:
    """One output.

    Attributes:
        data: its packed form as JSON bytes.
        hash: digest of these; equal hashes are equal outputs, to the order of keys.
        file_count: files in it.
        classes: what its models are rebuilt as.
    """

    data: bytes
    hash: str
    file_count: int
    classes: Classes

    def value(self) -> Any:
        """The output, rebuilt: nothing in it is shared with another caller.

        Raises:
            UnstorableError: a class it is made of is gone or has another schema.
            CorruptEntry: the data was not made by `to_output`.
            ValueError: its class refuses the data now.
        """
        return unpack(json.loads(self.data), _no_gaps, self.classes, _Foreign())


def to_output(value: Any, classes: Classes) -> Output:
    """Write *value* down.

    Raises:
        UnstorableError: it is no data, or a file in it leaves the output folder.
    """
    try:
        packed = pack(_with_files(value), str, _accept, classes, _Foreign())
    except UnstorableError as error:
        raise UnstorableError(f"{error}{_HINT}" if str(error).endswith("cannot be stored") else str(error)) from None
    data = json.dumps(packed, ensure_ascii=True, separators=(",", ":")).encode()
    return Output(data, digest(data), _count_files(packed), classes)


def from_bytes(data: bytes, classes: Classes) -> Output:
    """An output that was written down.

    Raises:
        CorruptEntry: it is no JSON.
    """
    try:
        packed = json.loads(data) if b'"files"' in data else None
    except (ValueError, RecursionError):
        raise CorruptEntry("a stage's output is not JSON") from None
    return Output(data, digest(data), _count_files(packed), classes)


def _with_files(value: Any) -> Any:
    """The usual ``{"files": {path: content}}`` with its files as `Files`, so that their paths are checked."""
    if type(value) is not dict or type(files := value.get("files")) is not dict or not files:
        return value
    if all(isinstance(path, str) and isinstance(content, str | bytes) for path, content in files.items()):
        return {**value, "files": Files(files)}
    return value


class _Foreign:
    """Packs files and bytes, Python's own values, what a stage was given, and chat messages if LangChain is there."""

    def pack(self, value: Any, leaf: Any) -> tuple[str, Any] | None:
        if isinstance(value, Files):
            return "files", [[path, _pack_content(content)] for path, content in value.items()]
        if isinstance(value, bytes):
            return "bytes", b64encode(value).decode()
        if type(value) in (Recorded, Upstream):
            return "dict", leaf(dict(value))
        if (known := pack_builtin(value, leaf)) is not None:
            return known
        messages = _messages()
        return None if messages is None else messages.pack(value, leaf)

    def unpack(self, kind: str, data: Any, leaf: Any) -> Any:
        if kind == "files":
            return Files((path, _unpack_content(content)) for path, content in data)
        if kind == "bytes":
            return b64decode(data, validate=True)
        if kind == "dict":
            return leaf(data)
        if kind in KINDS:
            return unpack_builtin(kind, data, leaf)
        return door("messages")().unpack(kind, data, leaf)


def _messages() -> Foreign | None:
    return door("messages")() if "langchain_core.messages" in sys.modules else None


def _pack_content(content: str | bytes) -> Any:
    return content if isinstance(content, str) else {"base64": b64encode(content).decode()}


def _unpack_content(content: Any) -> str | bytes:
    return content if isinstance(content, str) else b64decode(content["base64"], validate=True)


def _count_files(packed: Any) -> int:
    return sum(len(data) for data in _file_lists(packed))


def _file_lists(packed: Any) -> Iterator[list[Any]]:
    if isinstance(packed, dict):
        match packed:
            case {"$x": ["files", list(data)]}:
                yield data
            case _:
                for item in packed.values():
                    yield from _file_lists(item)
    elif isinstance(packed, list):
        for item in packed:
            yield from _file_lists(item)


def _no_gaps(segments: list[Any]) -> str:
    raise CorruptEntry("a stage's output has no gaps to fill")


def _accept(_: Any) -> None:
    """Any number may be stored: stage outputs hold no other user's values to guard."""
