"""The ways people write a name, as styles; see `Name.compose` for what a pattern means."""

from langcache.templating.kinds.names import Name

_SLUG, _JOINED, _CAPITAL, _PLURAL = "slug ", "joined ", "capital ", "plural "
# Where two give the same text, the first is taken.
_PATTERNS = (
    "given surname", "given [M. ]surname", "given [M ]surname", "given [middle ]surname",
    "given surname suffix", "given [M. ]surname suffix", "given [middle ]surname suffix", "given surname, suffix",
    "given [middle ]surname, suffix", "given", "surname", "bare surname", "[middle ]surname",
    "double surname", "given double surname", "given[ middle]",
    "surname suffix",
    "surname, suffix", "G. surname", "G surname", "G. [M. ]surname", "G.[M.] surname", "G[M] surname",
    "G. [middle ]surname", "surname, given", "surname, given[ M.]", "surname, given[ M]", "surname, given[ middle]",
    "surname given", "surname, G.", "surname, G", "surname, G.[ M.]", "surname, G.[M.]", "surname G",
    "surname G[M]", "given S.", "given S", "S., given", "G.S.", "G. S.", "G.[M.]S.", "G. [M. ]S.",
    "nickname", "nickname surname",
    "given “nickname” surname", 'given "nickname" surname', "given (nickname) surname",
)  # fmt: skip
_TITLED = (
    "surname",
    "double surname",
    "given surname",
    "given [M. ]surname",
    "given [middle ]surname",
    "G. surname",
    "given",
)
_TITLES = ("title", "dotted title", "bare title", "long title", "short title")
_LOGINS = ("given.surname", "given_surname", "given-surname", "givensurname", "Gsurname", "surname.given", "G.surname")
UNTITLED = (
    *_PATTERNS,
    *(_JOINED + pattern for pattern in ("given surname", "given [middle ]surname")),
    *(_SLUG + pattern for pattern in _LOGINS),
    _CAPITAL + "surname",
    _PLURAL + "surname",
)
"""The styles of a name without a title."""

STYLES = (*UNTITLED, *(f"{title} {pattern}" for title in _TITLES for pattern in _TITLED))


def compose(name: Name, style: str) -> str | None:
    """A name in one of the `STYLES`; ``None`` if it lacks a part of it."""
    for how in (_SLUG, _JOINED, _CAPITAL, _PLURAL):
        if style.startswith(how):
            text = _source(name, style).compose(style.removeprefix(how))
            return text and _spelled(text, how)
    return name.compose(style)


def whole(name: Name, style: str) -> str:
    """All of a name that cannot be written in a style, as near to it as may be."""
    return _spelled(_source(name, style).full, style)


def _source(name: Name, style: str) -> Name:
    return name.login if style.startswith(_SLUG) and name.login is not None else name


def _spelled(text: str, style: str) -> str:
    """A name as a style's first word says: without blanks, with a capital, as a family."""
    if style.startswith(_JOINED):
        return "".join(c for c in text if c.isalnum())
    if style.startswith(_CAPITAL):
        return text[:1].upper() + text[1:]
    if style.startswith(_PLURAL):
        return text + ("es" if text.endswith(("s", "x", "z", "ch", "sh")) else "s")
    return text
