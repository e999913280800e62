"""The laws of templates, for any text and any values."""

import json
from contextlib import suppress

import pytest
from hypothesis import assume, given, strategies as st

from langcache.errors import Refused
from langcache.templating import (
    Gap,
    Known,
    Lexicon,
    Personal,
    Template,
    fill,
    from_data,
    placeholders,
    read,
    show,
    to_data,
)
from langcache.templating.folding import GAP, fold, words
from langcache.templating.kinds import _MODULES, kind_of
from tests.templating.strategies import NAMES, answers, pieces, texts, users, values


def _by_name(slots: list[Personal]) -> dict[str, Personal]:
    return {slot.name: slot for slot in slots}


@given(st.data())
def test_round_trip_or_refusal(data: st.DataObject) -> None:
    """A delexicalized text gives the same text back, byte for byte, or it is refused."""
    slots = data.draw(users())
    text = data.draw(answers(slots))
    try:
        template = Lexicon(slots).delexicalize(text)
    except Refused:
        return
    assert text == fill(template, _by_name(slots))
    assert template == from_data(json.loads(json.dumps(to_data(template))))


@given(st.data())
def test_delexicalizing_again_changes_nothing(data: st.DataObject) -> None:
    """Idempotence: the filled text delexicalizes to the same template."""
    slots = data.draw(users())
    lexicon = Lexicon(slots)
    try:
        template = lexicon.delexicalize(data.draw(answers(slots)))
    except Refused:
        return
    lexicon.guard(template)
    assert template == lexicon.delexicalize(fill(template, _by_name(slots)))


@given(st.data())
def test_one_compilation_serves_any_known_texts(data: st.DataObject) -> None:
    """What the prompt says may be told afterwards: every verdict is that of a lexicon made for it."""
    slots = data.draw(users())
    known = data.draw(st.lists(st.one_of(texts, answers(slots)), max_size=3))
    text = data.draw(answers(slots))
    base = Lexicon(slots)
    for told in (known, []):
        assert _verdict(base.knowing(Known(told)), text) == _verdict(Lexicon(slots, known=told), text)


def _verdict(lexicon: Lexicon, text: str) -> object:
    verdicts: list[object] = []
    for template in (lexicon.delexicalize, lambda said: lexicon.guard([said])):
        try:
            verdicts.append(template(text))
        except Refused as refused:
            verdicts.append((refused.reason, refused.slot, refused.form, refused.position))
    return verdicts


@given(st.data())
def test_words_beside_gaps_are_the_words_of_any_text(data: st.DataObject) -> None:
    """The quick way through a template of plain English finds what the thorough one finds."""
    text = data.draw(st.text(st.sampled_from([*"aB1 _.-'\n\0", GAP]) | st.characters(max_codepoint=127), max_size=40))
    quick, thorough = words(text), words(text + " é")
    assert thorough.folded[: len(quick.folded)] == quick.folded
    assert thorough.spans[: len(quick.spans)] == quick.spans
    assert thorough.folded[len(quick.folded) :] == ["e"]


@given(st.text(st.sampled_from([*"aB1 _é\u0301王नम\0", GAP]) | st.characters(), max_size=40))
def test_words_stand_where_they_are_said_to(text: str) -> None:
    """Where a word stands is found out apart from the word, and only when asked for; the two agree."""
    found = words(text)
    assert [fold(text[start:end]) for start, end in found.spans] == found.folded


@given(st.data())
def test_another_user_gets_none_of_the_first_ones_values(data: st.DataObject) -> None:
    """After a fill for B, a telling value of A is only there if B's own values hold it."""
    slots = [Personal(name, name, data.draw(st.text("qxzv", min_size=6, max_size=12))) for name in NAMES]
    text = data.draw(answers(slots))
    try:
        template = Lexicon(slots).delexicalize(text)
    except Refused:
        return
    filled = fill(template, {name: Personal(name, name, "Kumquat") for name in NAMES})
    assert not [slot.name for slot in slots if str(slot.value) in filled.split()]


@given(st.data())
def test_a_fill_changes_nothing_but_its_gaps(data: st.DataObject) -> None:
    """Whatever a value holds, the literals around it stay and it appears once per gap, unexpanded."""
    literals = data.draw(st.lists(texts, min_size=2, max_size=4))
    value = data.draw(texts.filter(bool))
    template: Template = tuple(part for literal in literals for part in (literal, Gap("startup")))
    assert value.join(literals) + value == fill(template, {"startup": Personal("startup", "s", value)})


@given(st.data())
def test_json_stays_json(data: st.DataObject) -> None:
    """A filled JSON text parses, and its strings hold the raw value."""
    value = data.draw(texts.filter(lambda text: text and text.isprintable()))
    quoted = json.dumps({"a": "Ask Andromeda!", "b": ["Andromeda", 1]}, ensure_ascii=data.draw(st.booleans()))
    template = Lexicon([Personal("startup", "s", "Andromeda")]).delexicalize(quoted)
    filled = json.loads(fill(template, {"startup": Personal("startup", "s", value)}))
    assert {"a": f"Ask {value}!", "b": [value, 1]} == filled


@given(st.lists(st.tuples(pieces, pieces), min_size=1, max_size=4), st.lists(texts, max_size=4))
def test_tokens_are_distinct_and_read_back(labels: list[tuple[str, str]], literals: list[str]) -> None:
    """Tokens differ from each other and from every literal, and a shown template reads back the same."""
    slots = [Personal(f"s{i}", label, "x", (alias,)) for i, (label, alias) in enumerate(labels)]
    tokens = placeholders(slots, literals)
    assert len(slots) == len(set(tokens.values()))
    assert not [token for token in tokens.values() if any(token in literal for literal in literals)]
    template = tuple(part for name in tokens for part in (Gap(name), " + "))
    assert template == read(show(template, tokens), tokens, slots)


@given(texts, st.lists(texts, max_size=2))
def test_reading_never_invents(text: str, labels: list[str]) -> None:
    """A text without placeholders is literal or refused."""
    assume("[" not in text and "【" not in text and "［" not in text)
    slots = [Personal(f"s{i}", label, "x") for i, label in enumerate(labels)]
    try:
        template = read(text, placeholders(slots, []), slots)
    except Refused:
        return
    assert text == "".join(part for part in template if isinstance(part, str))
    assert not [part for part in template if isinstance(part, Gap)]


@given(st.data())
def test_locating_keeps_the_text(data: st.DataObject) -> None:
    """Masking loose text removes slot values and nothing else: the rest stays in order."""
    slots = data.draw(users())
    text = data.draw(answers(slots))
    at = 0
    for part in Lexicon(slots).locate(text):
        if isinstance(part, str):
            assert part in text[at:]
            at = text.index(part, at) + len(part)


@given(st.lists(values, max_size=4), st.one_of(st.integers(), st.floats(), st.text(max_size=5), st.none()))
def test_scalar_check_never_fails_otherwise(own: list[object], leaf: object) -> None:
    """Checking a leaf passes or refuses; it never raises anything else."""
    lexicon = Lexicon([Personal(f"s{i}", "s", value) for i, value in enumerate(own)])
    with suppress(Refused):
        lexicon.check_scalar(leaf)


@pytest.mark.parametrize("kind", _MODULES)
@given(value=values, other=values)
def test_any_value_of_any_kind_is_read(kind: str, value: object, other: object) -> None:
    """Whatever a user is said to be, an answer is a template or refused; nothing is written out digit by digit."""
    slot = Personal("s", "s", value, kind=kind)
    for text in (str(value), f"{value} and {other}"):
        with suppress(Refused):
            Lexicon([slot]).delexicalize(text)
    forms = [*kind_of(slot).recognise(slot), *kind_of(slot).residue(slot)]
    assert all(len(form.text) <= 1000 + len(str(value)) for form in forms)


@pytest.mark.parametrize("kind", ["text", "name", "list"])
@pytest.mark.parametrize(
    "answer", ["Ask {} and {}.", "Ask:\n- {}\n- {}\n", "1. {}\n2. {}", "**{}** or **{}**", "{} / {} first"]
)
def test_lists_are_read_alike_whatever_their_kind(kind: str, answer: str) -> None:
    """Several texts or names are a list: line by line, numbered, in bold; for as many as the next user has."""
    mine, yours = (Personal("schools", "schools", value, kind=kind) for value in (["MIT", "CMU"], ["Yale", "Duke"]))
    template = Lexicon([mine]).delexicalize(answer.format("MIT", "CMU"))
    assert fill(template, {"schools": yours}) == answer.format("Yale", "Duke")


@given(st.lists(st.one_of(st.integers(), st.dates(), st.lists(st.text("ab", min_size=1), min_size=1)), min_size=1))
def test_values_that_are_no_text_are_written_as_the_careful_way_does(found: list[object]) -> None:
    """Filling all gaps in one go, and filling each by itself, give the same text."""
    slots = {f"s{n}": Personal(f"s{n}", "label", value) for n, value in enumerate(found)}
    template = from_data([part for name in slots for part in (" ", [name])])
    assert fill(template, slots) == "".join(" " + fill((Gap(name),), slots) for name in slots)


@given(st.lists(st.sampled_from(["aeiou", "Kumquat", "the Room", "8 Mile"]), min_size=1, max_size=3))
def test_a_second_fill_gives_the_same_text(found: list[str]) -> None:
    """What is remembered of a user's values is what was written at first; another user's are written anew."""
    gaps = [[f"s{n}", "", escape, case] for n in range(len(found)) for escape in ("", "json") for case in ("", "upper")]
    template = from_data(gaps)
    slots = {f"s{n}": Personal(f"s{n}", "label", value) for n, value in enumerate(found)}
    first = fill(template, slots)
    assert fill(template, slots) == first == "".join(fill((gap,), slots) for gap in template if isinstance(gap, Gap))
    others = {name: Personal(name, "label", "Zebu") for name in slots}
    assert "zebuzebuzebuzebu" * len(found) == fill(template, others).lower()
