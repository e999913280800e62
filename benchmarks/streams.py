"""What a whole stream costs beside the bare one: a masked miss, chunk by chunk, and a hit; at one size and at twice.

The model streams four characters at a time, at once, so that nothing but the work is measured. Growth is what twice the
text takes; that of the bare chain is printed beside it, since LangChain's JSON parser and its tool calls take a square
by themselves. Medians of interleaved rounds.

    python benchmarks/streams.py [--rounds N] [--characters N] [--json]
"""

import argparse
import itertools
import json
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.prompts import ChatPromptTemplate

from langcache import Cache, Feature, Profile, Slot

STEP = 4
PROMPT = ChatPromptTemplate.from_template("Plan {kind} for {startup} at {school}.")
PROFILE = Profile.of(features={"kind": Feature()}, slots={"startup": Slot(), "school": Slot()})
SENTENCE = "It is what [startup] needs, and what they ask for at [school] when the term begins. "
LINES = 'if so:\n    plan(owner, "[startup]")  # as said\n'
kinds = itertools.count()


def repeated(piece: str, size: int) -> str:
    return piece * max(1, size // len(piece))


SHAPES: dict[str, Callable[[int], str]] = {
    "prose": lambda size: repeated(SENTENCE, size),
    "markdown": lambda size: repeated(f"## Plan\n\n- **First**: {SENTENCE}\n- then `x`\n\n", size),
    "code": lambda size: "```python\n" + repeated(LINES, size) + "```\n",
    "html": lambda size: repeated('<li class="a"><b>[startup]</b> and <i>[school]</i></li>', size),
    "chinese": lambda size: repeated("你好[startup]，欢迎你来到[school]。我们一起把这件事情做好！", size),
    "tool call": lambda size: json.dumps({"steps": [SENTENCE] * (size // len(SENTENCE))}),
    "json": lambda size: json.dumps({"steps": [SENTENCE] * (size // len(SENTENCE))}),
}


class Streaming(BaseChatModel):
    """Streams *text*, as content or as the arguments of a tool call."""

    text: str
    calls: bool = False

    @property
    def _llm_type(self) -> str:
        return "streaming"

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise NotImplementedError("it streams")

    def _stream(self, *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
        for at in range(0, len(self.text), STEP):
            yield ChatGenerationChunk(message=self._chunk(self.text[at : at + STEP], first=at == 0))

    def _chunk(self, text: str, *, first: bool) -> AIMessageChunk:
        if not self.calls:
            return AIMessageChunk(content=text)
        call = {"name": "plan" if first else None, "args": text, "id": "1" if first else None, "index": 0}
        return AIMessageChunk(content="", tool_call_chunks=[call])  # type: ignore[list-item]


def seconds(chain: Any, user: dict[str, str]) -> float:
    started = time.perf_counter()
    for _ in chain.stream(user):
        pass
    return time.perf_counter() - started


def somebody(kind: int) -> dict[str, str]:
    return {"kind": f"kind {kind}", "startup": "PathAI", "school": "MIT"}


def measure(shape: str, size: int, rounds: int) -> dict[str, float]:
    """Median seconds of the bare stream, a miss and a hit."""
    model = Streaming(text=SHAPES[shape](size), calls=shape == "tool call")
    ends: list[Any] = {"tool call": [], "json": [JsonOutputParser()]}.get(shape, [StrOutputParser()])
    bare: Any = PROMPT | model
    for end in ends:
        bare |= end
    wrapped = Cache("memory://").wrap(bare, profile=PROFILE)
    times: dict[str, list[float]] = {"bare": [], "miss": [], "hit": []}
    for _ in range(rounds):
        kind = next(kinds)
        times["bare"].append(seconds(bare, somebody(kind)))
        times["miss"].append(seconds(wrapped, somebody(kind)))
        times["hit"].append(seconds(wrapped, somebody(kind)))
    return {name: statistics.median(taken) for name, taken in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--characters", type=int, default=4000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found: dict[str, Any] = {}
    for shape in SHAPES:
        once, twice = (measure(shape, size, asked.rounds) for size in (asked.characters, 2 * asked.characters))
        growth = {name: twice[name] / once[name] for name in once}
        found[shape] = {"median_s": once, "miss_per_bare": once["miss"] / once["bare"], "growth": growth}
    if asked.json:
        print(json.dumps({"characters": asked.characters, "shapes": found}))
        return
    for shape, told in found.items():
        bare, miss, hit = (told["median_s"][name] * 1e3 for name in ("bare", "miss", "hit"))
        print(
            f"{shape:10} bare {bare:7.1f} ms  miss {miss:7.1f} ms, {told['miss_per_bare']:4.1f} x  hit {hit:5.2f} ms; "
            f"twice the text: bare {told['growth']['bare']:3.1f} x, miss {told['growth']['miss']:3.1f} x"
        )


if __name__ == "__main__":
    main()
