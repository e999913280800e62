"""What users write is typed, as mypy sees it in strict mode."""

from pathlib import Path

from mypy import api

APP = """
from typing import assert_type

from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable

from langcache import Cache, Profile
from langcache.economics import Scenario

cache = Cache("memory://")
model = FakeListChatModel(responses=["Hello"])
chain = cache.wrap(ChatPromptTemplate.from_template("{name}") | model | StrOutputParser(), profile=Profile)


def answer(name: str) -> str:
    return chain.invoke({"name": name})


assert_type(cache.wrap(model, mode="abstract"), FakeListChatModel)
cache.wrap(lambda user: f"Dear {user['name']}", prompt_version="v1").invoke({"name": "Ada"})
cache.wrap(model, mode="masked")  # type: ignore[call-overload]
cache.wrap("model")  # type: ignore[call-overload]
Scenario("hybrid", users=1_500, cost_per_call_usd=0.50, hit_rate="0.75")
"""


def test_an_app_around_a_wrapped_chain_passes_mypy_in_strict_mode(tmp_path: Path) -> None:
    """A wrapped chain answers with the chain's type, a wrapped model is of its own, a mistyped option is told."""
    (tmp_path / "app.py").write_text(APP)
    said, trouble, status = api.run(["--strict", str(tmp_path / "app.py")])
    assert (status, trouble) == (0, ""), said
