"""What a pipeline has stored: removing it, looking at it, checking it, writing it out."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Unpack

from langcache.core.classes import Classes
from langcache.runtime.cache import Cache
from langcache.runtime.steps import Flow, adrive, drive
from langcache.stages.config import StageConfig
from langcache.stages.declaration import Stage
from langcache.stages.entries import Entry
from langcache.stages.exporting import read_export, write_export
from langcache.stages.graph import Graph
from langcache.stages.health import Checkup, Health
from langcache.stages.invalidation import Conditions, Fallen, cascade, select
from langcache.stages.keys import entry_place
from langcache.stages.metering import Meter, tell
from langcache.stages.sessions import Sessions, SessionStatus
from langcache.stages.upkeep import Upkeep
from langcache.stages.vault import Vault, namespace_of
from langcache.storage.base import Row

__all__ = ["Archive"]


class Archive:
    """The stored half of a `Pipeline`; not made by itself.

    Args:
        name: the pipeline's.
        cache: whose store is used.
        config: settings.
    """

    def __init__(self, name: str, cache: Cache, config: StageConfig) -> None:
        self.name, self.cache, self.config = name, cache, config
        self._stages: dict[str, Stage] = {}
        self._graph: Graph | None = None
        self._classes = Classes()

    @property
    def graph(self) -> Graph:
        """The checked graph of what is declared so far.

        Raises:
            DeclarationError: a dependency is missing, or stages depend on each other in a circle.
        """
        if self._graph is None:
            self._graph = Graph(self._stages.values())
        return self._graph

    def vault(self) -> Vault:
        """Where its records are."""
        namespace = namespace_of(self.cache.namespace, self.name)
        return Vault(self.cache, namespace, self._classes, self.config.compression_enabled)

    # Removing.

    def invalidate(
        self, key: str | None = None, *, dry_run: bool = False, **conditions: Unpack[Conditions]
    ) -> list[Fallen]:
        """Remove the entries that meet every condition, and all that were made from them.

        Args:
            key: a cache key, or the name of a stage, an instance or a family.
            dry_run: only say what would fall.
            conditions: ``pattern=``, ``tag=``, ``session_id=``, ``agent_version=``, ``prompt_hash=``,
                ``prompt_version=``; see `Conditions`.

        Returns:
            What fell, dependencies before what was made from them.

        Raises:
            DeclarationError: no condition is given, or one that there is not.
            StoreError: the store does not answer.
        """
        return drive(self._invalidate(select(key, **conditions), dry_run))

    async def ainvalidate(
        self, key: str | None = None, *, dry_run: bool = False, **conditions: Unpack[Conditions]
    ) -> list[Fallen]:
        """`invalidate`, awaited."""
        return await adrive(self._invalidate(select(key, **conditions), dry_run))

    def _invalidate(self, meant: Callable[[Row], bool], dry_run: bool) -> Flow[list[Fallen]]:
        vault = self.vault()
        rank = {name: place for place, name in enumerate(self.graph.order)}
        fallen = cascade((yield vault.rows(["entry"])), meant, rank)
        if not dry_run:
            # Last what was named: cut off half-way, the same call finds the rest again.
            yield from vault.remove([entry_place(entry.cache_key) for entry in reversed(fallen)])
            for entry in fallen:
                tell(self.cache, self.name, Meter(stage=entry.family), "invalidated")
        return fallen

    def clear(self) -> int:
        """Remove everything this pipeline has stored, sessions included; says how many records there were."""
        return self.cache.store.clear(namespace_of(self.cache.namespace, self.name))

    async def aclear(self) -> int:
        """`clear`, awaited."""
        return await self.cache.store.aclear(namespace_of(self.cache.namespace, self.name))

    # Looking.

    def status(self, session_id: str) -> SessionStatus:
        """What is known of a session; its state is ``"unknown"`` if there is none."""
        return drive(self._status(session_id))

    async def astatus(self, session_id: str) -> SessionStatus:
        """`status`, awaited."""
        return await adrive(self._status(session_id))

    def entries(self, stage: str | None = None) -> list[Entry]:
        """What is stored, oldest first: of one stage, instance or family, or of all."""
        return drive(self._entries(stage))

    async def aentries(self, stage: str | None = None) -> list[Entry]:
        """`entries`, awaited."""
        return await adrive(self._entries(stage))

    def health(self, *, repair: bool = False) -> Health:
        """What is wrong with the stored entries; *repair* removes or quarantines it, and all that was made from it.

        Raises:
            StoreError: the store does not answer.
        """
        return drive(Checkup(self.vault(), self.graph).check(repair=repair))

    async def ahealth(self, *, repair: bool = False) -> Health:
        """`health`, awaited."""
        return await adrive(Checkup(self.vault(), self.graph).check(repair=repair))

    def export(self, folder: str | os.PathLike[str], *, session_id: str | None = None) -> list[Path]:
        """Write the newest entry of each instance as readable files below *folder*; the paths written.

        Args:
            folder: made if needed; what it holds besides stays.
            session_id: only entries this session made.

        Raises:
            StoreError: the store does not answer.
            OSError: the folder cannot be written.
        """
        made = [e for e in self.entries() if session_id in (None, e.metadata.session_id)]
        return write_export(Path(folder), self.name, self.graph, made)

    def import_(self, folder: str | os.PathLike[str]) -> list[str]:
        """Store what `export` wrote, after checking all of it; the cache keys.

        Raises:
            CorruptEntry: something was changed; nothing is stored.
            StoreError: the store does not answer.
            OSError: the folder cannot be read.
        """
        found = read_export(Path(folder), self.name, self._classes)
        drive(self._import(found))
        return [entry.cache_key for entry in found]

    def _import(self, entries: list[Entry]) -> Flow[None]:
        vault = self.vault()
        for entry in entries:
            about, tokens = entry.metadata, tuple(entry.lineage.reads)
            lifetime_s = None if about.expiry_time is None else max(0.0, about.expiry_time - vault.now())
            yield from vault.learn_reads(entry.lineage.base, tokens, lifetime_s)
            yield from vault.commit(entry)

    def _entries(self, stage: str | None) -> Flow[list[Entry]]:
        vault, found = self.vault(), []
        meant = select(pattern="*") if stage is None else select(key=stage)
        counts = yield from Upkeep(vault, self.config).counts()
        for row in (yield vault.rows(["entry"])):
            entry = (yield from vault.entry(row.key.removeprefix("entry/"))) if meant(row) else None
            if entry is not None:
                found.append(entry.counted(counts.get(entry.cache_key, 0)))
        return sorted(found, key=lambda entry: (entry.metadata.created_at, entry.cache_key))

    def _status(self, session_id: str) -> Flow[SessionStatus]:
        return Sessions(self.vault()).read(session_id)
