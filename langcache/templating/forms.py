"""An index of surface forms: every way every value may be written, found by one walk over a text's words."""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property

from langcache.templating.agents import acts, is_a_thing, is_anothers, is_elsewhere, is_somebody, names_another
from langcache.templating.doubt import doubt_of, is_labelled, label_words, settled
from langcache.templating.folding import folded_words, has_case, plurals, words_and_lead
from langcache.templating.frequency import COMMON
from langcache.templating.heads import Heads
from langcache.templating.kinds import Form
from langcache.templating.known import Known
from langcache.templating.slots import Personal, items, written
from langcache.templating.watched import LIMIT, Watched

LONGEST_HEAD = 4 * LIMIT
"""Letters up to which the head of a form is found even if its words are split differently."""


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

    @property
    def everyday(self) -> bool:
        """Whether it is a phrase of common words, as the names of firms are: ``Next Level``, ``Fresh Start``."""
        return all(word in COMMON for word in folded_words(self.form.text))

    def resembles(self, words: int) -> bool:
        """Whether this many words with the form's letters, but other signs, case or spacing, can only mean it."""
        if self.doubt in ("short", "number", "known") or (len(self.letters) < 4 and self.letters.isdigit()):
            return False  # "$12" is sure, "12" is not
        return len(self.letters) >= 5 or (words == self.words and (words == 1 or not self.letters.isdigit()))

    def doubtful(self, text: str, start: int, end: int) -> bool:
        """Whether the text may mean something else than the value here."""
        first = self.form.style in ("given", "")
        word = self.doubt == "common" and self.form.proper
        thing = word and self.form.style != "bare" and is_a_thing(text, start, end, first=first)
        if thing and not is_labelled(text, start, self.label):
            return True
        if self.form.part and (is_elsewhere(text, start, end) or is_anothers(text, start, end, first=first)):
            return True
        if self.form.place and names_another(text, end):
            return True
        if not self.doubt or (word and acts(text, start, end)):
            return False
        return not settled(self.doubt, text, start, end, self.label)


class Forms:
    """All forms of one user's values.

    Args:
        known: what is no evidence of a value.
    """

    def __init__(self, known: Known) -> None:
        self.known = known
        self.full: dict[str, list[tuple[Entry, bool]]] = {}
        self.long: dict[str, dict[int, Heads[Entry]]] = {}
        self.prefixes: set[str] = set()
        self.longest = 0
        self.wordless: list[Entry] = []
        self.caseless: list[Entry] = []
        self._words: set[str] = set()
        self._within: dict[str, list[int]] = {}
        self._owners: dict[str, set[str]] = {}
        self._whole: dict[str, set[str]] = {}
        self._values: list[tuple[str, str]] = []
        self._firsts: dict[tuple[object, ...], str] = {}
        self._labels: dict[str, frozenset[str]] = {}
        self._people: set[str] = set()

    def add(self, slot: Personal, forms: Iterable[Form], *, parts: bool = True) -> None:
        """Index the forms of a slot; the words of its values wait for `watched`, if they give it away."""
        called = ("name",) if slot.kind == "person" else ()
        self._people.update([slot.name] if called else ())
        self._labels[slot.name] = label_words(slot.name, slot.label, *slot.aliases, *called)
        for form in forms:
            if form.text:
                self._index(slot, form)
        if parts:
            self._values += [(slot.name, written(item)) for item in items(slot.value)]

    @cached_property
    def watched(self) -> Watched:
        """The words of the values, which only the guard looks for: masking does without."""
        watched = Watched(self.known.words)
        for name, typed in self._values:
            watched.add(name, typed)
        return watched

    def knowing(self, known: Known) -> "Forms | None":
        """The same forms beside other *known* texts; None if those hold a word of a value and would change them."""
        of_values = self._words | self.watched.words
        for told in (self.known, known):
            if not of_values.isdisjoint(told.words) or any(told.shows(entry.form.text) for entry in self.wordless):
                return None
        twin = copy(self)
        twin.known = known
        twin.watched = self.watched.knowing(known.words)
        return twin

    def shared(self, entry: Entry) -> bool:
        """Whether two slots have this text, in whatever case; a part of a value yields to another slot's whole one."""
        text = entry.form.text.casefold()
        whole = self._whole.get(text, ())
        return len(whole) > 1 or entry.slot not in whole if whole else len(self._owners.get(text, ())) > 1

    def mistaken(self, entry: Entry, text: str, start: int, end: int) -> bool:
        """Whether a value is a part of somebody's name, too, and that person is meant: ``Dear Austin``, from Austin."""
        if entry.slot in self._people or self._people.isdisjoint(self._owners.get(entry.form.text.casefold(), ())):
            return False
        return is_somebody(text, start, end)

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
        self._words.update(folded)
        known = self.known.says(folded) if letters else self.known.shows(form.text)
        doubt = "" if form.sure else doubt_of(form.text, folded, known=known)
        entry = Entry(slot.name, form, len(folded), lead, letters, withheld, doubt, self._labels[slot.name])
        if len(letters) > 1 and not letters.isascii() and not has_case(letters) and not letters.isdigit():
            self.caseless.append(entry)
        if not letters:
            self.wordless.append(entry)
        elif len(letters) <= LIMIT:
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
            if len(head) > LIMIT * 3 // 4:
                break
        if len(head) > LONGEST_HEAD:  # a single word, such as a token: found as it is, or not at all
            self.prefixes.add(head)
        else:
            self._begin(head)
        alike = self.long.setdefault(head, {}).setdefault(entry.lead, Heads())
        alike.add(entry.form.text, entry)
