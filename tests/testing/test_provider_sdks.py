"""The stand-in against the real SDKs: what it writes is what ChatOpenAI and ChatAnthropic read."""

from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessageChunk
from langchain_openai import AzureChatOpenAI, ChatOpenAI
from pydantic import BaseModel, SecretStr

from langcache.testing.provider import Fault, Provider, Reply, ToolCall
from langcache.testing.provider.answering import sample

Build = Callable[[Provider], Any]


def openai_model(provider: Provider, **options: Any) -> BaseChatModel:
    return ChatOpenAI(
        base_url=provider.openai_url, api_key=SecretStr("test"), model="gpt-4o-mini", max_retries=0, **options
    )


def anthropic_model(provider: Provider, **options: Any) -> BaseChatModel:
    return ChatAnthropic(
        base_url=provider.anthropic_url,
        api_key=SecretStr("test"),
        model_name="claude-haiku-4-5",
        max_retries=0,
        **options,
    )


both = pytest.mark.parametrize("build", [openai_model, anthropic_model], ids=["openai", "anthropic"])


class Plan(BaseModel):
    """A plan."""

    title: str
    steps: list[str]


def search(query: str, limit: int) -> str:
    """Search."""
    raise NotImplementedError


def stop() -> str:
    """Stop."""
    raise NotImplementedError


class Tree(BaseModel):
    """A recursive shape."""

    name: str
    children: "list[Tree]"
    parent: "Tree | None"


PLAN = '{"title": "Pitch", "steps": ["one", "two"]}'


@both
async def test_an_answer_reads_the_same_sync_async_and_streamed(build: Build) -> None:
    """Text and usage arrive whole whichever way the model is called."""
    with Provider(Reply("Hello to you", input_tokens=11, output_tokens=7)) as provider:
        whole = build(provider).invoke("Hi")
        awaited = await build(provider).ainvoke("Hi")
        options = {"stream_usage": True}
        streamed = _sum(list(build(provider, **options).stream("Hi")))
        astreamed = _sum([chunk async for chunk in build(provider, **options).astream("Hi")])
    for message in (whole, awaited, streamed, astreamed):
        assert message.text == "Hello to you"
        assert message.usage_metadata is not None
        assert (message.usage_metadata["input_tokens"], message.usage_metadata["output_tokens"]) == (11, 7)
    assert provider.calls == 4


@both
def test_a_stream_arrives_in_the_pieces_of_the_script(build: Build) -> None:
    """``chunks`` are what the client sees, one by one."""
    with Provider(Reply(chunks=["he", "llo ", "stream"])) as provider:
        texts = [chunk.text for chunk in build(provider).stream("Hi")]
    assert [text for text in texts if text] == ["he", "llo ", "stream"]


@both
@pytest.mark.parametrize("streamed", [False, True])
def test_tool_calls_arrive_with_their_arguments(build: Build, streamed: bool) -> None:
    """Names, ids by count, and arguments survive, also when streamed in fragments."""
    calls = (ToolCall("search", {"query": "späti", "limit": 3}), ToolCall("stop"))
    with Provider(Reply("Let me look.", tool_calls=calls)) as provider:
        model = build(provider).bind_tools([search, stop])
        message = _sum(list(model.stream("Hi"))) if streamed else model.invoke("Hi")
    assert [(call.name, call.args) for call in calls] == [(c["name"], c["args"]) for c in message.tool_calls]
    assert [str(call["id"]).split("_", 1)[1] for call in message.tool_calls] == ["000001_0", "000001_1"]
    assert message.text == "Let me look."


METHODS = [
    (openai_model, "function_calling"),
    (openai_model, "json_schema"),
    (openai_model, "json_mode"),
    (anthropic_model, "function_calling"),
    (anthropic_model, "json_schema"),
]


@pytest.mark.parametrize(("build", "method"), METHODS)
async def test_one_json_reply_serves_every_method_of_structured_output(build: Build, method: str) -> None:
    """A string reply that is a JSON object becomes tool arguments where a tool is forced."""
    expected = Plan(title="Pitch", steps=["one", "two"])
    with Provider(PLAN) as provider:
        chain = build(provider).with_structured_output(Plan, method=method)
        assert expected == chain.invoke("Plan as JSON")
        assert expected == await chain.ainvoke("Plan as JSON")


@pytest.mark.parametrize(
    ("build", "method"), [case for case in METHODS if case[1] != "json_mode"]
)  # json_mode sends no schema to follow
def test_without_a_reply_the_schema_asked_for_is_filled_from_the_question(build: Build, method: str) -> None:
    """The default answer of a structured call is valid for its schema."""
    with Provider() as provider:
        plan = build(provider).with_structured_output(Plan, method=method).invoke("my question")
    assert Plan(title="echo: my question", steps=["echo: my question"]) == plan


def test_a_recursive_schema_is_answered_too() -> None:
    """The made-up answer of a recursive schema ends, and is valid."""
    assert Tree.model_validate(sample(Tree.model_json_schema(), "grow")).name == "grow"


@both
def test_without_a_reply_the_last_user_message_is_echoed(build: Build) -> None:
    """A stand-in without a script still answers."""
    with Provider() as provider:
        history = [("system", "Be brief"), ("user", "first"), ("ai", "ok"), ("user", "second")]
        assert build(provider).invoke(history).text == "echo: second"


@pytest.mark.parametrize(
    ("build", "finish", "read"),
    [
        (openai_model, "length", "length"),
        (openai_model, "max_tokens", "length"),
        (openai_model, "content_filter", "content_filter"),
        (openai_model, "refusal", "content_filter"),
        (anthropic_model, "length", "max_tokens"),
        (anthropic_model, "max_tokens", "max_tokens"),
        (anthropic_model, "content_filter", "refusal"),
        (anthropic_model, "end_turn", "end_turn"),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_why_the_model_stopped_is_said_in_the_vendors_words(
    build: Build, finish: str, read: str, streamed: bool
) -> None:
    """Either vendor's word is understood and translated."""
    with Provider(Reply("cut", finish=finish)) as provider:
        model = build(provider)
        message = _sum(list(model.stream("Hi"))) if streamed else model.invoke("Hi")
    metadata = message.response_metadata
    assert read == (metadata.get("finish_reason") or metadata.get("stop_reason"))


def test_a_refusal_arrives_as_each_vendor_sends_it() -> None:
    """OpenAI has a field for it, Anthropic a stop reason."""
    with Provider(Reply(refusal="I would rather not")) as provider:
        declined = openai_model(provider).invoke("Hi")
        stopped = anthropic_model(provider).invoke("Hi")
    assert declined.additional_kwargs["refusal"] == "I would rather not"
    assert stopped.response_metadata["stop_reason"] == "refusal"


@pytest.mark.parametrize("streamed", [False, True])
def test_thinking_comes_before_the_answer(streamed: bool) -> None:
    """Anthropic's thinking block, whole and streamed."""
    with Provider(Reply("42", reasoning="six times seven")) as provider:
        model = anthropic_model(provider, thinking={"type": "enabled", "budget_tokens": 1024})
        message = _sum(list(model.stream("Hi"))) if streamed else model.invoke("Hi")
    thinking: Any = message.content[0]
    assert (thinking["thinking"], thinking["signature"]) == ("six times seven", "sig_000001")
    assert message.text == "42"


@pytest.mark.parametrize(
    ("build", "fault", "kind", "code"),
    [
        (openai_model, Fault(401), openai.AuthenticationError, "invalid_api_key"),
        (openai_model, Fault(429), openai.RateLimitError, "rate_limit_exceeded"),
        (openai_model, Fault(429, error="insufficient_quota"), openai.RateLimitError, "insufficient_quota"),
        (openai_model, Fault(500), openai.InternalServerError, None),
        (anthropic_model, Fault(401), anthropic.AuthenticationError, "authentication_error"),
        (anthropic_model, Fault(429), anthropic.RateLimitError, "rate_limit_error"),
        (anthropic_model, Fault(529), anthropic.InternalServerError, "overloaded_error"),
    ],
)
def test_errors_are_the_vendors_own(build: Build, fault: Fault, kind: type[Exception], code: str | None) -> None:
    """Class, code and request id of an HTTP error are read by the SDK."""
    with Provider(faults=[fault]) as provider, pytest.raises(kind) as caught:
        build(provider).invoke("Hi")
    error: Any = caught.value
    assert code == getattr(error, "code", None) or code == getattr(error, "type", None)
    assert error.request_id == "req_000001"


@both
def test_an_overload_breaks_a_stream_after_the_pieces_it_lets_through(build: Build) -> None:
    """Two pieces are read, then the SDK raises the vendor's error."""
    seen: list[str] = []
    with Provider("one two three four", faults=[Fault.midstream(after_chunks=2)]) as provider:
        with pytest.raises((openai.APIError, anthropic.APIStatusError)) as caught:
            seen.extend(chunk.text for chunk in build(provider).stream("Hi"))
        assert build(provider).invoke("Hi").text == "one two three four"
    assert getattr(caught.value, "type", None) == "overloaded_error"
    assert [text for text in seen if text] == ["one", " two"]


def test_azure_paths_are_understood() -> None:
    """AzureChatOpenAI reaches the same replies."""
    with Provider("Hello") as provider:
        model = AzureChatOpenAI(
            azure_endpoint=provider.url,
            azure_deployment="mine",
            api_version="2024-10-21",
            api_key=SecretStr("test"),
        )
        assert model.invoke("Hi").text == "Hello"
    assert provider.requests[0].path.partition("?")[0] == "/openai/deployments/mine/chat/completions"


def _sum(chunks: list[BaseMessageChunk]) -> AIMessage:
    total: Any = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    return total  # type: ignore[no-any-return]
