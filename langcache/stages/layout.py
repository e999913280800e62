"""Where an export puts a stage: folders and names for people, none of which can leave the export."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from langcache.core.encoding import digest
from langcache.stages.declaration import PLACE, Stage

__all__ = ["Spot", "spot_of"]

_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")

_LONGEST = 200
"""File systems take names of 255 bytes; a digest and an ending come after it."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where one entry goes.

    Attributes:
        folder: below the export's own; several stages may share one.
        name: of the output's file, without ``.json``.
    """

    folder: PurePosixPath
    name: str

    @classmethod
    def of(cls, output: PurePosixPath) -> "Spot":
        """The spot whose output is at *output*."""
        return cls(output.parent, output.stem)

    @property
    def output(self) -> PurePosixPath:
        """The output as JSON."""
        return self.folder / f"{self.name}.json"


def spot_of(instance: str, stage: Stage | None) -> Spot:
    """``phase-3-code`` of the family ``phase-{id}-code`` goes to ``phases/phase_3/code.json``; others by their name."""
    if stage is None or stage.for_each is None:
        name = _safe(instance)
        return Spot(PurePosixPath(_safe_folder(stage, name)), name)
    before, after = stage.name.split(PLACE)
    item_id = instance[len(before) : len(instance) - len(after)]
    group, name = before.strip("-_ ") or "item", after.strip("-_ ") or before.strip("-_ ") or "output"
    folder = PurePosixPath(_safe_folder(stage, _safe(f"{group}s"))) / _safe(f"{group}_{item_id}")
    return Spot(folder, _safe(name))


def _safe_folder(stage: Stage | None, otherwise: str) -> str:
    return otherwise if stage is None or stage.folder is None else _safe(stage.folder)


def _safe(name: str) -> str:
    """*name* if it can be one file's name anywhere, else one that can, told apart by a digest."""
    safe = _UNSAFE.sub("_", name).lstrip(".")[:_LONGEST] or "_"
    return safe if safe == name else f"{safe}-{digest(name.encode('utf-8', 'surrogatepass'))[:8]}"
