"""Kind ``person``: a name by any of its parts, each filled with the same part of the next user's name.

Option ``pronouns``: ``"refuse"`` (the default) refuses an answer with he, she, … in it, or with a title that
tells a man from a woman ("Mr. Smith") unless the title is part of the value; ``"keep"`` says that something else
settles them (a feature, say), and leaves them as they are.
"""

from collections.abc import Iterator

from langcache.templating.frequency import COMMON
from langcache.templating.kinds import Form, plain
from langcache.templating.kinds.affixes import affixed
from langcache.templating.kinds.names import Name, parse
from langcache.templating.kinds.nicknames import nicknames
from langcache.templating.slots import Personal, items, written

_SLUG, _JOINED, _CAPITAL = "slug ", "joined ", "capital "

# The way of writing is the style; see `Name.compose`. Where two give the same text, the first is taken.
_PATTERNS = (
    "given surname", "given [middle ]surname", "given [M. ]surname", "given [M ]surname", "given middle",
    "given [M. ]surname suffix", "given surname suffix", "given surname, suffix", "given [middle ]surname suffix",
    "given [middle ]surname, suffix", "given", "surname", "middle surname", "surname suffix", "surname, suffix",
    "G. surname", "G surname", "G. [M. ]surname", "G.[M.] surname", "G[M] surname", "G. [middle ]surname",
    "surname, given", "surname, given[ middle]", "surname, given[ M.]", "surname, given[ M]", "surname given",
    "surname, G.", "surname, G", "surname, G.[ M.]", "surname, G.[M.]", "surname G", "surname G[M]",
    "given S.", "G.S.", "G. S.", "G.[M.]S.", "G. [M. ]S.", "nickname", "nickname surname",
    "given “nickname” surname", 'given "nickname" surname', "given (nickname) surname",
)  # fmt: skip
_TITLED = ("surname", "given surname", "given [middle ]surname", "given [M. ]surname", "G. surname", "given")
_TITLES = ("title", "dotted title", "bare title", "long title", "short title")
_LOGINS = ("given.surname", "given_surname", "given-surname", "givensurname", "Gsurname", "surname.given", "G.surname")
STYLES = (
    *_PATTERNS,
    *(f"{title} {pattern}" for title in _TITLES for pattern in _TITLED),
    *(_JOINED + pattern for pattern in ("given surname", "given [middle ]surname")),
    _CAPITAL + "surname",
    *(_SLUG + pattern for pattern in _LOGINS),
)

_SHORT = """
ad ah ai al am an ay bc bo ca dc dr eh eu ex ha hi hm hr id ie jr la lo ma md mi mr ms mx nd ny oh ow ox pa pc pi
pm pr ps re ro sr st ti tv uh uk um un us usa va vs ya yo
"""
_SHORT_WORDS = COMMON | frozenset(_SHORT.split())
_PRONOUNS = ("he", "him", "his", "himself", "she", "her", "hers", "herself")
_CHINESE_PRONOUNS = ("她", "他")
_MAN_OR_WOMAN = ("Mr.", "Mr", "Mrs.", "Mrs", "Ms.", "Ms", "Miss", "Sir", "Lord", "Lady", "Madam", "Dame", "Mister")


class Person:
    """People's names."""

    def recognise(self, slot: Personal) -> Iterator[Form]:
        """The name as typed, by its parts, with initials, with its title, inverted, joined."""
        name = _name(slot)
        if name is None:
            yield from plain.KIND.recognise(slot)
            return
        typed = written(items(slot.value)[0])
        yield Form(typed, sure=_unmistakable(typed))
        seen = {typed}
        for style in STYLES:
            text = _compose(name, style)
            if text and text not in seen and not text.startswith(("A ", "I ")):
                seen.add(text)
                yield Form(text, style, _unmistakable(text), locatable=not _reads_as_genitive(text))

    def render(self, slot: Personal, style: str) -> str:
        """The name in a style; where it lacks a part, the whole name, as a careful writer would."""
        name = _name(slot)
        if style not in STYLES:
            return plain.KIND.render(slot, style)
        if name is None:
            return plain.KIND.render(slot, "")
        return _compose(name, style) or _spelled(name.slugged().full if style.startswith(_SLUG) else name.full, style)

    def residue(self, slot: Personal) -> Iterator[Form]:
        """Nicknames, parts with what other languages attach to them, each name of a list; pronouns."""
        names = [parse(written(item)) for item in items(slot.value)]
        for name in filter(None, names):
            yield from (Form(text, None) for text in _leftovers(name))
            if slot.options.get("pronouns") != "keep":
                yield from _gendered(name)
        if len(names) > 1:
            for name in filter(None, names):
                yield from (Form(_compose(name, style) or "", None, why="list item") for style in STYLES)


def _name(slot: Personal) -> Name | None:
    names = items(slot.value)
    return parse(written(names[0])) if len(names) == 1 else None


def _compose(name: Name, style: str) -> str | None:
    for how in (_SLUG, _JOINED, _CAPITAL):
        if style.startswith(how):
            text = (name.slugged() if how == _SLUG else name).compose(style.removeprefix(how))
            return text and _spelled(text, how)
    return name.compose(style)


def _spelled(text: str, style: str) -> str:
    """A name as a style's first word says: as a login, without blanks, or with a capital."""
    if style.startswith(_JOINED):
        return "".join(c for c in text if c.isalnum())
    if style.startswith(_CAPITAL):
        return text[:1].upper() + text[1:]
    return text


def _unmistakable(text: str) -> bool:
    """Whether a short text can only be a name: dotted initials or two letters, if no common abbreviation or word."""
    letters = text.replace(" ", "").replace(".", "")
    if letters.lower() in _SHORT_WORDS:
        return False
    return text.count(".") == len(letters) > 1 or (len(text) == 2 and text.istitle() and text.isalpha())


def _reads_as_genitive(text: str) -> bool:
    """Whether a lone S at the end makes the form's letters those of a genitive: ``John S.`` and ``John's``."""
    return text.rstrip(".").endswith((" S", " s"))


def _leftovers(name: Name) -> Iterator[str]:
    parts = {part for part in (name.full, name.parts.get("given"), name.parts.get("surname")) if part}
    for part in parts:
        yield from affixed(part)
    yield from nicknames(name.parts.get("given", ""))


def _gendered(name: Name) -> Iterator[Form]:
    """Words that tell a man from a woman; masking leaves them where they are."""
    words = {shape for word in _PRONOUNS for shape in (word, word.capitalize(), word.upper())}
    if not name.full.isascii():
        words.update(_CHINESE_PRONOUNS)
    addressed = {
        f"{title} {text}"
        for title in _MAN_OR_WOMAN
        for pattern in ("surname", "given surname", "given")
        if (text := name.compose(pattern))
    }
    for text in sorted(words | addressed | {f"{title} {name.full}" for title in _MAN_OR_WOMAN}):
        yield Form(text, None, sure=True, why="pronoun", locatable=False)


KIND = Person()
