"""Placeholder labels: how they are bracketed, mangled by models, and told apart."""

import re
from functools import lru_cache

from langcache.templating.folding import fold, singular

OPENERS, CLOSERS = "[［【", "]］】"
"""Brackets models use for placeholders."""
OPEN, CLOSE = re.escape(OPENERS), re.escape(CLOSERS)
"""The same, as the inside of a regular expression's character class."""
LONGEST = 200
"""Characters a bracket may stay open before it is no placeholder."""
BRACKETED = re.compile(rf"[{OPEN}]([^{OPEN}{CLOSE}\n]{{1,{LONGEST}}})[{CLOSE}]")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_NOT_INSIDE = re.compile(rf"[{OPEN}{CLOSE}\s]+")
_GLUE = re.compile(r"[\s_\-‐-―\\]+")
_WORDS = re.compile(r"[^\W_]+")


@lru_cache(maxsize=1024)
def canonical(label: str) -> str:
    """A label as every mangling of it reads: no case, one space between words, no plurals."""
    return " ".join(singular(word) for word in fold(_GLUE.sub(" ", _unescaped(label))).split())


def _unescaped(text: str) -> str:
    """What is written as ``\\u540d`` where a model writes its JSON in ASCII."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "\\u" in text else text


def bracketed(label: str) -> str:
    """A label as a placeholder; brackets and line breaks inside it become spaces."""
    return f"[{_NOT_INSIDE.sub(' ', label).strip()}]"


def resembles(inner: str, label: str) -> bool:
    """Whether a canonical bracket text is near enough to a canonical label to be a failed placeholder."""
    given, wanted = set(_WORDS.findall(inner)), set(_WORDS.findall(label))
    if not any(len(word) > 2 and word.isalpha() for word in given) or len(given) > len(wanted) + 4:
        return False
    cut = len(inner) >= 3 and (label.startswith(inner) or label.endswith(inner))
    return cut or given <= wanted or wanted <= given or _near(inner, label)


def _near(a: str, b: str) -> bool:
    """Whether two texts differ in at most a fifth of their letters (edit distance)."""
    most = max(len(a), len(b)) // 5
    if abs(len(a) - len(b)) > most or len(b) > 100:
        return False
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        left, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            left, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, left + (x != y))
    return row[-1] <= most
