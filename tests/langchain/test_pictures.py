"""Pictures, sounds and files in messages: letters that are no text, in which a value stands by chance alone."""

import base64
import random
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from support.models import CountingModel

from langcache import Cache, Feature, Profile, Slot

PROFILE = Profile.of(
    features={"tongue": Feature()}, slots={"name": Slot(kind="person", pronouns="keep"), "city": Slot()}
)
ADA = {"tongue": "DE", "name": "Ada Lovelace", "city": "Lisbon"}
BOB = {"tongue": "DE", "name": "Robert Fischer", "city": "Tromsø"}
NOISE = base64.b64encode(random.Random(1).randbytes(600)).decode()
PICTURE = f"{NOISE}/Lisbon+Ada/DE+{NOISE}"

BLOCKS: dict[str, Any] = {
    "OpenAI": {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}},
    "a small one": {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA/Lisbon+AAAA/DE+"}},
    "Anthropic": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}},
    "standard": {"type": "image", "base64": PICTURE, "mime_type": "image/png"},
    "a sound": {"type": "input_audio", "input_audio": {"data": f"{PICTURE}==", "format": "wav"}},
    "in lines": {"type": "file", "base64": "\n".join([NOISE[:76], NOISE[:58] + "/Lisbon+Ada/DE+AAA", "Lisbon+="])},
}


@pytest.fixture
def cache() -> Iterator[Cache]:
    with Cache("memory://") as cache:
        yield cache


def _data(block: Any) -> Any:
    """What of a block is the picture; LangChain writes some blocks in another way."""
    if not isinstance(block, dict):
        return block if len(block) > 40 else None
    return next(filter(None, map(_data, block.values())), None)


def shown(block: Any) -> list[BaseMessage]:
    return [HumanMessage([{"type": "text", "text": "What is this, seen from Lisbon?"}, block])]


@pytest.mark.parametrize("door", ["model", "chain"])
@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_a_picture_is_sent_as_it_is(cache: Cache, block: Any, door: str) -> None:
    """With a placeholder in it, it is no picture any more: providers refuse it."""
    model = CountingModel(say="Nice.")
    if door == "model":
        with cache.user(ADA):
            cache.wrap(model, profile=PROFILE).invoke(shown(block))
    else:
        prompt = ChatPromptTemplate.from_messages([("system", "Talk {tongue}"), MessagesPlaceholder("said")])
        cache.wrap(prompt | model, profile=PROFILE).invoke({**ADA, "said": shown(block)})
    text, sent = model.seen[-1][-1].content
    assert text == {"type": "text", "text": "What is this, seen from [city]?"}
    assert _data(sent) == _data(block)


@pytest.mark.parametrize("mode", ["mask", "abstract"])
def test_a_picture_serves_the_next_user(cache: Cache, mode: Any) -> None:
    """What stands in it by chance is nobody's detail."""
    model = CountingModel(say="Nice.")
    wrapped = cache.wrap(model, profile=PROFILE, mode=mode)
    for user in (ADA, BOB):
        with cache.user(user):
            assert wrapped.invoke([HumanMessage([BLOCKS["OpenAI"]])]).content == "Nice."
    assert model.calls == 1


def test_a_long_word_is_still_a_text(cache: Cache) -> None:
    """Words of a line each, or with marks between them, are masked as ever."""
    model = CountingModel(say="Nice.")
    said = "\n".join(["a-long-way-from", "Lisbon"] * 40)
    with cache.user(ADA):
        cache.wrap(model, profile=PROFILE).invoke(said)
    assert "Lisbon" not in model.last


@pytest.mark.parametrize("door", ["model", "chain"])
def test_two_pictures_are_two_questions_whatever_is_declared(cache: Cache, door: str) -> None:
    model = CountingModel(say="Nice.")
    profile = Profile.of(slots=["photo"])
    prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("said")])
    for photo in (PICTURE, NOISE):
        said = [HumanMessage([{"type": "image", "base64": photo, "mime_type": "image/png"}])]
        if door == "model":
            with cache.user({"photo": photo}):
                cache.wrap(model, profile=profile).invoke(said)
        else:
            cache.wrap(prompt | model, profile=profile).invoke({"photo": photo, "said": said})
        assert _data(model.seen[-1][-1].content[0]) == photo
    assert model.calls == 2
