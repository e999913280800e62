"""A hit of ours beside a hit of LangChain's own caches, and the floor, side by side in one process.

``prompt | model | parser``, an answer of 2 KB, three slots. Rounds alternate between the contenders, so that a noisy
machine is noisy for all of them; ratios are of medians.

    python benchmarks/hit_latency.py [--rounds N] [--json]
"""

import argparse
import json
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_core.caches import InMemoryCache
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda

from langcache import Cache, Feature, Profile, Slot

PROMPT = ChatPromptTemplate.from_messages(
    [("system", "You advise a {background}."), ("human", "Plan for {startup} at {school}, {city}.")]
)
ANSWER = ("Take [startup] to [school] in [city]. " + "Write the next chapter with care. " * 60)[:2048]
USER = {"background": "founder", "startup": "PathAI", "school": "MIT", "city": "Boston"}
PROFILE = Profile.of(features={"background": Feature()}, slots={name: Slot() for name in ("startup", "school", "city")})


def ours(url: str) -> Callable[[], Any]:
    wrapped = Cache(url).wrap(PROMPT | FakeListChatModel(responses=[ANSWER]) | StrOutputParser(), profile=PROFILE)
    answer = wrapped.invoke(USER)
    assert "PathAI to MIT in Boston" in answer
    return lambda: wrapped.invoke(USER)


def peer(cache: Any) -> Callable[[], Any]:
    chain = PROMPT | FakeListChatModel(responses=[ANSWER], cache=cache) | StrOutputParser()
    chain.invoke(USER)
    return lambda: chain.invoke(USER)


def sqlite_peer(folder: Path) -> Callable[[], Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from langchain_community.cache import SQLiteCache

        return peer(SQLiteCache(str(folder / "peer.db")))


def contenders(folder: Path) -> dict[str, Callable[[], Any]]:
    nothing = RunnableLambda(lambda given: given)
    return {
        "floor: RunnableLambda doing nothing": lambda: nothing.invoke(USER),
        "langcache, memory": ours("memory://"),
        "LangChain InMemoryCache": peer(InMemoryCache()),
        "langcache, SQLite": ours(f"sqlite:///{folder / 'ours.db'}"),
        "LangChain SQLiteCache (community)": sqlite_peer(folder),
    }


def measure(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Median seconds per call, by name."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(taken[rounds // 10 :]) for name, taken in times.items()}


RATIOS = (
    ("langcache, memory", "LangChain InMemoryCache", 0.35),
    ("langcache, SQLite", "LangChain SQLiteCache (community)", 0.20),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        medians = measure(contenders(Path(folder)), asked.rounds)
    ratios = {f"{a} / {b}": (medians[a] / medians[b], bound) for a, b, bound in RATIOS}
    if asked.json:
        print(json.dumps({"median_s": medians, "ratios": {k: v for k, (v, _) in ratios.items()}}))
        return
    for name, median in medians.items():
        print(f"{name:40} {median * 1e6:8.1f} us")
    for name, (ratio, bound) in ratios.items():
        print(f"{name:60} {ratio:5.2f}  (bound {bound:.2f})")


if __name__ == "__main__":
    main()
