"""Why a request hits or misses: the parts of its key beside those of the nearest stored one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from langchain_core.runnables import RunnableSequence, ensure_config

from langcache.core.entry import Entry, read_about
from langcache.core.policy import judge
from langcache.errors import CorruptEntry, DeclarationError
from langcache.langchain.announce import Announcer
from langcache.langchain.chain_work import ChainWork
from langcache.langchain.model import is_wrapped_model, work_of
from langcache.runtime.cache import Cache
from langcache.runtime.steps import Flow, Step, adrive, drive
from langcache.storage.base import Record, Row
from langcache.storage.codec import open_sealed

__all__ = ["Explanation", "aexplain", "explain"]

INPUT = "input "
"""How the part of a key begins that is an input nobody declared."""

LOOKED_AT = 2_000
"""Stored entries compared at most; a chain with more is compared with a part of them."""


@dataclass(slots=True)
class Explanation:
    """What `Cache.explain` found.

    Attributes:
        outcome: what a call would be now: ``"hit"``, ``"stale"``, ``"miss"`` or ``"bypass"``.
        key: digest of the request's key; empty where none can be made.
        parts: every part of the key by name: features as normalised values, all else as digests.
        nearest: key of the stored entry with most parts equal; None if there is none.
        differs: part name to ``(here, there)`` where they differ.
        reason: why the cache stands aside, if it does.
        unmasked: slots whose value is an everyday word or number here: it stays in the text, and so in the key.
        advice: changes of the declaration to how many answers of this chain they would have kept that were refused
            in this process.
    """

    outcome: str
    key: str
    parts: Mapping[str, Any]
    reason: str | None = None
    nearest: str | None = None
    differs: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    unmasked: Sequence[str] = ()
    advice: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [f"{self.outcome}: {self.reason or self.key}"]
        lines += [f"  {name} = {value}" for name, value in self.parts.items()]
        if self.outcome == "miss":
            lines.append(f"nearest stored key: {self.nearest or 'none of this chain'}")
        lines += [f"  {name}: {here!r} here, {there!r} there" for name, (here, there) in self.differs.items()]
        if any(name.startswith(INPUT) for name in self.differs):
            lines.append(
                "what nobody declared counts as it is: what only fills a gap is a Slot(), what does neither Ignore()"
            )
        lines += [
            f"slot {name!r}: this value is also an everyday word or number, so it stays in the text, and in the key; "
            "given as an input of its own it is masked"
            for name in self.unmasked
        ]
        lines += [f"refused before ({count}); what would help: {helps}" for helps, count in self.advice.items()]
        return "\n".join(lines)


def explain(cache: Cache, wrapped: Any, inputs: Any, config: Any = None) -> Explanation:
    """See `Cache.explain`."""
    return drive(_explained(cache, _work(wrapped, inputs, config)))


async def aexplain(cache: Cache, wrapped: Any, inputs: Any, config: Any = None) -> Explanation:
    """See `Cache.aexplain`."""
    return await adrive(_explained(cache, _work(wrapped, inputs, config)))


def _work(wrapped: Any, inputs: Any, config: Any) -> ChainWork:
    kwargs: dict[str, Any] = {}
    while not hasattr(wrapped, "chain") and not is_wrapped_model(wrapped):
        config = {**getattr(wrapped, "config", {}), **(config or {})}
        kwargs = {**getattr(wrapped, "kwargs", {}), **kwargs}
        wrapped = wrapped.first if isinstance(wrapped, RunnableSequence) else getattr(wrapped, "bound", None)
        if wrapped is None:
            raise DeclarationError(
                "explain() takes what cache.wrap() returned, or a pipe that begins with it; for agents and install(), "
                "see `langcache explain CHAIN feature=value`"
            )
    whole = ensure_config(config)
    if is_wrapped_model(wrapped):
        return work_of(wrapped, inputs, whole, kwargs)
    return ChainWork(wrapped.chain, inputs, whole, kwargs, Announcer("explain", whole, heard=False))


def _explained(cache: Cache, work: ChainWork) -> Flow[Explanation]:
    if work.request is None:
        return Explanation("bypass", "", {}, work.bypass)
    parts = work.request.parts()
    if work.directives.no_store:
        return Explanation("bypass", work.key, parts, "no-store")
    entry: Entry | None = yield cache.engine.store.get(cache.namespace, work.key)
    verdict = judge(entry, work.directives, cache.engine.expiry, cache.clock.now())
    if verdict == "fresh":
        return Explanation("hit", work.key, parts)
    if verdict == "revalidate":
        return Explanation("stale", work.key, parts)
    found = Explanation("miss", work.key, parts, None if entry is None else "the stored answer has expired")
    found.unmasked = work.request.unmasked()
    found.advice = cache.ledger.stats().advice.get(work.event.chain, {})
    yield from _compare(cache, work, found)
    return found


def _compare(cache: Cache, work: ChainWork, found: Explanation) -> Flow[None]:
    mine = work.request.public_parts() if work.request is not None else {}
    rows: list[Row] = yield _rows(cache, f"chain:{work.event.chain}")
    fewest = len(mine) + 1
    for row in rows:
        record: Record | None = yield _record(cache, row.key)
        theirs = _parts_of(row.key, record)
        if theirs is None or row.key == work.key:
            continue
        differs = dict(_differences(mine, theirs))
        if len(differs) < fewest:
            fewest, found.nearest, found.differs = len(differs), row.key, differs


def _rows(cache: Cache, label: str) -> Step[list[Row]]:
    def run() -> list[Row]:
        return list(islice(cache.store.scan(cache.namespace, now=cache.clock.now(), labels=[label]), LOOKED_AT))

    async def arun() -> list[Row]:
        rows: list[Row] = []
        async for row in cache.store.ascan(cache.namespace, now=cache.clock.now(), labels=[label]):
            rows.append(row)
            if len(rows) == LOOKED_AT:
                break
        return rows

    return Step(run, arun)


def _record(cache: Cache, key: str) -> Step[Record | None]:
    now = cache.clock.now()
    return Step(
        lambda: cache.store.get(cache.namespace, key, now=now),
        lambda: cache.store.aget(cache.namespace, key, now=now),
    )


def _parts_of(key: str, record: Record | None) -> dict[str, Any] | None:
    try:
        parts = read_about(open_sealed(key, record.value)).get("parts") if record is not None else None
    except CorruptEntry:
        return None
    return parts if isinstance(parts, dict) else None


def _differences(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for name in {**mine, **theirs}:
        here, there = mine.get(name, "absent"), theirs.get(name, "absent")
        if here != there:
            yield name, (here, there)
