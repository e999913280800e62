"""One stage instance, from question to committed entry: decided once, for threads and tasks.

Look for an entry; else take the lease, look again, run, validate, write down, commit durably, give the lease back.
Whoever finds the lease taken waits for the other's entry; a dead holder's lease runs out.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from langcache.errors import LangcacheError, StoreError
from langcache.runtime.steps import Flow
from langcache.stages.calling import Calling
from langcache.stages.entries import Entry, Lineage, Metadata
from langcache.stages.failure import reason_of
from langcache.stages.identity import Identities, Identity
from langcache.stages.inputs import Values
from langcache.stages.items import items_of
from langcache.stages.keys import Parts, cache_key, lease_place
from langcache.stages.leases import Leases
from langcache.stages.metering import Meter, tell
from langcache.stages.outputs import Output, to_output
from langcache.stages.results import Settled
from langcache.stages.schedule import Task
from langcache.stages.validation import Report
from langcache.stages.vault import Vault
from langcache.storage.base import Lease

__all__ = ["Broken", "Question", "Settling"]

FIRST_PAUSE_S = 0.01
LONGEST_PAUSE_S = 0.5
TAKEN = "taken"


class Broken(LangcacheError):
    """A stage failed; its error is the cause, and this is what it had spent."""

    def __init__(self, reason: str, meter: Meter, seconds: float) -> None:
        super().__init__(reason)
        self.reason, self.meter, self.seconds = reason, meter, seconds


@dataclass(frozen=True, slots=True)
class Question:
    """A task with all that its key needs.

    Attributes:
        task: what is to be settled.
        values: the run's inputs.
        identity: what the stage is now.
        base: see `langcache.stages.keys`.
    """

    task: Task
    values: Values
    identity: Identity
    base: str

    def digest_of(self, token: str) -> str:
        """What *token* reads now: of the inputs, or of the for_each stage's output."""
        if token.startswith("<"):
            assert self.task.source is not None
            return self.task.source.entry.lineage.output_hash
        return self.values.digest_of(token, self.task.stage.reads)

    def key(self, tokens: tuple[str, ...]) -> str:
        """The key of a run that read *tokens*."""
        return cache_key(self.task.name, self.base, tokens, self.digest_of)


@dataclass(slots=True)
class Settling:
    """Settles the tasks of one run.

    Attributes:
        pipeline: its name.
        session_id: who makes new entries.
        vault: where entries are.
        values: the run's inputs.
        identities: what stages are.
        calling: how stages are run.
        leases: keeps leases alive while stages run.
        lifetime_s: of entries of stages that do not say; None: for ever.
    """

    pipeline: str
    session_id: str
    vault: Vault
    values: Values
    identities: Identities
    calling: Calling
    leases: Leases
    lifetime_s: float | None

    def question(self, task: Task) -> Question:
        """What settling *task* asks the store."""
        identity = self.identities.of(task.stage)
        parts = Parts(
            pipeline=self.pipeline,
            family=task.stage.name,
            prompt_hash=identity.prompt_hash,
            agent_version=task.stage.agent_version,
            code=identity.code,
            item=None if task.item is None else task.item.digest,
            dependencies=task.given(),
        )
        return Question(task, self.values, identity, parts.base())

    def settle(self, task: Task) -> Flow[Settled]:
        """The entry of *task*, found or made.

        Raises:
            Broken: the stage failed.
        """
        meter = Meter(session=self.session_id, stage=task.stage.name)
        try:
            settled = yield from self._settle(task, meter)
        except Broken:
            tell(self.calling.cache, self.pipeline, meter, "failed")
            raise
        if settled.reused:
            tell(self.calling.cache, self.pipeline, meter, "reused", settled.entry.lineage.cost_usd or Decimal(0))
        else:
            tell(self.calling.cache, self.pipeline, meter, "executed")
        return settled

    def _settle(self, task: Task, meter: Meter) -> Flow[Settled]:
        asked, pause_s = self.question(task), FIRST_PAUSE_S
        found = yield from self.find(asked)
        while found is None:
            lease = yield from self._lease(asked)
            if lease == TAKEN:
                yield self.vault.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                made = yield from self._lead(asked, lease, meter)
                if made is not None:
                    return made
            found = yield from self.find(asked)
        return _reused(found, meter)

    def find(self, asked: Question) -> Flow[Entry | None]:
        """The entry that may be reused, if there is one."""
        for tokens in (yield from self.vault.known_reads(asked.base)):
            entry = yield from self.stored(asked, tokens)
            if entry is None:
                continue
            if entry.lineage.validator != asked.identity.validator:
                entry = yield from self._validated_anew(asked, entry)
            if entry is not None:
                return (yield from self._as_declared(asked.task, entry))
        return None

    def stored(self, asked: Question, tokens: tuple[str, ...]) -> Flow[Entry | None]:
        """The sound entry of a run that read *tokens*, as it is stored."""
        entry = yield from self.vault.entry(asked.key(tokens))
        lifetime_s = self.lifetime(asked.task)
        return entry if entry is not None and entry.is_reusable(self.vault.now(), lifetime_s) else None

    def _lease(self, asked: Question) -> Flow[Any]:
        """A lease; `TAKEN` if another has it; None if the store has none to give."""
        place = lease_place(asked.base, self.values.whole)
        try:
            lease = yield from self.leases.acquire(place)
        except Exception as error:
            self.vault.told(error)
            return None
        return TAKEN if lease is None else lease

    def _lead(self, asked: Question, lease: Lease | None, meter: Meter) -> Flow[Settled | None]:
        """Run the stage; None if the lease was lost meanwhile, so that another's entry counts."""
        try:
            # Somebody may have committed between our look and our lease.
            found = yield from self.find(asked)
            if found is not None:
                return _reused(found, meter)
            return (yield from self._execute(asked, lease, meter))
        finally:
            if lease is not None:
                yield from self.leases.release(lease)

    def _execute(self, asked: Question, lease: Lease | None, meter: Meter) -> Flow[Settled | None]:
        started = self.vault.now()
        with self._breaking(meter, started):
            value, tokens = yield from self.calling.call(asked.task, self.values, meter)
            output = to_output(value, self.vault.classes)
            report = yield from self.calling.validate(asked.task.stage, output, meter)
            entry = self._entry(asked, frozenset(tokens), output, report, meter, started)
        committed = yield from self._commit(asked, entry, lease)
        if committed is None:
            return None
        if report is not None and not report.passed:
            raise Broken("; ".join(("validation failed", *report.problems)), meter, entry.lineage.seconds)
        return Settled(entry, False, committed, meter.cost_usd, meter.saved_usd, meter.unpriced)

    @contextmanager
    def _breaking(self, meter: Meter, started: float) -> Generator[None]:
        try:
            yield
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and _is_run_cancelled():
                raise
            raise Broken(reason_of(error), meter, max(0.0, self.vault.now() - started)) from error

    def _commit(self, asked: Question, entry: Entry, lease: Lease | None) -> Flow[bool | None]:
        """Whether *entry* is durable; None if the lease was lost."""
        try:
            # First how to find it: dying in between leaves nothing behind that misleads.
            lifetime_s = self.lifetime(asked.task)
            yield from self.vault.learn_reads(asked.base, tuple(entry.lineage.reads), lifetime_s)
            stored = yield from self.vault.commit(entry, lease, ttl_s=self.leases.lease_s, lifetime_s=lifetime_s)
        except StoreError as error:
            self.vault.told(error)
            return False
        return True if stored else None

    def lifetime(self, task: Task) -> float | None:
        """How long an entry of *task* may be reused, in seconds; None: for ever."""
        own = task.stage.expires_after_s
        return self.lifetime_s if own is None else own

    def _entry(
        self,
        asked: Question,
        tokens: frozenset[str],
        output: Output,
        report: Report | None,
        meter: Meter,
        started: float,
    ) -> Entry:
        metadata = self._metadata(asked, tokens, output, report)
        task, needs = asked.task, asked.task.needs()
        lineage = Lineage(
            stage=task.name,
            family=task.stage.name,
            base=asked.base,
            code=asked.identity.code,
            item=None if task.item is None else task.item.digest,
            reads={token: asked.digest_of(token) for token in sorted(tokens)},
            needs={name: settled.entry.lineage.output_hash for name, settled in needs.items()},
            source=task.stage.for_each,
            output_hash=output.hash,
            items=_items(task, output),
            validator=asked.identity.validator,
            problems=() if report is None else report.problems,
            cost_usd=None if meter.unpriced else meter.cost_usd,
            seconds=max(0.0, metadata.created_at - started),
        )
        return Entry(metadata, lineage, output)

    def _metadata(self, asked: Question, tokens: frozenset[str], output: Output, report: Report | None) -> Metadata:
        task, now, lifetime_s = asked.task, self.vault.now(), self.lifetime(asked.task)
        made_from = [*([] if task.source is None else [task.source]), *task.needs().values()]
        return Metadata(
            cache_key=asked.key(tuple(sorted(tokens))),
            created_at=now,
            agent_version=task.stage.agent_version,
            prompt_hash=asked.identity.prompt_hash,
            dependencies=tuple(settled.entry.cache_key for settled in made_from),
            session_id=self.session_id,
            validation_status=_status(report),
            expiry_time=None if lifetime_s is None else now + lifetime_s,
            file_count=output.file_count,
            size_bytes=len(output.data),
            access_count=0,
            tags=task.stage.tags,
        )

    def _validated_anew(self, asked: Question, entry: Entry) -> Flow[Entry | None]:
        """Judge a stored output by a validator it has not met, without running the stage; None if it fails."""
        report = yield from self.calling.validate(asked.task.stage, entry.output, Meter())
        judged = replace(
            entry,
            metadata=replace(entry.metadata, validation_status=_status(report)),
            lineage=replace(
                entry.lineage,
                validator=asked.identity.validator,
                problems=() if report is None else report.problems,
            ),
        )
        yield from self._rewrite(judged)
        return judged if report is None or report.passed else None

    def _as_declared(self, task: Task, entry: Entry) -> Flow[Entry]:
        """With the tags and the items that it was made without, if it was, so that an invalidation finds it by them."""
        tags, items = task.stage.tags, entry.lineage.items or _items(task, entry.output)
        if items == entry.lineage.items and set(tags) == set(entry.metadata.tags):
            return entry
        declared = replace(
            entry, metadata=replace(entry.metadata, tags=tags), lineage=replace(entry.lineage, items=items)
        )
        yield from self._rewrite(declared)
        return declared

    def _rewrite(self, entry: Entry) -> Flow[None]:
        try:
            yield from self.vault.commit(entry)
        except StoreError as error:
            self.vault.told(error)


def _is_run_cancelled() -> bool:
    """Whether somebody cancels the task we run in; else what was cancelled is the stage's own."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs in this thread
        return False
    return task is not None and task.cancelling() > 0


def _reused(entry: Entry, meter: Meter) -> Settled:
    """Reused; *meter* holds what this run spent on it in vain, if its lease was lost meanwhile."""
    saved = meter.saved_usd + (entry.lineage.cost_usd or 0)
    return Settled(entry, reused=True, cost_usd=meter.cost_usd, saved_usd=saved, unpriced=meter.unpriced)


def _status(report: Report | None) -> Any:
    return "skipped" if report is None else "passed" if report.passed else "failed"


def _items(task: Task, output: Output) -> tuple[str, ...]:
    if not task.is_source:
        return ()
    try:
        return tuple(sorted({item.digest for item in items_of(task.name, output.value())}))
    except LangcacheError:
        return ()  # no list of items: the family that fans out over it will say so
