"""Looking at what is stored: listing, one entry, what is near, what is wrong, carrying it elsewhere."""

import asyncio
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st
from support.chains import SAY, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache
from langcache.core.entry import FORMAT, Entry, labels_of
from langcache.core.packing import pack
from langcache.errors import CorruptEntry, DeclarationError
from langcache.runtime import inspection
from langcache.runtime.features import is_typed, typed
from langcache.runtime.inspection import Leaf
from langcache.runtime.inspection.leaves import leaves_of
from langcache.storage.base import Record
from langcache.storage.codec import seal
from langcache.testing import FakeClock

Look = Callable[..., Any]
KEPT_S = 31 * 86_400.0


def _sync(name: str, *args: Any, **kwargs: Any) -> Any:
    found = getattr(inspection, name)(*args, **kwargs)
    return list(found) if isinstance(found, Iterator) else found


def _async(name: str, *args: Any, **kwargs: Any) -> Any:
    async def run() -> Any:
        found = getattr(inspection, f"a{name}")(*args, **kwargs)
        return [each async for each in found] if hasattr(found, "__aiter__") else await found

    return asyncio.run(run())


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def look(request: pytest.FixtureRequest) -> Look:
    """Each law holds for both twins."""
    twin: Look = request.param
    return twin


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cache(clock: FakeClock) -> Iterator[Cache]:
    with Cache("memory://", clock=clock) as made:
        yield made


def serve(cache: Cache, *, version: str = "v1", **inputs: Any) -> str:
    """One request of a founder; the key of its entry."""
    model = CountingModel(say=SAY)
    wrapped = cache.wrap(chain(model), profile=Applicant, name="plan", prompt_version=version, tags=["mail"])
    with cache.capture() as events:
        wrapped.invoke(founder(**inputs))
    return events[0].key


def store_bytes(cache: Cache, key: str, value: bytes) -> None:
    now = cache.clock.now()
    cache.store.put(cache.namespace, key, Record(value, now, now + KEPT_S), now=now)


def payload(**changed: Any) -> bytes:
    entry = Entry("Hello.", 1.0, 2.0, cost_usd=Decimal("0.10"), about={"parts": {"chain": "plan"}})
    return b"%b\n%b" % (
        json.dumps([changed.get("version", FORMAT), *json.loads(entry.to_bytes().partition(b"\n")[0])[1:]]).encode(),
        b'{"parts":{"chain":"plan"}}',
    )


# Listing.


def test_a_row_says_what_its_labels_say_and_the_entry_only_if_read(look: Look, cache: Cache) -> None:
    """Without reading there are no features; with it, they are the normalised values."""
    key = serve(cache, gpa=3.2)
    (row,) = look("list_entries", cache)
    assert (row.key, row.chain, row.prompt_version, row.tags, row.generation_type) == (
        key,
        "plan",
        "v1",
        ("mail",),
        None,
    )
    assert (row.entry, row.features) == (None, {})
    (row,) = look("list_entries", cache, reading=True)
    assert row.features == {"background": "founder", "gpa": "3.0–3.5"}


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, {"low", "mid", "new"}),
        ({"features": {"gpa": "Under 3.0"}}, {"low"}),
        ({"features": {"gpa": "3.0-3.5", "background": "FOUNDER"}}, {"mid", "new"}),
        ({"features": {"gpa": "3.0-3.5"}, "prompt_version": "v2"}, {"new"}),
        ({"features": {"nobody": "knows"}}, set()),
        ({"older_than": 150}, {"low"}),
    ],
)
def test_a_listing_and_an_invalidation_name_the_same_entries(
    look: Look, conditions: dict[str, Any], expected: set[str], cache: Cache, clock: FakeClock
) -> None:
    """Case, spaces and the dash of a bucket may be typed as people do; every condition must hold."""
    keys = {}
    for name, asked in {"low": {"gpa": 2.0}, "mid": {"gpa": 3.2}, "new": {"gpa": 3.2, "version": "v2"}}.items():
        keys[name] = serve(cache, **asked)
        clock.advance(60)
    assert {row.key for row in look("list_entries", cache, **conditions)} == {keys[name] for name in expected}
    if conditions:
        assert cache.invalidate(**conditions) == len(expected)


def test_every_page_is_listed_and_told(look: Look, cache: Cache) -> None:
    """More entries than a page has; progress adds up to all of them."""
    for number in range(1203):
        store_bytes(cache, str(number), b"")
    told: list[int] = []
    assert len(look("list_entries", cache, advance=told.append)) == sum(told) == 1203


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
        lambda inner: st.lists(inner, max_size=4),
        max_leaves=6,
    )
)
def test_a_value_is_named_by_itself_and_by_what_is_shown_of_it(value: Any) -> None:
    """Whatever the command line shows of a feature names that feature when it is typed back."""
    assert is_typed(value, value)
    assert is_typed(typed(value), value)


# One entry.


def test_a_detail_holds_the_template_as_segments_and_no_value_of_its_user(look: Look, cache: Cache) -> None:
    """Gaps are data, never text that looks like one."""
    key = serve(cache)
    detail = look("entry_detail", cache, key)
    shown = json.dumps(detail.to_dict())
    assert detail.to_dict()["template"] == [
        {
            "path": "",
            "segments": [
                {"text": "Pitch "},
                {"slot": "startup_name"},
                {"text": " to "},
                {"slot": "universities", **_writing(detail.leaves[0])},
                {"text": "."},
            ],
        }
    ]
    assert (detail.state, detail.input_tokens, detail.output_tokens) == ("fresh", 10, 20)
    assert "PathAI" not in shown
    assert "MIT" not in shown


def _writing(leaf: Leaf) -> dict[str, str]:
    gap = leaf.segments[3]
    assert not isinstance(gap, str)
    return {name: value for name, value in gap._asdict().items() if value and name != "name"}


def test_an_entry_past_its_freshness_is_expired_and_then_gone(look: Look, cache: Cache, clock: FakeClock) -> None:
    """It is kept for at least a day, for calls that accept a stale answer."""
    key = serve(cache)
    detail = look("entry_detail", cache, key)
    clock.advance(detail.fresh_until - clock.now())
    assert look("entry_detail", cache, key).state == "expired"
    clock.advance(detail.row.gone_at - clock.now())
    assert look("entry_detail", cache, key) is None


def test_a_corrupt_entry_is_an_error_that_names_the_repair(look: Look, cache: Cache) -> None:
    """It is never guessed at."""
    store_bytes(cache, "k", b"nonsense")
    with pytest.raises(CorruptEntry, match="health --repair"):
        look("entry_detail", cache, "k")


def test_a_prefix_names_a_key_if_it_is_unique(look: Look, cache: Cache) -> None:
    """A whole key always does, also where another one begins with it."""
    for key in ("abc", "abcd", "xyz"):
        store_bytes(cache, key, b"")
    assert [look("resolve_key", cache, asked) for asked in ("x", "abc", "abcd")] == ["xyz", "abc", "abcd"]
    with pytest.raises(DeclarationError, match="abc, abcd"):
        look("resolve_key", cache, "ab")
    with pytest.raises(DeclarationError, match="no entry"):
        look("resolve_key", cache, "q")


def test_leaves_say_where_each_text_stands() -> None:
    """In the order of the answer, whatever it is made of; what is empty is left out."""

    def text(value: str) -> Any:
        return [value[:1], ["name"]] if value.startswith("!") else value

    value = {"title": "!x", "tasks": [{"n": 1}, "b", None, ""], "$odd": (True, float("inf")), "!y": "v"}
    body = pack(value, text, lambda _: None, None)  # type: ignore[arg-type]
    found = [(leaf.path, leaf.to_data()) for leaf in leaves_of(body)]
    gapped = [{"text": "!"}, {"slot": "name"}]
    assert found == [
        ("title", gapped),
        ("tasks[0].n", [{"text": "1"}]),
        ("tasks[1]", [{"text": "b"}]),
        ("$odd[0]", [{"text": "true"}]),
        ("$odd[1]", [{"text": "inf"}]),
        ("key", gapped),
        ("value", [{"text": "v"}]),
    ]
    for odd in ({"$new": 1}, {"$d": [1]}, {"$t": [[]]}):
        with pytest.raises(CorruptEntry):
            list(leaves_of(odd))


# What is near.


def test_the_nearest_entry_differs_in_the_fewest_features(look: Look, cache: Cache, clock: FakeClock) -> None:
    """Each difference is named, asked and stored; what is equal is not."""
    serve(cache, gpa=2.0, background="nurse")
    clock.advance(1)
    near = serve(cache, gpa=2.0)
    found = look("nearest_entries", cache, "plan", {"background": "Founder", "gpa": "3.0-3.5"})
    assert (found.outcome, found.entries, found.nearest[0].key) == ("not stored", 2, near)
    assert found.nearest[0].differs == {"gpa": ("3.0-3.5", "under 3.0")}
    assert found.values["background"] == ["nurse", "founder"] or found.values["background"] == ["founder", "nurse"]


def test_what_is_stored_is_told_from_what_has_expired(look: Look, cache: Cache, clock: FakeClock) -> None:
    """Features that were not asked about are not compared."""
    key = serve(cache)
    asked = {"background": "founder"}
    assert look("nearest_entries", cache, "plan", asked).outcome == "stored"
    assert look("nearest_entries", cache, "plan", asked, prompt_version="v2").entries == 0
    clock.advance(inspection.entry_detail(cache, key).fresh_until - clock.now())  # type: ignore[union-attr]
    assert look("nearest_entries", cache, "plan", asked).outcome == "expired"


def test_an_unknown_feature_is_named_with_the_nearest(look: Look, cache: Cache) -> None:
    """A typing error is the likeliest reason for a miss that should be none."""
    serve(cache)
    assert look("nearest_entries", cache, "plan", {"backgroud": "founder"}).unknown == {"backgroud": "background"}
    assert look("nearest_entries", cache, "nobody", {"x": "1"}).unknown == {}


# What is wrong.


def test_a_check_counts_and_a_repair_sets_aside_only_what_nobody_could_use(
    look: Look, cache: Cache, clock: FakeClock
) -> None:
    """Usable entries stay, expired ones too; what is set aside is kept, where no lookup finds it."""
    good = serve(cache)
    store_bytes(cache, "torn", b"nonsense")
    store_bytes(cache, "odd", seal("odd", b"[]\n{}"))
    store_bytes(cache, "old", seal("old", payload(version=FORMAT - 1)))
    store_bytes(cache, "new", seal("new", payload(version=FORMAT + 1)))
    store_bytes(cache, "new seal", b"LC\xff" + bytes(40))
    store_bytes(cache, "locked", b"LCE\x01" + bytes(60))
    found = look("check_entries", cache)
    assert (found.checked, found.healthy, found.quarantined) == (7, False, 0)
    assert dict(found.counts) == {"corrupt": 2, "older format": 1, "newer format": 2, "encrypted": 1}
    assert look("check_entries", cache).counts == found.counts, "a check changes nothing"

    repaired = look("check_entries", cache, repair=True)
    assert (repaired.quarantined, repaired.healthy) == (3, False)
    left = {row.key for row in inspection.list_entries(cache)}
    assert left == {good, "locked", "new", "new seal"}
    aside = {row.key for row in cache.store.scan("quarantine:default", now=clock.now())}
    assert aside == {"torn", "odd", "old"}
    assert look("entry_detail", cache, good) is not None
    cache.store.delete("default", ["locked", "new", "new seal"])
    assert look("check_entries", cache).healthy


def test_an_expired_entry_is_counted_and_no_fault(look: Look, cache: Cache, clock: FakeClock) -> None:
    """It stands in where a provider fails; a repair leaves it, and removes what is past that."""
    key = serve(cache)
    detail = inspection.entry_detail(cache, key)
    assert detail is not None
    assert detail.row.gone_at is not None
    clock.advance(detail.fresh_until - clock.now())
    found = look("check_entries", cache, repair=True)
    assert (found.healthy, found.expired, found.purged, found.checked) == (True, 1, 0, 1)
    clock.advance(detail.row.gone_at - clock.now())
    assert look("check_entries", cache, repair=True).purged == 1


def test_ciphertext_without_a_key_is_noticed(look: Look, cache: Cache) -> None:
    """So that nobody takes it for damage and repairs it away."""
    assert not look("is_encrypted", cache)
    serve(cache)
    assert not look("is_encrypted", cache)
    store_bytes(cache.namespaced("other"), "locked", b"LCE\x01" + bytes(60))
    assert look("is_encrypted", cache.namespaced("other"))


# Carrying.


def test_what_is_exported_and_imported_is_the_same_to_the_byte(look: Look, cache: Cache, clock: FakeClock) -> None:
    """Records, times and labels; and the second time nothing is left to do."""
    keys = [serve(cache, gpa=gpa) for gpa in (2.0, 3.2, 3.7)]
    lines = look("export_lines", cache)
    with Cache("memory://", clock=clock, namespace="other") as there:
        assert (done := look("import_lines", there, lines)).stored == 3
        assert (done.present, done.gone) == (0, 0)
        for key in keys:
            expected = cache.store.get("default", key, now=clock.now())
            assert there.store.get("other", key, now=clock.now()) == expected
        again = look("import_lines", there, lines)
        assert (again.stored, again.present) == (0, 3)


def test_an_import_leaves_newer_entries_and_leaves_out_what_is_over(look: Look, cache: Cache, clock: FakeClock) -> None:
    """An old file must not undo a refresh."""
    serve(cache)
    lines = look("export_lines", cache)
    clock.advance(60)
    with Cache("memory://", clock=clock) as there:
        newer = serve(there)
        assert look("import_lines", there, lines).present == 1
        row = next(inspection.list_entries(there))
        assert (row.key, row.created_at) == (newer, clock.now())
        clock.advance(KEPT_S + 86_400)
        assert look("import_lines", there, lines).gone == 1


def test_an_import_goes_on_where_it_was_stopped(look: Look, cache: Cache, clock: FakeClock) -> None:
    """Whole entries only, whenever it stops."""
    for gpa in (2.0, 3.2, 3.7):
        serve(cache, gpa=gpa)
    lines = look("export_lines", cache)
    with Cache("memory://", clock=clock) as there:
        with pytest.raises(CorruptEntry, match="cut short after 1 entries"):
            look("import_lines", there, lines[:2])
        assert there.stats().entries == 1
        assert look("import_lines", there, lines).stored == 2
        assert inspection.check_entries(there).healthy


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda lines: [lines[0], lines[1].replace("Pitch", "Sell"), lines[2]], "line 2: it was changed"),
        (lambda lines: [lines[0], lines[1][:-9], lines[2]], "line 2: no JSON object"),
        (lambda lines: lines[:2], "cut short"),
        (lambda lines: [lines[0], lines[2]], "1 entries were exported, and 0 are here"),
        (lambda lines: [*lines, lines[1]], "follows the end"),
        (lambda lines: lines[1:], "line 1: not an export"),
        (lambda lines: [lines[0].replace('"format":1', '"format":9'), *lines[1:]], "reads 1"),
        (lambda lines: [], "cut short"),
        (lambda lines: ["[1]"], "no JSON object"),
    ],
)
def test_a_damaged_file_is_refused_and_the_line_named(
    damage: Callable[[list[str]], list[str]], said: str, cache: Cache
) -> None:
    """Before anything of it is stored, if it is read through first."""
    serve(cache)
    lines = list(inspection.export_lines(cache))
    assert len(list(inspection.carried_lines(lines))) == 1
    with pytest.raises(CorruptEntry, match=said):
        list(inspection.carried_lines(damage(lines)))


def test_a_corrupt_entry_is_left_out_of_an_export_and_told(look: Look, cache: Cache) -> None:
    """The file holds only what can be imported."""
    serve(cache)
    store_bytes(cache, "torn", b"nonsense")
    told: list[str] = []
    lines = look("export_lines", cache, corrupt=told.append)
    assert (told, len(list(inspection.carried_lines(lines)))) == (["torn"], 1)


def test_labels_survive_the_journey(cache: Cache, clock: FakeClock) -> None:
    """What was imported is invalidated like what was made here."""
    serve(cache)
    lines = list(inspection.export_lines(cache))
    with Cache("memory://", clock=clock) as there:
        inspection.import_lines(there, lines)
        assert next(there.store.scan("default", now=clock.now())).labels == labels_of("plan", "v1", None, ("mail",))
        assert there.invalidate(chain="plan", tags="mail") == 1
