"""The canonical encoding: two values share it only if they are equal and of one kind."""

import dataclasses
from collections import OrderedDict, defaultdict, namedtuple
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, strategies as st
from pydantic import BaseModel, ConfigDict
from support.values import Colour, Model, Point, Rights, Shade, Twin, spelled_out, values

from langcache.core.encoding import SCHEME, canonical, digest
from langcache.errors import UnkeyableError


@given(values, values)
@example(1, True)
@example(1, 1.0)
@example(1, "1")
@example(0.0, -0.0)
@example("é", "e\u0301")
@example("\ud83d\ude00", "😀")
@example([["a"], "b"], [["a", "b"]])
@example(["a", "b"], ("a", "b"))
@example([], ())
@example({}, [])
@example({"a": None}, {})
@example({1: "x"}, {True: "x"})
@example(Point(1), Model(x=1))
@example(Model(x=1), Twin(x=1))
@example(Model(x=1), {"x": 1, "y": 0})
@example(Shade.RED, "red")
@example(Shade.RED, Colour.RED)
@example(Rights(8), Rights(16))
@example(Decimal("1.0"), Decimal("1.00"))
def test_the_encoding_is_injective(one: Any, other: Any) -> None:
    """Law 1: equal bytes mean equal values of equal kinds, and the other way round."""
    assert (spelled_out(one) == spelled_out(other)) == (canonical(one) == canonical(other))


@given(st.lists(values, max_size=4), st.lists(values, max_size=4))
def test_no_encoding_begins_another(some: list[Any], others: list[Any]) -> None:
    """Concatenated encodings, as the parts of a key are, cannot imitate other parts."""
    joined, otherwise = (b"".join(map(canonical, parts)) for parts in (some, others))
    assert (joined == otherwise) == ([*map(canonical, some)] == [*map(canonical, others)])


@given(st.dictionaries(st.text(max_size=4), values, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_mappings_and_sets_does_not_matter(value: dict[str, Any], random: Any) -> None:
    """Equal dicts and sets are equal however they were built."""
    names = list(value)
    random.shuffle(names)
    assert canonical(value) == canonical({name: value[name] for name in names})
    assert canonical(set(value)) == canonical(frozenset(names))


def test_nan_equals_nan() -> None:
    """Every NaN is one value, or no request with one would ever hit; in either sign."""
    assert canonical(float("nan")) == canonical(-float("nan"))


def test_equal_moments_in_two_zones_differ() -> None:
    """A chain prints the zone, so it is part of the value."""
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert noon == noon.astimezone(timezone(timedelta(hours=2)))
    assert canonical(noon) != canonical(noon.astimezone(timezone(timedelta(hours=2))))


class Rules(tzinfo):
    """A zone as other libraries make them; like theirs, it tells no offset without a date."""

    def __init__(self, zone: str | None) -> None:
        self.zone = zone

    def __repr__(self) -> str:
        return f"<{self.zone}>"

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return None if moment is None else timedelta(0)


NAMES = ["Europe/London", "Africa/Abidjan", "Asia/Tokyo", "UTC"]
ZONES = [None, UTC, *map(ZoneInfo, NAMES)]


@pytest.mark.parametrize("zones", [ZONES, [None, UTC, *map(Rules, NAMES)]])
@pytest.mark.parametrize("moment", [time(9), datetime(2024, 1, 1), datetime(2024, 10, 27, 2, 30, fold=1)])  # noqa: DTZ001
def test_the_zone_of_a_reading_counts(moment: Any, zones: list[Any]) -> None:
    """Half a year later London and Abidjan differ, and a time alone has no offset at all."""
    assert len({canonical(moment.replace(tzinfo=zone)) for zone in zones}) == len(zones)
    again = ZoneInfo.no_cache("Asia/Tokyo")
    assert canonical(moment.replace(tzinfo=again)) == canonical(moment.replace(tzinfo=ZoneInfo("Asia/Tokyo")))


def test_a_zone_without_a_name_is_no_missing_one() -> None:
    """A time in it is told by what the zone says of itself."""
    assert canonical(time(9, tzinfo=Rules(None))) != canonical(time(9))


@pytest.mark.parametrize("moment", [datetime(2024, 10, 27, 2, 30), time(2, 30)])  # noqa: DTZ001 -- naive on purpose
def test_the_fold_of_a_repeated_hour_counts(moment: Any) -> None:
    """The two 02:30s of an autumn night are two moments (PEP 495)."""
    assert canonical(moment) != canonical(moment.replace(fold=1))


def test_builtin_subclasses_are_what_they_hold() -> None:
    """Types that only add methods to a builtin's value share its key."""

    class Text(str):
        __slots__ = ()

    pair = namedtuple("pair", "a b")
    assert canonical("x") == canonical(Text("x"))
    assert canonical((1, 2)) == canonical(pair(1, 2))
    assert canonical({"a": 1}) == canonical(OrderedDict(a=1)) == canonical(defaultdict(int, a=1))


def test_numbers_have_no_size_limit() -> None:
    """Python refuses to write integers of more than 4300 digits as decimal text."""
    assert canonical(10**5000) != canonical(10**5000 + 1)


def test_fields_that_were_never_set_differ_from_none() -> None:
    """Objects built without validation may lack fields."""

    @dataclasses.dataclass
    class Late:
        x: int = dataclasses.field(init=False)

    class Loose(BaseModel):
        model_config = ConfigDict(extra="allow")
        x: Any

    loose: Any = Loose.model_construct
    unset, empty = Late(), Late()
    empty.x = None  # type: ignore[assignment]
    assert canonical(unset) != canonical(empty)
    assert canonical(loose()) != canonical(Loose(x=None))
    assert canonical(Loose(x=1, y=2)) != canonical(Loose(x=1))


def test_what_contains_itself_is_refused() -> None:
    """There is no end to write down."""
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(UnkeyableError, match="contains itself"):
        canonical(loop)


@pytest.mark.parametrize("value", [object(), len, Model, Point, iter([]), 1j, range(3)])
def test_what_has_no_canonical_form_says_so(value: Any) -> None:
    """Never a guess, such as an object's address; the message names the type."""
    with pytest.raises(UnkeyableError, match=type(value).__qualname__):
        canonical(["deep", {"down": value}])


def test_foreign_types_go_through_the_given_encoder() -> None:
    """It is asked first about objects, and may decline; what it returns is tagged with the type."""

    def other(value: Any) -> Any:
        return [value.real] if isinstance(value, complex) else NotImplemented

    assert canonical([1j, Point(1)], other) != canonical([[0.0], Point(1)], other)
    assert canonical(Point(1), other) == canonical(Point(1))
    with pytest.raises(UnkeyableError):
        canonical(range(3), other)


def test_the_scheme_is_part_of_every_digest() -> None:
    """A changed encoding makes old entries unreachable instead of wrong."""
    personal = blake2b(b"x", digest_size=20, person=b"langcache:%d" % SCHEME)
    assert personal.hexdigest() == digest(b"x")
