"""``langcache export`` and ``langcache import``."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

from langcache.cli.command import Session, command
from langcache.cli.formats import count
from langcache.cli.output import Report, figures
from langcache.cli.progress import progress
from langcache.cli.readable import require_readable
from langcache.cli.trouble import FAILED, WRONGLY_CALLED, Trouble
from langcache.errors import CorruptEntry, EncryptedEntry
from langcache.runtime.inspection import carried_lines, export_lines, import_lines

__all__ = ["export", "import_"]


@command("langcache export entries.jsonl")
def export(
    session: Session,
    file: Annotated[Path, typer.Argument(help="Where to; written whole or not at all.", dir_okay=False)],
) -> Report:
    """Write every entry to a file of JSON lines, each checked; corrupt ones are left out (status 1)."""
    corrupt: list[str] = []
    with session.cache() as cache:
        require_readable(cache)
        with _replacing(file) as out, session.progress("exporting", cache) as advance:
            lines = export_lines(cache, advance=advance, corrupt=corrupt.append)
            written = _write(out, lines) - len(("header", "end"))
    data = {"file": str(file), "entries": written, "corrupt": corrupt}
    notes = ["The corrupt ones are left out; `langcache health --repair` sets them aside."] if corrupt else []
    rows = [("file", str(file)), ("entries", count(written)), ("corrupt", count(len(corrupt)))]
    return Report(data, [figures(rows)], notes=notes, status=FAILED if corrupt else 0)


def _write(out: IO[str], lines: Iterable[str]) -> int:
    written = 0
    for line in lines:
        out.write(line + "\n")
        written += 1
    return written


@contextmanager
def _replacing(path: Path) -> Iterator[IO[str]]:
    """A file that takes *path*'s place at the end of the block, on disk by then; if it fails, nothing has changed."""
    target = _target(path)
    with _named(path):
        descriptor, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        with _named(path):
            Path(beside).replace(target)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _target(path: Path) -> Path:
    """The file itself, where *path* is a link; what is no file is not replaced by one, least of all ``/dev/null``."""
    if path.exists() and not path.is_file():
        raise Trouble(
            f"{path} is a pipe or a device, and an export takes the place of a file: name one", WRONGLY_CALLED
        )
    return path.resolve() if path.is_symlink() else path


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """An error names what was asked for, not what it is called until it is whole."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise


def _checked(path: Path) -> int:
    """How many entries the file has; raises `CorruptEntry` if any of it is not what an export wrote."""
    with path.open(encoding="utf-8") as lines, progress("checking", None) as advance:
        entries = 0
        for _ in carried_lines(lines):
            advance(1)
            entries += 1
        return entries


@command("langcache import entries.jsonl --namespace prod")
def import_(
    session: Session,
    file: Annotated[Path, typer.Argument(help="What `langcache export` wrote.", exists=True, dir_okay=False)],
) -> Report:
    """Store the entries of a file, after checking all of it; those already there and no older stay.

    Stopped half-way it has stored whole entries only, and goes on where it stopped when it is called again.
    """
    try:
        total = _checked(file)
        with session.cache() as cache, file.open(encoding="utf-8") as lines:
            require_readable(cache)  # nothing is stored in clear beside what is encrypted
            with progress("importing", total) as advance:
                done = import_lines(cache, lines, advance=advance)
            cache.store.flush()
    except EncryptedEntry:
        raise
    except (CorruptEntry, UnicodeDecodeError) as error:
        raise Trouble(f"{file}: {error}; nothing was stored") from None
    data = {"file": str(file), "stored": done.stored, "present": done.present, "gone": done.gone}
    rows = [("stored", done.stored), ("already there", done.present), ("past their time", done.gone)]
    return Report(data, [figures([(name, count(number)) for name, number in rows])])
