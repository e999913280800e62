"""Law 5: what must never be stored."""

from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from support.chains import PROMPT, Applicant, chain, founder
from support.models import CountingModel

from langcache import Cache


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (AIMessage("cut", response_metadata={"finish_reason": "length"}), "truncated"),
        (AIMessage("cut", response_metadata={"stop_reason": "max_tokens"}), "truncated"),
        (AIMessage("bad", response_metadata={"finish_reason": "content_filter"}), "filtered"),
        (AIMessage("no", response_metadata={"stop_reason": "refusal"}), "refusal"),
        (AIMessage("no", additional_kwargs={"refusal": "I cannot."}), "refusal"),
        (AIMessage("later", response_metadata={"stop_reason": "pause_turn"}), "unfinished"),
        (AIMessage("cut", response_metadata={"done_reason": "length"}), "truncated"),
        (AIMessage("cut", response_metadata={"stopReason": "max_tokens"}), "truncated"),
        (
            AIMessage(
                "cut", response_metadata={"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
            ),
            "truncated",
        ),
        (AIMessage("cut", response_metadata={"status": "in_progress"}), "unfinished"),
        (AIMessage("bad", response_metadata={"finish_reason": "SAFETY"}), "filtered"),
        (AIMessage([{"type": "refusal", "refusal": "No."}]), "refusal"),
        (AIMessage([{"type": "non_standard", "value": {"type": "refusal", "refusal": "No."}}]), "refusal"),
        (AIMessage(""), "empty answer"),
        (AIMessage(" \n"), "empty answer"),
        (AIMessage([]), "empty answer"),
        (AIMessage([{"type": "text", "text": ""}]), "empty answer"),
    ],
)
@pytest.mark.parametrize("parsed", [True, False])
def test_unfit_finishes(message: AIMessage, reason: str, parsed: bool) -> None:
    """Truncated, filtered, refused, unfinished, empty: the user gets it, nobody else does."""
    cache = Cache("memory://")
    runnable: Any = PROMPT | CountingModel(say=message)
    wrapped = cache.wrap(runnable | StrOutputParser() if parsed else runnable, profile=Applicant)
    with cache.capture() as events:
        answer = wrapped.invoke(founder())
    assert (answer if parsed else answer.content) == (message.text if parsed else message.content)
    assert (events[0].outcome, events[0].reason, cache.stats().entries) == ("refused", reason, 0)
    assert cache.stats().refusals == {reason: 1}


@pytest.mark.parametrize(
    "metadata",
    [
        {"finish_reason": "STOP"},
        {"finish_reason": "COMPLETE"},
        {"done_reason": "stop"},
        {"stopReason": "end_turn"},
        {"status": "completed", "object": "response"},
        {"status": "ok"},
    ],
)
def test_whole_answers_in_the_words_of_many_providers(metadata: dict[str, str]) -> None:
    """Each is stored."""
    cache = Cache("memory://")
    model = CountingModel(say=lambda _: AIMessage("Go, [startup name].", response_metadata=metadata))
    wrapped = cache.wrap(PROMPT | model, profile=Applicant)
    assert [wrapped.invoke(founder()).content for _ in range(2)] == ["Go, PathAI."] * 2
    assert cache.stats().outcomes == {"miss": 1, "hit": 1}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "thinking", "thinking": "Hm.", "signature": "x"},
        {"type": "reasoning_content", "reasoning_content": {"text": "Hm.", "signature": "x"}},
    ],
    ids=["Anthropic", "Bedrock"],
)
def test_reasoning_alone_is_no_answer(block: dict[str, Any]) -> None:
    """The model was cut off, or forgot to speak."""
    cache = Cache("memory://")
    wrapped = cache.wrap(PROMPT | CountingModel(say=AIMessage([block])), profile=Applicant)
    with cache.capture() as events:
        wrapped.invoke(founder())
    assert (events[0].outcome, events[0].reason) == ("refused", "empty answer")


def test_errors_are_raised_as_they_are_and_not_stored() -> None:
    """An error is no answer; the next call tries again."""
    cache = Cache("memory://")
    model = CountingModel(say=ValueError("boom"))
    wrapped = cache.wrap(chain(model), profile=Applicant)
    for _ in range(2):
        with pytest.raises(ValueError, match="boom"):
            wrapped.invoke(founder())
    assert (model.calls, cache.stats().entries) == (2, 0)


def test_a_value_that_comes_in_through_another_way_is_refused() -> None:
    """The guard runs in masking mode too: ``configurable`` is not masked, and the model repeats it."""
    cache = Cache("memory://")
    wrapped = cache.wrap(chain(CountingModel(say="We know PathAI well.")), profile=Applicant)
    with cache.capture() as events:
        assert wrapped.invoke(founder()) == "We know PathAI well."
    assert (events[0].outcome, events[0].reason, cache.stats().entries) == ("refused", "leak", 0)
    assert "PathAI" not in str(events)
