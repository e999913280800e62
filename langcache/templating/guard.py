"""The leak guard: what is left of a value in the literal parts of a template, judged by how much it says."""

from collections.abc import Iterable

from langcache.errors import Refused
from langcache.templating.folding import Word
from langcache.templating.forms import Forms
from langcache.templating.frequency import COMMON
from langcache.templating.scan import Hit, Scan


def judge(found: Scan, forms: Forms, gaps: Iterable[tuple[int, int]]) -> None:
    """Refuse a text in which, outside its gaps, something resembles a value.

    Raises:
        Refused: ``"leak"`` (or the form's own reason), with slot, form and position.
    """
    mask = bytearray(len(found.text))
    for start, end in gaps:
        mask[start:end] = b"\1" * (end - start)
    for hit in found.hits:
        if mask.find(1, hit.start, hit.end) < 0:
            _judge_hit(hit, found.text, forms)
    for word in found.words:
        if not mask[word.start]:
            _judge_word(word, found.text, forms)


def _judge_hit(hit: Hit, text: str, forms: Forms) -> None:
    entry = hit.entry
    if not hit.exact and entry.doubt in ("short", "known"):
        return
    if entry.doubt == "short" and _enumerates(text, hit.start, hit.end):
        return
    raise Refused(entry.form.why, slot=entry.slot, form=_level(hit, text), position=hit.start)


def _level(hit: Hit, text: str) -> str:
    if hit.exact:
        return "exact"
    same = text[hit.start : hit.end].casefold() == hit.entry.form.text.casefold()
    return "case" if same else "variant"


def _judge_word(word: Word, text: str, forms: Forms) -> None:
    folded = word.folded
    if folded in forms.parts:
        raise Refused("leak", slot=forms.parts[folded], form="partial", position=word.start)
    if folded in forms.acronyms and _is_acronym(text[word.start : word.end], forms):
        raise Refused("leak", slot=forms.acronyms[folded], form="acronym", position=word.start)
    if len(folded) < 4 or folded in COMMON or folded in forms.known:
        return
    slot = forms.near.find(folded)
    if slot:
        raise Refused("leak", slot=slot, form="typo", position=word.start)


def _is_acronym(text: str, forms: Forms) -> bool:
    return text.isupper() or forms.telling(text.lower())


def _enumerates(text: str, start: int, end: int) -> bool:
    """Whether a number only counts a list: first on its line, with a dot or bracket after it."""
    line = text[text.rfind("\n", 0, start) + 1 : start].strip(" \t>*_(")
    return not line and text[end : end + 1] in (".", ")", ":") and text[start:end].isdigit()
