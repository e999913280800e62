"""What the tests of the command line share: running it in this process, and a store with something in it."""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from langcache import Cache
from langcache.cli.app import build
from support.chains import SAY, Applicant, chain, founder
from support.models import CountingModel

APP = build()
KINDS = ({"gpa": 2.0}, {"gpa": 3.2}, {"gpa": 3.7, "background": "nurse"})


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def csv(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.out)))


def langcache(*arguments: str | Path, **env: str) -> Ended:
    """Run ``langcache`` with *arguments* in this process; an exception of ours must have become a line."""
    done = CliRunner().invoke(APP, list(map(str, arguments)), env={"COLUMNS": "80", **env})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Ended(done.exit_code, done.stdout, done.stderr)


def fill(url: str, *, namespace: str = "default", version: str = "v1", **settings: Any) -> list[str]:
    """Serve three kinds of applicants; their keys."""
    declared = {"profile": Applicant, "name": "plan", "prompt_version": version, "tags": ["mail"], **settings}
    with Cache(url, namespace=namespace) as cache, cache.capture() as events:
        wrapped = cache.wrap(chain(CountingModel(say=SAY)), **declared)
        for kind in KINDS:
            wrapped.invoke(founder(**kind))
    return [event.key for event in events]


def put_bytes(url: str, key: str, value: bytes, namespace: str = "default") -> None:
    """Store *value* under *key* as it is."""
    from langcache.storage.base import Record

    with Cache(url) as cache:
        now = cache.clock.now()
        cache.store.put(namespace, key, Record(value, now, now + 1e6), now=now)
