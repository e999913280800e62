"""The three forms of an answer, and the bar of long work."""

import csv
import io
import json
import math
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st
from rich.console import Console

from langcache.cli.formats import count, day, hour, moment, seconds, short_key, size, span
from langcache.cli.output import Column, Report, Section, figures, render
from langcache.cli.progress import progress

amounts = st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=0, max_value=10**9)
texts = st.text(st.characters(codec="utf-8"), max_size=30)


def printed(report: Report, form: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    render(report, form)  # type: ignore[arg-type]
    return capsys.readouterr().out


@given(amount=amounts, text=texts, number=st.floats(allow_nan=False, allow_infinity=False))
def test_json_and_csv_are_exact(amount: Decimal, text: str, number: float) -> None:
    """Money to the last digit, floats to the last bit, text to the last character."""
    section = Section([Column("amount"), Column("text"), Column("number")], [
        {"amount": amount, "text": text, "number": number}
    ])  # fmt: skip
    with pytest.MonkeyPatch.context() as patched:
        out = io.StringIO()
        patched.setattr("typer.echo", lambda said, nl=True: out.write(said))
        render(Report(section.rows, main=section), "json")
        found = json.loads(out.getvalue())[0]
        assert (Decimal(found["amount"]), found["text"], found["number"]) == (amount, text, number)
        assert isinstance(found["amount"], str)
        out.seek(0)
        out.truncate()
        render(Report(section.rows, main=section), "csv")
        row = next(csv.DictReader(io.StringIO(out.getvalue(), newline="")))
        assert (Decimal(row["amount"]), row["text"], float(row["number"])) == (amount, text, number)


def test_without_a_main_table_csv_is_every_figure_by_its_path(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of the data is left out."""
    data = {"a": {"b": [Decimal("1.10"), {"c": None}]}, "d": True}
    assert printed(Report(data), "csv", capsys) == "name,value\na.b.0,1.10\na.b.1.c,\nd,true\n"


def test_what_never_ends_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON knows no infinity."""
    assert json.loads(printed(Report({"until": [math.inf]}), "json", capsys)) == {"until": [None]}


@pytest.mark.parametrize("width", [1, 30, 200])
def test_a_table_fits_80_columns_in_a_pipe(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Long words fold; numbers are never cut short."""
    columns = [Column("key", folds=False), Column("text"), Column("amount", right=True)]
    rows = [{"key": "k" * 12, "text": "w" * width + " " + "w" * width, "amount": "12,345,678.90"}]
    shown = printed(Report(rows, [Section(columns, rows)]), "table", capsys)
    assert max(map(len, shown.splitlines())) <= 80
    assert "12,345,678.90" in shown
    assert "".join(shown.split()).count("w") == 2 * width


def test_values_that_look_like_markup_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """``[bold]``, ``:smile:`` and escape sequences in an answer are text."""
    shown = printed(Report({}, [figures([("text", "[bold]x[/] :smile: \x1b[31m \x07")])]), "table", capsys)
    assert "[bold]x[/] :smile: ␛[31m ␇" in shown


@pytest.mark.parametrize("form", ["table", "csv"])
def test_what_is_no_text_is_replaced(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An older version recorded names that hold half of a surrogate pair; UTF-8 cannot."""
    section = Section([Column("name")], [{"name": "caf\ud800"}])
    shown = printed(Report({}, [section], section, notes=["caf\ud800"]), form, capsys)
    assert "caf�" in shown


def test_an_empty_section_says_so_or_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """An empty table helps nobody."""
    sections = [Section([Column("a")], []), Section([Column("a")], [], empty="None found.")]
    assert printed(Report([], sections), "table", capsys) == "None found.\n"


def test_long_work_shows_how_far_how_fast_and_how_long_still() -> None:
    """On a terminal; the bar is gone at the end."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, color_system=None)
    with progress("exporting", 4000, console) as advance:
        advance(1000)
        advance(1000)
    shown = out.getvalue()
    assert ("exporting" in shown, "2000/4000" in shown, "/s" in shown) == (True, True, True)


def test_in_a_pipe_there_is_no_bar() -> None:
    """Not a byte."""
    out = io.StringIO()
    with progress("exporting", 10, Console(file=out)) as advance:
        advance(10)
    assert out.getvalue() == ""


def test_formats_for_people() -> None:
    """Units, separators, UTC."""
    sizes = ["0 B", "999 B", "1.5 kB", "2.0 MB", "3.0 GB", "4.0 TB"]
    assert [size(n) for n in (0, 999, 1500, 2_000_000, 3e9, 4e12)] == sizes
    assert [seconds(s) for s in (0.0000123, 0.0215, 0.5, 2.5, 61)] == [
        "0.01 ms",
        "21.5 ms",
        "500 ms",
        "2.50 s",
        "61.0 s",
    ]
    assert [span(s) for s in (30, 60, 5400, 86_400, 2_592_000)] == ["30 s", "1 minute", "1.5 hours", "1 day", "30 days"]
    assert (moment(0), day(0), hour(0), moment(math.inf)) == ("1970-01-01 00:00", "1970-01-01", "01-01 00:00", "never")
    assert (count(1234567), short_key("a" * 40)) == ("1,234,567", "a" * 12)
