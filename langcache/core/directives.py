"""Per-call control in the words of RFC 9111 (section 5.2) and RFC 5861.

``no-store``: neither read nor written. ``no-cache``: not read, but written; a "regenerate" button.
``only-if-cached``: answer from the cache or raise. ``max-age=S``: accept nothing older than *S* seconds.
``stale-if-error=S``: an answer expired for up to *S* seconds is better than an error.
``stale-while-revalidate=S``: serve it at once and refresh in the background.
"""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from langcache.errors import DeclarationError

__all__ = ["METADATA_KEY", "NONE", "TAG_PREFIX", "Directives", "combine", "from_config", "parse"]

METADATA_KEY = "langcache"
TAG_PREFIX = "langcache:"


@dataclass(frozen=True, slots=True)
class Directives:
    """What one level (call, user, chain …) asks for; all times in seconds."""

    no_store: bool = False
    no_cache: bool = False
    only_if_cached: bool = False
    max_age_s: float | None = None
    stale_if_error_s: float | None = None
    stale_while_revalidate_s: float | None = None

    @property
    def governs_reading(self) -> bool:
        """Whether this level says how the cache may be read, so that broader levels no longer do."""
        return self.no_cache or self.only_if_cached or self.max_age_s is not None


NONE = Directives()
_FLAGS = {"no-store": "no_store", "no-cache": "no_cache", "only-if-cached": "only_if_cached"}
_TIMES = {
    "max-age": "max_age_s",
    "stale-if-error": "stale_if_error_s",
    "stale-while-revalidate": "stale_while_revalidate_s",
}
_ONE = re.compile(r"\s*([A-Za-z-]+)\s*(?:=\s*\"?([0-9]+(?:\.[0-9]+)?)\"?\s*)?")


def parse(value: str | Iterable[str] | Directives | None) -> Directives:
    """Read directives, as one text with commas or as several texts.

    Raises:
        DeclarationError: an unknown directive (the nearest known one is named), or a time that is missing.
    """
    if value is None or isinstance(value, Directives):
        return value or NONE
    if isinstance(value, str):
        return _parse_text(value)
    parts = list(value) if isinstance(value, Iterable) else [value]
    for part in parts:
        if not isinstance(part, str):
            raise DeclarationError(f"directives are text such as 'no-store', not {type(part).__name__}")
    return _parse_text(",".join(parts))


@lru_cache(maxsize=256)
def _parse_text(text: str) -> Directives:
    found: dict[str, Any] = {}
    for part in filter(str.strip, text.split(",")):
        match = _ONE.fullmatch(part)
        name = match.group(1).lower() if match else ""
        if match and name in _FLAGS and match.group(2) is None:
            found[_FLAGS[name]] = True
        elif match and name in _TIMES and match.group(2) is not None:
            found[_TIMES[name]] = float(match.group(2))
        else:
            raise DeclarationError(_unknown(part.partition("=")[0].strip().lower()))
    return Directives(**found)


def _unknown(name: str) -> str:
    if name in _TIMES:
        return f"directive {name!r} needs its seconds: {name}=60"
    if name in _FLAGS:
        return f"directive {name!r} takes no value"
    near = difflib.get_close_matches(name, (*_FLAGS, *_TIMES), n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join((*_FLAGS, *_TIMES))}"
    return f"unknown cache directive {name!r}{hint}"


def combine(levels: Iterable[Directives]) -> Directives:
    """Fold *levels*, narrowest first: the narrowest that speaks of reading decides it; ``no-store`` beats all."""
    result = NONE
    for level in levels:
        if level is NONE or level == NONE:
            continue
        if result is NONE:
            result = level
            continue
        if not result.governs_reading:
            result = replace(
                result,
                no_cache=level.no_cache,
                only_if_cached=level.only_if_cached,
                max_age_s=level.max_age_s,
            )
        result = replace(
            result,
            no_store=result.no_store or level.no_store,
            stale_if_error_s=_first(result.stale_if_error_s, level.stale_if_error_s),
            stale_while_revalidate_s=_first(result.stale_while_revalidate_s, level.stale_while_revalidate_s),
        )
    return result


def _first(narrow: float | None, broad: float | None) -> float | None:
    return broad if narrow is None else narrow


def from_config(metadata: Any, tags: Any) -> tuple[Directives, ...]:
    """The levels a runnable's config holds: its metadata, then its tags ``langcache:…``."""
    asked = metadata.get(METADATA_KEY) if metadata else None
    tagged = [tag.removeprefix(TAG_PREFIX) for tag in tags or () if tag.startswith(TAG_PREFIX)]
    if asked is None and not tagged:
        return ()
    in_metadata = parse(asked) if isinstance(asked, str | list | tuple | set | frozenset | Directives) else NONE
    return (in_metadata, parse(tagged) if tagged else NONE)
