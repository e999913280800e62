"""A canary run: every store behind every door, and no user ever reads what is another's.

A million fills with ``LANGCACHE_SOAK=1``, a few thousand else. Each user's details are words nobody else has, so an
answer that is not theirs, to the letter, shows.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.prompts import ChatPromptTemplate

from langcache import Cache, CacheMiddleware, ChainPolicy, Feature, Profile, Slot
from langcache.storage.encrypted import generate_key
from langcache.testing.redis_server import RedisServer

SOAK = bool(os.environ.get("LANGCACHE_SOAK"))
FILLS, AGENT_FILLS = (29_000, 5_000) if SOAK else (60, 15)
KINDS = 10
WORD = "Zebrafinch"
"""What every answer holds and no key, label or detail does."""

User = dict[str, str]
Ask = Callable[[User], str]

PROFILE = Profile.of(features={"kind": Feature()}, slots={"company": Slot(required=True), "city": Slot(required=True)})
PROMPT = ChatPromptTemplate.from_messages([("human", "{kind}|{company}|{city}")])
POLICY = ChainPolicy("plan", profile=PROFILE)


class Teller(BaseChatModel):
    """Answers with the kind and the details it was shown, whole or in chunks."""

    @property
    def _llm_type(self) -> str:
        return "teller"

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(told(*messages[-1].text.split("|"))))])

    def _stream(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> Iterator[Any]:
        text = told(*messages[-1].text.split("|"))
        for at in range(0, len(text), 7):
            yield ChatGenerationChunk(message=AIMessageChunk(text[at : at + 7]))

    def bind_tools(self, tools: Any, **_: Any) -> Any:
        return self


def told(kind: str, company: str, city: str) -> str:
    return f"{WORD}! As a {kind}, take {company} to {city}; then bring {company} home."


def user(number: int) -> User:
    letters = "".join("bcdfghklmn"[int(digit)] + "aeiouaeiou"[int(digit)] for digit in f"{number:06d}")
    return {
        "kind": f"kind{number % KINDS}",
        "company": f"{letters.capitalize()}co",
        "city": f"{letters.capitalize()}ville",
    }


# The doors.


def chain(**declared: Any) -> Callable[[Cache], Ask]:
    def door(cache: Cache) -> Ask:
        wrapped = cache.wrap(PROMPT | Teller() | StrOutputParser(), profile=PROFILE, name="plan", **declared)
        return lambda user: str(wrapped.invoke(user))

    return door


def stream(cache: Cache) -> Ask:
    wrapped = cache.wrap(PROMPT | Teller() | StrOutputParser(), profile=PROFILE, name="streamed")
    return lambda user: "".join(wrapped.stream(user))


def model(cache: Cache) -> Ask:
    told_kind = ChatPromptTemplate.from_messages([("human", "{kind}|{company}|{city}")])
    wrapped = told_kind | cache.wrap(Teller(), profile=PROFILE, name="model") | StrOutputParser()

    def ask(user: User) -> str:
        with cache.user(user):
            return str(wrapped.invoke(user))

    return ask


def llm_cache(cache: Cache) -> Ask:
    cached = Teller(cache=cache.llm_cache([POLICY]), callbacks=[cache.handler([POLICY])])
    app = PROMPT | cached | StrOutputParser()
    return lambda user: str(app.invoke(user, {"run_name": "plan"}))


def agent(cache: Cache) -> Ask:
    app: Any = create_agent(Teller(), [], middleware=[CacheMiddleware(cache, profile=PROFILE, name="agent")])

    def ask(user: User) -> str:
        with cache.user(user):
            return str(app.invoke({"messages": [("human", "|".join(user.values()))]})["messages"][-1].content)

    return ask


DOORS: dict[str, Callable[[Cache], Ask]] = {
    "mask": chain(),
    "abstract": chain(mode="abstract"),
    "stream": stream,
    "model": model,
    "llm_cache": llm_cache,
    "agent": agent,
}

# The stores: a URL's kind, a prefix, whether it is encrypted.

STORES = {
    "memory": ("memory", "", False),
    "sqlite": ("sqlite", "", False),
    "redis": ("redis", "", False),
    "cluster": ("cluster", "", False),
    "tiered": ("redis", "tiered+", False),
    "encrypted sqlite": ("sqlite", "", True),
    "encrypted redis": ("redis", "", True),
}


@pytest.mark.soak
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("store", STORES)
def test_nobody_reads_what_is_anothers(
    store: str,
    door: str,
    make_url: Callable[[str], str],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Every answer is its user's own, to the letter; no detail is at rest, and where there is a key, no answer."""
    kind, prefix, is_encrypted = STORES[store]
    fills = AGENT_FILLS if door == "agent" else FILLS
    users = [user(number) for number in range(fills)]
    keys = [generate_key()] if is_encrypted else []
    with Cache(prefix + make_url(kind), encryption_keys=keys) as cache:
        ask = DOORS[door](cache)
        wrong = [told for someone in users if (told := ask(someone)) != expected(someone)]
        assert wrong == []
        assert_saved(cache, fills, is_left_alone="run without it" in caplog.text)
        at_rest = dump(kind, request, tmp_path)
    for someone in users[:50] + users[-50:]:
        assert [name for name in ("company", "city") if someone[name].encode() in at_rest] == []
    if kind != "memory":
        assert (WORD.encode() in at_rest) is not is_encrypted


def assert_saved(cache: Cache, fills: int, *, is_left_alone: bool) -> None:
    """One call for each kind; more only where a busy machine made the store slow or late, so that it was left alone."""
    found = cache.stats()
    if is_left_alone or found.store_errors:
        assert set(found.outcomes) == {"miss", "hit"}
    else:
        assert found.outcomes == {"miss": KINDS, "hit": fills - KINDS}


def expected(user: User) -> str:
    return told(*user.values())


def dump(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> bytes:
    """All bytes the store holds."""
    if kind == "memory":
        return b""
    if kind == "sqlite":
        return b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    found = request.getfixturevalue("redis_server" if kind == "redis" else "redis_cluster")
    return b"".join(held(node) for node in (found if isinstance(found, list) else [found]))


def held(node: RedisServer) -> bytes:
    """Every key of one server and what is under it, as the server writes it to disk."""
    keys = node.ask("KEYS", "*")
    return b"".join(key + (node.ask("DUMP", key) or b"") for key in keys)
