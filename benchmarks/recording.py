"""What recording adds to a hit on memory: the same hit with and without it, side by side in one process.

Blocks of hits alternate between the two caches, each from the first hit to the moment its account is written. Measured
is the processor time of the whole process: the thread that folds and writes counts too, and what else the machine does
does not. Ratios are of medians over blocks.

    python benchmarks/recording.py [--blocks N] [--hits N] [--json]
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate

from langcache import Cache, Feature, Profile, Slot

PROMPT = ChatPromptTemplate.from_messages(
    [("system", "You advise a {background}."), ("human", "Plan for {startup} at {school}, {city}.")]
)
ANSWER = ("Take [startup] to [school] in [city]. " + "Write the next chapter with care. " * 60)[:2048]
PROFILE = Profile.of(features={"background": Feature()}, slots={name: Slot() for name in ("startup", "school", "city")})
USERS = [
    {"background": f"founder {number}", "startup": "PathAI", "school": "MIT", "city": "Boston"} for number in range(20)
]
BOUND = 1.10


def block(records: bool) -> Callable[[int], float]:
    """A function that serves so many hits and says how long one took, its part of the recording included."""
    cache = Cache("memory://")
    if not records:
        cache.engine.record = lambda event: None
    wrapped: Any = cache.wrap(PROMPT | FakeListChatModel(responses=[ANSWER]) | StrOutputParser(), profile=PROFILE)
    for user in USERS:
        wrapped.invoke(user)

    def run(hits: int) -> float:
        started = time.process_time()
        for number in range(hits):
            wrapped.invoke(USERS[number % len(USERS)])
        if records:
            cache.recorder.flush()
        return (time.process_time() - started) / hits

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=12)
    parser.add_argument("--hits", type=int, default=5_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    contenders = {"without": block(False), "with": block(True)}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(asked.blocks):
        order = list(contenders.items())
        for name, run in order if number % 2 else reversed(order):
            times[name].append(run(asked.hits))
    medians = {name: statistics.median(taken[1:]) for name, taken in times.items()}
    ratio = medians["with"] / medians["without"]
    if asked.json:
        print(json.dumps({"median_s": medians, "ratio": ratio, "bound": BOUND}))
        return
    for name, median in medians.items():
        print(f"a hit on memory, {name:8} recording {median * 1e6:8.1f} us")
    print(f"{'with / without':44} {ratio:5.3f}  (bound {BOUND:.2f})")


if __name__ == "__main__":
    main()
