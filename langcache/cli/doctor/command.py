"""``langcache doctor``."""

from collections.abc import Iterator
from typing import Annotated

import typer

from langcache.cli.application import load_application
from langcache.cli.command import Session, command
from langcache.cli.doctor.applications import check_application, check_global_cache
from langcache.cli.doctor.finding import Finding, failed, ok
from langcache.cli.doctor.installation import check_installation
from langcache.cli.doctor.stored import check_stored
from langcache.cli.doctor.stores import check_store
from langcache.cli.output import Column, Report, Section
from langcache.cli.trouble import FAILED, Trouble
from langcache.errors import LangcacheError

__all__ = ["doctor"]

COLUMNS = [
    Column("check", folds=False),
    Column("status", is_status=True, folds=False),
    Column("finding"),
    Column("fix"),
]


@command("langcache doctor", "langcache doctor --app myapp.chains")
def doctor(
    session: Session,
    app: Annotated[
        str | None, typer.Option(help="MODULE or MODULE:ATTRIBUTE to import and look through. Else pyproject.toml's.")
    ] = None,
) -> Report:
    """What could be wrong around the cache, each finding with its fix (status 1 if a check failed)."""
    findings = list(_findings(session, app or session.settings.app))
    rows = [{**finding.to_dict(), "fix": finding.fix or None} for finding in findings]
    bad = [finding for finding in findings if finding.status != "ok"]
    section = Section(COLUMNS, rows)
    shown = Section(COLUMNS[:3], [{**row, "finding": _told(row["finding"], row["fix"])} for row in rows])
    notes = ["Nothing to do." if not bad else f"{len(bad)} of {len(findings)} checks found something."]
    failures = any(finding.status == "failed" for finding in findings)
    return Report(rows, [shown], section, notes, FAILED if failures else 0)


def _told(finding: str, fix: str | None) -> str:
    return finding if fix is None else f"{finding}\n→ {fix}"


def _findings(session: Session, app: str | None) -> Iterator[Finding]:
    yield from check_installation()
    try:
        with session.settings.open() as cache:
            reachable = True
            for finding in check_store(cache):
                reachable = reachable and finding.status != "failed"
                yield finding
            if reachable:
                yield from check_stored(cache)
    except LangcacheError as error:
        yield failed("store reachable", str(error), "mend the setting that the message names")
    if app is None:
        yield ok("app", "not looked at; name it with --app MODULE:ATTRIBUTE")
        return
    try:
        application = load_application(app)
    except Trouble as trouble:
        yield failed("app", str(trouble), "run it in the folder your app runs in, with its environment")
        return
    yield from check_application(application)
    yield check_global_cache()
