"""``langcache config``."""

from typing import Any

from langcache.cli.command import Session, command
from langcache.cli.formats import span
from langcache.cli.output import Column, Report, Section
from langcache.cli.settings import Settings
from langcache.storage.registry import default_url

__all__ = ["config"]

COLUMNS = [Column("setting", folds=False), Column("value"), Column("source")]


@command("langcache config", "langcache config --json")
def config(session: Session) -> Report:
    """The settings that hold, and where each comes from."""
    said = session.settings.model_dump()
    said["url"] = session.loaded.safe_url or default_url()
    rows = [
        {"setting": name, "value": _plain(said[name]), "source": session.loaded.sources.get(name, "default")}
        for name in Settings.model_fields
    ]
    shown = [{**row, "value": _readable(said[row["setting"]])} for row in rows]
    return Report(rows, [Section(COLUMNS, shown)], Section(COLUMNS, rows))


def _plain(value: Any) -> Any:
    """As JSON has it; a duration in seconds."""
    return value.total_seconds() if hasattr(value, "total_seconds") else value


def _readable(value: Any) -> str | None:
    if value is None or value in ({}, ()):
        return None
    if hasattr(value, "total_seconds"):
        return span(value.total_seconds())
    if isinstance(value, dict):
        return ", ".join(f"{name} = {item}" for name, item in value.items())
    return ", ".join(value) if isinstance(value, tuple) else str(value)
