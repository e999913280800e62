"""A wrapped chain under load while its Redis dies: one server killed and restarted, one cluster master failed over.

Requests arrive at a fixed rate (open loop: nobody waits for the one before), half of them on threads, half in tasks,
from users of many kinds, each with a name of their own; every answer is checked against its kind and its name. After
one warm second, a quarter into the run, the server is killed; it comes back half-way, or its replica takes over. The
floor is the bare chain under the same load, run just before; "added" is the difference to it at the same percentile, on
a model that answers at once.

    python benchmarks/outage.py [--seconds N] [--rate N] [--kinds N] [--json]

Ends with status 1 if a call failed or an answer was wrong.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from langchain_core.language_models import SimpleChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate

from langcache import Cache, Feature, Profile, Slot
from langcache.testing.redis_server import running_cluster, running_server

PROMPT = ChatPromptTemplate.from_messages([("human", "Plan for {name}, a {kind}.")])
PROFILE = Profile.of(features={"kind": Feature()}, slots={"name": Slot()})
THREADS = 32


class Echo(SimpleChatModel):
    """Says what it was asked, at once: an answer that was meant for another kind, or another user, shows."""

    @property
    def _llm_type(self) -> str:
        return "echo"

    def _call(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> str:
        return f"This is the {messages[-1].content}"

    async def _agenerate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
        return self._generate(messages, stop, None, **kwargs)


@dataclass
class Load:
    """What a run came to; times in seconds, a failed call's included."""

    asked: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    took_s: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Seconds within which this share of the calls ended."""
        return sorted(self.took_s)[min(len(self.took_s) - 1, int(share * len(self.took_s)))]

    def note(self, user: dict[str, str], answer: Any, error: Exception | None, due: float) -> None:
        """Count one call that was *due* then and has just ended."""
        self.asked += 1
        self.took_s.append(time.perf_counter() - due)
        if error is not None:
            self.failed[type(error).__name__] += 1
        elif answer != f"This is the Plan for {user['name']}, a {user['kind']}.":
            self.wrong += 1


@dataclass
class Outage:
    """What dies, and what brings it back, each by the share of the run after which it happens."""

    url: str
    events: "Events"


Events = list[tuple[float, Callable[[], Any]]]


async def drive(chain: Any, rate: float, seconds: float, kinds: int, events: Events) -> Load:
    """Ask *chain* at *rate* per second, and let the *events* happen on time, aside."""
    load, loop = Load(), asyncio.get_running_loop()
    asking: set[Any] = set()
    with ThreadPoolExecutor(THREADS) as pool, ThreadPoolExecutor(1) as aside:
        begun = time.perf_counter()
        upcoming = [(begun + share * seconds, act) for share, act in events]
        for number in range(int(rate * seconds)):
            due = begun + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            while upcoming and due >= upcoming[0][0]:
                loop.run_in_executor(aside, upcoming.pop(0)[1])
            user = {"kind": f"kind {number % kinds} of founder", "name": f"Corp{number}x"}
            asked = ask_async(chain, user, load, due) if number % 2 else ask_sync(chain, user, load, due, pool)
            task = loop.create_task(asked)
            asking.add(task)
            task.add_done_callback(asking.discard)
        await asyncio.gather(*asking)
    return load


async def warm_and_drive(chain: Any, asked: argparse.Namespace, seconds: float, events: Events) -> Load:
    await drive(chain, asked.rate, 1.0, asked.kinds, [])
    return await drive(chain, asked.rate, seconds, asked.kinds, events)


async def ask_async(chain: Any, user: dict[str, str], load: Load, due: float) -> None:
    try:
        answer, error = await chain.ainvoke(user), None
    except Exception as caught:
        answer, error = None, caught
    load.note(user, answer, error, due)


async def ask_sync(chain: Any, user: dict[str, str], load: Load, due: float, pool: ThreadPoolExecutor) -> None:
    try:
        answer, error = await asyncio.get_running_loop().run_in_executor(pool, chain.invoke, user), None
    except Exception as caught:
        answer, error = None, caught
    load.note(user, answer, error, due)


@contextmanager
def restarted_server() -> Iterator[Outage]:
    with running_server() as server:
        yield Outage(server.url, [(0.25, server.kill), (0.5, server.start)])


@contextmanager
def failed_over_master() -> Iterator[Outage]:
    with running_cluster(replicas=True, patience_s=1) as nodes:
        where = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
        yield Outage(f"redis+cluster://{where}", [(0.25, nodes[0].kill)])


OUTAGES = {"Redis killed and restarted": restarted_server, "a cluster master killed": failed_over_master}


def measure(name: str, asked: argparse.Namespace) -> dict[str, Any]:
    bare = PROMPT | Echo() | StrOutputParser()
    floor = asyncio.run(warm_and_drive(bare, asked, asked.seconds / 4, []))
    with OUTAGES[name]() as outage, Cache(outage.url) as cache:
        chain = cache.wrap(bare, profile=PROFILE, name="plan")
        load = asyncio.run(warm_and_drive(chain, asked, asked.seconds, outage.events))
        stats = cache.stats()
    percentiles = {f"p{int(share * 100)}": (load.percentile(share), floor.percentile(share)) for share in (0.5, 0.99)}
    return {
        "asked": load.asked,
        "failed": dict(load.failed),
        "wrong": load.wrong,
        "outcomes": stats.outcomes,
        "store_errors": stats.store_errors,
        "store_trouble_at_the_end": stats.store_trouble,
        **{f"{name}_s": {"wrapped": ours, "bare": bare_s} for name, (ours, bare_s) in percentiles.items()},
        "max_s": {"wrapped": max(load.took_s), "bare": max(floor.took_s)},
    }


def show(name: str, found: dict[str, Any]) -> None:
    print(f"{name}: {found['asked']} calls, {sum(found['failed'].values())} failed, {found['wrong']} wrong answers")
    print(f"  outcomes {found['outcomes']}, store errors {found['store_errors']}, trouble at the end: "
          f"{found['store_trouble_at_the_end']}")  # fmt: skip
    for label in ("p50", "p99", "max"):
        ours, bare = found[f"{label}_s"]["wrapped"], found[f"{label}_s"]["bare"]
        added_ms = (ours - bare) * 1e3
        print(f"  {label}: wrapped {ours * 1e3:8.2f} ms, bare {bare * 1e3:8.2f} ms, added {added_ms:8.2f} ms, "
              f"ratio {ours / bare:5.2f}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--kinds", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = {name: measure(name, asked) for name in OUTAGES}
    if asked.json:
        print(json.dumps(found))
    else:
        for name, result in found.items():
            show(name, result)
    sys.exit(any(result["failed"] or result["wrong"] for result in found.values()))


if __name__ == "__main__":
    main()
