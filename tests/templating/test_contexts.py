"""Values in code, tags, links and tables: they end and open nothing."""

import json
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, strategies as st

from langcache.errors import Refused
from langcache.templating import Gap, Lexicon, Personal, fill, read

HOSTILE = ["<script>alert(1)</script>", '" onload="x', "' x='", "](javascript:x)", "`rm`", "```\nrm", "a|b", "[x](y)"]
values = st.one_of(
    st.sampled_from(HOSTILE), st.text(st.sampled_from("<>&\"'`[]()*_|\\#/:ab \n"), min_size=1, max_size=12)
)


def who(value: str) -> dict[str, Personal]:
    return {"who": Personal("who", "startup name", value)}


def refilled(text: str, other: str) -> str:
    """The text of Andromeda's user, filled for another."""
    template = Lexicon(list(who("Andromeda").values())).delexicalize(text)
    assert fill(template, who("Andromeda")) == text
    return fill(template, who(other))


class Seen(HTMLParser):
    """What a browser would make of a text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(values)
def test_html_text_and_attributes_hold_the_value_and_nothing_more(value: str) -> None:
    """A value in HTML opens no tag and closes no attribute; it is read back as it was."""
    seen = Seen(refilled('<p title="for Andromeda">Ask Andromeda!</p>', value))
    assert seen.tags == [("p", [("title", f"for {value}")])]
    assert seen.text == f"Ask {value}!"


@given(values)
def test_a_query_holds_the_value_and_nothing_more(value: str) -> None:
    """A value in an address stays in its part of it."""
    parts = urlsplit(refilled("See https://x.org/search?q=Andromeda&n=1 now", value).split()[1])
    assert (parts.netloc, parts.path, parse_qs(parts.query)) == ("x.org", "/search", {"q": [value], "n": ["1"]})


@given(values)
def test_fenced_json_stays_json(value: str) -> None:
    """A fenced block of JSON parses after filling, and its string is the value."""
    filled = refilled('Here:\n```json\n{"who": "Ask Andromeda", "n": 1}\n```\nDone.', value)
    block = filled.removeprefix("Here:\n```json\n").removesuffix("\n```\nDone.")
    assert json.loads(block) == {"who": f"Ask {value}", "n": 1}


@given(values)
def test_code_is_left_alone(value: str) -> None:
    """Code holds the value as it is, or the fill is refused because it would end the code."""
    text = "Run:\n```sh\npitch Andromeda\n```\nand `pitch Andromeda` too"
    if "`" in value or "\n" in value:
        with pytest.raises(Refused, match="unrenderable"):
            refilled(text, value)
        return
    assert refilled(text, value) == f"Run:\n```sh\npitch {value}\n```\nand `pitch {value}` too"


@given(values)
def test_markdown_opens_nothing(value: str) -> None:
    """In Markdown every mark of a value that could open or close something has a backslash before it."""
    filled = refilled("# Plan\n\nAsk **Andromeda** now", value)
    inner = filled.removeprefix("# Plan\n\nAsk **").removesuffix("** now")
    at = 0
    for char in value:
        if inner[at] == "\\" and inner[at + 1] == char:
            at += 1
        assert inner[at] == char
        assert char not in "`*[]<\\" or inner[at - 1] == "\\"
        at += 1


@pytest.mark.parametrize(
    ("text", "other", "expected"),
    [
        ("| a | b |\n|---|---|\n| Andromeda | 1 |", "x|y", "| a | b |\n|---|---|\n| x\\|y | 1 |"),
        ("**See** [Andromeda](https://a.org/Andromeda)", "A (B)", "**See** [A (B)](https://a.org/A%20%28B%29)"),
        ("<a href='/s?q=Andromeda'>x</a>", "A&B'", "<a href='/s?q=A%26B%27'>x</a>"),
        ("Visit https://andromeda.com today", "PathAI", "Visit https://pathai.com today"),
        ("Plain Andromeda, no markup", "<b>*x*</b>", "Plain <b>*x*</b>, no markup"),
        ("**my** Andromeda", "my_app 1", "**my** my_app 1"),
    ],
)
def test_each_context_has_its_own_writing(text: str, other: str, expected: str) -> None:
    """The context is found when the template is made."""
    assert refilled(text, other) == expected


@pytest.mark.parametrize(
    ("text", "value", "other", "expected"),
    [
        ("<p>AT&amp;T Zorbo</p>", "AT&T Zorbo", "B&B <i>", "<p>B&amp;B &lt;i&gt;</p>"),
        ("<p>AT&T Zorbo</p>", "AT&T Zorbo", "B&B <i>", "<p>B&B &lt;i&gt;</p>"),
        ("**Zor\\*bola**", "Zor*bola", "a*b", "**a\\*b**"),
        ("https://x.org/?q=Zor+bola", "Zor bola", "a b", "https://x.org/?q=a+b"),
        ("https://x.org/?q=Zo%C3%AB+bola", "Zoë bola", "é b", "https://x.org/?q=%C3%A9+b"),
    ],
)
def test_values_are_found_in_their_escapes(text: str, value: str, other: str, expected: str) -> None:
    """A value is recognised however its context escapes it, and the next one is escaped alike."""
    template = Lexicon(list(who(value).values())).delexicalize(text)
    assert fill(template, who(value)) == text
    assert fill(template, who(other)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "<p onclick=\"f('Andromeda')\">x</p>",
        "<p>x</p><script>let a = 'Andromeda'</script>",
        "<p class=Andromeda>x</p>",
        "<p>x</p><!-- Andromeda -->",
        '<p style="font: Andromeda">x</p>',
    ],
)
def test_no_value_where_none_is_safe(text: str) -> None:
    """Scripts, styles, handlers, comments and bare attributes take no value: the answer is refused."""
    with pytest.raises(Refused, match="unsafe context"):
        Lexicon(list(who("Andromeda").values())).delexicalize(text)
    with pytest.raises(Refused, match="unsafe context"):
        read(text.replace("Andromeda", "[startup name]"), {"who": "[startup name]"}, list(who("x").values()))


@pytest.mark.parametrize("other", ["Path AI", "a/b", "x@y", "é?", "a.b/"])
def test_a_host_takes_names_only(other: str) -> None:
    """A value that is no host name refuses the fill instead of becoming another address."""
    with pytest.raises(Refused, match="unrenderable"):
        refilled("Visit https://andromeda.com today", other)


def test_masked_answers_have_contexts_too() -> None:
    """A placeholder in code, a link or a tag is filled by the rules of its place."""
    text = "# For [startup name]\n`run [startup name]` and https://x.org/?q=[startup name]"
    template = read(text, {"who": "[startup name]"}, list(who("x").values()))
    assert [gap.escape for gap in template if isinstance(gap, Gap)] == ["markdown", "code-span", "url"]


@pytest.mark.parametrize("written", ["Queen's Award", "Queen&#39;s Award"])
def test_quotes_in_html_are_written_as_they_were(written: str) -> None:
    """Whoever writes an apostrophe as an entity gets entities."""
    mine, yours = (Personal("won", "award", value, kind="name") for value in ("Queen's Award", "King's <Cup>"))
    text = f"<p>She won the {written}.</p>"
    template = Lexicon([mine]).delexicalize(text)
    assert text == fill(template, {"won": mine})
    assert Seen(fill(template, {"won": yours})).text == "She won the King's <Cup>."


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("SELECT * FROM users WHERE name = '{}'", "O'Neill"),
        ('print("Hi, {}")', 'Dwayne "Rock"'),
        ("x = 'it\\'s {}'", "O'Neill"),
        ('greet("Bob", "{}")', "back\\slash"),
    ],
)
@pytest.mark.parametrize("fence", ["```py\n{}\n```\n", "Run `{}` now."])
def test_a_value_does_not_end_the_quotes_it_stands_in(fence: str, code: str, value: str) -> None:
    """In code nothing is escaped: languages differ in how, so that such a value is a miss."""
    text = fence.format(code.format("Andromeda"))
    mine, yours, theirs = ({"it": Personal("it", "it", each)} for each in ("Andromeda", value, "PathAI"))
    for template in (
        Lexicon(list(mine.values())).delexicalize(text),
        read(text.replace("Andromeda", "[it]"), {"it": "[it]"}, [mine["it"]]),
    ):
        assert fill(template, mine) == text
        assert fill(template, theirs) == text.replace("Andromeda", "PathAI")
        with pytest.raises(Refused, match="unrenderable"):
            fill(template, yours)


@pytest.mark.parametrize("code", ["name = {}", 'name = "{}"', "# don't ask\nname = {}", "f('a', {})"])
def test_other_quotes_do_not_matter(code: str) -> None:
    """Behind closed quotes, in quotes of the other kind, on the next line, the value stands as it is."""
    text, slots = f"```\n{code.format('Andromeda')}\n```\n", {"it": Personal("it", "it", "O'Neill")}
    template = Lexicon([Personal("it", "it", "Andromeda")]).delexicalize(text)
    assert fill(template, slots) == text.replace("Andromeda", "O'Neill")
