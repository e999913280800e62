"""The graph of declared stages: pure, checked as a whole, in one stable order."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from langcache.errors import DeclarationError
from langcache.stages.declaration import Stage

__all__ = ["Graph"]


class Graph:
    """Stages in topological order; among those that may go first, in the order they were declared.

    Args:
        stages: all of a pipeline's, in the order they were declared.

    Raises:
        DeclarationError: a dependency is not declared, or stages depend on each other in a circle; both are named.
    """

    def __init__(self, stages: Iterable[Stage]) -> None:
        self.stages: dict[str, Stage] = {stage.name: stage for stage in stages}
        self._check_declared()
        self._check_siblings()
        self._check_acyclic()
        self._check_sources()
        self.dependents: Mapping[str, tuple[str, ...]] = self._reversed()
        self.order: tuple[str, ...] = self._sorted()
        self.sources = frozenset(stage.for_each for stage in self.stages.values() if stage.for_each is not None)

    def family_of(self, instance: str) -> Stage | None:
        """The declared stage that *instance*, such as ``"phase-3-code"``, is or belongs to."""
        if instance in self.stages:
            return self.stages[instance]
        for stage in self.stages.values():
            if stage.for_each is not None:
                before, after = stage.name.split("{id}")
                fits = instance.startswith(before) and instance.endswith(after)
                if fits and len(instance) > len(before) + len(after):
                    return stage
        return None

    def _check_declared(self) -> None:
        for stage in self.stages.values():
            for need in stage.needs:
                if need not in self.stages:
                    near = get_close_matches(need, self.stages, n=1)
                    hint = f"; did you mean {near[0]!r}?" if near else ""
                    raise DeclarationError(f"stage {stage.name!r} depends on {need!r}, which no stage is called{hint}")

    def _check_sources(self) -> None:
        for stage in self.stages.values():
            if stage.for_each is not None and self.stages[stage.for_each].for_each is not None:
                raise DeclarationError(
                    f"stage {stage.name!r} fans out over the family {stage.for_each!r}; it needs one stage with a list"
                )

    def _check_siblings(self) -> None:
        for stage in self.stages.values():
            for other in stage.same_item:
                if self.stages[other].for_each != stage.for_each:
                    raise DeclarationError(
                        f"stage {stage.name!r} takes the same item of {other!r}, "
                        f"which is not for_each={stage.for_each!r}"
                    )

    def _check_acyclic(self) -> None:
        try:
            TopologicalSorter({name: stage.needs for name, stage in self.stages.items()}).prepare()
        except CycleError as error:
            circle = " → ".join(reversed(error.args[1]))
            raise DeclarationError(f"stages depend on each other in a circle: {circle}") from None

    def _reversed(self) -> dict[str, tuple[str, ...]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for stage in self.stages.values():
            for need in stage.needs:
                found[need].append(stage.name)
        return {name: tuple(found[name]) for name in self.stages}

    def _sorted(self) -> tuple[str, ...]:
        places = list(self.stages)
        rank = {name: place for place, name in enumerate(places)}
        missing = {name: len(stage.needs) for name, stage in self.stages.items()}
        ready = [rank[name] for name in places if not missing[name]]
        order = []
        while ready:
            name = places[heapq.heappop(ready)]
            order.append(name)
            for dependent in self.dependents[name]:
                missing[dependent] -= 1
                if not missing[dependent]:
                    heapq.heappush(ready, rank[dependent])
        return tuple(order)
