"""The laws of a store's counts, a part of `langcache.testing.contract.StoreContract`."""

import pytest

from langcache.errors import StoreError
from langcache.storage.base import BATCH_MEMORY_S, Cells, Rows, Sheet, Usage
from langcache.testing.drivers import Driver, call

NOW = 1_000_000_000.0
"""When the laws take place, in seconds since the epoch."""

ODD_NAMES = (
    "",
    "a",
    "A",
    "a:b",
    "a,b",
    "a/b",
    "a b",
    "{a}",
    "*",
    "a*",
    "%",
    "_",
    "é",
    "e\u0301",
    "名",
    "\U0001f511",
    "a\x00b",
    "a\n",
)
"""Names that a store which joins, matches or folds text would confuse."""


def sheet(rows: Rows, *, name: str = "day", expires_at: float = NOW + 100) -> Sheet:
    """A sheet of *rows*."""
    return Sheet(name, expires_at, rows)


class CountLaws:
    """Laws on counts; those of a store that keeps none are skipped, but it says so."""

    @pytest.fixture
    def counting(self, store: Driver) -> Driver:
        """The store under test, if it keeps counts."""
        if not store.store.keeps_counts:
            pytest.skip("this store keeps no counts")
        return store

    def test_a_store_without_counts_says_so(self, store: Driver) -> None:
        """It raises StoreError, so that nobody believes something was kept."""
        if store.store.keeps_counts:
            store.add_counts("ns", [], batch="1", now=NOW)
            return
        with pytest.raises(StoreError):
            store.add_counts("ns", [], batch="1", now=NOW)

    def test_numbers_add_up_and_texts_are_replaced(self, counting: Driver) -> None:
        """Each cell by itself, below zero and up to 64 bits."""
        first: Cells = {"n": 2, "money": 2**62, "text": "old"}
        counting.add_counts("ns", [sheet({"a": first, "b": {"n": 1}})], batch="1", now=NOW)
        counting.add_counts("ns", [sheet({"a": {"n": -5, "money": 2**61, "text": '"1'}})], batch="2", now=NOW)
        expected = {"a": {"n": -3, "money": 2**62 + 2**61, "text": '"1'}, "b": {"n": 1}}
        assert expected == counting.read_counts("ns", ["day"], now=NOW)["day"]

    def test_adding_commutes(self, counting: Driver) -> None:
        """The order in which numbers come in does not show."""
        parts = [{"a": {"n": number, str(number % 3): 1}, f"{number % 2}": {"n": 1}} for number in range(8)]
        for name, order in (("one", parts), ("other", parts[::-1])):
            for number, rows in enumerate(order):
                counting.add_counts("ns", [sheet(rows, name=name)], batch=f"{name}{number}", now=NOW)
        found = counting.read_counts("ns", ["one", "other"], now=NOW)
        assert found["one"] == found["other"]

    def test_a_batch_added_twice_counts_once(self, counting: Driver) -> None:
        """Whoever does not know whether it arrived may say it again; another namespace's batch is another."""
        sheets = [sheet({"a": {"n": 1}}), sheet({"a": {"n": 1}}, name="hour")]
        for now in (NOW, NOW, NOW + 10):
            counting.add_counts("ns", sheets, batch="1", now=now)
        counting.add_counts("ns", sheets, batch="2", now=NOW)
        counting.add_counts("other", sheets, batch="1", now=NOW)
        assert counting.read_counts("other", ["day"], now=NOW)["day"] == {"a": {"n": 1}}
        assert {name: {"a": {"n": 2}} for name in ("day", "hour")} == counting.read_counts(
            "ns", ["day", "hour"], now=NOW
        )

    def test_batches_are_forgotten_in_the_end(self, counting: Driver) -> None:
        """Long after, other batches still add up."""
        counting.add_counts("ns", [sheet({"a": {"n": 1}}, expires_at=NOW + 1e6)], batch="1", now=NOW)
        late = NOW + BATCH_MEMORY_S + 1
        counting.add_counts("ns", [sheet({"a": {"n": 1}}, expires_at=NOW + 1e6)], batch="2", now=late)
        assert counting.read_counts("ns", ["day"], now=late)["day"] == {"a": {"n": 2}}

    def test_adders_at_once_add_up(self, counting: Driver) -> None:
        """No increment is lost among threads or tasks."""
        rows = {"a": {"n": 1}, "b": {"n": 2}}
        adds = [call("add_counts", "ns", [sheet(rows)], batch=str(number), now=NOW) for number in range(32)]
        counting.together(adds)
        assert counting.read_counts("ns", ["day"], now=NOW)["day"] == {"a": {"n": 32}, "b": {"n": 64}}

    def test_a_sheet_is_there_until_the_instant_it_expires(self, counting: Driver) -> None:
        """Then it is empty, and so is one that never was."""
        counting.add_counts("ns", [sheet({"a": {"n": 1}}, expires_at=NOW + 10)], batch="1", now=NOW)
        assert counting.read_counts("ns", ["day", "other"], now=NOW + 9.9) == {"day": {"a": {"n": 1}}, "other": {}}
        assert counting.read_counts("ns", ["day"], now=NOW + 10) == {"day": {}}
        assert counting.read_counts("ns", [], now=NOW) == {}

    def test_rows_can_be_dropped(self, counting: Driver) -> None:
        """The others stay; one dropped begins anew at zero."""
        counting.add_counts("ns", [sheet({name: {"n": 1, "m": 1} for name in "abc"})], batch="1", now=NOW)
        counting.drop_counts("ns", "day", ["a", "b", "missing"])
        counting.drop_counts("ns", "missing", ["c"])
        counting.add_counts("ns", [sheet({"a": {"n": 5}})], batch="2", now=NOW)
        assert counting.read_counts("ns", ["day"], now=NOW)["day"] == {"a": {"n": 5}, "c": {"n": 1, "m": 1}}

    def test_counts_of_odd_names_are_apart(self, counting: Driver) -> None:
        """Namespaces, sheets, rows and fields, whatever they hold."""
        for number, namespace in enumerate(ODD_NAMES):
            rows: dict[str, Cells] = {row: {field or "f": number for field in ODD_NAMES} for row in ODD_NAMES}
            sheets = [sheet(rows, name=name) for name in ODD_NAMES[:4]]
            counting.add_counts(namespace, sheets, batch=str(number), now=NOW)
        for number, namespace in enumerate(ODD_NAMES):
            found = counting.read_counts(namespace, ODD_NAMES[:4], now=NOW)
            assert all(found[name].keys() == set(ODD_NAMES) for name in ODD_NAMES[:4])
            assert {value for rows in found.values() for cells in rows.values() for value in cells.values()} == {number}

    def test_many_rows_are_added_at_once(self, counting: Driver) -> None:
        """More than any page."""
        counting.add_counts("ns", [sheet({str(n): {"n": n} for n in range(1500)})], batch="1", now=NOW)
        found = counting.read_counts("ns", ["day"], now=NOW)["day"]
        assert found == {str(number): {"n": number} for number in range(1500)}

    def test_counts_are_no_entries(self, counting: Driver) -> None:
        """They are not scanned or counted as such, and stay when entries are cleared."""
        counting.add_counts("ns", [sheet({"a": {"n": 1}})], batch="1", now=NOW)
        assert (counting.scan("ns", now=NOW), counting.usage("ns"), counting.clear("ns")) == ([], Usage(0, 0), 0)
        assert counting.quick_usage("ns") in (None, Usage(0, 0))
        assert counting.read_counts("ns", ["day"], now=NOW)["day"] == {"a": {"n": 1}}
