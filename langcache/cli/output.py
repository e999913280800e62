"""What a command found, as a table for people, as JSON, or as CSV for programs."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from langcache.cli.trouble import DONE
from langcache.core.naming import without_halves
from langcache.runtime.account.plain import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

__all__ = ["Column", "Form", "Report", "Section", "figures", "render"]

Form = Literal["table", "json", "csv"]
NARROW, WIDEST = 80, 120
"""Columns of a pipe, and of the widest table; longer lines are harder to read."""

STYLES = {
    **dict.fromkeys(("ok", "fresh", "stored", "quarantined", "removed"), "green"),
    **dict.fromkeys(("warning", "expired", "older format", "newer format", "encrypted", "agent version"), "yellow"),
    **dict.fromkeys(("failed", "corrupt", "contradictory", "dangling", "schema version"), "red"),
}

_CONTROLS = {
    **{code: chr(0x2400 + code) for code in range(32) if code != ord("\n")},
    **dict.fromkeys(range(0x80, 0xA0), "␛"),  # each stands for ESC and one more character (ECMA-48)
    0x7F: "␡",
}
"""Control characters as pictures: what a model wrote must not steer a terminal."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: of the value in each row, and the column's in CSV.
        title: of the column for people; the name by default.
        show: how a value is written for people.
        right: whether it is a number.
        is_status: whether it is one of the words of `STYLES`, shown in colour.
        folds: whether a long value goes on in the next line; else it ends in an ellipsis.
    """

    name: str
    title: str | None = None
    show: Callable[[Any], str] = str
    right: bool = False
    is_status: bool = False
    folds: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """One table.

    Attributes:
        columns: what of each row is shown, in order.
        rows: the values by name, exact.
        title: above the table, for people.
        empty: what people read where there is no row; nothing is shown if it is ``""``.
    """

    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    title: str | None = None
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a command found.

    Attributes:
        data: all of it, for JSON.
        sections: for people.
        main: the section that is the CSV; without one, CSV is every figure of *data* by its path.
        notes: sentences for people, below the tables.
        status: exit status.
    """

    data: Any
    sections: Sequence[Section] = ()
    main: Section | None = None
    notes: Sequence[str] = field(default=())
    status: int = DONE


def figures(rows: Sequence[tuple[str, Any]], title: str | None = None) -> Section:
    """Names and values, each already written for people."""
    columns = [Column("name", "", folds=False), Column("value", "")]
    return Section(columns, [{"name": name, "value": value} for name, value in rows], title)


def render(report: Report, form: Form) -> None:
    """Print *report*."""
    import typer

    if form == "json":
        typer.echo(json.dumps(_finite(plain(report.data)), indent=2))
    elif form == "csv":
        typer.echo(_csv(report), nl=False)
    else:
        _show(report)


def _finite(data: Any) -> Any:
    """JSON knows no infinity; what never ends has no end."""
    if isinstance(data, dict):
        return {name: _finite(value) for name, value in data.items()}
    if isinstance(data, list):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def _csv(report: Report) -> str:
    if report.main is None:
        return _line(("name", "value")) + "".join(map(_line, _paths(plain(report.data))))
    names = [column.name for column in report.main.columns]
    rows = ([row.get(name) for name in names] for row in report.main.rows)
    return _line(names) + "".join(map(_line, rows))


def _line(values: Sequence[Any]) -> str:
    """As RFC 4180 quotes, but ended as Unix tools expect; the writer itself quotes too little if told that end."""
    out = io.StringIO(newline="")
    csv.writer(out).writerow(map(_exact, values))
    return without_halves(out.getvalue().removesuffix("\r\n")) + "\n"


def _exact(value: Any) -> Any:
    value = plain(value)
    return json.dumps(_finite(value)) if isinstance(value, dict | list | bool) else value


def _paths(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    items: Any = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else None
    if items is None:
        yield path, data
        return
    for name, value in items:
        yield from _paths(value, f"{path}.{name}" if path else str(name))


def _show(report: Report) -> None:
    console = _console()
    shown = [section for section in report.sections if section.rows or section.empty]
    for number, section in enumerate(shown):
        if number:
            console.print()
        if section.rows:
            console.print(_table(section))
        else:
            console.print(section.empty)
    if report.notes and shown:
        console.print()
    for note in report.notes:
        console.print(_showable(note))


def _console() -> "Console":
    """Of the terminal's width, or 80 columns in a pipe; rich leaves colours out there, and under NO_COLOR."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=False)
    console.width = min(console.width, WIDEST) if console.is_terminal else NARROW
    return console


def _table(section: Section) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    titled = any(column.title != "" for column in section.columns)
    table = Table(
        box=SIMPLE_HEAD if titled else None,
        title=section.title,
        title_justify="left",
        title_style="bold",
        pad_edge=False,
        collapse_padding=titled,
        show_header=titled,
    )
    for column in section.columns:
        table.add_column(
            column.name.replace("_", " ") if column.title is None else column.title,
            justify="right" if column.right else "left",
            overflow="fold" if column.folds else "ellipsis",
            no_wrap=not column.folds,
            min_width=_widest(column, section.rows) if column.right else None,
        )
    for row in section.rows:
        table.add_row(*(_cell(column, row.get(column.name)) for column in section.columns))
    return table


def _showable(text: str) -> str:
    return without_halves(text).translate(_CONTROLS)


def _widest(column: Column, rows: Sequence[Mapping[str, Any]]) -> int:
    """A number is never cut short."""
    return max(len(_cell(column, row.get(column.name))) for row in rows)


def _cell(column: Column, value: Any) -> "Text":
    from rich.text import Text

    text = "–" if value is None else _showable(column.show(value))
    return Text(text, STYLES.get(text, "") if column.is_status else "")
