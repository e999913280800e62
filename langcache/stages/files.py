"""Files as an output: paths and contents, none of which can leave the folder they are written to."""

import os
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from langcache.errors import UnstorableError

__all__ = ["Content", "Files", "checked_path", "write_files"]

Content = str | bytes


class Files(dict[str, Content]):
    """Relative POSIX paths to text (UTF-8) or bytes.

    Raises:
        UnstorableError: a path leaves the folder, or two paths are one file; contents are neither text nor bytes.
    """

    _folders: set[str]

    def __new__(cls, *_: Any) -> "Files":
        """An empty one that can be added to: copying and unpickling leave `__init__` out."""
        made = super().__new__(cls)
        made._folders = set()
        return made

    def __init__(self, files: Mapping[str, Content] | Iterable[tuple[str, Content]] = ()) -> None:
        super().__init__()
        for path, content in dict(files).items():
            self[path] = content

    def __setitem__(self, path: str, content: Content) -> None:
        path = checked_path(path)
        if not isinstance(content, str | bytes):
            raise UnstorableError(
                f"the file {path!r} holds a {type(content).__name__}, which is neither text nor bytes"
            )
        self._check_place(path)
        super().__setitem__(path, content)

    def _check_place(self, path: str) -> None:
        """Refuse a file where a folder must be, and the other way round."""
        parents = [str(parent) for parent in PurePosixPath(path).parents]
        other = next((parent for parent in parents if parent in self), None)
        if other is None and path in self._folders:  # or was, of a file that has been taken out
            other = next((each for each in self if each.startswith(f"{path}/")), None)
        if other is not None:
            raise UnstorableError(f"{path!r} and {other!r} cannot both be files")
        self._folders.update(parents)


def checked_path(path: Any) -> str:
    """*path* as a relative POSIX path.

    Raises:
        UnstorableError: it is empty, absolute, has a drive, a backslash or a control character, or goes up.
    """
    if not isinstance(path, str):
        raise UnstorableError(f"a file's path is text, not a {type(path).__name__}")
    pure = PurePosixPath(path)
    wrong = (
        not pure.parts
        or pure.is_absolute()
        or ".." in pure.parts
        or "\\" in path
        or bool(PureWindowsPath(path).drive)
        or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in path)
    )
    if wrong:
        raise UnstorableError(f"the path {path!r} is not one inside the output folder")
    return str(pure)


def write_files(folder: Path, files: Mapping[str, Content]) -> list[Path]:
    """Write *files* below *folder*, following no symbolic link out of it.

    Raises:
        UnstorableError: a path leads out of the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    root = folder.resolve()
    written = []
    for path, content in files.items():
        target = root / checked_path(path)
        if not target.parent.resolve().is_relative_to(root):
            raise UnstorableError(f"the path {path!r} leads out of the output folder through a link")
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, content.encode() if isinstance(content, str) else content)
        written.append(target)
    return written


def _write(target: Path, data: bytes) -> None:
    # A new file in place of what was there: writing through a link would leave the folder.
    new = target.with_name(f".{target.name}.{os.getpid()}.new")
    new.write_bytes(data)
    new.replace(target)
