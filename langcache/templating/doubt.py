"""Whether a form found in a text can mean something else than the value: bare numbers, common words, initials."""

import re
from functools import lru_cache

from langcache.templating.folding import folded_words, singular
from langcache.templating.frequency import COMMON, FUNCTION

_SENTENCE = re.compile(r"[.!?](?:\s|$)|\n")
_TITLE = re.compile(r"(?:^|[\s(])(?:mr|mrs|ms|mx|dr|prof|rev|hon|capt|col|lt|maj|sgt)\.\Z", re.IGNORECASE)
_MARGIN = 200
"""Characters before the number of a list item that are looked at; marks and blanks are fewer."""
_SHORT = 400
_STATING = re.compile(
    r"(?<!\bhere )\b(?:am|is|are|was|were|has|have|had|got|found|know of|totals?|total of|for|of|at|with)"
    r"(?: \w+ly| about| around| only| still| also| up to)? \Z",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r" ?(?:per ?cent|mph|kmh|km/h|kph|km|degrees?|minutes?|mins?|hours?|days?|nights?|weeks?|months?|years?|stars?"
    r"|miles?)\b|[%°]",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r" (?:\w+ )?(?:tips?|steps?|ways?|ideas?|things?|reasons?|options?|questions?|points?|parts?|phases?|rules?"
    r"|examples?)\b",
    re.IGNORECASE,
)
_COUNTING = re.compile(
    r"\b(?:top|no\.|nos?|day|days|step|week|month|part|chapter|page|version|level|section|phase|option|question|tier"
    r"|grade|stage|figure|table|item|rule|tip|reason|lesson|round|v|#) ?#?\Z",
    re.IGNORECASE,
)
_AGED = re.compile(r"\b(?:aged?|turn(?:s|ed|ing)?|you(?: are|['’]re)) \Z", re.IGNORECASE)
_OLD = re.compile(r"[ -]years?[ -]old\b| ?y/?o\b", re.IGNORECASE)
_NO_AGE = re.compile(
    r"[ -]?(?:per ?cent|mph|km|degrees?|seconds?|min(?:ute)?s?|h(?:ou)?rs?|days?|nights?|weeks?|stars?|miles?|people"
    r"|m[lg]|k?g|cm|reps?|sets?|pages?)\b|[%°]",
    re.IGNORECASE,
)
_FIELD = re.compile(r"([^\W\d_][\w -]{1,30})[\"'*_]* ?(?::|\||=)[\"'*_ ]*\Z")
_TIED = frozenset(("15", "20", "24", "25", "30", "40", "50", "60", "90", "365"))
"""Numbers that texts mention without anybody's value: parts of an hour, a day, a year, a dozen, a score."""


def doubt_of(text: str, folded: list[str], *, known: bool) -> str:
    """What a form may be taken for, if it is not found to be the value by more than its letters.

    Args:
        text: the form.
        folded: its words, folded.
        known: the prompt or a feature holds the same words.
    """
    letters = "".join(folded)
    if known:
        return "known"
    if letters.isdigit() and len(letters) < 4 and (len(folded) == 1 or len(letters) < 3):
        return "number"
    if len(letters) < 3:
        return "short"
    content = [word for word in folded if word not in FUNCTION]
    return "common" if len(content) < 2 and all(word in COMMON for word in content) else ""


def settled(doubt: str, text: str, start: int, end: int, label: frozenset[str]) -> bool:
    """Whether a text shows that a form in doubt is the value here.

    Args:
        doubt: what `doubt_of` said.
        text: the text; *start* and *end* are the form in it.
        label: the folded words of the slot's name and label.
    """
    piece = text[start:end]
    if doubt == "common":
        return is_proper(text, start, end) or is_labelled(text, start, label)
    if doubt == "short":
        letters = "".join(filter(str.isalnum, piece))
        marked = len(letters) < len(piece.strip())
        named = not letters.isdigit() and letters.lower() not in COMMON and is_proper(text, start, end)
        return marked or named
    if doubt == "number":
        if "age" in label and (_NO_AGE.match(text, end) or _is_age(text, start, end)):
            return _NO_AGE.match(text, end) is None
        named = bool(label & _sentence(text, start, end))
        return named or (not _counts(text, start, end) and (_telling_number(piece) or _stated(text, start, end)))
    return False


def _is_age(text: str, start: int, end: int) -> bool:
    return _OLD.match(text, end) is not None or _AGED.search(text, max(0, start - 10), start) is not None


def is_labelled(text: str, start: int, label: frozenset[str]) -> bool:
    """Whether the label stands right before, as in a form, a table or a JSON object: ``**City:** Nice``."""
    match = _FIELD.search(text, max(0, start - 48), start)
    return match is not None and not label.isdisjoint(singular(word) for word in folded_words(match[1]))


def _counts(text: str, start: int, end: int) -> bool:
    """Whether a number is said of something that answers are made of: ``Top 34``, ``34 steps``."""
    return _COUNTING.search(text, max(0, start - 12), start) is not None or _LISTED.match(text, end) is not None


def _telling_number(piece: str) -> bool:
    """Whether a bare number is so odd that it hardly stands there for another reason (``61``, ``4.5``, ``$74``)."""
    digits = piece.lstrip("0")
    return (
        len(digits) > 1
        and digits not in _TIED
        and (not digits.isdecimal() or (int(digits) > 12 and int(digits) % 100 != 0))
    )


def _stated(text: str, start: int, end: int) -> bool:
    """Whether a short text has no other business than to state this number, once (``there are 4 hotels``)."""
    if len(text) > _SHORT or len(re.findall(rf"(?<![\w.,]){re.escape(text[start:end])}(?!\w)", text)) > 1:
        return False
    return _STATING.search(text, max(0, start - 30), start) is not None or _UNIT.match(text, end) is not None


def _sentence(text: str, start: int, end: int) -> set[str]:
    """The words of the sentence around a form, singular."""
    before = [match.end() for match in _SENTENCE.finditer(text, max(0, start - 300), start)]
    after = _SENTENCE.search(text, end, end + 300)
    sentence = text[before[-1] if before else max(0, start - 300) : after.start() if after else end + 300]
    return {singular(word) for word in folded_words(sentence)}


@lru_cache(maxsize=1024)
def label_words(*labels: str) -> frozenset[str]:
    """The words of labels that a sentence about the value would use, singular."""
    found = {singular(word) for label in labels for word in folded_words(label.replace("_", " "))}
    return frozenset(word for word in found if len(word) > 2 and not word.isdigit() and word not in FUNCTION)


def is_proper(text: str, start: int, end: int) -> bool:
    """Whether capitals mark a proper name: more than a sentence's first letter would have."""
    piece = text[start:end]
    if any(c.isupper() for c in piece[1:]):
        return True
    return piece[:1].isupper() and not starts_sentence(text, start)


def starts_sentence(text: str, start: int) -> bool:
    """Whether a capital at this offset would be owed to a sentence, heading, item or quotation."""
    before = text[max(0, start - 12) : start].rstrip(" \t*_#>\"'“”‘’([{-•–—")
    return not before or (before[-1] in ".!?:;…\n\r|/" and not _TITLE.search(before))


def enumerates(text: str, start: int, end: int) -> bool:
    """Whether a number only counts a list: first on its line, with a dot or bracket after it."""
    if text[end : end + 1] not in (".", ")", ":") or not text[start:end].isdigit():
        return False
    near = max(0, start - _MARGIN)
    return not text[max(text.rfind("\n", near, start) + 1, near) : start].strip(" \t>*_(")
