"""Law 9 for answers nobody thought of: where the bare chain answers, so does the wrapped one; sync and async."""

import asyncio
from datetime import UTC, datetime
from functools import reduce
from operator import add
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda, RunnableParallel, RunnablePick
from pydantic import BaseModel, field_validator

from langcache import Cache, Profile
from langcache.core.entry import Entry
from langcache.runtime.clock import SystemClock
from langcache.runtime.guard import GuardedStore
from langcache.storage.memory import MemoryStore

PROFILE = Profile.of(slots=["who"])
USED = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}


class Model(BaseChatModel):
    """Answers with metadata that LangChain lets pass."""

    told: Any = None
    used: Any = None
    _llm_type = "odd"

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
        message = AIMessage("hello", response_metadata=self.told or {})
        message.usage_metadata = self.used
        return ChatResult(generations=[ChatGeneration(message=message)])


class Short(BaseModel):
    """A class that takes no long name, and says so in its own way."""

    who: str

    @field_validator("who")
    @classmethod
    def _is_short(cls, who: str) -> str:
        if len(who) > 6:
            raise KeyError(who)
        return who


def answers(chain: Runnable[Any, Any], *names: str) -> list[Any]:
    """What the wrapped chain says to each, sync and async."""
    found = []
    for mode in ("mask", "abstract"):
        for run in (lambda on, who: on.invoke({"who": who}), lambda on, who: asyncio.run(on.ainvoke({"who": who}))):
            with Cache("memory://") as cache:
                wrapped = cache.wrap(chain, profile=PROFILE, mode=mode, prompt_version="1")  # type: ignore[arg-type]
                found.append([run(wrapped, who) for who in names])
    return found


@pytest.mark.parametrize(
    ("told", "used"),
    [
        ({"status": {"code": 200}}, USED),
        ({"model_name": ["gpt"]}, USED),
        ({"model": 3}, USED),
        ({"finish_reason": 7}, USED),
        ({}, {"total_tokens": 3}),
        ({}, {**USED, "input_tokens": None}),
        ({}, {**USED, "input_tokens": "1"}),
        ({}, {**USED, "input_token_details": [1]}),
        ({}, object()),
    ],
    ids=["status", "names", "number for a name", "finish", "no count", "none", "text", "list", "object"],
)
def test_metadata_of_any_shape(told: Any, used: Any) -> None:
    """What a provider says beside its answer cannot fail the answer, nor the account of it."""
    chain = ChatPromptTemplate.from_template("{who}") | Model(told=told, used=used)
    assert all([answer.content for answer in found] == ["hello"] * 2 for found in answers(chain, "Ann", "Bob"))


@pytest.mark.parametrize("number", [10**400, -(10**5000)], ids=["401 digits", "5001 digits"])
def test_a_number_of_any_length(number: int) -> None:
    """Longer than a float, or than Python writes by itself."""
    chain = RunnableLambda(lambda user: {"n": number, "for": str(user["who"])})
    expected = [{"n": number, "for": who} for who in ("Ann", "Bob")]
    assert all(found == expected for found in answers(chain, "Ann", "Bob"))


def test_a_class_that_refuses_the_next_user() -> None:
    """With whatever error: that user is answered by the chain."""
    chain = RunnableLambda(lambda user: Short(who=str(user["who"])[:6]))
    assert all([answer.who for answer in found] == ["Ann", "Albert"] for found in answers(chain, "Ann", "Albertine"))


def test_an_answer_that_cannot_be_written_down_is_no_trouble_of_the_store() -> None:
    """It is not stored, an event says so once, and the store goes on being used."""
    store = GuardedStore(MemoryStore(), SystemClock())
    for number in range(5):
        entry = Entry({"at": datetime.now(UTC)}, 0.0, 1.0)
        assert store.put("ns", f"{number}", entry, None, frozenset()).run() is False
        assert asyncio.run(_aput(store, entry)) is False
    assert (store.trouble, store.counts["store errors"]) == (None, 0)
    assert "written down" in (store.take_news() or "")
    assert store.put("ns", "k", Entry("fine", 0.0, 1.0), None, frozenset()).run() is True


async def _aput(store: GuardedStore, entry: Entry) -> bool:
    return await store.put("ns", "k", entry, None, frozenset()).arun()


def test_parts_that_were_picked() -> None:
    """LangChain's dict that adds up is stored, and comes back as one."""
    chain = RunnableLambda(lambda user: {"to": f"Dear {user['who']}", "n": 1, "rest": 2}) | RunnablePick(["to", "n"])
    with Cache("memory://") as cache:
        wrapped = cache.wrap(chain, profile=PROFILE, prompt_version="1")
        found = [wrapped.invoke({"who": who}) for who in ("Ann", "Bob")]
        assert found == [{"to": "Dear Ann", "n": 1}, {"to": "Dear Bob", "n": 1}]
        assert {type(each) for each in found} == {type(chain.invoke({"who": "Ann"}))}
        assert cache.stats(days=1).outcomes == {"miss": 1, "hit": 1}


@pytest.mark.parametrize("text", [True, False], ids=["text", "chat"])
def test_a_prompt_is_an_answer(text: bool) -> None:
    """A chain may end in its prompt, alone or beside other parts; streamed, none of them is lost."""
    prompt = PromptTemplate.from_template("For {who}") if text else ChatPromptTemplate.from_template("For {who}")
    chain = RunnableParallel(said=RunnableLambda(lambda user: f"Hi {user['who']}"), prompt=prompt)
    with Cache("memory://") as cache:
        wrapped = cache.wrap(chain, profile=PROFILE, prompt_version="1")
        for who in ("Ann", "Bob", "Cy"):
            for found in (reduce(add, wrapped.stream({"who": who})), wrapped.invoke({"who": who})):
                assert (found["said"], found["prompt"].to_string()) == (f"Hi {who}", prompt.invoke(who).to_string())
                assert type(found["prompt"]) is type(prompt.invoke(who))
        assert cache.stats(days=1).outcomes == {"miss": 1, "hit": 5}


def test_a_message_in_a_message() -> None:
    """The one that holds the other is the answer."""
    held = ToolMessage("done", tool_call_id="1")
    chain = RunnableLambda(lambda user: AIMessage(f"Hi {user['who']}", additional_kwargs={"after": held}))
    assert all(found[0] == AIMessage("Hi Ann", additional_kwargs={"after": held}) for found in answers(chain, "Ann"))
