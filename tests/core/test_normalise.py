"""Feature normalisers: what people type, and the one value that decides."""

import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, strategies as st
from support.values import scalars

from langcache.core.encoding import canonical
from langcache.core.marks import Feature
from langcache.core.normalise import Normal, buckets, by_call, by_date, choices, folded, plain, synonyms, unordered
from langcache.core.profile import Profile
from langcache.errors import UnkeyableError


class Stage(Enum):
    PRE_SEED = "pre-seed"
    SEED = "seed round"
    LATER = 3


class Tone(StrEnum):
    WARM = "warm"


@given(st.text(st.characters(codec="utf-8")))
def test_folding_twice_changes_nothing(text: str) -> None:
    """What is normal stays normal, in any script, or a key would depend on how often it was made."""
    assert folded(text) == folded(folded(text))


@given(st.text(st.characters(codec="utf-8")))
def test_folding_forgets_composition_case_and_whitespace(text: str) -> None:
    """Typings that look the same are the same."""
    assert folded(text) == folded(unicodedata.normalize("NFD", text)) == folded(f"\t{text}\u00a0\n")
    assert folded("\u00a0".join(text.split(" "))) == folded(text)


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("  Computer \t Science\n", "computer science"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("CAFE\u0301", "café"),
        ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("", ""),
    ],
)
def test_text_is_folded(typed: str, normal: str) -> None:
    """Unicode NFC, casefold, single spaces; accents stay."""
    assert Normal(normal, normal) == plain(typed)


@given(scalars.filter(lambda value: not isinstance(value, str)))
def test_what_is_no_text_stands_for_itself(value: Any) -> None:
    """``None``, ``False`` and ``0`` are values like any other."""
    assert plain(value).key is value


def test_sets_and_dicts_come_in_one_order() -> None:
    """Equal ones print alike, so that users of one key share one prompt."""
    assert Normal(["a", "b"], ["a", "b"]) == plain({"B", "a"}) == plain(frozenset({"A", "b", "B"}))
    assert list(plain({"x": " B ", "a": ["C"]}).shown.items()) == [("a", ["c"]), ("x", "b")]


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("CEO ", Normal("founder", "Founder")),
        ("  entre  preneur", Normal("founder", "Founder")),
        ("founder", Normal("founder", "Founder")),
        ("Nurse", Normal("nurse", "nurse")),
        (None, Normal(None, None)),
        (7, Normal(7, 7)),
    ],
)
def test_synonyms_become_their_head(typed: Any, normal: Normal) -> None:
    """The chain sees the head as written; a word of no group stands for itself."""
    assert normal == synonyms({"Founder": ["entre preneur", "Ceo"]})(typed)


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (2.999, "under 3.0"),
        (3.0, "3.0–3.5"),
        (3.4999, "3.0–3.5"),
        (3.5, "3.5 or more"),
        (3, "3.0–3.5"),
        ("3.42", "3.0–3.5"),
        (" 3.5 ", "3.5 or more"),
        (Decimal("3.5"), "3.5 or more"),
        (Fraction(7, 2), "3.5 or more"),
        (float("inf"), "3.5 or more"),
        (float("-inf"), "under 3.0"),
        (10**400, "3.5 or more"),
    ],
)
def test_a_bucket_holds_its_lower_edge_and_not_its_upper_one(value: Any, label: str) -> None:
    """``low <= x < high``, whatever the number is written as; the raw value is blurred."""
    normal = buckets("gpa", [3.0, 3.5])(value)
    assert (label, label, True) == (normal.key, str(normal.shown), normal.blurs)


def test_a_decimal_lies_on_the_edge_it_is_written_like() -> None:
    """``Decimal("0.1") < 0.1``, but nobody means that."""
    assert buckets("share", [0.1])(Decimal("0.1")).key == buckets("share", [0.1])(0.1).key == "0.1 or more"


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=5, unique=True), st.integers(-60, 60))
def test_buckets_cut_the_numbers_without_a_gap(edges: list[int], number: int) -> None:
    """Every number is in exactly one bucket, and two are in one if no edge is between them."""
    cut = buckets("n", sorted(edges))
    for other in (number - 1, number + 1):
        apart = any(min(number, other) < edge <= max(number, other) for edge in edges)
        assert apart == (cut(number).key != cut(other).key)


@pytest.mark.parametrize("value", [True, False, float("nan"), Decimal("NaN"), Decimal("sNaN"), "many", "", [3], {}])
def test_no_bucket_holds_what_is_no_number(value: Any) -> None:
    """Said with the feature's name, never its value."""
    with pytest.raises(UnkeyableError, match="feature 'gpa': not a number") as caught:
        buckets("gpa", [3.0])(value)
    assert "many" not in str(caught.value)


def test_none_is_in_no_bucket() -> None:
    """An unknown number is a kind of its own, and blurs nothing."""
    assert Normal(None, None) == buckets("gpa", [3.0])(None) == by_date("born", "year")(None)


@pytest.mark.parametrize(
    "when", [date(2024, 2, 29), datetime(2024, 2, 1, 23, tzinfo=UTC), "2024-02-29", "2024-02-01T10:00:00Z"]
)
@pytest.mark.parametrize(("unit", "label"), [("year", "2024"), ("month", "2024-02")])
def test_dates_keep_their_year_or_month(when: Any, unit: str, label: str) -> None:
    """A date, a datetime or ISO 8601 text; the day is blurred."""
    normal = by_date("born", unit)(when)
    assert (label, label, True) == (normal.key, str(normal.shown), normal.blurs)


@pytest.mark.parametrize("value", ["next year", "", 2024, True])
def test_what_is_no_date_is_refused(value: Any) -> None:
    """Never a guess."""
    with pytest.raises(UnkeyableError, match="feature 'born': neither a date"):
        by_date("born", "year")(value)


@pytest.mark.parametrize(
    ("typed", "member"),
    [
        (" Pre-Seed", Stage.PRE_SEED),
        ("pre_seed", Stage.PRE_SEED),
        ("SEED  ROUND", Stage.SEED),
        ("Seed", Stage.SEED),
        (3, Stage.LATER),
        ("later", Stage.LATER),
        (Stage.LATER, Stage.LATER),
    ],
)
def test_any_typing_of_an_enum_is_its_member(typed: Any, member: Stage) -> None:
    """By value or by name, in any case."""
    assert Normal(member, member) == choices(Stage)(typed)


def test_what_is_no_member_stands_for_itself() -> None:
    """A value the enum lacks is another kind of user, not an error; nothing is taken for a member by accident."""
    assert [plain(value) for value in ("Series A", 3.0, True, [3], None)] == [
        choices(Stage)(value) for value in ("Series A", 3.0, True, [3], None)
    ]


def test_literals_that_differ_only_in_case_stay_apart() -> None:
    """Law 1: declared members are kinds of their own."""
    country = choices(["US", "us", "de"])
    assert [country(typed).key for typed in ("US", "us", "Us", "DE ")] == ["US", "us", "us", "de"]


def test_a_value_beats_another_members_name() -> None:
    """An exact typing means what it says, whatever folds alike."""

    class Odd(Enum):
        A = "b"
        B = "c"

    assert [choices(Odd)(typed).key for typed in ("b", "B", "c")] == [Odd.A, Odd.B, Odd.B]


def test_a_callable_blurs_where_it_does_more_than_fold() -> None:
    """What it returns is the key, and what a masked chain receives."""
    assert Normal("nurse", "nurse", blurs=False) == by_call("job", str.strip)(" nurse ")
    assert Normal(3, 3, blurs=True) == by_call("gpa", int)(3.42)


def test_a_callable_that_raises_names_the_feature_only() -> None:
    """The value is personal; the cause is chained for the developer."""
    with pytest.raises(UnkeyableError, match=r"^feature 'gpa': its normaliser raised ValueError$") as caught:
        by_call("gpa", int)("secret")
    assert isinstance(caught.value.__cause__, ValueError)


@given(st.lists(scalars, max_size=5), st.randoms(use_true_random=False))
def test_the_order_and_number_of_unordered_items_do_not_matter(items: list[Any], random: Any) -> None:
    """A set, however it was written down."""
    again = [*items, *items[:2]]
    random.shuffle(again)
    assert canonical(unordered(plain)(items).key) == canonical(unordered(plain)(again).key)


def test_unordered_items_that_only_look_alike_stay_apart() -> None:
    """Neither ``repr`` nor equality decides, but the canonical encoding."""

    class Quiet(str):
        __slots__ = ()

        def __repr__(self) -> str:
            return "quiet"

    assert len(unordered(lambda item: Normal(item, item))([Quiet("a"), Quiet("b"), 1, True, 1.0, "1"]).key) == 6


Read = dict[str, Any]


@pytest.mark.parametrize(
    ("annotation", "typed", "key"),
    [
        (Annotated[bool, Feature()], "yes", True),
        (Annotated[bool, Feature()], 1, True),
        (Annotated[bool | None, Feature()], "OFF", False),
        (Annotated[bool | None, Feature()], None, None),
        (Annotated[int, Feature()], "42", 42),
        (Annotated[float, Feature()], 3, 3.0),
        (Annotated[Tone, Feature()], " WARM", Tone.WARM),
        (Annotated[Stage | None, Feature()], "seed", Stage.SEED),
        (Annotated[Literal["full", "short"] | None, Feature()], "Full ", "full"),
        (Annotated[list[Stage], Feature()], ["later", "SEED"], [Stage.LATER, Stage.SEED]),
        (Annotated[set[str], Feature()], ["b", "A", "B "], ["a", "b"]),
        (Annotated[frozenset[str] | None, Feature()], {"b", "A"}, ["a", "b"]),
        (Annotated[list[str], Feature()], ["b", "A"], ["b", "a"]),
        (Annotated[list[str], Feature(unordered=True)], ["b", "A"], ["a", "b"]),
        (Annotated[set[str], Feature(synonyms={"cs": ["compsci"]})], ["CompSci", "art", "CS"], ["art", "cs"]),
        (Annotated[Any, Feature(synonyms={"cs": ["compsci"]})], ["CompSci", "art"], ["cs", "art"]),
        (Annotated[list[float], Feature(buckets=[1])], ["0.5", 1], ["under 1", "1 or more"]),
        (Annotated[list[str], Feature(normalize=len)], ["a", "b"], 2),
        (Annotated[str, Feature(exact=True)], " US", " US"),
        (Annotated[Any, Feature(exact=True)], ("US", 1), ("US", 1)),
        (Annotated[str, Feature()], None, None),
    ],
)
def test_annotations_and_options_choose_the_normaliser(annotation: Any, typed: Any, key: Any) -> None:
    """What a field's type says need not be said twice."""
    profile: Any = type("P", (Profile,), {"__annotations__": {"it": annotation}})
    found = profile.declaration.features[0].read(typed).key
    assert (key, canonical(key)) == (found, canonical(found))


@pytest.mark.parametrize(
    ("annotation", "typed"),
    [
        (Annotated[int, Feature()], "200k"),
        (Annotated[float, Feature()], True),
        (Annotated[float, Feature(buckets=[3])], True),
        (Annotated[bool, Feature()], "perhaps"),
        (Annotated[int | None, Feature()], ""),
    ],
)
def test_a_value_of_another_type_is_refused_without_being_shown(annotation: Any, typed: Any) -> None:
    """`UnkeyableError` names the feature; the chain runs without the cache."""
    profile: Any = type("P", (Profile,), {"__annotations__": {"it": annotation}})
    with pytest.raises(UnkeyableError, match="'it'") as caught:
        profile.declaration.features[0].read(typed)
    assert str(typed) == "" or str(typed) not in str(caught.value)
