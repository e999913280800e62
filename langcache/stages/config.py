"""Settings of a pipeline's cache: from code, a TOML file or the environment; a misspelt one is an error."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from math import inf
from pathlib import Path
from typing import Any

from langcache.errors import DeclarationError

__all__ = ["ENV_PREFIX", "StageConfig"]

ENV_PREFIX = "LANGCACHE_STAGES_"
TABLE = "langcache.stages"
_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class StageConfig:
    """Settings of one pipeline's cache.

    Args:
        max_cache_size_gb: bound on its records, in 10⁹ bytes as stored; beyond it, what is cheapest to make again goes.
        default_expiry_hours: lifetime of entries whose stage does not say; None: for ever.
        cleanup_interval_hours: how often expired entries are removed and the bound is kept, at the end of a run.
        compression_enabled: compress large records.
        analytics_enabled: count costs, savings and reuse.

    Raises:
        DeclarationError: a value cannot work.
    """

    max_cache_size_gb: float = 5.0
    default_expiry_hours: float | None = 720.0
    cleanup_interval_hours: float = 24.0
    compression_enabled: bool = True
    analytics_enabled: bool = True

    def __post_init__(self) -> None:
        for field in fields(self):
            _check(field.name, getattr(self, field.name))

    @classmethod
    def of(cls, given: "StageConfig | Mapping[str, Any] | None" = None) -> "StageConfig":
        """Settings from code; what *given* leaves out comes from the environment.

        Raises:
            DeclarationError: an unknown setting, in the mapping or the environment; the nearest known one is named.
        """
        if isinstance(given, StageConfig):
            return given
        if given is not None and not isinstance(given, Mapping):
            raise DeclarationError(
                f"settings are a StageConfig or a mapping, not {given!r}; from a file: StageConfig.from_toml(path)"
            )
        return cls(**{**from_environment(os.environ), **_known(dict(given or {}))})

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> "StageConfig":
        """Settings from the table ``[langcache.stages]`` of a TOML file; what it leaves out, from the environment.

        Raises:
            DeclarationError: the table holds an unknown setting, or the file is no TOML.
            OSError: the file cannot be read.
        """
        try:
            tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise DeclarationError(f"{path} is no TOML: {error}") from None
        table: Any = tables
        for name in TABLE.split("."):
            table = table.get(name, {}) if isinstance(table, dict) else {}
        return cls.of(table)

    @property
    def default_expiry_s(self) -> float | None:
        """The default lifetime, in seconds."""
        return None if self.default_expiry_hours is None else self.default_expiry_hours * 3600

    @property
    def max_bytes(self) -> int:
        """The bound, in bytes."""
        return int(self.max_cache_size_gb * 10**9)


def from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Settings from variables such as ``LANGCACHE_STAGES_DEFAULT_EXPIRY_HOURS``; ``none`` means None.

    Raises:
        DeclarationError: a variable with our prefix names no setting, or its text is no value of it.
    """
    found = {
        name.removeprefix(ENV_PREFIX).lower(): text for name, text in environment.items() if name.startswith(ENV_PREFIX)
    }
    return {name: _read(name, text) for name, text in _known(found).items()}


def _check(name: str, value: Any) -> None:
    if name.endswith("_enabled"):
        if not isinstance(value, bool):
            raise DeclarationError(f"{name} is true or false, not {value!r}")
    elif value is None and name == "default_expiry_hours":
        return
    elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
        raise DeclarationError(f"{name} is a number above zero, not {value!r}")


def _known(given: dict[str, Any]) -> dict[str, Any]:
    names = [field.name for field in fields(StageConfig)]
    for name in given:
        if name not in names:
            near = get_close_matches(name, names, n=1, cutoff=0.0)
            raise DeclarationError(f"the stage cache has no setting {name!r}; did you mean {near[0]!r}?")
    return given


def _read(name: str, text: str) -> Any:
    word = text.strip().lower()
    if name.endswith("_enabled"):
        if word not in _WORDS:
            raise DeclarationError(f"{ENV_PREFIX}{name.upper()} is true or false, not {text!r}")
        return _WORDS[word]
    if word == "none" and name == "default_expiry_hours":
        return None
    try:
        return float(word)
    except ValueError:
        raise DeclarationError(f"{ENV_PREFIX}{name.upper()} is a number, not {text!r}") from None
