"""The real providers, opened with the keys of the environment."""

import os

from langcache.cli.demo.chains import Endpoint
from langcache.cli.trouble import WRONGLY_CALLED, Trouble

__all__ = ["live_endpoint"]


def live_endpoint() -> Endpoint:
    """OpenAI and Anthropic at their own URLs.

    Raises:
        Trouble: a key is not in the environment; names the variable.
    """
    return Endpoint(_key("OPENAI_API_KEY", "OpenAI"), _key("ANTHROPIC_API_KEY", "Anthropic"))


def _key(variable: str, provider: str) -> str:
    key = os.environ.get(variable, "")
    if not key:
        raise Trouble(f"{variable} is not set: real calls to {provider} need an API key", WRONGLY_CALLED)
    return key
