"""Law 9, fuzzed through the door: whatever bytes lie where an entry should, the answer is right."""

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings, strategies as st
from langchain_core.output_parsers import PydanticOutputParser, StrOutputParser
from pydantic import BaseModel
from support.chains import PROMPT, SAY, Applicant, founder
from support.models import CountingModel

from langcache import Cache
from langcache.storage.base import Record
from langcache.storage.codec import is_ciphertext, open_sealed, seal

SOAK = bool(os.environ.get("LANGCACHE_SOAK"))
CASES = 30_000 if SOAK else 60
"""Of each of the four runs below."""

fuzzed = settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Plan(BaseModel):
    title: str
    steps: list[str]


SAID = {"text": SAY, "object": json.dumps({"title": "Pitch [startup name]", "steps": ["Visit [university name]"]})}
RIGHT: dict[str, Any] = {
    "text": "Pitch PathAI to MIT and CMU.",
    "object": Plan(title="Pitch PathAI", steps=["Visit MIT and CMU"]),
}


def said(kind: str, prompt: str) -> str:
    """What a model says that was shown placeholders, or else the values."""
    return (
        SAID[kind]
        if "[startup name]" in prompt
        else SAID[kind].replace("[startup name]", "PathAI").replace("[university name]", "MIT and CMU")
    )


PARSERS: dict[str, Any] = {"text": StrOutputParser(), "object": PydanticOutputParser(pydantic_object=Plan)}


class Door:
    """A wrapped chain whose one entry can be exchanged for other bytes."""

    def __init__(self, kind: str) -> None:
        self.cache = Cache("memory://")
        model = CountingModel(say=lambda messages: said(kind, messages[-1].text))
        self.chain = self.cache.wrap(PROMPT | model | PARSERS[kind], profile=Applicant, name="plan", prompt_version="1")
        self.right = RIGHT[kind]
        assert self.chain.invoke(founder()) == self.right
        (self.row,) = self.cache.store.scan("default", now=self.cache.clock.now())
        self.sealed = self.cache.store.get("default", self.row.key, now=self.cache.clock.now()).value  # type: ignore[union-attr]
        self.opened = open_sealed(self.row.key, self.sealed)

    def ask(self, planted: bytes) -> tuple[Any, str]:
        """The answer, and the outcome, with *planted* where the entry was."""
        record = Record(planted, self.row.created_at, None, self.row.labels)
        self.cache.store.put("default", self.row.key, record, now=self.cache.clock.now())
        with self.cache.capture() as events:
            answer = self.chain.invoke(founder())
        return answer, events[-1].outcome

    @property
    def aside(self) -> bytes | None:
        """What lies in quarantine."""
        found = self.cache.store.get("quarantine:default", self.row.key, now=self.cache.clock.now())
        return None if found is None else found.value


@pytest.fixture(params=["text", "object"])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    made = Door(request.param)
    yield made
    made.cache.close()


KNOWN = (type(None), bool, int, float, str, list, dict, tuple, Plan)
Change = Callable[[bytes], bytes]


def overwrite(at: int, new: bytes) -> Change:
    return lambda data: data[: at % (len(data) + 1)] + new + data[at % (len(data) + 1) + len(new) :]


def insert(at: int, new: bytes) -> Change:
    return lambda data: data[: at % (len(data) + 1)] + new + data[at % (len(data) + 1) :]


def cut(at: int, length: int) -> Change:
    return lambda data: data[: at % (len(data) + 1)] + data[at % (len(data) + 1) + length :]


def repeat(at: int, length: int) -> Change:
    return lambda data: data[: at % (len(data) + 1) + length] + data[at % (len(data) + 1) :]


places, few = st.integers(0, 2_000), st.binary(min_size=1, max_size=8)
TOKENS = [b"null", b"[]", b"{}", b'""', b"-1", b"1e999", b"NaN", b"[" * 2_000, b'{"$":"x"}', b"\\ud800", b"\n", b"true"]
tokens = st.sampled_from(TOKENS)
changes = st.one_of(
    st.builds(overwrite, places, few | tokens),
    st.builds(insert, places, few | tokens),
    st.builds(cut, places, st.integers(1, 2_000)),
    st.builds(repeat, places, st.integers(1, 200)),
)
many_changes = st.lists(changes, min_size=1, max_size=4)


def changed(data: bytes, how: list[Change]) -> bytes:
    for change in how:
        data = change(data)
    return data


@pytest.mark.soak
@fuzzed
@given(how=many_changes, anything=st.binary(max_size=300), whole=st.booleans())
@example(how=[cut(0, 2_000)], anything=b"", whole=False)
@example(how=[], anything=b"LCE\x01", whole=True)
def test_other_bytes_are_a_miss_and_set_aside(door: Door, how: list[Change], anything: bytes, whole: bool) -> None:
    """Bytes of any kind, and a real entry with any damage: fetched anew, and kept for whoever wants to look.

    But for what another process may have the key to, which is left alone: see tests/langchain/test_encrypted_cache.py.
    """
    planted = anything if whole else changed(door.sealed, how)
    assume(not is_ciphertext(planted))
    answer, outcome = door.ask(planted)
    assert answer == door.right
    if planted != door.sealed:
        assert (outcome, door.aside) == ("miss", planted)


@pytest.mark.soak
@fuzzed
@given(how=many_changes)
@example(how=[lambda data: data.replace(b'"$c"', b'"c"')])
def test_content_that_passes_the_checksum_is_never_an_error(door: Door, how: list[Change]) -> None:
    """Made by malice or a bug, and sealed well: what it says, built of data and known classes, or fetched anew.

    Whoever can write the checksum can write any answer; a store that others can write to is for encryption.
    """
    answer, outcome = door.ask(seal(door.row.key, changed(door.opened, how)))
    assert answer == door.right or (outcome == "hit" and type(answer) in KNOWN)
