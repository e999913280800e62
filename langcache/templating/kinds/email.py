"""Kind ``email``: an address in small letters or spelled out against spammers; a part of it alone refuses."""

import re
from collections.abc import Iterator

from langcache.templating.frequency import COMMON
from langcache.templating.kinds import Form, list as lists
from langcache.templating.slots import Personal, items, written

_EMAIL = re.compile(r"([^\s@\"<>(),:;\[\]\\]{1,64})@((?:[\w-]{1,63}\.)+\w{2,63})")
# What stands for the @ and for the dots of the domain.
_SPELLED = {
    "at dot": (" at ", " dot "),
    "at": (" at ", "."),
    "(at) (dot)": (" (at) ", " (dot) "),
    "(at)": ("(at)", "."),
    "[at] [dot]": (" [at] ", " [dot] "),
    "[at]": ("[at]", "."),
    " [at] ": (" [at] ", "."),
}
_WORD = re.compile(r"[^\W\d_]+")
_LOWER = "lower"
_PROVIDERS = frozenset(
    (
        "gmail",
        "googlemail",
        "yahoo",
        "hotmail",
        "outlook",
        "live",
        "icloud",
        "aol",
        "proton",
        "protonmail",
        "gmx",
        "web",
    )
)


class Email:
    """E-mail addresses."""

    parts = False
    pieces = lists.KIND.pieces

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """The address as typed, in small letters, spelled out."""
        yield from lists.KIND.recognise(slot)
        if _halves(slot) is not None:
            yield from (Form(self.render(slot, style), style) for style in (_LOWER, *_SPELLED))

    def render(self, slot: Personal, style: str) -> str:
        """The address in a style; what is no address stays as it is."""
        if style != _LOWER and style not in _SPELLED:
            return lists.KIND.render(slot, style)
        halves = _halves(slot)
        if halves is None:
            return lists.KIND.render(slot, "")
        if style == _LOWER:
            return "@".join(halves).lower()
        at, dot = _SPELLED[style]
        return halves[0] + at + halves[1].replace(".", dot)

    def residue(self, slot: Personal) -> Iterator[Form]:
        """The part before the @ and the names in it, and the domain unless it is a provider's."""
        yield from lists.KIND.residue(slot)
        for item in items(slot.value):
            match = _EMAIL.fullmatch(written(item).strip())
            if match is None:
                continue
            yield from (Form(text, None) for text in (match[1], match[1].partition("+")[0]) if _tells(text))
            yield from (Form(text, None) for text in _WORD.findall(match[1]) if _tells(text))
            label = match[2].split(".")[0]
            if label.lower() not in _PROVIDERS:
                yield from (Form(text, None) for text in (match[2], label) if _tells(text))


def _halves(slot: Personal) -> tuple[str, str] | None:
    found = items(slot.value)
    match = _EMAIL.fullmatch(written(found[0]).strip()) if len(found) == 1 else None
    return None if match is None else (match[1], match[2])


def _tells(text: str) -> bool:
    return len(text) > 2 and text.lower() not in COMMON


KIND = Email()
