"""LangSmith, through LangChain's own tracer, and Langfuse, through what a callback is given: a hit cost nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.outputs import LLMResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable
from langchain_core.tracers import LangChainTracer
from langsmith import Client
from support.chains import Applicant
from support.models import CountingModel

from langcache import Cache

ZERO = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
PAID = {"input_tokens": 10, "output_tokens": 20, "total_tokens": 30}
PROMPT = ChatPromptTemplate.from_template("Plan for a {background} of {startup_name}.")
ADA = {"background": "founder", "startup_name": "PathAI"}
BOB = {"background": "ceo", "startup_name": "Quantix"}


def model(**more: Any) -> CountingModel:
    """Pitches what it is told, a name or its placeholder."""

    def pitch(messages: Any) -> AIMessage:
        used: Any = PAID
        return AIMessage(f"Pitch {messages[-1].text.rpartition(' of ')[2]}", usage_metadata=used)

    return CountingModel(say=pitch, **more)


class Project(Client):
    """What LangSmith would have been sent: runs by their id, as they were when they ended."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9", api_key="none", auto_batch_tracing=False)
        self.sent: dict[Any, dict[str, Any]] = {}

    def create_run(self, *args: Any, **run: Any) -> None:
        """Instead of a request."""
        self.sent[run["id"]] = run

    def update_run(self, run_id: Any, **run: Any) -> None:
        """Instead of a request."""
        self.sent[run_id].update(run)

    def calls(self) -> list[dict[str, Any]]:
        """The runs of models."""
        return [run for run in self.sent.values() if run["run_type"] == "llm"]


class Generations(BaseCallbackHandler):
    """What Langfuse's handler reads: the result of each model run."""

    def __init__(self) -> None:
        self.results: list[LLMResult] = []

    def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        self.results.append(response)


def wrapped_model(cache: Cache) -> Runnable[Any, Any]:
    return PROMPT | cache.wrap(model(), profile=Applicant, name="plan", prompt_version="v1")


def cached_model(cache: Cache) -> Runnable[Any, Any]:
    policy: Any = {"profile": Applicant, "name": "plan", "prompt_version": "v1"}
    return PROMPT | model(cache=cache.llm_cache(**policy), callbacks=[cache.handler(**policy)])


def wrapped_chain(cache: Cache) -> Runnable[Any, Any]:
    chain: Runnable[Any, Any] = PROMPT | model()
    wrapped: Runnable[Any, Any] = cache.wrap(chain, profile=Applicant, name="plan", prompt_version="v1")
    return wrapped


Door = Callable[[Cache], Runnable[Any, Any]]
MODELS = pytest.mark.parametrize("door", [wrapped_model, cached_model])
BOTH = pytest.mark.parametrize("how", ["sync", "async", "stream"])


async def ask(chain: Runnable[Any, Any], cache: Cache, user: Any, how: str, listener: Any) -> None:
    config: Any = {"callbacks": [listener]}
    with cache.user(user):
        if how == "sync":
            chain.invoke(user, config)
        elif how == "stream":
            list(chain.stream(user, config))
        else:
            await chain.ainvoke(user, config)


def usage_of(run: dict[str, Any]) -> dict[str, Any]:
    """The tokens LangSmith books for a run."""
    found: dict[str, Any] = run["extra"]["metadata"]["usage_metadata"]
    return {name: found[name] for name in ZERO}


def message_of(run: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = run["outputs"]["generations"][0][0]["message"]["kwargs"]
    return message


@MODELS
@BOTH
async def test_langsmith_books_no_tokens_for_a_hit(door: Door, how: str) -> None:
    """What the answer once took is in its metadata."""
    cache = Cache("memory://")
    chain = door(cache)
    runs = []
    for user in (ADA, BOB):
        project = Project()
        await ask(chain, cache, user, how, LangChainTracer(client=project))
        (run,) = project.calls()
        assert run.get("error") is None
        runs.append(run)
    miss, hit = runs
    assert (usage_of(miss), usage_of(hit)) == (PAID, ZERO)
    told = message_of(hit)["response_metadata"]["langcache"]
    assert (told["outcome"], told["usage"]) == ("hit", PAID)
    assert message_of(hit)["content"] == "Pitch Quantix."


@MODELS
@BOTH
async def test_langfuse_is_given_no_tokens_for_a_hit(door: Door, how: str) -> None:
    """It reads the result's own totals first, then those of the message."""
    cache = Cache("memory://")
    chain, listener = door(cache), Generations()
    for user in (ADA, BOB):
        await ask(chain, cache, user, how, listener)
    hit = listener.results[1]
    message: Any = hit.generations[0][0]
    assert not {"token_usage", "usage"} & set(hit.llm_output or {})
    assert {name: message.message.usage_metadata[name] for name in ZERO} == ZERO
    assert message.message.response_metadata["langcache"]["usage"] == PAID


@pytest.mark.parametrize("how", ["sync", "async"])
async def test_a_hit_of_a_chain_has_no_run_of_a_model(how: str) -> None:
    """It ran none; the chain's own run says so."""
    cache = Cache("memory://")
    chain = wrapped_chain(cache)
    models = []
    for user in (ADA, BOB):
        project = Project()
        await ask(chain, cache, user, how, LangChainTracer(client=project))
        (root,) = (run for run in project.sent.values() if run["parent_run_id"] is None)
        models.append(len(project.calls()))
    assert models == [1, 0]
    assert root["name"] == "plan"
    assert root["extra"]["metadata"]["langcache_outcome"]["outcome"] == "hit"
    answer = root["outputs"]["output"]
    assert answer.usage_metadata == ZERO
    assert answer.response_metadata["langcache"]["usage"] == PAID
