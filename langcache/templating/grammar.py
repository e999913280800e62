"""How a value fits into its sentence: the article before it, its possessive, and the case of its letters."""

import re
from collections.abc import Callable

from langcache.templating.articles import article
from langcache.templating.folding import fold
from langcache.templating.frequency import FUNCTION

_ARTICLE = re.compile(r"(?<![\w'’.-])(a|A|an|An|AN)(?=\s{1,2}[\"'“‘(*_`\[]{0,3}\Z)")
_ELIDED = re.compile(r"(?<![\w'’-])(?:[dD]|[qQ]u)['’]\Z")
_WHOLE = re.compile(r"(?<![\w'’-])(?:[dD]|[qQ]u)e \Z")
_FRENCH = re.compile(r"\b(?:est|et|des|une|vous|votre|pour|avec|dans|du|aux|nous|notre|cette)\b", re.IGNORECASE)
_NEAR = 200
"""Characters before a value that tell the language; a stream keeps as many."""
_POSSESSIVE = re.compile(r"(['’])(?=[ \t\n]+[^\W\d_])")
_VOWELS = ("a", "e", "i", "o", "u")
_LONGEST = 200
_GOES_ON = re.compile(r"(?:['’]s?)? [a-z]")
_FIRST = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W_][^\s-]*")
_SMALL = frozenset("a an and as at but by for from in nor of on or the to vs with".split())  # noqa: SIM905
_SMALL_OR_FUNCTION = _SMALL | FUNCTION


def article_before(text: str, start: int, written: str | None) -> tuple[int, int, str] | None:
    """The article before a value, or French *de* and *que*: start, end, writing; ``None`` if the value decides none.

    Args:
        text: the text; the value begins at *start*.
        written: the value there: an article that does not fit it is left as it is; ``None`` for a placeholder.
    """
    found = _ARTICLE.search(text, max(0, start - 8), start)
    if found is None:
        return _elided_before(text, start, written)
    if written is not None and article(written) != found[0].lower():
        return None
    if found[0] == "A" and _shouts(text, found.start()):
        return (*found.span(), "AN")
    if found[0][0] == "A" and found[0] != "AN" and not _opens(text, found.start()):
        return None  # "vitamin A": a letter, no article
    return (*found.span(), found[0] if found[0] == "AN" else found[0][0])


def _elided_before(text: str, start: int, written: str | None) -> tuple[int, int, str] | None:
    found = _ELIDED.search(text, max(0, start - 8), start)
    if found is None:
        found = _WHOLE.search(text, max(0, start - 8), start)
        near = text[max(0, start - _NEAR) : start]
        if found is None or _FRENCH.search(near) is None:
            return None
    grammar = found[0] if found[0][-1] != " " else f"{found[0][:-2]}'"
    return None if written is not None and agree(grammar, written) != found[0] else (*found.span(), grammar)


def masked_case(text: str, start: int, end: int, *, loud: bool) -> str:
    """The case that a placeholder's surroundings ask of the value that no writer of them saw.

    Args:
        text: the text; the placeholder is from *start* to *end*.
        loud: the placeholder was shown in capitals, so that capitals say nothing.
    """
    if not loud and text[start:end].isupper() and _shouts(text, start):
        return "upper"
    return "opening" if _opens(text, start) and _GOES_ON.match(text, end) else ""


def _opens(text: str, at: int) -> bool:
    before = text[max(0, at - 12) : at].rstrip(" \t*_#>\"'“‘([-•–—")
    return not before or before[-1] in ".!?:;…\n\r|/"


def _shouts(text: str, at: int) -> bool:
    letters = [c for c in text[max(0, at - 12) : at] if c.isalpha()]
    return len(letters) > 2 and all(c.isupper() for c in letters)


def possessive_after(text: str, end: int, written: str) -> tuple[int, int, str] | None:
    """The bare apostrophe of a possessive after a value in s; ``None`` if there is none, or it closes a quotation."""
    found = _POSSESSIVE.match(text, end)
    if found is None or written[-1:] not in ("s", "S") or _quoted(text, end - len(written)):
        return None
    return (*found.span(), found[1])


def _quoted(text: str, start: int) -> bool:
    line = text[max(text.rfind("\n", 0, start), start - 200, 0) : start]
    return re.search(r"(?<!\w)['‘]", line) is not None


def agree(grammar: str, written: str) -> str:
    """What the value asks for: its article in the given writing, its possessive ending, ``d'`` or ``de``."""
    if grammar in ("'", "’"):
        return grammar if written[-1:] in ("s", "S") else f"{grammar}s"
    if grammar[-1] in "'’":
        return grammar if fold(written[:1])[:1] in _VOWELS else f"{grammar[:-1]}e "
    chosen = article(written) or "a"
    return chosen if grammar == "a" else chosen.capitalize() if grammar == "A" else chosen.upper()


def _capital(text: str) -> str:
    return _FIRST.sub(lambda match: match[0].upper(), text, count=1)


def _opening(text: str) -> str:
    small = text[:1].islower() and text.partition(" ")[0] in _SMALL_OR_FUNCTION
    return _capital(text) if small else text


def _title(text: str) -> str:
    return _WORD.sub(lambda match: match[0][0].upper() + match[0][1:], text)


def _headline(text: str) -> str:
    words = _WORD.sub(lambda match: match[0].lower() if match[0].lower() in _SMALL else _capital(match[0]), text)
    return _capital(words)


CASES: dict[str, Callable[[str], str]] = {
    "capital": _capital,
    "lower": str.lower,
    "upper": str.upper,
    "title": _title,
    "headline": _headline,
    "opening": _opening,
}
"""Ways to write a value's letters, by the name a gap keeps; likeliest first."""


def case_of(written: str, plain: str) -> str | None:
    """The name of the way that makes *plain* look as *written*; ``None`` if none does, or it is no name any more."""
    if len(written) > _LONGEST or written.casefold() != plain.casefold():
        return None
    return next((name for name, change in CASES.items() if change(plain) == written), None)
