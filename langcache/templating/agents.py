"""Whether a part of a name is somebody where it stands: ``Young joined in 1999``, but ``Stanford University``."""

import re

from langcache.templating.doubt import starts_sentence
from langcache.templating.folding import singular
from langcache.templating.frequency import COMMON

_DOES = re.compile(
    r"['’]s?\b"
    r"| (?:(?:also|then|later|now|first|soon|still|once|even|never|always|often|\w+ly) )?"
    r"(?:was|is|has|had|will|would|can|could|did|does|holds|began|became|won|lost|led|left|grew|went|came|made|wrote"
    r"|writes|spoke|taught|teaches|said|says|tells|told|met|took|takes|gave|gives|got|gets|put|built|builds|ran|runs|spent"
    r"|sold|bought|brought|held|kept|saw|sees|sang|sings|plays|lives|works|wants|needs|loves|likes|knows|knew|thinks|thought"
    r"|believes|prefers|enjoys|deserves|should|must|leads|serves|makes|drew|draws|fought|died|et al|[a-z]{2,}ed)\b"
    r"|, (?:you|your|i|we|it|let|please|thank|thanks|here|this|who|whose|keep|start|then|great|good"
    r"|congratulations|welcome|remember|make|try|consider|take|don['’]t)\b",
    re.IGNORECASE,
)
_LIVED = re.compile(
    r",(?= you\b)| (?:(?:also|then|later|has|had|was) )*(?:born|founded|co-founded|joined|studied|graduated|married"
    r"|attended|enrolled|received|earned|worked|taught|wrote|said|says|teaches|enjoys|prefers|thinks|believes)\b"
)
"""What only a person does, whatever else the name may mean."""
# Words that open a sentence without an article, with the same verbs behind them.
_UNCOUNTED = frozenset(
    """
    april august art business cash church class color design duty education energy faith fame fashion food
    fortune friday gold grace health heat history home hope january joy july june justice land law life light
    love luck march may mercy money monday music nature news night oil one page paper park peace power price
    pride prime rain reason rice rock royal saturday school science silver snow song sport spring summer sun
    sunday time town trade trust truth tuesday virtue wall war water winter wood work
    """.split()  # noqa: SIM905 -- a list of words is read better than a list of strings
)
_SIGNED = re.compile(r",\s*\n[\s*_]*$")


def acts(text: str, start: int, end: int) -> bool:
    """Whether what stands around a capitalised word shows a person: a verb, an address, a signature."""
    word = text[start:end]
    if not word[:1].isupper() or word.isupper():
        return False
    return _lives(text, start, end) or (word.lower() not in _UNCOUNTED and _DOES.match(text, end) is not None)


def _lives(text: str, start: int, end: int) -> bool:
    """Whether a capitalised word signs a letter, is spoken to, or does what only a person does."""
    signed = _SIGNED.search(text, max(0, start - 12), start) is not None
    if signed and not text[end : end + 12].strip(" *_").partition("\n")[0]:
        return True
    return _LIVED.match(text, end) is not None


_CALENDAR = frozenset(
    """
    january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday spring summer autumn fall winter
    """.split()  # noqa: SIM905
)
_CALLED = re.compile(
    r"\b(?:dear|hi|hello|hey|thanks|thank you|congratulations|welcome|sincerely|regards|cheers|ask|tell"
    r"|mr|mrs|ms|miss|dr|prof|professor)[.,!]? [*_]{0,2}\Z",
    re.IGNORECASE,
)
"""What stands before somebody's name, and before no month or day."""
_OWNED = re.compile(
    r"(?:\b(?:the|an?|this|that|my|your|our|his|her|their|no|some|any|every|each|one)|\w['’]s?) \Z", re.IGNORECASE
)
_WORD_BEFORE, _WORD_BEHIND = re.compile(r"(?<!\S)([^\W\d_]+) \Z"), re.compile(r"[ -](?!I\b)([^\W\d_]+)")
_WHISPERED = re.compile(r"\b[a-z]{4}")


def is_a_thing(text: str, start: int, end: int, *, first: bool) -> bool:
    """Whether a capitalised word that is also a name means the word: ``in April``, ``Black Friday``, ``What Will Be``.

    Args:
        text: the text; *start* and *end* are the word in it.
        first: it is the first name, before which other words may stand.
    """
    if _CALLED.search(text, max(0, start - 20), start):
        return False
    if _OWNED.search(text, max(0, start - 8), start):
        return True
    lives = _lives(text, start, end)
    if text[start:end].lower() in _CALENDAR:
        return not (lives and starts_sentence(text, start))
    if lives:
        return False
    behind = _WORD_BEHIND.match(text, end)
    if behind is not None and behind[1][0].isupper():
        return True
    before = _WORD_BEFORE.search(text, max(0, start - 24), start)
    if before is None or not before[1][0].isupper() or before[1].lower() in _BEFORE_NAMES:
        return False
    return not first or not starts_sentence(text, before.start()) or not _WHISPERED.search(_line(text, start, end))


def is_named(text: str, start: int, end: int) -> bool:
    """Whether a capital is there for a name's sake alone: within a sentence, beside words in small letters."""
    if not text[start].isupper() or starts_sentence(text, start):
        return False
    line, at = _line(text, start, end), text[start:end]
    return _WHISPERED.search(line.replace(at, "")) is not None


def _line(text: str, start: int, end: int) -> str:
    """The line around a span, or what is near of it."""
    rest, _, _ = text[end : end + 100].partition("\n")
    return text[max(0, start - 100) : start].rpartition("\n")[2] + text[start:end] + rest


def is_somebody(text: str, start: int, end: int) -> bool:
    """Whether what stands around a capitalised word shows that a person is meant: a greeting, a title, a deed."""
    return _CALLED.search(text, max(0, start - 20), start) is not None or acts(text, start, end)


_PLACES = frozenset(
    """
    adelaide asia austin bethany bristol brooklyn cambridge camden carolina chad charlotte chelsea chester china
    cleveland cordoba cuba dakota dallas denver derby durham england florence france georgia germany hamilton
    holland houston hudson india indiana ireland israel jackson jordan kent kenya kingston lancaster leon
    lincoln london lourdes lyon madison medina memphis milan montana nevada nice orlando oxford paris phoenix
    preston raleigh santiago savannah sheffield siena sofia spain sydney tennessee toledo trenton troy valencia
    verona victoria vienna virginia washington wellington windsor york
    """.split()  # noqa: SIM905
)
_NAMED_AFTER = re.compile(
    r" (?:University|College|Institute|School|Academy|Hospital|Clinic|Prize|Medal|Awards?|Street|St\.|Avenue|Road"
    r"|Square|Airport|County|City|State|Bank|Motors?|Museum|Library|Stadium|Bridge|River|Lake|Island|Park|Valley|Bay|D\.?C\.?)\b"
)
_SAINT = re.compile(r"\b(?:St\.?|Saint|San|Santa|Mount|Mt\.?|Fort|Port|Lake|New) \Z")
_STATE = re.compile(r"[A-Z]\w+, \Z")
_WHERE = re.compile(r"\b(?:in|to|from|near|at|around|outside|across|via|of|visit(?:s|ed|ing)?) \Z", re.IGNORECASE)


def is_elsewhere(text: str, start: int, end: int) -> bool:
    """Whether what stands around a part of a name shows a place or an institution with that name."""
    if _NAMED_AFTER.match(text, end) or _SAINT.search(text, max(0, start - 8), start):
        return True
    if text[start:end].lower() not in _PLACES:
        return False
    return (
        _WHERE.search(text, max(0, start - 12), start) is not None
        or _STATE.search(text, max(0, start - 24), start) is not None
        or re.match(r", [A-Z]", text[end : end + 3]) is not None
    )


_NAME_BEFORE = re.compile(r"(?<![\w.’'-])([A-Z][^\W\dA-Z_]{2,}) \Z")
_SIGNS = ".,;:!?()[]|*_#\"'“”‘’"
_OF_SOMEBODY = re.compile(r"\w['’]s \Z")
_NAME_BEHIND = re.compile(r"(?: |-)([A-Z][a-z]{2,})(?![\w’'])")
_BEFORE_NAMES = frozenset(
    """
    aunt bonjour captain chairman congratulations coach detective dona doña don engineer founder frau greetings hello
    herr herrn inspector judge lady madam madame meanwhile minister miss mister mme monsieur namaste pan pani prince
    princess queen saint salut senator señor señora sergeant signor signora sir thanks uncle
    """.split()  # noqa: SIM905
)


def is_anothers(text: str, start: int, end: int, *, first: bool) -> bool:
    """Whether a part of a name is part of another here: ``Rolling Stone``, ``Emma Watson``, ``New Year's Eve``.

    Args:
        text: the text; *start* and *end* are the part in it.
        first: it is the first name: what follows it tells; else it is what stands before.
    """
    if not text[start:end].istitle() or _is_headline(text, start, end):
        return False
    if first and _OF_SOMEBODY.search(text, max(0, start - 4), start):
        return True
    found = _NAME_BEHIND.match(text, end) if first else _NAME_BEFORE.search(text, max(0, start - 24), start)
    if found is None:
        return False
    word = found[1].lower()
    return not (word in _BEFORE_NAMES or word in COMMON or singular(word) in COMMON or word.endswith("ly"))


def _is_headline(text: str, start: int, end: int) -> bool:
    """Whether all words of a heading, or of a line where most are no names, begin with a capital: none says a thing."""
    line = _line(text, start, end)
    words = (word.strip(_SIGNS) for word in line.split())
    long = [word for word in words if len(word) > 3 and word[0].isalpha()]
    if len(long) <= 3 or not all(word[0].isupper() for word in long):
        return False
    if line.startswith("#"):
        return True
    common = sum(not {word.lower(), singular(word.lower())}.isdisjoint(COMMON) for word in long)
    return common > (len(long) - 1) / 2  # one of them is the value


def names_another(text: str, end: int) -> bool:
    """Whether a place is followed by what makes another name of it: ``Ithaca, Greece``, ``Ithaca College``."""
    return _NAMED_AFTER.match(text, end) is not None or _IN.match(text, end) is not None


_IN = re.compile(r" ?, ?[A-Z]")
_GENDERED = re.compile(
    r"\b(?:herrn?|frau|monsieur|madame|m\.|mme|sra?\.|señora?|signora?|don|doña|pani?|lieber?|estimad[ao]|querid[ao]"
    r"|cher|chère|car[ao]|prezad[ao]|drogi|droga|уважаем(?:ый|ая)|дорог(?:ой|ая)) \Z",
    re.IGNORECASE,
)
"""What other languages put before the name of a man or a woman."""


def is_gendered(text: str, start: int) -> bool:
    """Whether the word before a name tells a man from a woman in a language that is not English."""
    return _GENDERED.search(text, max(0, start - 12), start) is not None


_HE, _SHE = r"(?:he|him(?:self)?|his)", r"(?:she|hers?|herself)"
_NEUTRAL = re.compile(
    rf"(?<![\w/])(?:{_HE}(?: or |/){_SHE}|{_SHE}(?: or |/){_HE})(?![\w/])|(?<!\w)s/he\b", re.IGNORECASE
)


def is_neutral(text: str, start: int, end: int) -> bool:
    """Whether a pronoun is one of a pair that leaves open whether a man or a woman is meant: ``his or her``."""
    window = max(0, start - 15)
    return any(match.start() <= start and end <= match.end() for match in _NEUTRAL.finditer(text, window, end + 15))
