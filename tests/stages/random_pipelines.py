"""Random pipelines as real code: each stage is compiled from source, so that editing its body is editing its body."""

import random

from hypothesis import strategies as st

from langcache.stages import Pipeline
from langcache.storage.memory import MemoryStore
from tests.stages.oracle import Declared, World

READS = {
    "x": 'total += inputs["x"]',
    "x then y": 'total += inputs["x"]\n    if inputs["x"] % 2:\n        total += inputs["y"]',
    "maybe z": 'z = inputs.get("z")\n    total += 7 if z is None else z',
    "all": "total += sum(inputs.values())",
    "none": "pass",
}

SOURCE = """
def number(value):
    if isinstance(value, dict):
        return sum(map(number, value.values()))
    return sum(item["v"] for item in value) if isinstance(value, list) else value

def stage(inputs, upstream{item}):
    name = {instance}
    LOG.append(name)
    if name in ENV["failing"]:
        raise RuntimeError(name)
    total = {body} + ENV["prompt"][{name!r}] + ENV["agent"][{name!r}]
    {reads}
    for dep in {deps!r}:
        total += number(upstream[dep])
    {more}
    return {result}
"""
LIST = '[{"id": n, "v": (total + n) % 2} for n in range(1, 2 + total % 3)]'


def source_of(declared, world):
    """The source of one stage as the world has it now; a versioned one looks its body up where no hash sees it."""
    name, family = declared.name, declared.source is not None
    deps = (*declared.deps, *((name,) if declared.kind == "chain" else ()))
    more = ['total += item["v"]'] if family else []
    more += [f'total += len(upstream["{declared.source}"])'] if declared.counts_items else []
    return SOURCE.format(
        item=", item" if family else "",
        instance=f'{name!r}.replace("{{id}}", str(item["id"]))' if family else repr(name),
        body=f'ENV["body"][{name!r}]' if declared.versioned else world.body[name],
        name=name,
        reads=READS[declared.reads],
        deps=deps,
        more="; ".join(more) or "pass",
        result=LIST if declared.kind == "list" else "total % 3",
    )


def build(pipeline, world, cache, log, **options):
    """A `Pipeline` of the world as it is now."""
    pipe = Pipeline("random", cache=cache, config={"analytics_enabled": False}, **options)
    env = {"prompt": world.prompt, "agent": world.agent, "body": world.body, "failing": world.failing}
    for declared in pipeline:
        scope = {"LOG": log, "ENV": env}
        exec(source_of(declared, world), scope)
        name = declared.name
        pipe.stage(
            name,
            depends_on=declared.deps,
            for_each=declared.source,
            in_order=declared.kind == "chain",
            prompt_version=str(world.prompt[name]),
            agent_version=str(world.agent[name]),
            version=str(world.body[name]) if declared.versioned else None,
            tags=[f"tag-{name}"],
        )(scope["stage"])
    return pipe


def new_world(pipeline):
    """A world in which nothing was edited yet."""
    zeros = {declared.name: 0 for declared in pipeline}
    return World({"x": 1, "y": 1}, dict(zeros), dict(zeros), dict(zeros))


@st.composite
def pipelines(draw, most=6):
    """Up to *most* stages; each may depend on any before it."""
    made = []
    for place in range(draw(st.integers(1, most))):
        chosen = draw(st.integers(0, 2**most - 1))
        lists = [d.name for d in made if d.kind == "list"]
        kind = draw(st.sampled_from(["plain", "list", *(["each", "chain"] if lists else [])]))
        source = draw(st.sampled_from(lists)) if kind in ("each", "chain") else None
        before = [d.name for d in made if d.name != source]
        made.append(
            Declared(
                name=f"s{place}-{{id}}" if source else f"s{place}",
                kind=kind,
                deps=tuple(name for number, name in enumerate(before) if chosen >> number & 1),
                source=source,
                reads=draw(st.sampled_from(sorted(READS))),
                counts_items=source is not None and draw(st.booleans()),
                versioned=draw(st.booleans()),
            )
        )
    return made


def seeded(seed, count=6):
    """A pipeline of *count* stages, the same for the same *seed* in every process."""
    chance, made = random.Random(seed), []
    for place in range(count):
        lists = [d.name for d in made if d.kind == "list"]
        kind = chance.choice(["plain", "list", *(["each", "chain"] if lists else [])])
        source = chance.choice(lists) if kind in ("each", "chain") else None
        before = [d.name for d in made if d.name != source]
        deps = tuple(name for name in before if chance.random() < 0.4)
        name = f"s{place}-{{id}}" if source else f"s{place}"
        made.append(Declared(name, kind, deps, source, chance.choice(sorted(READS)), bool(source) and place % 2 == 0))
    return made


class Crash(BaseException):
    """The power went: no handler for errors may see it."""


class CrashingStore(MemoryStore):
    """Dies at one of its writes, before or after it happened, and stays dead until revived."""

    def __init__(self):
        super().__init__()
        self.dies_in, self.after, self.dead = None, False, False
        self.committed = []

    def revive(self):
        """Come back, with everything that was written."""
        self.dies_in, self.dead = None, False

    def _write(self, write):
        if self.dead:
            raise Crash
        if self.dies_in is not None:
            self.dies_in -= 1
            if self.dies_in < 0:
                self.dead = True
                if not self.after:
                    raise Crash
        done = write()
        if self.dead:
            raise Crash
        return done

    def get(self, namespace, key, *, now):
        if self.dead:
            raise Crash
        return super().get(namespace, key, now=now)

    def put(self, namespace, key, record, *, now, lease=None):
        def write():
            stored = super(CrashingStore, self).put(namespace, key, record, now=now, lease=lease)
            if stored and key.startswith("entry/"):
                self.committed.append(key.removeprefix("entry/").rpartition(":")[0])
            return stored

        return self._write(write)

    def acquire(self, namespace, key, *, ttl_s, now):
        return self._write(lambda: super(CrashingStore, self).acquire(namespace, key, ttl_s=ttl_s, now=now))

    def release(self, lease):
        return self._write(lambda: super(CrashingStore, self).release(lease))

    def delete(self, namespace, keys):
        return self._write(lambda: super(CrashingStore, self).delete(namespace, keys))
