"""Addresses of the web, with and without scheme, ``www.`` and last slash."""

import pytest
from hypothesis import given, settings, strategies as st

from tests.templating.kinds.laws import check_exchange, check_render, exchanged, forms, rendered, slot

A, B = slot("http://www.OakridgeMaps.example/", "url"), slot("pine.example/shop?q=1", "url")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("http://www.OakridgeMaps.example/", "pine.example/shop?q=1"),
        ("https://www.OakridgeMaps.example", "https://www.pine.example/shop?q=1"),
        ("https://oakridgemaps.example/", "https://pine.example/shop?q=1"),
        ("www.OakridgeMaps.example", "www.pine.example/shop?q=1"),
        ("OakridgeMaps.example", "pine.example/shop?q=1"),
    ],
)
def test_the_same_style_for_the_next_user(written: str, expected: str) -> None:
    """However the address is written, the next one is written that way."""
    assert f"See {expected} for more" == exchanged(f"See {written} for more", A, B)


def test_the_domain_alone_is_the_next_ones_domain() -> None:
    """Of an address with a path the domain can be said alone."""
    assert exchanged("on pine.example,", B, slot("https://www.oak.example/a/b", "url")) == "on oak.example,"


@pytest.mark.parametrize(
    ("own", "text"), [(A, "Oakridge Maps says"), (slot("github.com/alicewong", "url"), "alicewong")]
)
def test_what_names_the_site_refuses(own: object, text: str) -> None:
    """The name in the domain and the last part of a path give the address away."""
    assert exchanged(text, own, B) == "<leak>"  # type: ignore[arg-type]


def test_a_host_that_many_share_is_everybodys() -> None:
    """Mentioning GitHub gives nobody away."""
    assert exchanged("On GitHub", slot("https://github.com/alicewong", "url"), B) == "On GitHub"


@pytest.mark.parametrize("value", ["nowhere", "http://", "a b.example"])
def test_what_is_no_address_is_a_text(value: str) -> None:
    """Such a value is exchanged verbatim, and stands for every style."""
    assert {value} == {form.text for form in forms(slot(value, "url"))}
    assert [value, "<unrenderable>"] == [
        rendered(slot(value, "url"), style) for style in ("https://url", "no such style")
    ]


urls = st.builds(
    "{}{}{}.example{}".format,
    st.sampled_from(["", "http://", "https://"]),
    st.sampled_from(["", "www."]),
    st.text("abcdefgh-", min_size=1, max_size=8),
    st.sampled_from(["", "/", "/a", "/a/bcde/", "?q=1", ":80/x"]),
)


@settings(max_examples=50)
@given(urls, urls)
def test_laws(own: str, other: str) -> None:
    """Render writes every form; a text for A is a text for B in one of B's forms, or refused."""
    a, b = slot(own, "url"), slot(other, "url")
    check_render(a)
    check_exchange(a, b)
