"""One request read through a profile: what decides, what fills a gap, what does neither."""

from datetime import date
from typing import Annotated, Any

import pytest
from hypothesis import given, strategies as st
from support.values import values

from langcache import Feature, Ignore, Profile, Slot
from langcache.core.encoding import canonical
from langcache.core.reading import Reading, read_request
from langcache.errors import DeclarationError, UnkeyableError


class Applicant(Profile):
    background: Annotated[str, Feature(synonyms={"founder": ["ceo"]})]
    gpa: Annotated[float | None, Feature(buckets=[3.0])] = None
    tags: Annotated[list[str], Feature()] = []
    startup_name: Annotated[str | None, Slot()] = None
    universities: Annotated[list[str], Slot(label="university")] = []
    nickname: Annotated[str, Slot()]
    users: Annotated[int | None, Ignore()] = None
    question: str = ""


def read(inputs: dict[str, Any], user: dict[str, Any] | None = None) -> Reading:
    return read_request(Applicant.declaration, inputs, user or {})


def key_part(inputs: dict[str, Any]) -> bytes:
    reading = read(inputs)
    return canonical([reading.features, reading.presence])


@given(st.dictionaries(st.sampled_from(["extra", "question", "Background", "startup name"]), values))
def test_what_nobody_declared_is_residue_byte_for_byte(inputs: dict[str, Any]) -> None:
    """So forgetting to declare costs hits, never correctness; an unmarked field is undeclared."""
    assert inputs == read(inputs).residue


def test_missing_none_and_empty_are_features_of_their_own() -> None:
    """Unless a default says that two of them mean the same."""
    profile = Profile.of(features=["it"])
    states: list[dict[str, Any]] = [
        {},
        {"it": None},
        {"it": ""},
        {"it": []},
        {"it": 0},
        {"it": False},
        {"it": "missing"},
    ]
    parts = {canonical(read_request(profile.declaration, state, {}).features) for state in states}
    assert len(parts) == len(states)


def test_a_default_stands_for_what_is_missing() -> None:
    """As pydantic would fill it in, fresh each time."""
    assert key_part({"background": "x", "gpa": None, "tags": []}) == key_part({"background": "x"})
    first, second = read({}).shown["tags"], read({}).shown["tags"]
    assert first == second == []
    assert first is not second


@pytest.mark.parametrize("blank", [None, "", " ", "\t\n", 0, 0.0, False, [], {}])
def test_a_falsy_slot_is_no_detail_and_a_state_of_its_own(blank: Any) -> None:
    """There is nothing to hide: the chain receives it as it is, and it is in the key."""
    reading = read({"startup_name": blank})
    assert "startup_name" not in reading.slots
    assert reading.shown["startup_name"] == blank


def test_the_states_of_a_slot_stay_apart() -> None:
    """Missing, ``None``, ``""``, ``0``, ``False``, an empty list, one and many: each may be answered differently."""
    states: list[Any] = [None, "", " ", 0, 0.0, False, [], {}, "PathAI", ["MIT", "CMU"]]
    parts = {key_part({"nickname": state}) for state in states} | {key_part({})}
    assert len(parts) == len(states) + 1


@given(
    st.lists(st.text(min_size=1).filter(str.strip), min_size=2),
    st.lists(st.text(min_size=1).filter(str.strip), min_size=2),
)
def test_of_a_list_only_none_one_or_many_is_in_the_key(some: list[str], others: list[str]) -> None:
    """So every applicant with several universities shares a key; which ones they are never reaches it."""
    assert key_part({"universities": some}) == key_part({"universities": others})
    assert key_part({"universities": some[:1]}) == key_part({"universities": (others[0], " ", None)})
    assert key_part({"universities": some[:1]}) != key_part({"universities": others})
    assert key_part({"universities": []}) == key_part({"universities": ["", None]})


def test_a_zero_in_a_list_is_a_value() -> None:
    """Only what writes nothing is left out."""
    reading = read({"universities": [0, 5, None]})
    assert (reading.slots["universities"].value, reading.presence[1]) == ([0, 5], "many")


def test_the_items_of_a_set_come_in_one_order() -> None:
    """An answer filled twice reads the same twice."""
    assert read({"universities": {"Yale", "MIT", "CMU"}}).slots["universities"].value == ["CMU", "MIT", "Yale"]


@pytest.mark.parametrize("value", [{"name": "PathAI"}, [["MIT"]], [{"a": 1}], b"PathAI", iter(["x"])])
def test_a_slot_that_is_no_scalar_or_list_says_which_and_not_what(value: Any) -> None:
    """Its parts can be slots; a guess at how it is printed would leak."""
    with pytest.raises(UnkeyableError, match="slot 'startup_name'") as caught:
        read({"startup_name": value})
    assert "PathAI" not in str(caught.value)


@pytest.mark.parametrize("value", ["x", 5, 2.5, True, date(2024, 1, 1)])
def test_any_scalar_can_fill_a_gap(value: Any) -> None:
    """With its label and aliases."""
    slot = read({"startup_name": value}).slots["startup_name"]
    assert ("startup_name", "startup name", value) == (slot.name, slot.label, slot.value)


def test_ambient_values_stand_behind_the_input_and_before_defaults() -> None:
    """``with cache.user(...)`` serves chains whose input lacks the profile; what it holds besides is not input."""
    user = {"background": "CEO", "gpa": 3.5, "startup_name": "Ambient", "users": 5, "other": 1}
    reading = read({"gpa": 2, "question": "?"}, user)
    assert reading.features == [("founder",), ("under 3.0",), ([],)]
    assert reading.slots["startup_name"].value == "Ambient"
    assert reading.ignored == {"users": 5}
    assert reading.residue == {"question": "?"}


def test_a_chain_is_shown_normalised_features_and_no_details() -> None:
    """Law 2, before masking: what is shown is equal for all users of one key."""
    reading = read({"background": " CEO", "gpa": 3.42, "startup_name": "PathAI", "users": 7, "tags": ["B ", "a"]})
    assert "startup_name" not in reading.shown
    assert (reading.shown["background"], reading.shown["tags"]) == ("founder", ["b", "a"])
    assert str(reading.shown["gpa"]) == "3.0 or more"
    assert reading.blurred == {"gpa": 3.42}


def test_an_ignored_input_is_withheld_whatever_it_is() -> None:
    """None and missing alike: it neither decides nor fills."""
    parts = {key_part({"users": users}) for users in (None, 1, "x", {"a": 1})} | {key_part({})}
    assert len(parts) == 1


def test_profiles_can_be_made_of_lists_and_mappings() -> None:
    """For those who want no class."""
    made = Profile.of(features=["job"], slots={"name": Slot(label="full name")}, ignore=("id",), name="Visitor")
    assert (
        made.__name__,
        [feature.name for feature in made.declaration.features],
        [slot.label for slot in made.declaration.slots],
        made.declaration.ignored,
    ) == ("Visitor", ["job"], ["full name"], ("id",))
    assert issubclass(made, Profile)


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"features": ["a"], "slots": ["a"]}, "'a' is declared twice"),
        ({"slots": {"a": Slot()}, "ignore": ["a"]}, "'a' is declared twice"),
        ({"features": "name"}, "'name': give a list"),
        ({"features": {"a": Slot()}}, "'a'"),
        ({"slots": {"a": "full name"}}, "'a'"),
        ({"features": [1]}, "1"),
    ],
)
def test_a_profile_of_nonsense_is_refused(declared: dict[str, Any], says: str) -> None:
    """With the name at fault."""
    with pytest.raises(DeclarationError, match=says):
        Profile.of(**declared)


def test_a_subclass_adds_to_what_its_base_declares() -> None:
    """Profiles are pydantic models, so they inherit."""

    class Founder(Applicant):
        round: Annotated[str, Feature()]

    assert Founder.declaration.names == {*Applicant.declaration.names, "round"}
    assert Founder.declaration.digest != Applicant.declaration.digest


def test_a_profile_takes_details_as_they_come_and_validates_the_rest() -> None:
    """What only fills a gap needs no validation; an instance can always be made, to be asked for its directives."""
    given: Any = {"background": "x", "nickname": 5, "startup_name": ["a"], "users": "many"}
    made: Any = Applicant(**given)
    assert (made.nickname, made.startup_name, made.users) == (5, ["a"], "many")
    assert made.cache_directives() is None
    loose: Any = Applicant.of_values({"gpa": "no number", "unknown": 1})
    assert (loose.gpa, hasattr(loose, "unknown")) == ("no number", False)
