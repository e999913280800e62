"""Labels stay few, whatever the traffic."""

from hypothesis import given, strategies as st

from langcache.core.events import Event
from langcache.metrics.labels import OTHER, Bounded, Labels


@given(st.lists(st.text()), st.integers(0, 5))
def test_names_beyond_the_limit_are_one(names: list[str], limit: int) -> None:
    """The first are told apart for good, in whatever order they come back."""
    bounded = Bounded(limit)
    kept = list(dict.fromkeys(names))[:limit]
    for name in [*names, *names]:
        assert bounded(name) == (name if name in kept else OTHER)


def test_a_reason_is_labelled_without_where_it_stood() -> None:
    """Positions in texts are without end."""
    event = Event("plan", outcome="bypass", reason="cannot be filled for this user: leak (slot name, at 12)")
    assert Labels().not_stored(event) == "cannot be filled for this user: leak"


def test_a_reason_is_a_label_only_of_what_was_not_stored() -> None:
    """A hit may carry news of the store."""
    event = Event("plan", outcome="hit", reason="the store has become slow; chains run without it")
    assert (Labels().not_stored(event), Labels().failure(event)) == (None, None)
    assert Labels().not_stored(Event("plan", outcome="refused")) == "unknown"
    assert Labels().failure(Event("plan", reason="error: TimeoutError")) == "TimeoutError"
