"""The leak guard: what is left of a value in the literal parts of a template, judged by how much it says."""

import re
from collections.abc import Iterable

from langcache.errors import Refused
from langcache.templating.agents import is_neutral
from langcache.templating.doubt import enumerates, is_proper
from langcache.templating.folding import Words, folded_words
from langcache.templating.forms import Forms
from langcache.templating.frequency import CHANCE, COMMON
from langcache.templating.scan import Hit, Scan
from langcache.templating.stems import tells

_DETERMINER = re.compile(r"\b(?:the|an?|this|that|my|your|his|her|our|their|no|some|any) \Z")
_NAME_GOES_ON = re.compile(r"(?: of| for)? [^\W\d_]*[A-Z]|-")
SHORT = 400
"""Characters up to which a common word of a value is hardly there by chance."""


def judge(found: Scan, forms: Forms, gaps: Iterable[tuple[int, int]]) -> None:
    """Refuse a text in which, outside its gaps, something resembles a value.

    Raises:
        Refused: ``"leak"`` (or the form's own reason), with slot, form and position.
    """
    mask = bytearray(len(found.text))
    for start, end in gaps:
        mask[start:end] = b"\1" * (end - start)
    for hit in found.hits:
        if mask.find(0, hit.start, hit.end) >= 0 and _left(hit, found.text, mask, forms):
            _judge_hit(hit, found.words, forms)
    _judge_words(found, mask, forms)
    for slot, start, end in forms.watched.stems.inside(found.text):
        if mask.find(0, start, end) >= 0:
            raise Refused("leak", slot=slot, form="variant", position=start)


def _judge_words(found: Scan, mask: bytearray, forms: Forms) -> None:
    """Refuse single words that resemble a value, or that a value is a part of, and not by chance."""
    met = set(found.words.folded)
    rare = met - COMMON - forms.known.words
    suspects, longer = _suspects(met, rare, forms), forms.watched.stems.among(rare)
    told = suspects.keys() | longer.keys()
    for at, word in enumerate(found.words.folded) if told else ():
        if word in told and not mask[(span := found.words.spans[at])[0]]:
            if word in suspects:
                _judge_word(*suspects[word], found.text, span, forms)
            for stem in longer.get(word, ()):
                if tells(stem, found.text, *span):
                    raise Refused("leak", slot=stem.slot, form="variant", position=span[0])


def _left(hit: Hit, text: str, mask: bytearray, forms: Forms) -> bool:
    """Whether what the gaps leave of a hit says anything: all of it, or more than words of every text."""
    if mask.find(1, hit.start, hit.end) < 0:
        return True
    left = "".join(text[at] if not mask[at] else " " for at in range(hit.start, hit.end))
    telling = (word for word in folded_words(left) if len(word) > 2 or word.isdigit())
    return any(word not in CHANCE and word not in forms.known.words for word in telling)


def _suspects(distinct: set[str], rare: set[str], forms: Forms) -> dict[str, tuple[str, str]]:
    """The words of a text that alone resemble a value: word to slot and form."""
    watched = forms.watched
    suspects = {word: (slot, "typo") for word, slot in watched.near.among(rare).items()}
    for form, words in (
        ("acronym", watched.acronyms),
        ("generic", watched.generic),
        ("common part", watched.common_parts),
        ("partial", watched.parts),
    ):
        suspects |= {word: (words[word], form) for word in distinct & words.keys()}
    return suspects


def _judge_word(slot: str, form: str, text: str, span: tuple[int, int], forms: Forms) -> None:
    start, end = span
    if form == "acronym" and not _is_acronym(text, start, end, forms):
        return
    if form == "common part":
        if len(text) > SHORT and not (text[start].isupper() and is_proper(text, start, end)):
            return  # a long text holds common words by chance
        form = "partial"
    if form == "generic":
        if not text[start:end].istitle() or not _DETERMINER.search(text, max(0, start - 8), start):
            return
        if _NAME_GOES_ON.match(text, end):
            return  # a part of another name
        form = "partial"
    raise Refused("leak", slot=slot, form=form, position=start)


def _is_acronym(text: str, start: int, end: int, forms: Forms) -> bool:
    """Whether a word is a value's initials: in capitals, or as no word is written; two letters only in capitals."""
    piece = text[start:end]
    if piece.isupper() and not (piece.lower() in COMMON and piece != "LA"):
        return not text.isupper()
    return end - start > 2 and (piece.isupper() or forms.watched.telling(piece.lower()))


def _judge_hit(hit: Hit, words: Words, forms: Forms) -> None:
    entry, text = hit.entry, words.text
    if entry.doubt == "number" and enumerates(text, hit.start, hit.end):
        return
    if entry.withheld and entry.doubt == "known":
        return  # the prompt or a feature says as much
    if entry.form.why == "pronoun" and is_neutral(text, hit.start, hit.end):
        return
    if entry.form.proper and not hit.exact and _is_a_word(words, hit.start, hit.end):
        return
    raise Refused(entry.form.why, slot=entry.slot, form=_level(hit, text), position=hit.start)


def _is_a_word(words: Words, start: int, end: int) -> bool:
    """Whether a name that is also a word is only that: without its capital, unless nothing here has one."""
    return words.text[start:end].islower() and (
        not words.whispered or _DETERMINER.search(words.text, max(0, start - 8), start) is not None
    )


def _level(hit: Hit, text: str) -> str:
    if hit.exact:
        return "exact"
    same = text[hit.start : hit.end].casefold() == hit.entry.form.text.casefold()
    return "case" if same else "variant"
