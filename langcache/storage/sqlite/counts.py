"""What a store does to its tables of counts, each a function of an open connection, in the manner of `tables`.

A row's cells are one text of JSON, added up here: reading and writing a row is then one lookup each, whatever it holds.
"""

import json
from collections.abc import Collection, Iterable
from sqlite3 import Connection
from typing import Final

from langcache.storage.base import BATCH_MEMORY_S, Cells, Rows, Sheet
from langcache.storage.counters import Sum, add_up

_PURGE_PER_ADD: Final = 8

_SHEET = (
    "INSERT INTO sheet (namespace, name, expires_at) VALUES (?, ?, ?)"
    " ON CONFLICT (namespace, name) DO UPDATE SET expires_at = excluded.expires_at"
)
_CELLS = "SELECT cells FROM count WHERE namespace = ? AND sheet = ? AND name = ?"
_PUT = "INSERT OR REPLACE INTO count (namespace, sheet, name, cells) VALUES (?, ?, ?, ?)"
_ROWS = (
    "SELECT count.name, cells FROM count JOIN sheet ON sheet.namespace = count.namespace AND sheet.name = count.sheet"
    " WHERE count.namespace = ? AND count.sheet = ? AND expires_at > ?"
)
_DROP = "DELETE FROM count WHERE namespace = ? AND sheet = ? AND name = ?"
_OVER = "SELECT namespace, name FROM sheet WHERE expires_at <= ? ORDER BY expires_at LIMIT ?"


def add(connection: Connection, namespace: str, sheets: Iterable[Sheet], batch: str, now: float) -> None:
    """Add *sheets* up with what is there, unless *batch* has been added before."""
    connection.execute("DELETE FROM batch WHERE added_at <= ?", (now - BATCH_MEMORY_S,))
    if not connection.execute("INSERT OR IGNORE INTO batch VALUES (?, ?, ?)", (namespace, batch, now)).rowcount:
        return
    _purge(connection, now)
    for sheet in sheets:
        connection.execute(_SHEET, (namespace, sheet.name, sheet.expires_at))
        connection.executemany(_PUT, _summed(connection, namespace, sheet.name, sheet.rows))


def _summed(connection: Connection, namespace: str, sheet: str, rows: Rows) -> list[tuple[str, str, str, str]]:
    summed = []
    for name, cells in rows.items():
        found = connection.execute(_CELLS, (namespace, sheet, name)).fetchone()
        total: Sum = {} if found is None else json.loads(found[0])
        add_up(total, cells)
        summed.append((namespace, sheet, name, json.dumps(total, separators=(",", ":"))))
    return summed


def read(connection: Connection, namespace: str, names: Collection[str], now: float) -> dict[str, dict[str, Cells]]:
    """The rows of those sheets that are there."""
    return {
        sheet: {name: json.loads(cells) for name, cells in connection.execute(_ROWS, (namespace, sheet, now))}
        for sheet in names
    }


def drop(connection: Connection, namespace: str, sheet: str, rows: Collection[str]) -> None:
    """Remove *rows* of one sheet."""
    connection.executemany(_DROP, [(namespace, sheet, name) for name in rows])


def _purge(connection: Connection, now: float) -> None:
    for place in connection.execute(_OVER, (now, _PURGE_PER_ADD)).fetchall():
        connection.execute("DELETE FROM count WHERE namespace = ? AND sheet = ?", place)
        connection.execute("DELETE FROM sheet WHERE namespace = ? AND name = ?", place)
