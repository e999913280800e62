"""Entries as lines of JSON, to be carried from one store to another.

The first line says what the file is, the last how many entries it has, so that a file cut short is noticed::

    {"langcache": "entries", "format": 1, "namespace": "default", "exported_at": 1795311112.9}
    {"key": "41a3…", "created_at": …, "gone_at": …, "labels": ["chain:plan", …], "payload": "…", "digest": "…"}
    {"end": 1}

The payload is the entry as it is stored, byte for byte; the digest covers the whole line.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langcache.core.encoding import canonical, digest
from langcache.core.entry import Entry, read_about
from langcache.errors import CorruptEntry, EncryptedEntry
from langcache.runtime.inspection.leaves import leaves_of
from langcache.runtime.pages import Pages, put, read
from langcache.runtime.removal import Advance, opened
from langcache.runtime.steps import Flow, adrive, adrive_stream, drive, drive_stream, show
from langcache.storage.base import Record, is_expired
from langcache.storage.codec import open_sealed, seal

if TYPE_CHECKING:
    from langcache.runtime.cache import Cache

__all__ = ["Carried", "Imported", "aexport_lines", "aimport_lines", "carried_lines", "export_lines", "import_lines"]

KIND, FORMAT = "entries", 1


@dataclass(frozen=True, slots=True)
class Carried:
    """One entry on its way."""

    key: str
    record: Record


@dataclass(slots=True)
class Imported:
    """What an import did.

    Attributes:
        stored: entries written.
        present: left alone, since the same or a newer one is there.
        gone: left out, since their time is over.
    """

    stored: int = 0
    present: int = 0
    gone: int = 0


def export_lines(
    cache: "Cache", *, advance: Advance = lambda _: None, corrupt: Callable[[str], None] = lambda _: None
) -> Iterator[str]:
    """Every entry of the namespace as lines without their ends, header and end included.

    Args:
        cache: whose entries.
        advance: told after each page how many more entries were looked at.
        corrupt: told the key of each entry that makes no sense and is left out.

    Raises:
        EncryptedEntry: an entry is encrypted, and no key was given.
        StoreError: the store does not answer.
    """
    return drive_stream(_exported(cache, advance, corrupt))


def aexport_lines(
    cache: "Cache", *, advance: Advance = lambda _: None, corrupt: Callable[[str], None] = lambda _: None
) -> AsyncIterator[str]:
    """`export_lines`, awaited."""
    return adrive_stream(_exported(cache, advance, corrupt))


def _exported(cache: "Cache", advance: Advance, corrupt: Callable[[str], None]) -> Flow[None]:
    now, count = cache.clock.now(), 0
    yield show(_json({"langcache": KIND, "format": FORMAT, "namespace": cache.namespace, "exported_at": now}))
    pages = Pages(cache.store, cache.namespace, now)
    while page := (yield pages.next()):
        for row in page:
            record: Record | None = yield read(cache.store, cache.namespace, row.key, now)
            if record is None:
                continue
            try:
                line = _line(row.key, record)
            except EncryptedEntry:
                raise
            except CorruptEntry:
                corrupt(row.key)
                continue
            yield show(line)
            count += 1
        advance(len(page))
    yield show(_json({"end": count}))


def _line(key: str, record: Record) -> str:
    payload = open_sealed(key, record.value)
    _check(payload)
    if not payload.isascii():
        raise CorruptEntry("not an entry")  # `Entry.to_bytes` writes nothing else
    line: dict[str, Any] = {
        "key": key,
        "created_at": record.created_at,
        "gone_at": record.expires_at,
        "labels": sorted(record.labels),
        "payload": payload.decode("ascii"),
    }
    return _json({**line, "digest": digest(canonical(line))})


def _check(payload: bytes) -> None:
    """Read all of an entry; raises `CorruptEntry`."""
    entry = Entry.from_bytes(payload)
    read_about(payload)
    for _ in leaves_of(entry.body):
        """Each makes sense, or raises."""


def carried_lines(lines: Iterable[str]) -> Iterator[Carried]:
    """The entries in *lines*, each checked before it is given out.

    Raises:
        CorruptEntry: a line is not what an export wrote, or the end is missing; the message names the line.
    """
    header, count, ended = False, 0, False
    for number, text in enumerate(lines, 1):
        try:
            line = _object(text)
            if not header:
                _check_header(line)
                header = True
            elif ended:
                raise CorruptEntry("something follows the end")
            elif "end" in line:
                ended = True
                _check_end(line, count)
            else:
                yield _carried(line)
                count += 1
        except CorruptEntry as error:
            raise CorruptEntry(f"line {number}: {error}") from None
    if not ended:
        raise CorruptEntry(f"it was cut short after {count} entries; export it again")


def _object(text: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        line = None
    if not isinstance(line, dict):
        raise CorruptEntry("no JSON object")
    return line


def _check_header(line: dict[str, Any]) -> None:
    if line.get("langcache") != KIND:
        raise CorruptEntry("not an export of langcache")
    if line.get("format") != FORMAT:
        raise CorruptEntry(f"an export of format {line.get('format')!r}; this version of langcache reads {FORMAT}")


def _check_end(line: dict[str, Any], count: int) -> None:
    if line["end"] != count:
        raise CorruptEntry(f"{line['end']!r} entries were exported, and {count} are here")


def _carried(line: dict[str, Any]) -> Carried:
    said = line.pop("digest", None)
    if said != digest(canonical(line)):
        raise CorruptEntry("it was changed")
    try:
        key, payload = line["key"], line["payload"].encode("ascii")
        _check(payload)
        record = Record(seal(key, payload), line["created_at"], line["gone_at"], frozenset(line["labels"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CorruptEntry(f"no entry ({type(error).__name__})") from None
    return Carried(key, record)


def import_lines(cache: "Cache", lines: Iterable[str], *, advance: Advance = lambda _: None) -> Imported:
    """Store the entries in *lines* in the cache's namespace; what is there and no older stays.

    Stopped half-way it has stored whole entries only, and the same call goes on where it stopped. To store nothing
    of a file that is damaged, read it through with `carried_lines` first.

    Args:
        cache: where to.
        lines: what `export_lines` gave.
        advance: told after each entry.

    Raises:
        CorruptEntry: a line is not what an export wrote; those before it are stored.
        StoreError: the store does not answer.
    """
    return drive(_imported(cache, lines, advance))


async def aimport_lines(cache: "Cache", lines: Iterable[str], *, advance: Advance = lambda _: None) -> Imported:
    """`import_lines`, awaited."""
    return await adrive(_imported(cache, lines, advance))


def _imported(cache: "Cache", lines: Iterable[str], advance: Advance) -> Flow[Imported]:
    done = Imported()
    for carried in carried_lines(lines):
        now, record = cache.clock.now(), carried.record
        if is_expired(record.expires_at, now):
            done.gone += 1
        else:
            there: Record | None = yield read(cache.store, cache.namespace, carried.key, now)
            if opened(carried.key, there) is not None and there is not None and there.created_at >= record.created_at:
                done.present += 1
            else:
                yield put(cache.store, cache.namespace, carried.key, record, now)
                done.stored += 1
        advance(1)
    return done


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
