"""Time to the first chunk of a streamed miss, beside the bare chain's, over HTTP on the provider stand-in.

The stand-in waits before its first byte, as a provider does; every call is a miss (``no-cache``).
Rounds alternate between the contenders, so that a noisy machine is noisy for both.

    python benchmarks/first_chunk.py [--rounds N] [--delay SECONDS] [--json]
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI

from langcache import Cache, Feature, Profile, Slot
from langcache.testing import Provider, Reply

PROMPT = ChatPromptTemplate.from_messages(
    [("system", "You advise a {background}."), ("human", "Plan for {startup} at {school}, {city}.")]
)
ANSWER = ("Take [startup] to [school] in [city]. " + "Write the next chapter with care. " * 20)[:700]
USER = {"background": "founder", "startup": "PathAI", "school": "MIT", "city": "Boston"}
PROFILE = Profile.of(features={"background": Feature()}, slots={name: Slot() for name in ("startup", "school", "city")})
BOUND = 1.05

First = Callable[[Any], float]


def first_of(chain: Any) -> float:
    """Seconds to the first chunk that says something; the rest is read, so that a miss is stored."""
    started = time.perf_counter()
    seen = None
    for chunk in chain.stream(USER):
        if chunk and seen is None:
            seen = time.perf_counter() - started
    return seen or float("inf")


def afirst_of(chain: Any) -> float:
    """The same, awaited."""

    async def read() -> float:
        started = time.perf_counter()
        seen = None
        async for chunk in chain.astream(USER):
            if chunk and seen is None:
                seen = time.perf_counter() - started
        return seen or float("inf")

    return asyncio.run(read())


def measure(bare: Any, wrapped: Any, first: First, rounds: int) -> tuple[float, float]:
    """Median seconds of both."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for times, chain in zip(taken, (bare, wrapped), strict=True):
            times.append(first(chain))
    return statistics.median(taken[0][1:]), statistics.median(taken[1][1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--delay", type=float, default=0.2)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    medians: dict[str, tuple[float, float]] = {}
    with Provider(reply=Reply(ANSWER, delay_s=asked.delay)) as provider, Cache("memory://") as cache:
        model = ChatOpenAI(base_url=provider.openai_url, api_key="test", model="gpt-4o-mini")
        bare = PROMPT | model | StrOutputParser()
        wrapped = cache.wrap(bare, profile=PROFILE)
        with cache.directives("no-cache"):
            for name, first in (("sync", first_of), ("async", afirst_of)):
                medians[name] = measure(bare, wrapped, first, asked.rounds)
    if asked.json:
        ratios = {name: ours / bare for name, (bare, ours) in medians.items()}
        print(json.dumps({"median_s": medians, "ratios": ratios, "bound": BOUND}))
        return
    for name, (bare_s, ours_s) in medians.items():
        print(
            f"{name:6} bare {bare_s * 1e3:7.1f} ms  wrapped {ours_s * 1e3:7.1f} ms  {ours_s / bare_s:.3f}  (<= {BOUND})"
        )


if __name__ == "__main__":
    main()
