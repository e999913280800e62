"""What a pipeline must do, worked out from scratch: no digests, no store, no cache, only values.

A stage's *trace* is everything its output depends on, as plain values. The oracle remembers which traces are
committed; a run must execute exactly the instances whose trace is not.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Declared:
    """One stage of a random pipeline.

    ``kind``: ``"plain"`` gives a number, ``"list"`` a list of items, ``"each"`` a number per item, ``"chain"`` the same
    where each instance also sees the one before.
    """

    name: str
    kind: str
    deps: tuple[str, ...] = ()
    source: str | None = None
    reads: str = "x"
    counts_items: bool = False
    versioned: bool = False


@dataclass
class World:
    """All that can be edited."""

    inputs: dict
    prompt: dict
    agent: dict
    body: dict
    failing: set = field(default_factory=set)


@dataclass(frozen=True)
class Trace:
    """What one execution depends on."""

    stage: str
    instance: str
    prompt: int
    agent: int
    body: int
    reads: tuple
    item: tuple | None
    deps: tuple


def read(declared, inputs):
    """What the stage's body reads: ``"x then y"`` reads ``y`` only for odd ``x``; ``"maybe z"`` may find nothing."""
    match declared.reads:
        case "x":
            return {"x": inputs["x"]}
        case "x then y":
            return {"x": inputs["x"], **({"y": inputs["y"]} if inputs["x"] % 2 else {})}
        case "maybe z":
            return {"z": inputs.get("z")}
        case "all":
            return {"*": tuple(sorted(inputs.items()))}
    return {}


def flat(reads):
    """The numbers of what was read."""
    values = [value for name, value in reads.items() if name != "*"] + [n for _, n in reads.get("*", ())]
    return sum(7 if value is None else value for value in values)


def result(declared, world, reads, item, deps):
    """The stage's output; coarse, so that different traces often give equal outputs."""
    name = declared.name
    total = world.body[name] + world.prompt[name] + world.agent[name] + flat(reads)
    total += sum(sum(value) if isinstance(value, tuple) else value for _, value in deps)
    total += 0 if item is None else item[1]
    if declared.kind == "list":
        return tuple((number, (total + number) % 2) for number in range(1, 2 + total % 3))
    return total % 3


class Oracle:
    """Says what a run must do, and remembers what is committed."""

    def __init__(self, pipeline):
        self.pipeline = pipeline
        self.committed = {}

    def expect(self, world):
        """``(executed, values, traces)``: what one worker executes in order, up to and including what fails; and
        what everything would give and depend on if nothing failed.
        """
        values, traces, executed, instances, failed = {}, {}, [], {}, False
        for declared in self.pipeline:
            items = [None] if declared.source is None else list(values[declared.source])
            names = [declared.name if item is None else declared.name.replace("{id}", str(item[0])) for item in items]
            instances[declared.name] = names
            for place, (name, item) in enumerate(zip(names, items, strict=True)):
                trace, value = self._trace(declared, world, values, instances, place, item)
                values[name], traces[name] = value, trace
                if trace not in self.committed and not failed:
                    executed.append(name)
                    failed = name in world.failing
            if declared.source is not None:
                values[declared.name] = {name: values[name] for name in names}
        return executed, values, traces

    def _trace(self, declared, world, values, instances, place, item):
        deps = []
        for dep in declared.deps:
            deps += [(name, values[name]) for name in instances[dep]]
        if declared.kind == "chain" and place:
            before = instances[declared.name][place - 1]
            deps.append((before, values[before]))
        reads = read(declared, world.inputs)
        if declared.counts_items:
            reads["#items"] = len(values[declared.source])
        traced = dict(reads)
        if declared.counts_items:
            traced["#items"] = values[declared.source]
        name = declared.name
        trace = Trace(
            name,
            instances[name][place],
            world.prompt[name],
            world.agent[name],
            world.body[name],
            tuple(sorted(traced.items())),
            item,
            tuple(deps),
        )
        return trace, result(declared, world, reads, item, [(n, _sums(v)) for n, v in deps])

    def commit(self, traces, values):
        """Note what was stored."""
        for name, trace in traces.items():
            self.committed[trace] = values[name]

    def invalidate(self, meant):
        """Forget the traces *meant*, and all made from what they gave; their instances, with repetitions."""
        fallen = {trace for trace in self.committed if meant(trace)}
        grown = True
        while grown:
            made = {(trace.instance, self.committed[trace]) for trace in fallen}
            items = {(trace.stage, item) for trace in fallen for item in _items(self.committed[trace])}
            more = {trace for trace in self.committed if trace not in fallen and self._needs(trace, made, items)}
            fallen, grown = fallen | more, bool(more)
        for trace in fallen:
            del self.committed[trace]
        return sorted(trace.instance for trace in fallen)

    def _needs(self, trace, made, items):
        source = next(d.source for d in self.pipeline if d.name == trace.stage)
        return any(dep in made for dep in trace.deps) or (source, trace.item) in items


def _items(value):
    return value if isinstance(value, tuple) else ()


def _sums(value):
    """What a dependent adds up of one dependency."""
    return tuple(v for _, v in value) if isinstance(value, tuple) else value
