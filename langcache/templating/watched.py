"""The words of the values, by how much each alone gives its value away: what the guard looks for in a text."""

from collections.abc import Iterable, Set as AbstractSet
from copy import copy

from langcache.templating.folding import fold, plurals, singular, words_and_lead
from langcache.templating.frequency import CHANCE, COMMON, FUNCTION, GENERIC
from langcache.templating.stems import Stem, Stems
from langcache.templating.typos import Near

_APPENDED = frozenset(("jr", "sr", "ii", "iii", "iv", "inc", "llc", "ltd", "corp", "plc", "gmbh"))
"""Words behind a name that its initials leave out."""
LIMIT = 40
"""Letters up to which a value is found even if its words are split differently; longer ones by their head."""


class Watched:
    """Single words of values, their initials, stems and what is one slip away from them, each with its slot.

    Args:
        known: words of the prompt and the features, which are no evidence.
    """

    def __init__(self, known: AbstractSet[str]) -> None:
        self._known = known
        self.words: set[str] = set()
        self.parts: dict[str, str] = {}
        self.common_parts: dict[str, str] = {}
        self.generic: dict[str, str] = {}
        self.acronyms: dict[str, str] = {}
        self.near = Near()
        self.stems = Stems()

    def knowing(self, known: AbstractSet[str]) -> "Watched":
        """The same words of values, none of which is *known* or was known before."""
        twin = copy(self)
        twin._known = known  # noqa: SLF001 -- its own copy
        return twin

    def add(self, name: str, typed: str) -> None:
        """Index the words of a value of the slot of that name, as it is typed."""
        folded = [word for word in words_and_lead(typed)[0] if word]
        distinct = dict.fromkeys(folded)
        self.words.update(distinct)
        telling = [word for word in distinct if self.telling(word)]
        joined = "".join(folded)
        if len(folded) > 1:
            self._index_words(name, distinct)
            self._index_joined(name, folded, typed)
        self.near.add(name, [word for word in telling if len(word) >= 5])
        if len(folded) == 1 and len(joined) >= 6:
            self.near.add(name, [joined])
        if len(folded) > 1 and 8 <= len(joined) <= LIMIT:
            self.near.add(name, [joined])
        for word in telling:
            self.stems.add(Stem(word, name, loud=word.upper() in typed, solid=_is_solid(word, typed)))
        if len(folded) > 1 and len(joined) <= LIMIT:
            self.stems.add(Stem(joined, name, loud=False, solid=True))

    def _index_words(self, name: str, distinct: Iterable[str]) -> None:
        """The single words of a longer value, by how much they say."""
        for word in distinct:
            if self.telling(word):
                for shape in (word, *plurals(word)):
                    self.parts.setdefault(shape, name)
            elif word in COMMON and self._may_tell(word):
                self.common_parts |= dict.fromkeys((word, *plurals(word)), name)
            elif word in GENERIC and word not in self._known:
                self.generic.setdefault(word, name)

    def _index_joined(self, name: str, folded: list[str], typed: str) -> None:
        """Initials of all words, or of those that count; the first two words in one."""
        if len(folded) > 12:
            return
        counting = [word for word in folded if word not in FUNCTION and len(word) > 1]
        bare = counting[:-1] if counting and counting[-1] in _APPENDED else counting
        for words_ in (folded, counting, bare, [*folded[:1], *folded[-1:]], _typed(typed)):
            initials = "".join(word[0] for word in words_)
            if len(initials) > 1:
                self.acronyms.setdefault(initials, name)
        if len(folded) > 2 and len(first := folded[0] + folded[1]) >= 6 and self.telling(folded[0]):
            self.parts.setdefault(first, name)

    def _may_tell(self, word: str) -> bool:
        return len(word) >= 3 and not {word, singular(word)} & CHANCE and word not in self._known

    def telling(self, word: str) -> bool:
        """Whether a word alone gives a value away, in whatever text."""
        return word not in COMMON and self._may_tell(word)


def _is_solid(word: str, typed: str) -> bool:
    """Whether the value writes a word with capitals inside, as no dictionary does."""
    at = typed.casefold().find(word)
    return any(c.isupper() for c in typed[at + 1 : at + len(word)]) and not typed[at : at + len(word)].isupper()


def _typed(text: str) -> list[str]:
    """The words between blanks: an apostrophe divides none (``O'Brien``)."""
    return [fold(word) for word in text.split() if word[0].isalpha()]
