"""Due dates as people type them."""

import re
from datetime import date, timedelta

from todo.model import Task

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
AHEAD = re.compile(r"\+(\d{1,4})([dw])")


def parse_due(text: str, today: date) -> date:
    """``today``, ``tomorrow``, ``friday`` (the next one), ``+3d``, ``+2w`` or ``2026-03-01``."""
    word = text.strip().lower()
    if word in ("today", "tomorrow"):
        return today + timedelta(days=word == "tomorrow")
    if word in WEEKDAYS:
        return today + timedelta(days=(WEEKDAYS.index(word) - today.weekday() - 1) % 7 + 1)
    ahead = AHEAD.fullmatch(word)
    if ahead:
        return today + timedelta(days=int(ahead[1]) * (7 if ahead[2] == "w" else 1))
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise ValueError(f"{text!r} is no date: write 2026-03-01, tomorrow, friday, +3d or +2w") from None


def is_overdue(task: Task, today: date) -> bool:
    """Whether it should have been done before *today*."""
    return not task.done and task.due is not None and task.due < today
