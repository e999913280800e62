"""Clauses that only serve an empty slot, dropped where brackets set them apart."""

from collections.abc import Mapping

from langcache.templating.slots import Personal, items
from langcache.templating.template import Template, tidy

_BRACKETS = {"(": ")", "[": "]", "（": "）", "【": "】"}


def without_empty(template: Template, slots: Mapping[str, Personal]) -> Template:
    """The template without bracketed clauses that hold nothing but gaps of empty slots.

    ``"your startup (", Gap("startup"), ") will"`` becomes ``"your startup will"``. Any other gap of an empty slot
    stays, so that filling refuses it.
    """
    kept = list(template)
    for at in range(1, len(kept) - 1):
        before, gap, after = kept[at - 1 : at + 2]
        if not isinstance(before, str) or isinstance(gap, str) or not isinstance(after, str):
            continue
        slot = slots.get(gap.name)
        present = slot is not None and items(slot.value)
        if not present and before and after and _BRACKETS.get(before[-1]) == after[0]:
            kept[at - 1 : at + 2] = [before[:-1].rstrip(" "), "", after[1:]]
    return tidy(kept)
