"""Kind ``list``: all items joined, in running text or line by line, and how many there are.

One item on its own refuses: a list of another length has no counterpart. So does a number that counts the items
without naming them ("all three"), unless it stands before a word of the slot's label ("three schools").
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from langcache.templating.folding import singular
from langcache.templating.kinds import Form, plain
from langcache.templating.slots import Personal, items, written

# What stands between the items, and before the last one.
_RUNNING = {
    "": (", ", " and "),
    "oxford": (", ", ", and "),
    "comma": (", ", ", "),
    "or": (", ", " or "),
    "oxford-or": (", ", ", or "),
    "ampersand": (", ", " & "),
    "as well as": (", ", " as well as "),
    "nor": (", ", " nor "),
    "ands": (" and ", " and "),
    "ors": (" or ", " or "),
    "slash": ("/", "/"),
    "spaced slash": (" / ", " / "),
    "bar": (" | ", " | "),
    "plus": (" + ", " + "),
    "semicolon": ("; ", "; "),
    "semicolon-and": ("; ", "; and "),
    "lines": ("\n", "\n"),
}
_BULLETS = {f"{' ' * indent}{bullet}": f"\n{' ' * indent}{bullet} " for bullet, indent in product("-*•", (0, 2, 3, 4))}
_JOINTS: Mapping[str, tuple[str, str]] = {
    **_RUNNING,
    **{f"bold {style}": (f"**{between}**", f"**{last}**") for style, (between, last) in _RUNNING.items()},
    **{style: (between, between) for style, between in _BULLETS.items()},
    **{f"bold {style}": (f"**{between}**", f"**{between}**") for style, between in _BULLETS.items()},
}
_NUMBERED = {"1.": "\n{}. ", "1)": "\n{}) ", "bold 1.": "**\n{}. **"}
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_COUNTS = ("words", "Words", "digits", "all", "All", "your", "Your")
_EMPTY_NOUNS = frozenset(("name", "title", "list", "value", "item"))


class ListOf:
    """Lists of texts."""

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """All items joined, their number before a word of the label; a single item as it is."""
        found = items(slot.value)
        if len(found) < 2:
            yield from plain.KIND.recognise(slot)
            return
        texts: dict[str, str] = {}
        for style in (*_JOINTS, *_NUMBERED):
            texts.setdefault(_joined(found, style), style)
        yield from (Form(text, style) for text, style in texts.items())
        for how, noun in product(_COUNTS, _nouns(slot)):
            yield Form(_counted(len(found), how, noun), f"{how} {noun}", sure=True, locatable=False)

    def render(self, slot: Personal, style: str) -> str:
        """The list joined or counted in a style that `recognise` named."""
        found = items(slot.value)
        how, _, noun = style.partition(" ")
        if style in _JOINTS or style in _NUMBERED:
            return _joined(found, style)
        text = _counted(len(found), how, noun) if how in _COUNTS and noun else ""
        return text or plain.KIND.render(slot, style)

    def pieces(self, slot: Personal, style: str) -> Sequence[tuple[str, bool]] | None:
        """A joined list in pieces, and whether each is of the value; the bullets between are Markdown's own."""
        texts = [written(item) for item in items(slot.value)]
        if style not in _JOINTS and style not in _NUMBERED:
            return None
        pieces: list[tuple[str, bool]] = []
        for at, text in enumerate(texts):
            pieces += (*([(_between(style, at, len(texts)), False)] if at else []), (text, True))
        return pieces

    def residue(self, slot: Personal) -> Iterator[Form]:
        """Each item on its own, and words that count the items."""
        yield from plain.KIND.residue(slot)
        found = items(slot.value)
        if len(found) > 1:
            yield from (Form(written(item), None, why="list item") for item in found)
        if 1 < len(found) < len(_WORDS):
            word = _WORDS[len(found)]
            counting = (f"your {word}", "both of" if word == "two" else f"all {word}")
            yield from (Form(text, None, sure=True, why="list count", locatable=False) for text in counting)


def _joined(found: Sequence[object], style: str) -> str:
    texts = [written(item) for item in found]
    return "".join(_between(style, at, len(texts)) * (at > 0) + text for at, text in enumerate(texts))


def _between(style: str, at: int, count: int) -> str:
    """What stands before the item at a place."""
    if style in _NUMBERED:
        return _NUMBERED[style].format(at + 1)
    between, last = _JOINTS[style]
    if at < count - 1:
        return between
    return last.replace(", and", " and").replace(", or", " or").replace("; and", " and") if count == 2 else last


def _counted(count: int, how: str, noun: str) -> str:
    """A number of things in words; empty for fewer than two, of which nobody speaks so."""
    if count < 2:
        return ""
    word = _WORDS[count] if count < len(_WORDS) else str(count)
    head = {
        "words": word,
        "digits": str(count),
        "all": "both" if count == 2 else f"all {word}",
        "your": f"your {word}",
    }[how.lower()]
    return f"{head[0].upper() + head[1:] if how[0].isupper() else head} {noun}"


def _nouns(slot: Personal) -> Sequence[str]:
    """What the slot's label and aliases call many of its items: ``university name`` gives ``universities``."""
    nouns: dict[str, None] = {}
    for label in (slot.label, slot.name.replace("_", " "), *slot.aliases):
        words = [word for word in label.lower().split() if singular(word) not in _EMPTY_NOUNS]
        if words and all(word.isalpha() for word in words):
            plural = _plural(words[-1])
            nouns.update({plural: None, " ".join([*words[:-1], plural]): None})
    return list(nouns)


def _plural(word: str) -> str:
    word = singular(word)
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")


KIND = ListOf()
