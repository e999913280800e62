"""``a`` or ``an``: by sound, from spelling; rules and their exceptions instead of a pronouncing dictionary."""

import re

from langcache.templating.folding import fold
from langcache.templating.frequency import WORDS

_TOKEN = re.compile(r"[^\W_]+(?:[.&'’-][^\W_]+)*")
_PARTS = re.compile(r"[.&'’-]")
_DIGITS = re.compile(r"[0-9]+")
_ELEVEN = re.compile(r"1[18](?![0-9])|18[0-9]{2}(?![0-9,])")
# Written with a vowel and spoken with a consonant ("yoo", "wun"), and the other way round.
_CONSONANT_SOUND = re.compile(
    r"eu|ewe|oui|one(?:s|self)?(?![a-z])|once(?![a-z])|uni(?!n|m|de|ll|rr)|unani|us[aeiu]|usb|ut[aeio]|uk[eru]"
    r"|ur[aeiou]|url|ubi|ufo|uvu|unesco|ugan|ulys|ucla|u[ivx](?![a-z])"
)
_VOWEL_SOUND = re.compile(
    r"hono(?!l)|honest|hour(?!i)|heir|herb(?:s|al)?(?![a-z])|y[bcdfghjklmnpqrstvwxz]|x(?:-|box|mas|ray)"
)
_VOWEL_LETTERS = frozenset("aefhilmnorsx")
_SPOKEN = frozenset(
    ("dr", "ft", "gif", "lan", "lt", "mac", "mr", "mrs", "ms", "mt", "ram", "rom", "san", "sgt", "sim", "st")
)
_UNSPEAKABLE = re.compile(r"[^aeiouy]+$|[fnmlr][^aeiouyhl]|h[^aeiouy]|s[bdgrsvxz]|.*[^aeiouy]{4}")


def article(text: str) -> str | None:
    """The indefinite article a text takes, ``"a"`` or ``"an"``; ``None`` where English has none."""
    found = _TOKEN.search(text)
    if found is None:
        return None
    token = found[0]
    if _DIGITS.match(token):
        return _before_number(text[found.start() :])
    head = token if token[1:2] in ("'", "’") else _PARTS.split(token, maxsplit=1)[0]
    plain = fold(head)
    if not plain or not "a" <= plain[0] <= "z":
        return None
    if _is_spelled(head, plain):
        return "an" if plain[0] in _VOWEL_LETTERS else "a"
    return _before_word(fold(token))


def _before_number(text: str) -> str:
    if _ELEVEN.match(text):
        return "an"
    digits = _DIGITS.findall(text)[0]
    group = digits[: len(digits) % 3 or 3]
    return "an" if group[0] == "8" or group in ("11", "18") else "a"


def _is_spelled(head: str, plain: str) -> bool:
    """Whether a word is read letter by letter (``MIT``, ``S90``, ``e-mail``, ``mRNA``), unlike ``NASA``."""
    if plain in _SPOKEN:
        return False
    if len(head) == 1 or head[1].isdigit() or _UNSPEAKABLE.fullmatch(plain):
        return True
    if head[0].islower():
        return head[1].isupper() and plain[0] not in "aeiou"
    if not head.isupper() or (len(head) > 2 and plain in WORDS):
        return False
    return len(head) <= 3 or _UNSPEAKABLE.match(plain) is not None


def _before_word(word: str) -> str:
    vowel = _VOWEL_SOUND.match(word) or (word[0] in "aeiou" and not _CONSONANT_SOUND.match(word))
    return "an" if vowel else "a"
