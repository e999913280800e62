"""E-mail addresses: as typed, in small letters, spelled out; never a part."""

import pytest
from hypothesis import given, settings, strategies as st

from tests.templating.kinds.laws import check_exchange, check_render, exchanged, forms, rendered, slot

A, B = slot("Alice.Wong@Oakridge.example", "email"), slot("bob@Pine.example", "email")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Alice.Wong@Oakridge.example", "bob@Pine.example"),
        ("alice.wong@oakridge.example", "bob@pine.example"),
        ("mailto:alice.wong@oakridge.example", "mailto:bob@pine.example"),
        ("Alice.Wong at Oakridge dot example", "bob at Pine dot example"),
        ("Alice.Wong [at] Oakridge.example", "bob [at] Pine.example"),
        ("Alice.Wong(at)Oakridge.example", "bob(at)Pine.example"),
    ],
)
def test_the_same_style_for_the_next_user(written: str, expected: str) -> None:
    """However the address is written, the next one is written that way."""
    assert f"Write to {expected}!" == exchanged(f"Write to {written}!", A, B)


@pytest.mark.parametrize("text", ["ask Alice.Wong", "ask alice wong", "see oakridge.example", "at Oakridge"])
def test_a_part_refuses(text: str) -> None:
    """The part before the @ and the domain give the address away."""
    assert exchanged(text, A, B) == "<leak>"


def test_a_providers_domain_is_everybodys() -> None:
    """Mentioning Gmail gives nobody away."""
    assert exchanged("Gmail is fine", slot("alice.wong@gmail.com", "email"), B) == "Gmail is fine"
    assert exchanged("see other.com", slot("alice.wong@gmail.com", "email"), B) == "see other.com"


def test_a_plus_tag_does_not_hide_the_name() -> None:
    """``alice`` of ``alice+news@…`` refuses alone."""
    assert exchanged("ask alicewong", slot("alicewong+news@gmail.com", "email"), B) == "<leak>"


@pytest.mark.parametrize("value", ["no address", "a@b", "@x.example", "a b@c.example"])
def test_what_is_no_address_is_a_text(value: str) -> None:
    """Such a value is exchanged verbatim, and stands for every style."""
    assert {value} == {form.text for form in forms(slot(value, "email"))}
    assert [value, "<unrenderable>"] == [rendered(slot(value, "email"), style) for style in ("lower", "no such style")]


@settings(max_examples=50)
@given(st.emails(), st.emails())
def test_laws(own: str, other: str) -> None:
    """Render writes every form; a text for A is a text for B in one of B's forms, or refused."""
    a, b = slot(own, "email"), slot(other, "email")
    check_render(a)
    check_exchange(a, b)
