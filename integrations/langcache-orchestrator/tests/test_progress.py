"""What is shown while a run is under way."""

import io
from decimal import Decimal

from rich.console import Console

from ai_orchestrator.progress import Lines
from langcache.stages import Progress

STEPS = [
    Progress("started", "plan"),
    Progress("reused", "plan", "plan:1", saved_usd=Decimal("0.02")),
    Progress("started", "code"),
    Progress("executed", "code", "code:1", cost_usd=Decimal("0.01"), seconds=1.25),
    Progress("started", "test"),
    Progress("failed", "test", reason="ValueError: no"),
    Progress("finished", None),
]


def shown(*, terminal: bool) -> str:
    text = io.StringIO()
    with Lines(Console(file=text, force_terminal=terminal, width=80, highlight=False, markup=False)) as lines:
        for step in STEPS:
            lines(step)
    return text.getvalue()


def test_each_stage_is_a_line_when_it_is_settled() -> None:
    """With what it saved, what it cost and how long it took, or why it failed; a pipe gets nothing else."""
    assert [line.split() for line in shown(terminal=False).splitlines()] == [
        ["reused", "plan", "saved", "$0.0200"],
        ["executed", "code", "cost", "$0.0100", "1.2", "s"],
        ["failed", "test", "ValueError:", "no"],
    ]


def test_a_terminal_also_shows_what_is_under_way() -> None:
    """In colour."""
    page = shown(terminal=True)
    assert "\x1b[32m" in page
    assert "reused    plan" in page


def test_json_output_is_left_alone() -> None:
    """Nothing is printed beside it."""
    with Lines(None) as lines:
        for step in STEPS:
            lines(step)
