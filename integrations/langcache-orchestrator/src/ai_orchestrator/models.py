"""The two models, each as its vendor's own LangChain client; where they are is somebody else's business."""

import os
from dataclasses import dataclass
from typing import Any, Literal

from ai_orchestrator.trouble import WRONGLY_CALLED, Trouble

__all__ = ["PRICES", "REPLAYED", "Crew", "Endpoint", "Member", "hire", "live_endpoint"]

GPT, CLAUDE = "gpt-4.1", "claude-sonnet-5"
PRICES = {GPT: {"input": "0.002", "output": "0.008"}, CLAUDE: {"input": "0.002", "output": "0.010"}}
"""USD per 1,000 tokens, as listed when the cassette was recorded; live runs are priced by the newest list."""

MAX_TOKENS = 16_000
"""Enough for a phase's files; an answer that is cut off fails its stage."""


@dataclass(frozen=True)
class Endpoint:
    """Where the providers are and what opens them.

    Attributes:
        openai_url, anthropic_url: None for the vendor's own, or what the SDK finds in the environment.
        source: ``"live"``, or ``"replayed"``; in the agent version, so that neither serves what the other said.
        retries: per request, by the vendor's SDK.
    """

    openai_key: str
    anthropic_key: str
    openai_url: str | None = None
    anthropic_url: str | None = None
    source: Literal["live", "replayed"] = "live"
    retries: int = 3


REPLAYED = Endpoint("replayed", "replayed", "https://api.openai.com/v1", "https://api.anthropic.com", "replayed", 0)
"""For cassettes: the URLs are written down so that no environment variable moves them."""


@dataclass(frozen=True)
class Member:
    """One model.

    Attributes:
        client: the chat model.
        version: the agent version of what it makes.
        schema_by: how its vendor enforces the shape of an answer.
    """

    client: Any
    version: str
    schema_by: Literal["json_schema", "function_calling"]


@dataclass(frozen=True)
class Crew:
    """Who works on the project."""

    gpt: Member
    claude: Member


def hire(endpoint: Endpoint) -> Crew:
    """Both models at *endpoint*."""
    from langchain_anthropic import ChatAnthropic
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    gpt = ChatOpenAI(
        model=GPT,
        base_url=endpoint.openai_url,
        api_key=SecretStr(endpoint.openai_key),
        max_retries=endpoint.retries,
    )
    claude = ChatAnthropic(
        model=CLAUDE,
        base_url=endpoint.anthropic_url,
        api_key=SecretStr(endpoint.anthropic_key),
        max_tokens=MAX_TOKENS,
        max_retries=endpoint.retries,
        timeout=None,
        stop=None,
    )
    return Crew(
        Member(gpt, f"{GPT}, {endpoint.source}", "json_schema"),
        Member(claude, f"{CLAUDE}, {endpoint.source}", "function_calling"),
    )


def live_endpoint() -> Endpoint:
    """OpenAI and Anthropic, with the keys of the environment.

    Raises:
        Trouble: a key is missing; names the variable.
    """
    return Endpoint(_key("OPENAI_API_KEY"), _key("ANTHROPIC_API_KEY"))


def _key(variable: str) -> str:
    key = os.environ.get(variable, "")
    if not key:
        raise Trouble(f"{variable} is not set: a live run needs OPENAI_API_KEY and ANTHROPIC_API_KEY", WRONGLY_CALLED)
    return key
