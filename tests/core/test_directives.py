"""Directives: RFC 9111 words, read strictly and combined with the narrowest first."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from langcache.core.directives import NONE, Directives, combine, from_config, parse
from langcache.errors import DeclarationError

seconds = st.none() | st.floats(0, 1e6)
levels = st.builds(
    Directives,
    no_store=st.booleans(),
    no_cache=st.booleans(),
    only_if_cached=st.booleans(),
    max_age_s=seconds,
    stale_if_error_s=seconds,
    stale_while_revalidate_s=seconds,
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no-store", Directives(no_store=True)),
        (" No-Cache ", Directives(no_cache=True)),
        ("only-if-cached,", Directives(only_if_cached=True)),
        ("max-age=60", Directives(max_age_s=60)),
        ("MAX-AGE = 0", Directives(max_age_s=0)),
        ('stale-if-error="1.5"', Directives(stale_if_error_s=1.5)),
        ("no-cache , stale-while-revalidate=5", Directives(no_cache=True, stale_while_revalidate_s=5)),
        (["no-cache", "max-age=1, no-store"], Directives(no_cache=True, max_age_s=1, no_store=True)),
        (("max-age=1", "max-age=2"), Directives(max_age_s=2)),
        ({"no-store"}, Directives(no_store=True)),
        (Directives(no_store=True), Directives(no_store=True)),
        ("", NONE),
        (" , ", NONE),
        ([], NONE),
        (None, NONE),
    ],
)
def test_directives_are_read(written: Any, read: Directives) -> None:
    """Every form, in one text or in several."""
    assert read == parse(written)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("no-sotre", "'no-sotre'; did you mean 'no-store'"),
        ("max_age=5", "did you mean 'max-age'"),
        ("nostore", "did you mean 'no-store'"),
        ("only-if-cache", "did you mean 'only-if-cached'"),
        ("private", "known are no-store, no-cache"),
        ("max-age", "needs its seconds: max-age=60"),
        ("max-age=1h", "needs its seconds: max-age=60"),
        ("max-age=-1", "needs its seconds: max-age=60"),
        ("max-age=", "unknown|needs"),
        ("max-age=-1", "max-age"),
        ("max-age=soon", "max-age"),
        ("stale-if-error", "needs its seconds"),
        ("no-store=1", "takes no value"),
        ("no-store no-cache", "unknown"),
        (5, "not int"),
        (["no-store", None], "not NoneType"),
        (b"no-store", "not int"),
    ],
)
def test_what_is_misspelt_is_an_error_and_not_ignored(written: Any, says: str) -> None:
    """A person who wrote ``no-sotre`` wants no storing; silence would store."""
    with pytest.raises(DeclarationError, match=says):
        parse(written)


@given(st.lists(levels, max_size=4))
def test_no_store_beats_everything(asked: list[Directives]) -> None:
    """At whatever level it is said."""
    assert combine(asked).no_store == any(level.no_store for level in asked)


@given(st.lists(levels, max_size=4))
def test_the_narrowest_that_speaks_of_reading_decides_it(asked: list[Directives]) -> None:
    """A call's ``no-cache`` is not joined by a chain's ``only-if-cached``, which together could answer nothing."""
    decides = next((level for level in asked if level.governs_reading), NONE)
    whole = combine(asked)
    assert (whole.no_cache, whole.only_if_cached, whole.max_age_s) == (
        decides.no_cache,
        decides.only_if_cached,
        decides.max_age_s,
    )


@given(st.lists(levels, max_size=4))
def test_each_stale_allowance_is_that_of_the_narrowest_who_gave_one(asked: list[Directives]) -> None:
    """Zero seconds is an allowance too: none."""
    for name in ("stale_if_error_s", "stale_while_revalidate_s"):
        given = [getattr(level, name) for level in asked if getattr(level, name) is not None]
        assert getattr(combine(asked), name) == (given[0] if given else None)


@given(levels, levels, levels)
def test_levels_may_be_combined_in_any_grouping(call: Directives, user: Directives, chain: Directives) -> None:
    """Associative, with nothing said as the neutral level; so each place may combine what it knows."""
    whole = combine([call, user, chain])
    assert whole == combine([combine([call, user]), chain]) == combine([call, combine([user, chain])])
    assert whole == combine([NONE, call, NONE, user, chain, NONE]) == combine([whole]) == combine([whole, whole])


@pytest.mark.parametrize(
    ("metadata", "tags", "whole"),
    [
        (None, None, NONE),
        ({}, [], NONE),
        ({"langcache": "no-store"}, None, Directives(no_store=True)),
        ({"langcache": ["no-cache", "max-age=5"]}, [], Directives(no_cache=True, max_age_s=5)),
        ({"langcache": {"no-store"}}, None, Directives(no_store=True)),
        ({"langcache": Directives(no_cache=True)}, None, Directives(no_cache=True)),
        (None, ["langcache:no-cache", "other", "langcache:max-age=5"], Directives(no_cache=True, max_age_s=5)),
        ({"langcache": "no-cache"}, ["langcache:only-if-cached"], Directives(no_cache=True)),
        ({"langcache": "no-cache"}, ["langcache:no-store"], Directives(no_cache=True, no_store=True)),
        ({"langcache": {"features": {}}}, ["langcache"], NONE),
    ],
)
def test_a_config_holds_directives_in_metadata_and_tags(metadata: Any, tags: Any, whole: Directives) -> None:
    """Metadata is narrower than tags; what else lies under our name there is no directive."""
    assert whole == combine(from_config(metadata, tags))


@pytest.mark.parametrize(
    "config", [({"langcache": "no-sotre"}, None), ({"langcache": [5]}, None), ({}, ["langcache:x"])]
)
def test_a_wrong_directive_in_a_config_raises(config: Any) -> None:
    """A wrong declaration is one of the few things that may reach the caller."""
    with pytest.raises(DeclarationError):
        from_config(*config)
