"""Kind ``person``: a name by any of its parts, each filled with the same part of the next user's name.

Option ``pronouns``: ``"refuse"`` (the default) refuses an answer with he, she, … in it, or with a title that
tells a man from a woman ("Mr. Smith") unless the title is part of the value; ``"keep"`` says that something else
settles them (a feature, say), and leaves them as they are.
"""

from collections.abc import Iterator

from langcache.templating.frequency import COMMON
from langcache.templating.kinds import Form, list as lists
from langcache.templating.kinds.affixes import affixed, is_chinese, suffixed
from langcache.templating.kinds.names import Name, parse
from langcache.templating.kinds.nicknames import nicknames
from langcache.templating.kinds.person_styles import STYLES, UNTITLED, compose, whole
from langcache.templating.slots import Personal, items, written

_SHORT = """
ad ah ai al am an ay bc bo ca dc dr eh eu ex ha hi hm hr id ie jr la lo ma md mi mr ms mx nd ny oh ow ox pa pc pi
pm pr ps re ro sr st ti tv uh uk um un us usa va vs ya yo
"""
_SHORT_WORDS = COMMON | frozenset(_SHORT.split())
_DOTTED = """
ac ad am ba bc bs cd cf dc eg et ie jd jp la ma md mp ms nb nc nd ny oj op pa pc pm po pp ps rn sc sd tb uk un us va vp
aka bce bsc cia cpa dui eta fbi mba mph msc phd rip rpm tba tbd usa wmd
"""
_ABBREVIATIONS = frozenset(_DOTTED.split())
"""What dotted letters usually mean, whoever has these initials: ``e.g.``, ``M.A.``, ``6 P.M.``, ``Washington, D.C.``"""
_WITH = "with "
"""Begins a style that has something written onto the name."""
_APOSTROPHES = {"curly ": ("'", "’"), "straight ": ("’", "'")}
"""Begin styles with an apostrophe other than the typed one."""
_PARTS = ("given", "surname", "bare surname", "nickname", "capital surname", "plural surname")
_PRONOUNS = ("he", "him", "his", "himself", "she", "her", "hers", "herself")
_CHINESE_PRONOUNS = ("她", "他")
_MAN_OR_WOMAN = ("Mr.", "Mr", "Mrs.", "Mrs", "Ms.", "Ms", "Miss", "Sir", "Lord", "Lady", "Madam", "Dame", "Mister")


class Person:
    """People's names."""

    pieces = lists.KIND.pieces

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """The name as typed, by parts, with initials, with its title, inverted, joined; with either apostrophe."""
        yield from self._recognise(slot)
        for how, (one, other) in _APOSTROPHES.items():
            if one in str(slot.value):
                forms = (form for form in self._recognise(slot) if one in form.text and form.style is not None)
                yield from (
                    form._replace(text=form.text.replace(one, other), style=f"{how}{form.style}") for form in forms
                )

    def _recognise(self, slot: Personal) -> Iterator[Form]:
        name = _name(slot)
        if name is None:
            yield from lists.KIND.recognise(slot)
            return
        typed, gendered = written(items(slot.value)[0]), slot.options.get("pronouns") != "keep"
        yield Form(typed, sure=_unmistakable(typed), proper=_is_word(typed), gendered=gendered)
        yield from (Form(typed + suffix, f"{_WITH}{suffix} ") for suffix in suffixed(typed))
        seen = {typed}
        for style in STYLES if "title" in name.parts else UNTITLED:
            text = compose(name, style)
            if text and text not in seen:
                seen.add(text)
                if text.startswith(("A ", "I ")) or _is_abbreviation(text):
                    yield Form(text, None, why="ambiguous value", locatable=False)
                    continue
                safe = not _reads_as_genitive(text, style)
                part = style in _PARTS
                sure, proper = _unmistakable(text), _is_word(text)
                yield Form(text, style, sure, locatable=safe, part=part, proper=proper, gendered=gendered)
                if part:
                    forms = (Form(text + suffix, f"{_WITH}{suffix} {style}", part=True) for suffix in suffixed(text))
                    yield from forms

    def render(self, slot: Personal, style: str) -> str:
        """The name in a style; where it lacks a part, the whole name, as a careful writer would."""
        for how, (one, other) in _APOSTROPHES.items():
            if style.startswith(how):
                return self.render(slot, style.removeprefix(how)).replace(one, other)
        if style.startswith(_WITH):
            suffix, _, inner = style.removeprefix(_WITH).partition(" ")
            return self.render(slot, inner) + suffix
        name = _name(slot)
        if style not in STYLES:
            return lists.KIND.render(slot, style)
        if name is None:
            return lists.KIND.render(slot, "")
        return compose(name, style) or whole(name, style)

    def residue(self, slot: Personal) -> Iterator[Form]:
        """Nicknames, parts with what other languages attach to them, each name of a list; pronouns."""
        yield from lists.KIND.residue(slot)
        names = list(filter(None, (parse(written(item)) for item in items(slot.value))))
        for name in names:
            parts = {part for part in (name.full, name.parts.get("given"), name.parts.get("surname")) if part}
            yield from (Form(text, None) for part in sorted(parts) for text in affixed(part))
            yield from (Form(text, None, proper=True) for text in nicknames(name.parts.get("given", "")))
            if slot.options.get("pronouns") != "keep":
                yield from _gendered(name)
            if len(items(slot.value)) > 1:
                yield from (Form(compose(name, style) or "", None, why="list item") for style in STYLES)


def _name(slot: Personal) -> Name | None:
    names = items(slot.value)
    return parse(written(names[0])) if len(names) == 1 else None


def _unmistakable(text: str) -> bool:
    """Whether a short text can only be a name: dotted initials or two letters, if they are nothing else."""
    if is_chinese(text):
        return True
    letters = text.replace(" ", "").replace(".", "")
    if letters.lower() in _SHORT_WORDS:
        return False
    return text.count(".") == len(letters) > 1 or (len(text) == 2 and text.istitle() and text.isalpha())


def _is_abbreviation(text: str) -> bool:
    return "." in text and text.isupper() and text.replace(" ", "").replace(".", "").lower() in _ABBREVIATIONS


def _reads_as_genitive(text: str, style: str) -> bool:
    """Whether an S at the end makes the form's letters those of a genitive: ``John S.``, ``the Johns``, ``John's``."""
    return text.rstrip(".").endswith((" S", " s")) or style.startswith("plural ")


def _is_word(text: str) -> bool:
    return text.isalpha() and text.lower() in COMMON


def _gendered(name: Name) -> Iterator[Form]:
    """Words that tell a man from a woman; masking leaves them where they are."""
    words = {shape for word in _PRONOUNS for shape in (word, word.capitalize(), word.upper())}
    if not name.full.isascii():
        words.update(_CHINESE_PRONOUNS)
    called = {name.full, *filter(None, map(name.compose, ("surname", "given surname", "given")))}
    addressed = {f"{title} {text}" for title in _MAN_OR_WOMAN for text in called}
    for text in sorted(words | addressed):
        yield Form(text, None, sure=True, why="pronoun", locatable=False)


KIND = Person()
