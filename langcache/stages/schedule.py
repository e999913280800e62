"""Which instance may start next: pure bookkeeping, the same for threads and tasks."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from langcache.errors import DeclarationError
from langcache.stages.declaration import Stage
from langcache.stages.graph import Graph
from langcache.stages.inputs import Later, Upstream
from langcache.stages.items import Item, items_of
from langcache.stages.results import Settled

__all__ = ["Schedule", "Task", "values_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One instance that may start.

    Attributes:
        name: the instance's.
        stage: as declared.
        rank: its place in topological order, then among the items.
        item: None without for_each.
        upstream: declared dependency to the instances it is given of it.
        source: the settled for_each stage.
        is_source: whether a family fans out over its output.
    """

    name: str
    stage: Stage
    rank: tuple[int, int]
    item: Item | None
    upstream: dict[str, dict[str, Settled]]
    source: Settled | None
    is_source: bool

    def needs(self) -> dict[str, Settled]:
        """Every instance whose output counts in its key."""
        return {name: settled for group in self.upstream.values() for name, settled in group.items()}

    def given(self) -> list[Any]:
        """What its ``upstream`` holds, in the order it has there: as a stage may list or join it."""
        bare = self.stage.same_item
        return [
            [name, name in bare, [[instance, settled.entry.lineage.output_hash] for instance, settled in group.items()]]
            for name, group in self.upstream.items()
        ]


@dataclass(slots=True)
class Schedule:
    """The state of one run.

    Attributes:
        graph: what is run.
        settled: what is done, by instance.
        instances: family or stage name to its instances, in the order of items.
        failures: what failed, by instance, in order.
    """

    graph: Graph
    settled: dict[str, Settled] = field(default_factory=dict)
    instances: dict[str, list[str]] = field(default_factory=dict)
    failures: dict[str, BaseException] = field(default_factory=dict)
    _ready: list[tuple[tuple[int, int], Task]] = field(default_factory=list)
    _missing: dict[str, int] = field(default_factory=dict)
    _open: dict[str, int] = field(default_factory=dict)
    _items: dict[str, list[Item]] = field(default_factory=dict)
    _rank: dict[str, int] = field(default_factory=dict)
    _groups: dict[str, dict[str, Settled]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rank = {name: place for place, name in enumerate(self.graph.order)}
        self._missing = {name: len(stage.needs) for name, stage in self.graph.stages.items()}
        for name in self.graph.order:
            if not self._missing[name]:
                self._open_stage(self.graph.stages[name])

    def has_ready(self, count: int = 1) -> bool:
        """Whether at least *count* may start."""
        return not self.failures and len(self._ready) >= count

    def take(self) -> Task | None:
        """The next that may start; None if none may, above all after a failure."""
        return heapq.heappop(self._ready)[1] if self.has_ready() else None

    def done(self, task: Task, settled: Settled) -> None:
        """Note that *task* is settled, and let start what waited for it."""
        self.settled[task.name] = settled
        if task.stage.in_order:
            self._queue_after(task)
        self._close(task.stage.name, 1)

    def failed(self, name: str, error: BaseException) -> None:
        """Note that *name* failed: no new one starts."""
        self.failures[name] = error

    def unreached(self) -> Iterator[str]:
        """Declared stages that are not complete."""
        return (name for name in self.graph.order if self._missing[name] or self._open.get(name))

    def _close(self, name: str, count: int) -> None:
        self._open[name] -= count
        if self._open[name]:
            return
        for dependent in self.graph.dependents[name]:
            self._missing[dependent] -= 1
            if not self._missing[dependent]:
                self._open_stage(self.graph.stages[dependent])

    def _open_stage(self, stage: Stage) -> None:
        try:
            items = self._items_for(stage)
        except Exception as error:
            self._open[stage.name] = 1
            self.failed(stage.name, error)
            return
        names = [stage.name if item is None else stage.instance(item.id) for item in items]
        if taken := self._names_taken(stage, names):
            self._open[stage.name] = 1
            self.failed(
                stage.name, DeclarationError(f"an instance of {stage.name!r} is called {taken!r}, as another is")
            )
            return
        self.instances[stage.name], self._open[stage.name] = names, len(names)
        if stage.for_each is not None:
            self._items[stage.name] = [item for item in items if item is not None]
        for place, item in enumerate(items[:1] if stage.in_order else items):
            self._queue(stage, place, item)
        if not items:
            self._close(stage.name, 0)

    def _names_taken(self, stage: Stage, names: list[str]) -> str | None:
        if stage.for_each is None:
            return None
        return next((name for name in names if name in self.graph.stages or name in self.settled), None)

    def _items_for(self, stage: Stage) -> list[Item] | list[None]:
        if stage.for_each is None:
            return [None]
        return items_of(stage.for_each, self.settled[stage.for_each].entry.output.value())

    def _queue(self, stage: Stage, place: int, item: Item | None) -> None:
        name = self.instances[stage.name][place]
        task = Task(
            name,
            stage,
            (self._rank[stage.name], place),
            item,
            self._upstream(stage, place),
            None if stage.for_each is None else self.settled[stage.for_each],
            stage.name in self.graph.sources,
        )
        heapq.heappush(self._ready, (task.rank, task))

    def _queue_after(self, task: Task) -> None:
        place = task.rank[1] + 1
        items = self._items[task.stage.name]
        if place < len(items):
            self._queue(task.stage, place, items[place])

    def _upstream(self, stage: Stage, place: int) -> dict[str, dict[str, Settled]]:
        given = {name: self._whole(name) for name in stage.depends_on}
        for name in stage.same_item:
            given[name] = self._of([self.instances[name][place]])
        if stage.in_order:
            given[stage.name] = self._of(self.instances[stage.name][max(0, place - 1) : place])
        return given

    def _whole(self, name: str) -> dict[str, Settled]:
        if name not in self._groups:
            self._groups[name] = self._of(self.instances[name])
        return self._groups[name]

    def _of(self, names: list[str]) -> dict[str, Settled]:
        return {name: self.settled[name] for name in names}


def values_of(task: Task) -> Upstream:
    """What *task* is given of its dependencies, rebuilt for it alone; with for_each for a `Recorded` to hand out."""
    given: dict[str, Any] = {}
    families = set()
    for name, group in task.upstream.items():
        outputs = {instance: settled.entry.output.value() for instance, settled in group.items()}
        if name in group or name in task.stage.same_item:
            given[name] = next(iter(outputs.values()))
        else:
            given[name] = outputs
            families.add(name)
    if task.source is not None and task.stage.for_each is not None:
        given.setdefault(task.stage.for_each, Later(task.source.entry.output.value))
    return Upstream(given, frozenset(families))
