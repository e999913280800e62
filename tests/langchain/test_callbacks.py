"""A hit fires what a chain would fire when anything listens, and sets up nothing when nothing does."""

from typing import Any
from unittest import mock

import pytest
from langchain_core.callbacks import BaseCallbackHandler, UsageMetadataCallbackHandler, get_usage_metadata_callback
from langchain_core.language_models import LLM
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import GenerationChunk
from langchain_core.runnables import RunnableLambda
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler
from support.chains import PROMPT, SAY, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache, install, uninstall


class Listener(BaseCallbackHandler):
    """Writes down the events of the wrapped chain."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []

    def on_chain_start(self, serialized: Any, inputs: Any, *, metadata: Any = None, **kwargs: Any) -> None:
        if kwargs.get("name") == "plan":
            self.metadata = metadata
            self.seen.append(("start", inputs["startup_name"]))

    def on_chain_end(self, outputs: Any, *, parent_run_id: Any = None, **_: Any) -> None:
        if parent_run_id is None:
            self.seen.append(("end", outputs))

    def on_chain_error(self, error: BaseException, *, parent_run_id: Any = None, **_: Any) -> None:
        if parent_run_id is None:
            self.seen.append(("error", type(error).__name__))


@pytest.mark.parametrize("how", ["sync", "async"])
async def test_start_and_end_with_the_outcome_in_metadata(how: str) -> None:
    """Miss and hit alike; the run that failed fires its error."""
    cache = Cache("memory://")
    model = CountingModel(say=SAY)
    wrapped = cache.wrap(chain(model), profile=Applicant, name="plan")
    for outcome, name in (("miss", "A1 Corp"), ("hit", "B2 Corp")):
        listener = Listener()
        config: Any = {"callbacks": [listener]}
        user = founder(startup_name=name)
        answer = wrapped.invoke(user, config) if how == "sync" else await wrapped.ainvoke(user, config)
        assert listener.seen == [("start", name), ("end", answer)]
        assert listener.metadata["langcache_outcome"]["outcome"] == outcome
    listener = Listener()
    model.say = ValueError("x")
    user, config = founder(background="nurse"), {"callbacks": [listener]}
    with pytest.raises(ValueError, match="x"):
        wrapped.invoke(user, config) if how == "sync" else await wrapped.ainvoke(user, config)
    assert listener.seen == [("start", "PathAI"), ("error", "ValueError")]


def test_a_hit_counts_no_tokens() -> None:
    """LangChain's own usage counters see a hit as zero tokens."""
    cache = Cache("memory://")
    wrapped = cache.wrap(PROMPT | CountingModel(say=SAY), profile=Applicant)
    with get_usage_metadata_callback() as usage:
        first = wrapped.invoke(founder())
        second = wrapped.invoke(founder())
    assert isinstance(usage, UsageMetadataCallbackHandler)
    assert (first.usage_metadata["total_tokens"], second.usage_metadata["total_tokens"]) == (30, 0)


def test_a_hit_is_a_child_of_its_parent_run() -> None:
    """In a pipe the tracer sees the wrapped chain where it stands."""
    cache = Cache("memory://")
    wrapped = cache.wrap(chain(CountingModel(say=SAY)), profile=Applicant, name="plan")
    outer = RunnableLambda(lambda user: user) | wrapped
    for _ in range(2):
        collector = RunCollectorCallbackHandler()
        outer.invoke(founder(), {"callbacks": [collector]})
        (root,) = collector.traced_runs
        assert [run.name for run in root.child_runs] == ["RunnableLambda", "plan"]
        assert root.child_runs[1].outputs == {"output": "Pitch PathAI to MIT and CMU."}


def test_nothing_is_set_up_where_nothing_listens() -> None:
    """No run manager is made on a hit."""
    cache = Cache("memory://")
    wrapped = cache.wrap(chain(CountingModel(say=SAY)), profile=Applicant)
    wrapped.invoke(founder())
    with mock.patch("langchain_core.callbacks.manager._configure", side_effect=AssertionError("set up")):
        assert wrapped.invoke(founder()) == "Pitch PathAI to MIT and CMU."


class TextModel(LLM):
    """Streams a text."""

    @property
    def _llm_type(self) -> str:
        return "text"

    def _call(self, prompt: str, stop: Any = None, run_manager: Any = None, **_: Any) -> str:
        return "Hi"

    async def _astream(self, prompt: str, stop: Any = None, run_manager: Any = None, **_: Any) -> Any:
        for letter in "Hi":
            await run_manager.on_llm_new_token(letter)
            yield GenerationChunk(text=letter)


@pytest.mark.parametrize("door", ["wrapped", "installed", "handler"])
async def test_text_models_tell_whoever_else_listens(door: str) -> None:
    """LangChain tells inline handlers only of an async text model's start, if there is one."""
    cache = Cache("memory://")
    text = TextModel()
    asked = cache.wrap(text | StrOutputParser()) if door == "wrapped" else text
    config: Any = {"callbacks": [cache.handler()]} if door == "handler" else {}
    if door == "installed":
        install(cache)
    try:
        told = [event["event"] async for event in asked.astream_events("Hello", config, version="v2")]
    finally:
        uninstall()
    assert [name for name in told if "llm" in name] == ["on_llm_start", *["on_llm_stream"] * 2, "on_llm_end"]
