"""Reading a masked answer: manglings resolve, halves and near misses refuse, other brackets are text."""

import json

import pytest

from langcache.errors import Refused
from langcache.templating import Gap, Personal, fill, placeholders, read, show

STARTUP = Personal("startup", "startup name", 'Path "AI"')
SCHOOLS = Personal("schools", "university name", ["MIT", "CMU"], aliases=("target school",))
SLOTS = [STARTUP, SCHOOLS]
VALUES = {slot.name: slot for slot in SLOTS}
TOKENS = placeholders(SLOTS, [])


@pytest.mark.parametrize(
    "mangled",
    [
        "[startup name]",
        "[Startup Name]",
        "[STARTUP NAME]",
        "[startup_name]",
        "[startup-name]",
        "[ startup  name ]",
        "[startup names]",
        r"\[startup name\]",
        r"\[startup\_name\]",
        "【startup name】",
    ],
)
def test_known_manglings_are_the_placeholder(mangled: str) -> None:
    """Case, underscores, hyphens, blanks, plural and Markdown escapes do not hide a placeholder."""
    assert ("Pitch ", Gap("startup"), " now") == read(f"Pitch {mangled} now", TOKENS, SLOTS)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("see [startup name]'s plan", ("see ", Gap("startup"), "'s plan")),
        ("**[startup name]**", ("**", Gap("startup", escape="markdown"), "**")),
        ("to [target school]", ("to ", Gap("schools"))),
        ("[startup name](https://x.y)", ("[", Gap("startup", escape="markdown"), "](https://x.y)")),
        ("在[startup name]工作", ("在", Gap("startup"), "工作")),
    ],
)
def test_placeholders_in_their_surroundings(answer: str, expected: object) -> None:
    """What stands around a placeholder stays as it is."""
    assert expected == read(answer, TOKENS, SLOTS)


@pytest.mark.parametrize(
    "text",
    [
        "[1]",
        "[TODO]",
        "- [ ] do\n- [x] done",
        "[the docs](https://x.y)",
        "a[i] = b[0]",
        "[[wiki]]",
        "x ] y",
        "[",
        "{}",
    ],
)
def test_other_brackets_are_text(text: str) -> None:
    """Bracket text that resembles no label stays literal."""
    assert (f"See {text} there",) == read(f"See {text} there", TOKENS, SLOTS)


@pytest.mark.parametrize(
    "text",
    [
        "Pitch [startup na",
        "Pitch [startup name",
        "Pitch [st",
        "Pitch [startup na and so on",
        "rtup name] is great",
        "Pitch startup name] now",
    ],
)
def test_a_half_cut_placeholder_is_refused(text: str) -> None:
    """A placeholder that lost a bracket is never shown to a user."""
    with pytest.raises(Refused, match="half-cut placeholder"):
        read(text, TOKENS, SLOTS)


@pytest.mark.parametrize(
    "text",
    [
        "[startup]",
        "[name of your startup]",
        "[startp name]",
        "[startup n]",
        "[university name 1]",
        "[university name: MIT]",
        "{startup name}",
        "{{startup_name}}",
        "<startup name>",
        "users[startup name]",
    ],
)
def test_what_resembles_a_label_is_refused(text: str) -> None:
    """Near misses are neither guessed at nor shown."""
    with pytest.raises(Refused, match="unresolved placeholder"):
        read(f"Pitch {text} now", TOKENS, SLOTS)


def test_a_literal_in_the_prompt_gets_its_slot_another_token() -> None:
    """The prompt's own bracket text stays text, in any mangling, and the slot is shown a distinct token."""
    tokens = placeholders(SLOTS, ["Write [Startup_Names] like this"])
    assert tokens["startup"] == "[startup name 2]"
    answer = "[startup name] is [startup name 2]"
    assert ("[startup name] is ", Gap("startup")) == read(answer, tokens, SLOTS)


def test_an_alias_in_the_prompt_counts_too() -> None:
    """An alias that the prompt holds as text cannot mean the slot."""
    tokens = placeholders(SLOTS, ["[target school]"])
    assert tokens["schools"] == "[university name 2]"
    assert ("[target school] ", Gap("schools")) == read("[target school] [university name 2]", tokens, SLOTS)


def test_two_slots_never_share_a_token() -> None:
    """Labels that a mangling could confuse are numbered apart."""
    slots = [Personal("a", "school", 1), Personal("b", "Schools", 2), Personal("c", "school 2", 3)]
    assert list(placeholders(slots, []).values()) == ["[school]", "[Schools 2]", "[school 2 2]"]


def test_json_answers_are_filled_as_json() -> None:
    """In a JSON text a value is escaped, in a string or bare, and parses back to itself."""
    template = read('{"a": "for [startup name]", "b": [startup name], "c": [1]}', TOKENS, SLOTS)
    filled = json.loads(fill(template, VALUES))
    assert filled == {"a": 'for Path "AI"', "b": 'Path "AI"', "c": [1]}


def test_markdown_escapes_inside_json() -> None:
    """A Markdown-escaped bracket is two backslashes in JSON, and both go."""
    answer = json.dumps({"a": r"for \[startup name\]."})
    assert json.loads(fill(read(answer, TOKENS, SLOTS), VALUES)) == {"a": 'for Path "AI".'}


def test_show_is_what_read_reads() -> None:
    """A template shown to the model and read back unchanged is the same template."""
    template = ("Pitch ", Gap("startup"), " to ", Gap("schools"), ".")
    assert template == read(show(template, TOKENS), TOKENS, SLOTS)
