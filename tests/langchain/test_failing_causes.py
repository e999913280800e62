"""An error keeps the causes it had."""

from typing import Annotated

import pytest
from langchain_core.runnables import RunnableLambda

from langcache import Cache, Feature, Profile


class Applicant(Profile):
    background: Annotated[str, Feature()]


def fail(_: object) -> str:
    raise ValueError("the parser failed")


@pytest.mark.timeout(20)
@pytest.mark.parametrize("nested", [False, True], ids=["alone", "inside a wrapped chain"])
@pytest.mark.parametrize("half", ["sync", "async"])
async def test_an_error_is_never_its_own_cause(nested: bool, half: str) -> None:
    """Whoever follows ``__cause__`` to its end comes to one, our own outer chain included."""
    with Cache("memory://") as cache:
        chain = cache.wrap(RunnableLambda(fail), profile=Applicant, name="inner", prompt_version="1")
        if nested:
            chain = cache.wrap(chain | str, profile=Applicant, name="outer", prompt_version="1")
        with pytest.raises(ValueError, match="the parser failed") as caught:
            _ = chain.invoke({"background": "x"}) if half == "sync" else await chain.ainvoke({"background": "x"})
    assert caught.value.__cause__ is not caught.value


@pytest.mark.timeout(20)
def test_an_error_whose_causes_lead_in_a_circle_ends_the_call() -> None:
    """Such errors exist: two that were each raised from the other."""

    def circle(_: object) -> str:
        first, second = ValueError("first"), ValueError("second")
        first.__cause__, second.__cause__ = second, first
        raise first

    with Cache("memory://") as cache:
        chain = cache.wrap(RunnableLambda(circle), profile=Applicant, name="circle", prompt_version="1")
        with pytest.raises(ValueError, match="first"):
            chain.invoke({"background": "x"})
