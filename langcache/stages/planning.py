"""What a run would do, and why, without running anything and without writing anything."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from langcache.runtime.steps import Flow
from langcache.stages.entries import Entry
from langcache.stages.graph import Graph
from langcache.stages.inputs import ABSENT
from langcache.stages.results import PlanLine, Settled
from langcache.stages.schedule import Schedule, Task
from langcache.stages.settling import Question, Settling
from langcache.storage.base import Row

__all__ = ["Planning"]


@dataclass(slots=True)
class Planning:
    """One plan.

    Attributes:
        graph: what would be run.
        settling: how it would be settled.
    """

    graph: Graph
    settling: Settling
    _newest: dict[str, Row] | None = field(default=None, init=False)

    def plan(self) -> Flow[list[PlanLine]]:
        """A line per instance, in topological order; a family whose items are not known yet is one line."""
        schedule, lines = Schedule(self.graph), {}
        while (task := schedule.take()) is not None:
            asked = self.settling.question(task)
            entry = yield from self._stored(asked)
            if entry is None:
                lines[task.name] = PlanLine(task.name, "run", (yield from self._why(asked)))
                continue
            schedule.done(task, Settled(entry, reused=True))
            lines[task.name] = self._reuse(task, asked, entry)
        for name, error in schedule.failures.items():
            lines[name] = PlanLine(name, "run", f"cannot: {error}")
        return self._with_unknown(schedule, lines)

    def _stored(self, asked: Question) -> Flow[Entry | None]:
        for tokens in (yield from self.settling.vault.known_reads(asked.base)):
            entry = yield from self.settling.stored(asked, tokens)
            if entry is not None:
                return entry
        return None

    def _reuse(self, task: Task, asked: Question, entry: Entry) -> PlanLine:
        judged = entry.lineage.validator == asked.identity.validator
        reason = "stored" if judged else "stored; its output will be validated anew"
        return PlanLine(task.name, "reuse", reason, entry.cache_key, entry.lineage.cost_usd)

    def _with_unknown(self, schedule: Schedule, lines: dict[str, PlanLine]) -> list[PlanLine]:
        ordered, incomplete = [], set(schedule.unreached())
        for family in self.graph.order:
            for name in schedule.instances.get(family, [family]):
                ordered.append(lines.get(name) or self._unknown(family, name, incomplete))
        return ordered

    def _unknown(self, family: str, name: str, incomplete: set[str]) -> PlanLine:
        stage = self.graph.stages[family]
        waits = [need for need in stage.needs if need in incomplete]
        reason = f"{', '.join(waits)} would run first" if waits else "the instance before it would run first"
        return PlanLine(name, "run", reason, certain=False)

    def _why(self, asked: Question) -> Flow[str]:
        """What differs from the newest entry of the same instance."""
        if self._newest is None:
            self._newest = _newest((yield self.settling.vault.rows(["entry"])))
        row = self._newest.get(asked.task.name)
        entry = None if row is None else (yield from self.settling.vault.entry(row.key.removeprefix("entry/")))
        if entry is None:
            return "nothing is stored"
        found = list(self._differences(asked, entry))
        return "; ".join(found) if found else "what is stored cannot be rebuilt here"

    def _differences(self, asked: Question, entry: Entry) -> Iterable[str]:
        lineage, about, stage = entry.lineage, entry.metadata, asked.task.stage
        if about.prompt_hash != asked.identity.prompt_hash:
            yield "its prompt changed"
        if about.agent_version != stage.agent_version:
            yield f"its agent changed from {about.agent_version} to {stage.agent_version}"
        if lineage.code != asked.identity.code:
            yield "its code changed"
        if lineage.item != (None if asked.task.item is None else asked.task.item.digest):
            yield "its item changed"
        yield from self._changed_reads(asked, entry)
        needs = {name: settled.entry.lineage.output_hash for name, settled in asked.task.needs().items()}
        for name in sorted(needs.keys() | lineage.needs.keys()):
            if needs.get(name) != lineage.needs.get(name):
                yield f"the output of {name} changed"
        if needs == lineage.needs and list(needs) != list(lineage.needs):
            yield "the order of what it depends on changed"
        if about.validation_status == "failed":
            yield "its stored output failed validation"
        if entry.is_over(self.settling.vault.now(), self.settling.lifetime(asked.task)):
            yield "it expired"

    def _changed_reads(self, asked: Question, entry: Entry) -> Iterable[str]:
        for token, before in entry.lineage.reads.items():
            readable = not token.startswith("<") or asked.task.source is not None
            now = asked.digest_of(token) if readable else ABSENT
            if now != before:
                yield _WORDS.get(token[:1], "input {}").format(repr(token[1:])) + " changed"


_WORDS = {"#": "the set of inputs", "*": "an input", "<": "the list of {}", "?": "input {}"}


def _newest(rows: Iterable[Row]) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in rows:
        stage = row.key.removeprefix("entry/").rpartition(":")[0]
        if stage not in found or found[stage].created_at <= row.created_at:
            found[stage] = row
    return found
