"""What the methods on counts ask of the server, in the manner of `operations`.

A sheet is one hash. A cell's field is its row, behind the row's length in bytes and a colon, and its own name. A text
has a quotation mark in front, which no number has. The field without a name says when the sheet is gone, in seconds
since the epoch: its own time decides, the server's only clears up.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from langcache.storage.base import BATCH_MEMORY_S, PAGE_ROWS, Cells, Rows, Sheet, Usage, is_expired
from langcache.storage.redis import operations, scripts
from langcache.storage.redis.layout import Names
from langcache.storage.redis.operations import Ask, Flow, Nodes, Run

SMALL_DATABASE_KEYS: Final = 10_000
"""As many keys are walked over to see what a namespace takes, some 0.1 seconds; where there are more, nobody waits."""

_ROWS_AT_ONCE: Final = 200
"""Rows a script adds: the server answers nobody else meanwhile."""

_EXPIRES_AT: Final = b""
_TEXT: Final = b'"'


def add(names: Names, namespace: str, sheets: Collection[Sheet], batch: str, now: float) -> Flow[None]:
    """A script for each part of a sheet; a part that is there already, by its batch, is not added again."""
    for sheet in sheets:
        life_ms = int((max(0.0, sheet.expires_at - now) + operations.GRACE_S) * 1000)
        lives = (life_ms, int(BATCH_MEMORY_S * 1000), repr(float(sheet.expires_at)))
        for number, part in enumerate(_parts(sheet.rows)):
            keys = (names.sheet(namespace, sheet.name), names.batch(namespace, sheet.name, f"{batch}:{number}"))
            yield Run(scripts.ADD, keys, (*lives, *_arguments(part)))


def read(names: Names, namespace: str, sheets: Collection[str], now: float) -> Flow[dict[str, dict[str, Cells]]]:
    """HSCAN over each sheet."""
    found: dict[str, dict[str, Cells]] = {}
    for sheet in sheets:
        fields = yield from _fields(names.sheet(namespace, sheet))
        expires_at = float(fields.pop(_EXPIRES_AT, b"0"))
        found[sheet] = {} if is_expired(expires_at, now) else _rows(fields)
    return found


def _rows(fields: Mapping[bytes, bytes]) -> dict[str, Cells]:
    rows: dict[str, dict[str, int | str]] = {}
    for field, value in fields.items():
        row, name = _read(field)
        rows.setdefault(row, {})[name] = value[1:].decode() if value[:1] == _TEXT else int(value)
    return dict(rows)


def drop(names: Names, namespace: str, sheet: str, rows: frozenset[str]) -> Flow[None]:
    """HDEL of all that the rows hold."""
    place = names.sheet(namespace, sheet)
    fields = yield from _fields(place)
    fields.pop(_EXPIRES_AT, None)
    doomed = iter([field for field in fields if _read(field)[0] in rows])
    while page := list(islice(doomed, PAGE_ROWS)):
        yield Ask(("HDEL", place, *page))


def quick_usage(names: Names, namespace: str) -> Flow[Usage | None]:
    """The usage, if the whole database is small."""
    keys = 0
    for node in (yield Nodes()):
        keys += yield Ask(("DBSIZE",), node)
    return None if keys > SMALL_DATABASE_KEYS else (yield from operations.usage(names, namespace))


def _fields(place: bytes) -> Flow[dict[bytes, bytes]]:
    """All fields of a hash; one seen twice, while the server resizes it, counts once."""
    fields: dict[bytes, bytes] = {}
    cursor = 0
    while True:
        cursor, page = yield Ask(("HSCAN", place, cursor, "COUNT", PAGE_ROWS))
        # The cluster's client makes a dictionary of it.
        fields.update(page if isinstance(page, Mapping) else zip(page[::2], page[1::2], strict=True))
        if int(cursor) == 0:
            return fields


def _parts(rows: Rows) -> Iterator[dict[str, Cells]]:
    items = iter(rows.items())
    while part := dict(islice(items, _ROWS_AT_ONCE)):
        yield part


def _arguments(rows: Rows) -> list[Any]:
    numbers: list[Any] = []
    texts: list[Any] = []
    for row, cells in rows.items():
        start = b"%d:%b" % (len(row.encode()), row.encode())
        for name, value in cells.items():
            if isinstance(value, str):
                texts += (start + name.encode(), _TEXT + value.encode())
            else:
                numbers += (start + name.encode(), value)
    return [len(numbers) // 2, *numbers, *texts]


def _read(field: bytes) -> tuple[str, str]:
    length, _, rest = field.partition(b":")
    return rest[: int(length)].decode(), rest[int(length) :].decode()
