"""Filling an answer while it arrives gives what filling it whole gives, and holds little back."""

import json
import random
from typing import Any

import pytest
from hypothesis import assume, given, settings, strategies as st

from langcache.errors import Refused
from langcache.templating import Personal, fill, placeholders, read
from langcache.templating.stream import StreamFiller
from langcache.templating.stream_json import JsonStreamFiller
from tests.templating.test_speed_growth import lines_run

LABELS = {"startup": "startup name", "school": "university name", "city": "city"}
PIECES = [
    "[startup name]", "[Startup Name]", r"\[startup\_name\]", "[university name]", "[city]", "[target school]", " a ",
    "an ", " A ", "**", "(", ")", " ", ". ", "'s ", "' ", "[1]", "[the docs](x)", "[", "]", "\n", "`", "The plan",
    "the",     "\n\n## ", "- ", "x", '"', "@", "{", "}", "[university", " name]", "[startup]", "[startup na", "<b>",
    "</b>",     "https://x.org/?q=", "](", "```json\n", "```\n", "| ", "-", ",", ":", "e",
]  # fmt: skip
REASONS = ["half-cut placeholder", "unresolved placeholder", "unsafe context", "empty slot", "unrenderable"]
TAME = ["PathAI", "Zed", "MIT", "Yale", "the Corp", "Acme"]


def user(startup: Any = "PathAI", school: Any = "MIT", city: Any = "Rome") -> dict[str, Personal]:
    values = {"startup": startup, "school": school, "city": city}
    aliases = {"school": ("target school",)}
    return {name: Personal(name, LABELS[name], value, aliases.get(name, ())) for name, value in values.items()}


def tokens_of(slots: dict[str, Personal]) -> dict[str, str]:
    return placeholders(list(slots.values()), [])


def whole(text: str, slots: dict[str, Personal]) -> str:
    return fill(read(text, tokens_of(slots), list(slots.values())), slots)


def whole_or_reason(text: str, slots: dict[str, Personal]) -> str:
    try:
        return whole(text, slots)
    except Refused as refused:
        return refused.reason


def streamed(chunks: list[str], slots: dict[str, Personal]) -> tuple[list[str], StreamFiller]:
    filler = StreamFiller(tokens_of(slots), slots)
    return [*[filler.feed(chunk) for chunk in chunks], filler.finish()], filler


@st.composite
def cut(draw: st.DrawFn, text: str) -> list[str]:
    """A text in pieces."""
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(st.sampled_from("ab[] \n'"), max_size=3)), max_size=14).map(
    "".join
)


@given(st.data(), texts, st.sampled_from(TAME), st.sampled_from([*TAME, ""]))
def test_pieces_add_up_to_the_whole(data: st.DataObject, text: str, startup: str, school: str) -> None:
    """However an answer is cut, what is shown is what `fill` of `read` gives; what cannot be read is noticed."""
    assume(not text.lstrip().startswith(("{", '["')))  # what begins as JSON may not go on as prose
    slots = user(startup, school)
    pieces, filler = streamed(data.draw(cut(text)), slots)
    problems = {each.reason for each in (filler.refused, filler.unfilled) if each is not None}
    expected = whole_or_reason(text, slots)
    assert expected == "".join(pieces) or (problems and expected in REASONS)  # of two troubles either may come first


def test_a_letter_on_the_line_before_is_no_article() -> None:
    """What was shown of it is not said again with the value."""
    for text in ("a **\n[startup name]", "a *\n[startup name].", "a\n\n[startup name]"):
        assert "".join(streamed([text], user("PathAI", ""))[0]) == text.replace("[startup name]", "PathAI")


@given(st.data(), texts)
def test_how_a_text_is_cut_does_not_matter(data: st.DataObject, text: str) -> None:
    """Two users' streams differ in nothing but their details."""
    slots = user('Path "AI" *x*', "A & B")
    together = "".join(streamed([text], slots)[0])
    assert together == "".join(streamed(data.draw(cut(text)), slots)[0])
    assert together == "".join(streamed(list(text), slots)[0])


LONG = [
    "word", "a [startup name]", "An [university name]", "[city]", "plan,", "ends. ", "*bold*", "AN [city]", "5 < 6",
    "[city]'s", "[the docs](http://x.org/[city])", "@[city].com", "x > y", "[1]", "(see [startup name])",
]  # fmt: skip


def said(dice: random.Random, count: int) -> str:
    return " ".join(dice.choices(LONG, k=count))


def long_texts(dice: random.Random) -> dict[str, str]:
    """Some thousand characters of everything that a beginning may open."""
    rows = [said(dice, 4) for _ in range(25)]
    nested = {str(n): [row, {"[city]": row, "n": [n, "[city]"]}] for n, row in enumerate(rows)}
    block = json.dumps({str(n): ["[startup name]", '[city] "q"'] for n in range(30)}, indent=1)
    return {
        "prose": "\n\n".join(said(dice, 60) for _ in range(4)),
        "json": json.dumps(nested, indent=dice.choice([None, 2])),
        "compact json": json.dumps(nested, separators=(",", ":")),
        "code": f"{said(dice, 30)}\n\n```sh\n" + "\n".join(rows) + f"\n```\n{said(dice, 60)}",
        "json in a fence": f"Here:\n\n```json\n{block}\n```\n{said(dice, 60)}",
        "chinese": "".join(
            dice.choices(["你好", "，", "。", "[city]", "“[startup name]”", "我们：", "\n", "a "], k=900)
        ),
        "indented code": "```python\n" + "".join(f"    {row};\n\tx = '[city]'\n" for row in rows) + "```\n[city]",
        "html in one line": "".join(f"<p><b class='x'>{row}</b></p><br>" for row in rows).replace("5 < 6", "5"),
        "html": "<ul>" + "".join(f'<li title="a [city]">{row}</li>\n' for row in rows) + "</ul>",
        "table": "| a | b |\n|---|---|\n" + "".join(f"| {row} | [city] |\n" for row in rows) + said(dice, 30),
    }


@pytest.mark.parametrize("seed", range(2))
def test_the_beginning_of_a_long_text_may_be_forgotten(seed: int) -> None:
    """Whatever is open where the beginning is cut off is still open after it."""
    dice = random.Random(seed)
    slots = user("Acme")
    for name, text in long_texts(dice).items():
        size = dice.choice([5, 40, 300])
        pieces, filler = streamed([text[at : at + size] for at in range(0, len(text), size)], slots)
        assert (name, "".join(pieces)) == (name, whole(text, slots))
        assert (filler.refused, filler.unfilled) == (None, None)


@pytest.mark.parametrize("shape", ["prose", "code", "indented code", "json", "chinese", "html in one line"])
def test_work_doubles_at_most_as_placeholders_double(shape: str) -> None:
    """A placeholder costs a look at what is around it, not at all that came before it."""
    begin, each = {
        "prose": ("", "It is a [startup name], and it goes on for so many words. "),
        "code": ("```sh\n", "echo [startup name] and so on and on, for so many words\n"),
        "indented code": ("```python\nif so:\n    x = 1", "\n    say('[startup name]', and_so_on) ;more(); words()"),
        "chinese": ("", "你好[startup name]，欢迎你来到我们这里。我们一起努力，把这件事情做好！"),
        "html in one line": ("<ul>", '<li class="a"><b>[startup name]</b></li><li>andsoonandonformanywords</li>'),
        "json": ('{"all": [', '"it is a [startup name], for so many words it goes on", '),
    }[shape]

    def work(count: int) -> int:
        return lines_run(lambda: streamed([begin, *[each] * count], user()))

    assert work(120) <= 2.2 * work(60)


DOCUMENTS = [
    "# Plan\n\nPitch **[startup name]** to [university name].\n\n- a [startup name] plan\n",
    "Use `run [startup name]` and\n```sh\necho [startup name]\n```\nthen [startup name]",
    'Here:\n```json\n{"who": "[startup name]", "n": 1}\n```\nDone, [startup name].',
    '{"who": "a [startup name] fan", "list": ["[startup name]", 2], "[startup name]": 3}',
    '["[startup name]", {"x": [startup name]}]',
    "<p title=\"for [startup name]\">Ask [startup name]!</p> <a href='/s?q=[startup name]'>x</a>",
    "**See** [[startup name]](https://a.org/[startup name]) and https://x.org/?q=[startup name]&n=1 now",
    "| a | b |\n|---|---|\n| [startup name] | 1 |",
    "Pitch [startup name] to the board. [startup name]'s board.",
]


@pytest.mark.parametrize("text", DOCUMENTS)
@pytest.mark.parametrize("value", ["PathAI", 'Path "AI"', "a*b|c", "the Corp", "A & B", "hour", "[startup name]"])
def test_each_context_is_known_from_the_prefix(text: str, value: str) -> None:
    """A value with every mark is written in its context as it is with the whole answer at hand."""
    slots = user(value)
    pieces, filler = streamed(list(text), slots)
    assert (whole(text, slots), None, None) == ("".join(pieces), filler.refused, filler.unfilled)


@pytest.mark.parametrize("text", ['{"to": "%s", "of": [1, "to %s b"]}', 'So:\n```json\n{"to": "%s"}\n```\n', "%s"])
@pytest.mark.parametrize("label", ["имя пользователя", "顾客姓名", "prénom"])
def test_a_placeholder_that_a_model_writes_in_ascii(text: str, label: str) -> None:
    """As JSON may be written, whole and in pieces."""
    slots = {"to": Personal("to", label, 'Ann "Ю"')}
    said = text.replace("%s", json.dumps(f"[{label}]")[1:-1])
    pieces, _ = streamed(list(said), slots)
    value = 'Ann "Ю"' if text == "%s" else 'Ann \\"Ю\\"'
    assert "".join(pieces) == whole(said, slots) == text.replace("%s", value)


def test_a_mail_address_is_seen_as_one() -> None:
    """What makes a placeholder a host stands behind it."""
    text = "Mail [startup name]@x.org or info@[startup name].com, [startup name]"
    for value, filler_unfilled in (("PathAI", False), ("Path AI", True)):
        pieces, filler = streamed(list(text), user(value))
        assert (filler.unfilled is not None) is filler_unfilled
        shown = value if not filler_unfilled else "[startup name]"
        assert "".join(pieces) == f"Mail {shown}@x.org or info@{shown}.com, {value}"


@given(texts.filter(lambda text: "[" not in text and "{" not in text and "<" not in text))
def test_text_without_brackets_is_shown_at_once(text: str) -> None:
    """Held back is at most a possible article with what stands before a placeholder."""
    filler = StreamFiller(tokens_of(user()), user())
    behind = 0
    for char in text:
        behind += 1 - len(filler.feed(char))
        assert behind <= 8


@settings(max_examples=300)
@given(st.lists(st.sampled_from([*PIECES[:9], "word ", "longer text ", ". "]), max_size=20).map("".join))
def test_at_most_one_placeholder_is_held_back(text: str) -> None:
    """What is held back fits one placeholder with its mangling, the article before it and the look after it."""
    slots = user("[startup name]", "[university name]", "[city]")  # values as long as their placeholders
    filler = StreamFiller(tokens_of(slots), slots)
    shown = 0
    for at, char in enumerate(text, 1):
        shown += len(filler.feed(char))
        assert at - shown <= len(r"an  **\[university\_name\]'s ") + 8 * text.count("\\")


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (["Pitch [star", "tup name] now, ", "[the docs] too"], ["Pitch ", "PathAI now, ", "[the docs] too", ""]),
        (["It is a", " [university name] thing"], ["It is ", "an MIT thing", ""]),
        (["Array [0", "] and [univ", "ersity name]", ". Yes"], ["Array ", "[0] and ", "", "MIT. Yes", ""]),
        (["At [startup name]"], ["At ", "PathAI"]),
        (["[[startup name] s", "o]"], ["[PathAI s", "o]", ""]),
    ],
)
def test_what_is_shown_when(chunks: list[str], expected: list[str]) -> None:
    """Everything is shown as soon as nothing can change it."""
    assert expected == streamed(chunks, user())[0]


def test_a_clause_around_an_empty_slot_waits_for_its_end() -> None:
    """Brackets around nothing are not shown."""
    pieces, filler = streamed(list("Your startup ([startup name]) will win (really)."), user(startup=""))
    assert "".join(pieces) == "Your startup will win (really)."
    assert filler.unfilled is None


def test_what_cannot_be_read_or_written_is_shown_as_it_is() -> None:
    """After the first word nothing can be taken back; the rest is filled all the same."""
    pieces, filler = streamed(list("Ask [startup], then [startup name] of [university name]."), user(school=""))
    assert "".join(pieces) == "Ask [startup], then PathAI of [university name]."
    assert (str(filler.refused.reason), str(filler.unfilled.reason)) == ("unresolved placeholder", "empty slot")  # type: ignore[union-attr]


bare_texts = texts.filter(lambda text: not any(c in text for c in "[]{}<>`"))
json_values = st.recursive(
    bare_texts | st.sampled_from(["a [startup name]", "\U0001f680é\\"]) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b é", "[startup name]"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.data(), json_values, st.booleans(), st.sampled_from(["PathAI", 'Path "AI"\n\\', "[startup name]"]))
def test_json_is_filled_string_by_string(data: st.DataObject, value: Any, ascii_only: bool, startup: str) -> None:
    """Arguments of a tool call, filled on the way, parse to the arguments filled leaf by leaf."""
    slots = user(startup)
    filler = JsonStreamFiller(lambda: StreamFiller(tokens_of(slots), slots))
    shown = [filler.feed(chunk) for chunk in data.draw(cut(json.dumps(value, ensure_ascii=ascii_only)))]
    assert json.loads("".join([*shown, filler.finish()])) == _filled(value, slots)


def _filled(value: Any, slots: dict[str, Personal]) -> Any:
    if isinstance(value, str):
        return whole(value, slots)
    if isinstance(value, list):
        return [_filled(item, slots) for item in value]
    if isinstance(value, dict):
        return {_filled(key, slots): _filled(item, slots) for key, item in value.items()}
    return value
