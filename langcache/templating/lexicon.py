"""The surface forms of one user's values, compiled once and looked for in every text of an answer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import replace
from decimal import Decimal
from itertools import accumulate, chain, pairwise
from typing import NamedTuple

from langcache.errors import Refused
from langcache.templating.accounts import is_account
from langcache.templating.agents import is_gendered, is_named
from langcache.templating.binary import is_binary
from langcache.templating.choice import apart, fillable, is_as_given, longest, runs_on, uncrossed, whole
from langcache.templating.escaping import IN_PROSE
from langcache.templating.fill import fill, write
from langcache.templating.folding import GAP
from langcache.templating.forms import Forms
from langcache.templating.grammar import article_before, possessive_after
from langcache.templating.guard import judge
from langcache.templating.kinds import Form, has_parts, kind_of
from langcache.templating.kinds.figures import is_age
from langcache.templating.known import Known
from langcache.templating.scan import Hit, joins_figures, scan
from langcache.templating.slots import Personal, items, written
from langcache.templating.spelling import date_of, number_of
from langcache.templating.template import Gap, Template, tidy
from langcache.templating.traces import decades, digits_alone
from langcache.templating.views import View, may_escape, view
from langcache.templating.within import is_id_with_more, is_other

PLAIN = ("text", "name")
"""Kinds that read a value as the text it is."""

_NAMES = (*PLAIN, "person", "list")
"""Kinds whose values are in ids in a spelling of their own: ``ann.lee``."""

_ADDRESSES = ("host", "url", "address")
"""Contexts that write a value in one word anyway, or refuse it."""

_DAYS = ("date", "datetime")
"""Kinds that say a value in words of their own or by pointing at it."""

NOTHING: Mapping[str, object] = {}


class Cut(NamedTuple):
    """A gap and the span of the seen text that it stands for."""

    start: int
    end: int
    gap: Gap


class Lexicon:
    """How one user's values may show in a text.

    Args:
        slots: the user's slots; those without a value are skipped.
        ignored: name to value of inputs that neither decide nor fill.
        blurred: feature name to the raw value that the key knows only as a range.
        known: texts of the prompt template and the features, before any value is put in; words in them are
            not evidence of a value.

    Raises:
        DeclarationError: a slot's kind is unknown.
    """

    def __init__(
        self,
        slots: Sequence[Personal],
        *,
        ignored: Mapping[str, object] = NOTHING,
        blurred: Mapping[str, object] = NOTHING,
        known: Sequence[str] | Known = (),
    ) -> None:
        self._given = (slots, ignored, blurred)
        self._slots = {slot.name: slot for slot in slots}
        withheld = [Personal(name, name, value) for name, value in (*ignored.items(), *blurred.items())]
        self._scalars = _scalars([*slots, *withheld])
        self._forms = Forms(known if isinstance(known, Known) else Known(known))
        for slot in slots:
            kind = kind_of(slot)
            forms = chain(kind.recognise(slot), kind.residue(slot), _numbers(slot))
            self._forms.add(slot, forms, parts=has_parts(kind))
        for slot in withheld:
            self._forms.add(slot, chain(_unfillable(slot), _numbers(slot)))

    def knowing(self, known: Known) -> "Lexicon":
        """The same values beside other *known* texts; compiled again only if those hold a word of a value."""
        forms = self._forms.knowing(known)
        if forms is None:
            slots, ignored, blurred = self._given
            return Lexicon(slots, ignored=ignored, blurred=blurred, known=known)
        twin = copy(self)
        twin._forms = forms  # noqa: SLF001 -- its own copy
        return twin

    def values(self) -> Iterator[str]:
        """The slots' values as texts, the items of lists one by one."""
        return (written(item) for slot in self._slots.values() for item in items(slot.value))

    def locate(self, text: str) -> Template:
        """The text with a gap wherever a slot's value surely stands, as far as masking needs it.

        Bare numbers, common words and very short values stay, unless their kind settles it (law 4): they
        remain residue and so part of the key. A value that two slots share stays too, for the same reason:
        whichever slot were chosen, the next user may have two different values there. So do the parts of it, and
        a value in an address, a path or an id: programs read those.
        """
        if is_binary(text, self.values()):
            return (text,)
        seen = view(text)
        found = scan(seen.text, self._forms)
        hits = [whole(hit, seen.text) for hit in found.hits if self._surely(hit, seen.text)]
        chosen = longest(uncrossed(hits))
        alone = [hit for hit in chosen if not self._forms.shared(hit.entry)]
        template = _cut(seen, [Cut(hit.start, hit.end, Gap(hit.entry.slot)) for hit in alone])
        literals = [segment for segment in template if isinstance(segment, str)]
        literals += [text for hit in alone if not is_as_given(hit) and self._slots[hit.entry.slot].kind in _NAMES]
        return (text,) if alone and is_id_with_more(text, literals) else template

    def _surely(self, hit: Hit, text: str) -> bool:
        entry = hit.entry
        if entry.withheld or not entry.form.locatable:
            return False
        if (entry.form.part or entry.form.place or entry.doubt) and entry.doubtful(text, hit.start, hit.end):
            return False
        if is_other(self._slots[entry.slot].kind, entry.form.style or "", text, hit.start, hit.end):
            return False
        if self._forms.mistaken(entry, text, hit.start, hit.end):
            return False
        if hit.exact:
            return entry.doubt in ("", "common")
        return entry.distinctive and not hit.plural and not runs_on(text[hit.start : hit.end], entry.form.text)

    def delexicalize(self, text: str) -> Template:
        """The text with a gap for every value, proven to give the same bytes back and to hold nothing else.

        Raises:
            Refused: ``"ambiguous slots"``, ``"ambiguous value"``, ``"list item"``, ``"round trip"``,
                ``"unsafe context"`` (inside a tag, a script), ``"leak"``.
        """
        seen = view(text)
        found = scan(seen.text, self._forms)
        hits = (hit for each in found.hits if (hit := fillable(each, found.words)) is not None)
        candidates = list(uncrossed(list(hits)))
        chosen = apart(longest(candidates), candidates)
        self._said_once(chosen, seen.text)
        cuts: list[Cut] = []
        small = {hit for hit in chosen if hit.case == "lower" and not hit.entry.form.style}
        named = {hit.entry.slot for hit in chosen if is_named(seen.text, hit.start, hit.end)} if small else ()
        for hit in chosen:
            self._settled(hit, seen.text)
            cuts += self._gaps(hit, seen, cuts[-1].end if cuts else 0)
            if hit in small and hit.entry.slot in named and cuts[-1].gap.escape in IN_PROSE:
                raise Refused("ambiguous value", slot=hit.entry.slot, form="case", position=hit.start)
        judge(found, self._forms, [(hit.start, hit.end) for hit in chosen])
        template = _cut(seen, cuts)
        if fill(template, self._slots) != text:
            raise Refused("round trip")
        # Beside a gap a number stands alone, and literals without their values may be no Markdown.
        joining = any(joins_figures(seen.text, hit.start, hit.end) for hit in chosen)
        if joining or _reads_otherwise(template, seen, cuts):
            self.guard(template)
        return template

    def _said_once(self, chosen: Sequence[Hit], text: str) -> None:
        """Refuse "today, March 1st": the next reader's day may be said in one of these ways only."""
        for one, other in pairwise(chosen):
            beside = one.entry.slot == other.entry.slot and text[one.end : other.start] == ", "
            pointed_at = one.entry.form.locatable != other.entry.form.locatable
            if beside and pointed_at and self._slots[one.entry.slot].kind in _DAYS:
                raise Refused("ambiguous value", slot=one.entry.slot, form="exact", position=one.start)

    def _settled(self, hit: Hit, text: str) -> None:
        entry = hit.entry
        if self._forms.shared(entry) or self._forms.mistaken(entry, text, hit.start, hit.end):
            raise Refused("ambiguous slots", slot=entry.slot, form="exact", position=hit.start)
        if entry.form.gendered and is_gendered(text, hit.start):
            raise Refused("pronoun", slot=entry.slot, form="exact", position=hit.start)
        if entry.doubtful(text, hit.start, hit.end):
            raise Refused("ambiguous value", slot=entry.slot, form="exact", position=hit.start)
        if entry.form.style is None:
            raise Refused(entry.form.why, slot=entry.slot, form="exact", position=hit.start)

    def _gaps(self, hit: Hit, seen: View, free: int) -> Iterator[Cut]:
        """The gap of a hit, and those of the article and possessive that its value decides."""
        value = self._gap(hit, seen)
        written = seen.text[hit.start : hit.end]
        article = article_before(seen.text, hit.start, written) if value.escape in IN_PROSE else None
        if article is not None and article[0] >= free:
            yield Cut(article[0], article[1], value._replace(grammar=article[2]))
        yield Cut(hit.start, hit.end, value)
        possessive = possessive_after(seen.text, hit.end, written) if value.escape in IN_PROSE else None
        if possessive is not None:
            yield Cut(possessive[0], possessive[1], value._replace(grammar=possessive[2]))

    def _gap(self, hit: Hit, seen: View) -> Gap:
        start, end = seen.span(hit.start, hit.end)
        escapes = seen.escapes(start, end)
        if escapes and escapes[0] not in _ADDRESSES and is_account(seen.text, hit.start, hit.end):
            escapes = ("slug",)
        for escape in escapes:
            gap = Gap(hit.entry.slot, hit.entry.form.style or "", escape, hit.case)
            with suppress(Refused):
                if write(gap, self._slots) == seen.source[start:end]:
                    return gap
        reason = "round trip" if escapes else "unsafe context"
        raise Refused(reason, slot=hit.entry.slot, form="exact", position=hit.start)

    def guard(self, template: Template) -> None:
        """Nothing that resembles a value may stand in the literal parts.

        Raises:
            Refused: ``"leak"`` with slot, form and position (in the text with each gap as one character).
        """
        pieces = _with_marks(template)
        seen = view("".join(pieces))
        ends = list(accumulate(map(len, pieces)))
        gaps = [end for end, segment in zip(ends, template, strict=True) if not isinstance(segment, str)]
        judge(scan(seen.text, self._forms), self._forms, [(at - 1, at) for at in map(seen.at, gaps)])

    def met(self, template: Template) -> set[str]:
        """The slots of which a value stands in the literal parts, in whatever case or spelling; a part is none."""
        return {hit.entry.slot for hit in scan(view("".join(_with_marks(template))).text, self._forms).hits}

    def check_scalar(self, value: object) -> None:
        """A number, date or text leaf of an answer may not equal a value of the user.

        Raises:
            Refused: ``"leak"``, naming the slot.
        """
        if value is None or isinstance(value, bool):
            return
        for key in _keys(value):
            if key in self._scalars:
                raise Refused("leak", slot=self._scalars[key], form="scalar")


def _numbers(slot: Personal) -> Iterable[Form]:
    """What gives a number away, whatever the slot's kind: an age by its decade; words, where no kind says them."""
    number = number_of(slot.value)
    if number is None:
        return
    if is_age(slot):
        yield from (Form(text, None, sure=True, locatable=False) for text in decades(number))
    if slot.kind in PLAIN and isinstance(slot.value, int | float | Decimal):
        as_number = replace(slot, kind="number")
        for form in kind_of(as_number).recognise(as_number):
            if (
                form.style
            ):  # the others are the value as it is, which its own kind judges, and figures of something else
                yield Form(form.text, None, form.sure, locatable=False)


def _unfillable(slot: Personal) -> Iterable[Form]:
    kind = kind_of(slot)
    for form in (*kind.recognise(slot), *kind.residue(slot)):
        yield Form(form.text, None, form.sure)
    number = number_of(slot.value)
    if number is not None and (digits := digits_alone(number)):
        yield Form(digits, None)


def _scalars(slots: Iterable[Personal]) -> dict[object, str]:
    return {
        key: slot.name
        for slot in slots
        for item in items(slot.value)
        if not isinstance(item, bool)
        for key in _keys(item)
    }


def _keys(value: object) -> Iterable[object]:
    number, day = number_of(value), date_of(value)
    yield str(value)
    if number is not None:
        yield number
    if day is not None:
        yield day


def _reads_otherwise(template: Template, seen: View, cuts: Sequence[Cut]) -> bool:
    """Whether the literals read otherwise without the values, one of which may be all that makes the text Markdown."""
    if not cuts or not any(isinstance(segment, str) and may_escape(segment) for segment in template):
        return False
    read: list[str] = []
    at = 0
    for cut in cuts:
        read += (seen.text[at : cut.start], GAP)
        at = cut.end
    return view("".join(_with_marks(template))).text != "".join([*read, seen.text[at:]])


def _with_marks(template: Template) -> list[str]:
    """The segments of a template, each gap as one character."""
    return [segment if isinstance(segment, str) else GAP for segment in template]


def _cut(seen: View, cuts: Sequence[Cut]) -> Template:
    segments: list[str | Gap] = []
    at = 0
    for cut in cuts:
        start, end = seen.span(cut.start, cut.end)
        segments += (seen.source[at:start], cut.gap)
        at = end
    return tidy([*segments, seen.source[at:]])
