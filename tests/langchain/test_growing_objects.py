"""A JSON parser streams the whole object each time it grows: of what was there before nothing is read again."""

import json
import random
from typing import Any

import pytest
from langchain_core.utils.json import parse_partial_json

from langcache.langchain.value_chunks import GrowingFiller
from langcache.templating import Personal
from langcache.templating.stream import StreamFiller

SLOTS = {"who": Personal("who", "who", "Anabel", (), "name", {})}


class Counting(StreamFiller):
    """Counts the characters it is fed, in all fillers."""

    fed = 0

    def feed(self, text: str) -> str:
        Counting.fed += len(text)
        return super().feed(text)


def whole(value: Any) -> Any:
    return json.loads(json.dumps(value).replace("[who]", "Anabel"))


def made(kind: type[StreamFiller]) -> GrowingFiller:
    return GrowingFiller(lambda: kind({"who": "[who]"}, SLOTS), whole)


def values(dice: random.Random) -> Any:
    """Objects of which every chunk shows a little more."""
    said = [dice.choice(["Dear [who], ", "plan ", "a [who] ", "\n"]) * dice.randint(1, 4) for _ in range(30)]
    return {"all": said, "[who]": {"n": 1, "of": [{"x": said[0], "y": None}, True, 2.5]}}


def grown(text: str, step: int) -> list[Any]:
    found = [parse_partial_json(text[:end]) for end in range(step, len(text) + step, step)]
    return [each for each in found if each is not None]


def test_no_text_is_read_twice() -> None:
    Counting.fed = 0
    text = json.dumps(values(random.Random(1)))
    filler = made(Counting)
    for value in grown(text, 3):
        filler.feed(value)
    assert 0 < Counting.fed < len(text)


@pytest.mark.parametrize("seed", range(20))
def test_each_is_what_a_new_filler_would_show_at_the_end(seed: int) -> None:
    dice = random.Random(seed)
    text, filler = json.dumps(values(dice)), made(StreamFiller)
    shown = [each for value in grown(text, dice.choice([1, 3, 10, 50])) for each in filler.feed(value)]
    shown += filler.finish()
    assert shown[-1] == json.loads(text.replace("[who]", "Anabel"))
    assert "[" not in "".join(shown[len(shown) // 2]["all"])


def test_a_text_that_is_another_is_read_from_its_beginning() -> None:
    filler = made(StreamFiller)
    assert [filler.feed(each) for each in ({"a": "x [who] y"}, {"a": "z [who] y"}, {"a": "z [who] y [who] z"})] == [
        [{"a": "x Anabel y"}],
        [{"a": "z Anabel y"}],
        [{"a": "z Anabel y Anabel z"}],
    ]
