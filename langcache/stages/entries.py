"""An entry: one finished stage, as people, keys and the cascade know it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from langcache.core.classes import Classes
from langcache.errors import CorruptEntry, LangcacheError
from langcache.stages.keys import FORMAT
from langcache.stages.outputs import Output, from_bytes
from langcache.storage.base import is_expired

__all__ = ["Entry", "Lineage", "Metadata", "ValidationStatus", "format_of"]

ValidationStatus = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Metadata:
    """What every entry says of itself.

    Attributes:
        cache_key: stage instance and digest, ``"phase-3-code:…"``.
        created_at: seconds since the epoch.
        agent_version, prompt_hash: as declared; None if not.
        dependencies: cache keys of the entries it was made from.
        session_id: the session that made it.
        validation_status: skipped if nothing validates it; failed ones are never reused.
        expiry_time: seconds since the epoch; None: never.
        file_count: files in the output.
        size_bytes: of the output as data, before compression.
        access_count: how often it was reused.
        tags: as declared.
    """

    cache_key: str
    created_at: float
    agent_version: str | None
    prompt_hash: str | None
    dependencies: tuple[str, ...]
    session_id: str
    validation_status: ValidationStatus
    expiry_time: float | None
    file_count: int
    size_bytes: int
    access_count: int
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where an entry comes from, as digests.

    Attributes:
        stage, family: instance and declared name.
        base: see `langcache.stages.keys`.
        code: digest of the stage's code or version.
        item: digest of its item; None without for_each.
        reads: tokens of what it read, and their digests.
        needs: instance name to output hash of each dependency.
        source: for_each's stage; None without.
        output_hash: digest of the output.
        items: digests of the output's items, if a family fans out over it.
        validator: digest of the validator's code; None without.
        problems: what the validator found.
        cost_usd: what making it cost; None if a price is unknown.
        seconds: how long making it took.
    """

    stage: str
    family: str
    base: str
    code: str
    item: str | None
    reads: Mapping[str, str]
    needs: Mapping[str, str]
    source: str | None
    output_hash: str
    items: tuple[str, ...] = ()
    validator: str | None = None
    problems: tuple[str, ...] = ()
    cost_usd: Decimal | None = Decimal(0)
    seconds: float = 0.0

    def made(self) -> frozenset[str]:
        """What others can be made from, named by content."""
        own = {f"{self.stage}@{self.output_hash}"}
        return frozenset(own | {f"{self.stage}#{item}" for item in self.items})

    def needed(self) -> frozenset[str]:
        """What it was made from, named by content."""
        needs = {f"{stage}@{output_hash}" for stage, output_hash in self.needs.items()}
        if self.source is not None:
            needs.add(f"{self.source}#{self.item}")
        return frozenset(needs)


@dataclass(frozen=True, slots=True)
class Entry:
    """Metadata, lineage and output of one finished stage."""

    metadata: Metadata
    lineage: Lineage
    output: Output = field(repr=False)

    @property
    def cache_key(self) -> str:
        """The key."""
        return self.metadata.cache_key

    @property
    def stage(self) -> str:
        """The instance's name."""
        return self.lineage.stage

    def labels(self) -> frozenset[str]:
        """What it is found and invalidated by."""
        about, lineage = self.metadata, self.lineage
        labels = {"entry", f"family:{lineage.family}", f"session:{about.session_id}"}
        labels |= {f"agent:{about.agent_version}"} if about.agent_version is not None else set()
        labels |= {f"prompt:{about.prompt_hash}"} if about.prompt_hash is not None else set()
        labels |= {f"tag:{tag}" for tag in about.tags}
        labels |= {f"made:{made}" for made in lineage.made()}
        return frozenset(labels | {f"needs:{need}" for need in lineage.needed()})

    def is_over(self, now: float, lifetime_s: float | None) -> bool:
        """Whether its own lifetime has ended at *now*, or a shorter one that its stage has declared since."""
        declared = None if lifetime_s is None else self.metadata.created_at + lifetime_s
        return is_expired(self.metadata.expiry_time, now) or is_expired(declared, now)

    def is_reusable(self, now: float, lifetime_s: float | None) -> bool:
        """Whether it is valid at *now*, in seconds since the epoch, and can be rebuilt by this process."""
        if self.metadata.validation_status == "failed" or self.is_over(now, lifetime_s):
            return False
        try:
            self.output.value()
        except (LangcacheError, ValueError, TypeError):
            return False
        return True

    def to_bytes(self) -> bytes:
        """Two lines of JSON: about it, and the output itself."""
        lineage = _fields(self.lineage)
        lineage["cost_usd"] = None if self.lineage.cost_usd is None else str(self.lineage.cost_usd)
        head = [FORMAT, _fields(self.metadata), lineage]
        return b"%b\n%b" % (json.dumps(head, separators=(",", ":")).encode(), self.output.data)

    @classmethod
    def from_bytes(cls, data: bytes, classes: Classes) -> "Entry":
        """Read it back.

        Raises:
            CorruptEntry: the bytes are no entry of this format, or the output is not the one hashed.
        """
        head, _, body = data.partition(b"\n")
        try:
            version, about, lineage = json.loads(head)
            if version != FORMAT:
                raise CorruptEntry(f"stage entry format {version!r}, expected {FORMAT}")
            cost = lineage.pop("cost_usd")
            found = cls(
                Metadata(**_tuples(about)),
                Lineage(**_tuples(lineage), cost_usd=None if cost is None else Decimal(cost)),
                from_bytes(body, classes),
            )
        except (ValueError, TypeError, KeyError, AttributeError, InvalidOperation, RecursionError) as error:
            raise CorruptEntry(f"not a stage's entry ({type(error).__name__})") from None
        if found.output.hash != found.lineage.output_hash:
            raise CorruptEntry("a stage's output is not the one its entry was made with")
        return found

    def counted(self, access_count: int) -> "Entry":
        """With the number of times it was reused."""
        return replace(self, metadata=replace(self.metadata, access_count=access_count))


def format_of(data: bytes) -> Any:
    """The format version of an entry's bytes.

    Raises:
        CorruptEntry: they are no entry of any version.
    """
    try:
        version, *_ = json.loads(data.partition(b"\n")[0])
    except (ValueError, TypeError, RecursionError):
        raise CorruptEntry("not a stage's entry") from None
    return version


def _fields(record: Metadata | Lineage) -> dict[str, Any]:
    """By name; as deep as JSON needs, since `asdict` copies all of it, which took a tenth of a stage's commit."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
