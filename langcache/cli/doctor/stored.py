"""Chains whose stored entries contradict each other."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice

from langcache.cli.doctor.finding import Finding, ok, warning
from langcache.runtime.cache import Cache
from langcache.runtime.inspection import list_entries

__all__ = ["check_stored"]

LOOKED_AT = 2_000
DECLARED = ("profile", "mode", "instruction")
"""Parts of a key that are declared once per chain."""


def check_stored(cache: Cache) -> Iterator[Finding]:
    """Chains of one prompt version under several declarations: the entries of all but one are never served again."""
    seen: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in islice(list_entries(cache, reading=True), LOOKED_AT):
        parts = {} if row.entry is None else row.entry.about.get("parts", {})
        for name in DECLARED:
            if name in parts:
                seen[row.chain, row.prompt_version][name].add(str(parts[name]))
    clashes = {where: [name for name, values in said.items() if len(values) > 1] for where, said in seen.items()}
    for (chain, version), names in clashes.items():
        if names:
            what = f"{chain} {version} has entries under several declarations of {', '.join(names)}"
            fix = f"declare it alike everywhere; after a change, langcache invalidate --chain {chain} --older-than 1d"
            yield warning("stored policies", f"{what}: two apps disagree, or one has changed", fix)
    if not any(clashes.values()):
        yield ok("stored policies", f"{len(seen)} chains and prompt versions, each under one declaration")
