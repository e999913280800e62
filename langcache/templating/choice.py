"""Of the places in a text where a value may stand, those that a gap is put at."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from langcache.errors import Refused
from langcache.templating.agents import is_neutral
from langcache.templating.doubt import enumerates
from langcache.templating.folding import Words
from langcache.templating.grammar import case_of
from langcache.templating.guard import SHORT
from langcache.templating.scan import Hit

__all__ = ["apart", "fillable", "is_as_given", "longest", "runs_on", "uncrossed", "whole"]

_ENDS = re.compile(r"""[^\W_]{3}\.(?=\s)|[!?:;](?=\s)|\s[-–—](?=\s)|[][(){}<>*`|"“”„«»]|\n\s*\n""")
"""What stands between words that were not said together; a period after one or two letters may be an abbreviation's."""


def fillable(hit: Hit, words: Words) -> Hit | None:
    """The hit if a gap may stand for it, perhaps in another case; a number that only counts a list is no value."""
    entry, text = hit.entry, words.text
    if entry.withheld or (entry.doubt == "number" and enumerates(text, hit.start, hit.end)):
        return None
    if entry.form.why == "pronoun" and is_neutral(text, hit.start, hit.end):
        return None
    if hit.exact:
        return hit
    start = hit.start - entry.lead
    end = start + len(entry.form.text)
    if hit.plural or entry.doubt or entry.form.style is None or start < 0 or end < hit.end:
        return None
    if text.startswith(entry.form.text, start):
        return None  # the very text, but inside a longer number
    if text[end - 1 : end].casefold() != entry.form.text[-1:].casefold():
        return None  # as most of the long ones whose beginning is here
    written = text[start:end]
    case = case_of(written, entry.form.text) if written != entry.form.text else None
    if case == "lower" and not words.whispered and (entry.form.part or (len(text) > SHORT and entry.everyday)):
        return None  # who writes capitals would have written one here: these are woods, not Tiger Woods
    return hit._replace(start=start, end=end, case=case) if case else None


def longest(hits: Iterable[Hit]) -> list[Hit]:
    """Hits that do not overlap, longer ones first, in the order of the text."""
    taken: list[Hit] = []
    mask = bytearray()
    for hit in sorted(hits, key=lambda hit: (hit.start - hit.end, not hit.exact, hit.start)):
        if len(mask) < hit.end:
            mask.extend(bytes(hit.end - len(mask)))
        if mask.find(1, hit.start, hit.end) < 0:
            mask[hit.start : hit.end] = b"\1" * (hit.end - hit.start)
            taken.append(hit)
    return sorted(taken, key=lambda hit: hit.start)


def whole(hit: Hit, text: str) -> Hit:
    """The hit with the signs around its words, where only the case is another: ``acme inc.``"""
    start = hit.start - hit.entry.lead
    end = start + len(hit.entry.form.text)
    cased = not hit.exact and start >= 0 and text[start:end].casefold() == hit.entry.form.text.casefold()
    return hit._replace(start=start, end=end) if cased else hit


def uncrossed(hits: Sequence[Hit]) -> Iterator[Hit]:
    """Hits but those that cross the same value as it was given: "Ann Lee, Ann's son" holds no "Lee, Ann"."""
    given = [hit for hit in hits if is_as_given(hit)]
    starts = [hit.start for hit in given]
    for hit in hits:
        before, within = (given[at - 1] if at else hit for at in (bisect_left(starts, each) for each in hit[:2]))
        crossed = before.start < hit.start < before.end < hit.end and before.entry.slot == hit.entry.slot
        crosses = hit.start < within.start < hit.end < within.end and within.entry.slot == hit.entry.slot
        if is_as_given(hit) or not (crossed or crosses):
            yield hit


def is_as_given(hit: Hit) -> bool:
    """Whether the value stands there as the user has it."""
    return hit.exact and hit.entry.form.style == ""


def runs_on(written: str, form: str) -> bool:
    """Whether what only resembles a form runs over the end of a sentence, a line's mark or a bracket: its words were
    not said together."""
    return any(sign.strip() not in form for sign in _ENDS.findall(written))


def apart(taken: Sequence[Hit], hits: Sequence[Hit]) -> Sequence[Hit]:
    """The taken hits, if no other hit begins before one of them and ends within it.

    Raises:
        Refused: ``"ambiguous slots"``: two values cross, and neither reading is the right one.
    """
    starts = [hit.start for hit in taken]
    for hit in hits:
        after = bisect_right(starts, hit.start)
        begins_free = after == 0 or hit.start >= taken[after - 1].end
        if begins_free and after < len(taken) and hit.end > taken[after].start:
            raise Refused("ambiguous slots", slot=hit.entry.slot, form="overlap", position=hit.start)
    return taken
