"""An index of surface forms: every way every value may be written, found by one walk over a text's words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock

from langcache.templating.agents import acts, is_anothers, is_elsewhere, names_another
from langcache.templating.doubt import doubt_of, label_words, settled
from langcache.templating.folding import fold, folded_words, has_case, plurals, singular, words_and_lead
from langcache.templating.frequency import CHANCE, COMMON, FUNCTION, GENERIC
from langcache.templating.heads import Heads
from langcache.templating.kinds import Form
from langcache.templating.slots import Personal, items, written
from langcache.templating.stems import Stem, Stems
from langcache.templating.typos import Near

_APPENDED = frozenset(("jr", "sr", "ii", "iii", "iv", "inc", "llc", "ltd", "corp", "plc", "gmbh"))
"""Words behind a name that its initials leave out."""
_LIMIT = 40
"""Letters up to which a value is found even if its words are split differently; longer ones by their head."""


@dataclass(slots=True, eq=False)
class Entry:
    """A form of one slot, ready to be compared; never changed, but frozen it would take thrice as long to make."""

    slot: str
    form: Form
    words: int
    lead: int
    letters: str
    withheld: bool
    doubt: str
    label: frozenset[str]

    @property
    def distinctive(self) -> bool:
        """Whether it is recognised even in another case or spelling."""
        return self.form.sure or (not self.doubt and len(self.letters) >= 5 and not self.letters.isdigit())

    def resembles(self, words: int) -> bool:
        """Whether this many words with the form's letters, but other signs, case or spacing, can only mean it."""
        if self.doubt in ("short", "number", "known") or (len(self.letters) < 4 and self.letters.isdigit()):
            return False  # "$12" is sure, "12" is not
        return len(self.letters) >= 5 or (words == self.words and (words == 1 or not self.letters.isdigit()))

    def doubtful(self, text: str, start: int, end: int) -> bool:
        """Whether the text may mean something else than the value here."""
        if self.form.part:
            first = self.form.style == "given"
            if is_elsewhere(text, start, end) or is_anothers(text, start, end, first=first):
                return True
        if self.form.place and names_another(text, end):
            return True
        if not self.doubt or (self.doubt == "common" and self.form.proper and acts(text, start, end)):
            return False
        return not settled(self.doubt, text, start, end, self.label)


class Forms:
    """All forms of one user's values."""

    def __init__(self, known: Sequence[str]) -> None:
        self.full: dict[str, list[tuple[Entry, bool]]] = {}
        self.long: dict[str, dict[int, Heads[Entry]]] = {}
        self.prefixes: set[str] = set()
        self.longest = 0
        self.wordless: list[Entry] = []
        self.caseless: list[Entry] = []
        self.parts: dict[str, str] = {}
        self.common_parts: dict[str, str] = {}
        self.generic: dict[str, str] = {}
        self.acronyms: dict[str, str] = {}
        self.near = Near()
        self.stems = Stems()
        self.known = {word for text in known for word in folded_words(text)}
        self._phrases = [" " + " ".join(folded_words(text)) + " " for text in known]
        self._within: dict[str, list[int]] = {}
        self._owners: dict[str, set[str]] = {}
        self._whole: dict[str, set[str]] = {}
        self._unwatched: list[tuple[str, str]] = []
        self._watching = Lock()
        self._firsts: dict[tuple[object, ...], str] = {}
        self._labels: dict[str, frozenset[str]] = {}

    def add(self, slot: Personal, forms: Iterable[Form], *, parts: bool = True) -> None:
        """Index the forms of a slot; the words of its values wait for `watch`, if they give it away."""
        called = ("name",) if slot.kind == "person" else ()
        self._labels[slot.name] = label_words(slot.name, slot.label, *slot.aliases, *called)
        for form in forms:
            if form.text:
                self._index(slot, form)
        self._unwatched += [(slot.name, written(item)) for item in items(slot.value) if parts]

    def watch(self) -> None:
        """Index the words of the values too, which only the guard looks for: masking does without."""
        if self._unwatched:
            with self._watching:
                for name, typed in self._unwatched:
                    self._index_parts(name, typed)
                self._unwatched.clear()

    def shared(self, entry: Entry) -> bool:
        """Whether two slots have this text, in whatever case; a part of a value yields to another slot's whole one."""
        text = entry.form.text.casefold()
        whole = self._whole.get(text, ())
        return len(whole) > 1 or entry.slot not in whole if whole else len(self._owners.get(text, ())) > 1

    def _index(self, slot: Personal, form: Form) -> None:
        withheld = form.style is None and form.why == "leak"
        if not withheld:
            text = form.text.casefold()
            self._owners.setdefault(text, set()).add(slot.name)
            if not form.part:
                self._whole.setdefault(text, set()).add(slot.name)
        if self._firsts.setdefault((form.text, form.style is None, *form[2:]), slot.name) != slot.name:
            return  # another slot's form is found in its stead: all that matters is that they share it
        folded, lead = words_and_lead(form.text)
        letters = "".join(folded)
        doubt = "" if form.sure else doubt_of(form.text, folded, known=self._is_known(folded))
        entry = Entry(slot.name, form, len(folded), lead, letters, withheld, doubt, self._labels[slot.name])
        if len(letters) > 1 and not letters.isascii() and not has_case(letters) and not letters.isdigit():
            self.caseless.append(entry)
        if not letters:
            self.wordless.append(entry)
        elif len(letters) <= _LIMIT:
            self._enter(letters, entry, plural=False)
            for ending in plurals(letters) if letters[-1].isalpha() and form.locatable else ():
                self._enter(ending, entry, plural=True)
        else:
            self._enter_head(folded, entry)

    def _enter(self, letters: str, entry: Entry, *, plural: bool) -> None:
        entries = self.full.setdefault(letters, [])
        if not entries:  # many forms of a value have the same letters
            self._begin(letters)
        entries.append((entry, plural))

    def _begin(self, letters: str) -> None:
        self.longest = max(self.longest, len(letters))
        for length in range(len(letters), 0, -1):
            prefix = letters[:length]
            if prefix in self.prefixes:
                break  # and so are all shorter ones: most forms of a value begin alike
            self.prefixes.add(prefix)

    def within(self, prefix: str) -> Sequence[int]:
        """The lengths of what can be looked up among the beginnings of a prefix, ascending."""
        found = self._within.get(prefix)
        if found is None:
            beginnings = (prefix[:n] for n in range(1, len(prefix) + 1))
            found = self._within[prefix] = [len(each) for each in beginnings if each in self.full or each in self.long]
        return found

    def _enter_head(self, folded: list[str], entry: Entry) -> None:
        head = ""
        for word in folded:
            head += word
            if len(head) > _LIMIT * 3 // 4:
                break
        self._begin(head)
        alike = self.long.setdefault(head, {}).setdefault(entry.lead, Heads())
        alike.add(entry.form.text, entry)

    def _is_known(self, folded: list[str]) -> bool:
        if not self._phrases:
            return False
        phrase = " " + " ".join(folded) + " "
        return any(phrase in text for text in self._phrases)

    def _index_parts(self, name: str, typed: str) -> None:
        folded = [word for word in words_and_lead(typed)[0] if word]
        distinct = dict.fromkeys(folded)
        telling = [word for word in distinct if self.telling(word)]
        joined = "".join(folded)
        if len(folded) > 1:
            self._index_words(name, distinct)
            self._index_joined(name, folded, typed)
        self.near.add(name, [word for word in telling if len(word) >= 5])
        if len(folded) == 1 and len(joined) >= 6:
            self.near.add(name, [joined])
        if len(folded) > 1 and 8 <= len(joined) <= _LIMIT:
            self.near.add(name, [joined])
        for word in telling:
            self.stems.add(Stem(word, name, loud=word.upper() in typed, solid=_is_solid(word, typed)))
        if len(folded) > 1 and len(joined) <= _LIMIT:
            self.stems.add(Stem(joined, name, loud=False, solid=True))

    def _index_words(self, name: str, distinct: Iterable[str]) -> None:
        """The single words of a longer value, by how much they say."""
        for word in distinct:
            if self.telling(word):
                for shape in (word, *plurals(word)):
                    self.parts.setdefault(shape, name)
            elif word in COMMON and self._may_tell(word):
                self.common_parts |= dict.fromkeys((word, *plurals(word)), name)
            elif word in GENERIC and word not in self.known:
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
        return len(word) >= 3 and not {word, singular(word)} & CHANCE and word not in self.known

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
