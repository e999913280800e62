"""One failure is one HTTP call through the copy, however the model was made or used before."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import FakeListChatModel
from langchain_openai import AzureChatOpenAI, ChatOpenAI
from pydantic import SecretStr

from langcache.langchain.sdk_retries import sdk_retries_of, without_sdk_retries
from langcache.testing.provider import Fault, Provider

KEY = SecretStr("test")
FAILING = [Fault(500, headers={"retry-after-ms": "1"})] * 9
BUILDS: dict[str, Callable[[Provider], Any]] = {
    "openai": lambda provider: ChatOpenAI(base_url=provider.openai_url, api_key=KEY, model="m"),
    "openai-6": lambda provider: ChatOpenAI(base_url=provider.openai_url, api_key=KEY, model="m", max_retries=6),
    "anthropic": lambda provider: ChatAnthropic(base_url=provider.anthropic_url, api_key=KEY, model="m"),
    "azure": lambda provider: AzureChatOpenAI(
        azure_endpoint=provider.url, azure_deployment="d", api_version="2024-10-21", api_key=KEY
    ),
}
models = pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS.keys())


def search(query: str) -> str:
    """Search."""
    raise NotImplementedError


def calls_of(provider: Provider, model: Any) -> int:
    """HTTP calls one failing call makes."""
    before = provider.calls
    with pytest.raises(Exception, match="500"):
        model.invoke("Hi")
    return provider.calls - before


async def acalls_of(provider: Provider, model: Any) -> int:
    """The same, async."""
    before = provider.calls
    with pytest.raises(Exception, match="500"):
        await model.ainvoke("Hi")
    return provider.calls - before


@models
async def test_one_failure_is_one_http_call_through_the_copy(build: Callable[[Provider], Any]) -> None:
    """Sync and async, alone and with tools bound before or after."""
    with Provider(faults=FAILING) as provider:
        model = build(provider)
        copy = without_sdk_retries(model)
        assert await acalls_of(provider, copy) == calls_of(provider, copy) == 1
        assert calls_of(provider, copy.bind_tools([search])) == 1
        assert calls_of(provider, without_sdk_retries(model.bind_tools([search]))) == 1
        assert "tools" in provider.requests[-1].json
        assert sdk_retries_of(copy) == 0


@models
async def test_a_model_used_before_is_copied_as_well(build: Callable[[Provider], Any]) -> None:
    """Clients that exist already do not come along with their retries."""
    with Provider() as provider:
        model = build(provider)
        model.invoke("Hi")
        await model.ainvoke("Hi")
        provider.fail(*FAILING)
        copy = without_sdk_retries(model)
        assert await acalls_of(provider, copy) == calls_of(provider, copy) == 1


@models
def test_the_original_keeps_its_retries(build: Callable[[Provider], Any]) -> None:
    """The user's own model is not changed."""
    with Provider(faults=FAILING) as provider:
        model = build(provider)
        retries = sdk_retries_of(model)
        assert without_sdk_retries(model) is not model
        assert sdk_retries_of(model) == retries
        assert calls_of(provider, model) == 1 + (retries or 0)


@models
def test_a_copy_is_not_copied_again(build: Callable[[Provider], Any]) -> None:
    """Nothing is left to turn off."""
    with Provider() as provider:
        copy = without_sdk_retries(build(provider))
        assert without_sdk_retries(copy) is copy


@pytest.mark.parametrize("unknown", [FakeListChatModel(responses=["a"]), "not a model", None])
def test_what_is_not_known_comes_back_as_it_is(unknown: Any) -> None:
    """And nothing is claimed about it."""
    assert without_sdk_retries(unknown) is unknown
    assert sdk_retries_of(unknown) is None


class LazyModel(FakeListChatModel):
    """A model that reads its field at every call."""

    max_retries: int = 4


def test_a_model_with_the_field_alone_is_copied_with_it_off() -> None:
    """Where no client is built, the field is what counts."""
    model = LazyModel(responses=["a"])
    assert sdk_retries_of(model) == 4
    assert sdk_retries_of(without_sdk_retries(model)) == 0
    assert model.max_retries == 4
