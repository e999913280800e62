"""``with cache.user``, ``directives`` and ``capture`` around a stream that a server runs."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from contextvars import copy_context
from typing import Any

import pytest

from langcache import Cache
from langcache.runtime.ambient import ambient_directives, ambient_user

CACHE = Cache("memory://")
BLOCKS: dict[str, tuple[Callable[[], AbstractContextManager[Any]], Callable[[], Any]]] = {
    "user": (lambda: CACHE.user({"name": "Ada"}), ambient_user),
    "directives": (lambda: CACHE.directives("no-store"), ambient_directives),
    "capture": (CACHE.capture, lambda: None),
}
blocks = pytest.mark.parametrize("block", BLOCKS)


def streamed(block: str) -> Iterator[int]:
    with BLOCKS[block][0]():
        yield from range(2)


@blocks
def test_a_stream_that_is_asked_in_one_context_after_another(block: str) -> None:
    """As servers do with a generator: each step in a copy of the request's context, in some thread."""
    stream = streamed(block)
    assert [copy_context().run(next, stream, None) for _ in range(3)] == [0, 1, None]


@blocks
def test_streams_that_take_turns(block: str) -> None:
    """The one that began first ends first; when both have, nothing is left of either."""
    told = BLOCKS[block][1]
    before, one, other = told(), streamed(block), streamed(block)
    next(one), next(other)
    during = told()
    assert list(one) == [1]
    assert told() == during[:1] if block == "directives" else told() == during
    assert list(other) == [1]
    assert told() == before


def test_blocks_that_set_the_same_end_one_by_one() -> None:
    """Each takes out its own."""
    ada = {"name": "Ada"}
    with CACHE.user(ada):
        with CACHE.user(ada):
            pass
        assert ambient_user() == ada
    assert ambient_user() == {}
