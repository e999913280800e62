"""One walk over the words of a text that finds every form of every value."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from langcache.templating.folding import Words, has_case, words
from langcache.templating.forms import Entry, Forms
from langcache.templating.heads import Heads
from langcache.templating.joined import Joined

_SCALE = re.compile(r"[ -](?:hundred|thousand|million|billion|trillion|lakh|crore|k|m|bn|mn)\b", re.IGNORECASE)

_BESIDE = re.compile(r"[.,:/+-]\w|\d")
_FIGURES_BEFORE, _FIGURES_AFTER = re.compile(r"\d[.,:]\Z"), re.compile(r"[.,:]\d")
_LETTER_BEFORE, _LETTER_AFTER = re.compile(r"\w\.\Z"), re.compile(r"\.\w")
_HYPHENED = re.compile(r"[/-]\d")


class Hit(NamedTuple):
    """A form found in a text.

    Args:
        start: offset of its first character.
        end: offset after its last character.
        entry: the form.
        exact: the text is the form, character by character.
        plural: it carries a plural or joined genitive ending.
        case: the way of `langcache.templating.grammar` that makes the form what the text is; ``""`` if *exact*.
    """

    start: int
    end: int
    entry: Entry
    exact: bool
    plural: bool
    case: str = ""


class Scan(NamedTuple):
    """What one walk found: the words of the text and the forms in it, in the order of the text."""

    text: str
    words: Words
    hits: list[Hit]


def scan(text: str, forms: Forms) -> Scan:
    """Find all forms; the cost is linear in the text, however many forms there are.

    Of the forms that start at one place only the longest exact one, the longest in another case and the most telling
    other one are kept.
    """
    found = words(text)
    # Most answers to masked prompts hold not even the beginning of a form.
    hits = [] if forms.prefixes.isdisjoint(found.folded) else list(_walk(text, found, forms))
    hits += (
        Hit(at, at + len(entry.form.text), entry, exact=True, plural=False)
        for entry in forms.wordless
        for at in _places(text, entry)
    )
    # Whatever is written onto a name of a script without capitals, it is the name: not to be filled, not to stay.
    hits += (
        Hit(at, at + len(entry.form.text), entry, exact=False, plural=True)
        for entry in forms.caseless
        for at in _places(text, entry)
    )
    hits.sort(key=lambda hit: hit.start)
    return Scan(text, found, hits)


def _places(text: str, entry: Entry) -> Iterator[int]:
    at = text.find(entry.form.text)
    while at >= 0:
        yield at
        at = text.find(entry.form.text, at + len(entry.form.text))


def _walk(text: str, found: Words, forms: Forms) -> Iterator[Hit]:
    joined = Joined(found.folded)
    for first, letters in enumerate(found.folded):
        if letters not in forms.prefixes:
            continue
        exact = cased = loose = None
        for letters, last in joined.spelled_from(first, forms):
            for entry, plural in forms.full.get(letters, ()):
                hit = _hit(text, found, first, last, entry, plural=plural)
                if hit is not None and hit.exact:
                    exact = hit if exact is None or _fills(hit) > _fills(exact) else exact
                elif hit is not None and (exact is None or hit.end > exact.end or exact.entry.form.style is None):
                    if _is_cased(hit, text) and (cased is None or _fills(hit) > _fills(cased)):
                        cased = hit
                    loose = hit if loose is None or _rank(hit) > _rank(loose) else loose
            if letters in forms.long:
                for hit in _long(text, found.spans[first][0], found.spans[last][1], forms.long[letters]):
                    exact, loose = (hit, loose) if hit.exact else (exact, hit)
        yield from (hit for hit in (exact, cased, loose if loose is not cased else None) if hit is not None)


def _long(text: str, start: int, end: int, alike: dict[int, Heads[Entry]]) -> Iterator[Hit]:
    """The longest long form whose head is here and all of it with it, or only the head of one."""
    for lead, heads in alike.items():
        entry = heads.longest_at(text, start - lead) if start >= lead else None
        if entry is not None:
            yield Hit(start - lead, start - lead + len(entry.form.text), entry, exact=True, plural=False)
        else:
            yield Hit(start, end, next(iter(heads.found.values())), exact=False, plural=False)


def _fills(hit: Hit) -> tuple[int, bool, bool]:
    form = hit.entry.form
    return hit.end - hit.start, form.style is not None, not form.part


def _rank(hit: Hit) -> tuple[bool, int]:
    return hit.entry.distinctive and not hit.plural, hit.end


def _is_cased(hit: Hit, text: str) -> bool:
    """Whether only the case of the letters is another than the form's."""
    form, start = hit.entry.form.text, hit.start - hit.entry.lead
    return not hit.plural and start >= 0 and text[start : start + len(form)].casefold() == form.casefold()


def _hit(text: str, found: Words, first: int, last: int, entry: Entry, *, plural: bool) -> Hit | None:
    start, end = found.spans[first][0], found.spans[last][1]
    whole = start - entry.lead
    if not plural and whole >= 0 and text.startswith(entry.form.text, whole):
        stop = whole + len(entry.form.text)
        if not _inside_number(text, whole, stop) and not _cut_off(text, whole, stop):
            return Hit(whole, stop, entry, exact=True, plural=False)
        if _in_a_range(text, whole, stop):
            return Hit(whole, stop, entry, exact=False, plural=False)
    if not entry.resembles(last - first + 1) or _are_other_letters(entry, text, start, end):
        return None
    return Hit(start, end, entry, exact=False, plural=plural)


def _are_other_letters(entry: Entry, text: str, start: int, end: int) -> bool:
    """Whether the letters of initials are something else here: ``R&D``, ``N/A``, ``Plan A, B``, a part of ``a.k.a.``"""
    if not 1 < entry.words == len(entry.letters) or not entry.letters.isalpha() or not has_case(entry.letters):
        return False
    signs = {sign for sign in text[start:end] if not sign.isalnum()}
    longer = _LETTER_AFTER.match(text, end) or _LETTER_BEFORE.search(text, max(0, start - 2), start)
    return longer is not None or not signs <= {*" \u00a0.-_*", *entry.form.text}


def joins_figures(text: str, start: int, end: int) -> bool:
    """Whether a form stands so close to others that a number beside it reads as a part of the two."""
    return _BESIDE.match(text, end) is not None or _BESIDE.match(text[max(0, start - 2) : start][::-1]) is not None


def _cut_off(text: str, start: int, end: int) -> bool:
    """Whether a form's own sign turns out to join two numbers (``10-20``)."""
    return (start > 0 and text[start] in "+-.," and text[start - 1].isalnum()) or (
        end < len(text) and text[end - 1] in "+-.," and text[end].isalnum()
    )


def _in_a_range(text: str, start: int, end: int) -> bool:
    """Whether a number is long enough to be itself on either side of a hyphen or slash (``200-300``)."""
    if sum(map(str.isdigit, text[start:end])) < 3:
        return False
    figures = _FIGURES_BEFORE.search(text, max(0, start - 2), start) or _FIGURES_AFTER.match(text, end)
    return figures is None and any(map(_HYPHENED.match, (text[end : end + 2], text[max(0, start - 2) : start][::-1])))


def _inside_number(text: str, start: int, end: int) -> bool:
    """Whether digits, separators and words like "million" around a number make it part of another one."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if text[start].isdigit() and len(before) == 2 and before[0].isdigit() and before[1] in ".,:/-":
        return True
    if not text[end - 1].isdigit():
        return False
    more = len(after) == 2 and after[0] in ".,:/-" and after[1].isdigit()
    if more and after[0] == "/" and "." in text[start:end]:
        return False  # so much out of how much: no date has such parts
    return more or (after[:1] in (" ", "-") and _SCALE.match(text, end) is not None)
