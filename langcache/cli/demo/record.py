"""Record every cassette again: ``python -m langcache.cli.demo.record``, or ``make record``.

From the bundled stand-in by default, byte for byte the same each time. With ``LIVE=1`` and both API keys in the
environment, from the real providers; only the two failures, which no real provider plays on demand, stay the
stand-in's.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

from langcache import Cache, RetryPolicy
from langcache.cli.demo.applicants import Row, read_applicants
from langcache.cli.demo.chains import Chains, Endpoint, wrapped_chains
from langcache.cli.demo.live import live_endpoint
from langcache.cli.demo.tapes import IN_CHECKOUT
from langcache.cli.demo.writer import write
from langcache.testing import Fault, Provider, cassette

__all__ = ["SCENES", "record"]

# short, so that no replay waits long; both vendors send this header beside Retry-After
BRIEFLY = {"retry-after-ms": "200"}
QUICK = RetryPolicy(initial_s=0.05)

Scene = Callable[[Chains, list[Row]], None]


def every_kind_planned(chains: Chains, applicants: list[Row]) -> None:
    """Whole task lists: one call per kind reaches the provider."""
    for applicant in applicants:
        chains.full_llm.invoke(applicant)


def every_kind_extra(chains: Chains, applicants: list[Row]) -> None:
    """Extra tasks: one call per kind reaches the provider."""
    for applicant in applicants:
        chains.unique.invoke(applicant)


def past_the_cache(chains: Chains, applicants: list[Row]) -> None:
    """A run on real values, as the first applicant forbids storing."""
    chains.full_llm.invoke(applicants[0], {"metadata": {"langcache": "no-store"}})


def planned(chains: Chains, applicants: list[Row]) -> None:
    """One task list."""
    chains.full_llm.invoke(applicants[0])


def extra(chains: Chains, applicants: list[Row]) -> None:
    """One list of extra tasks."""
    chains.unique.invoke(applicants[0])


def both_awaited(chains: Chains, applicants: list[Row]) -> None:
    """Both chains through the async halves of the SDKs, in one event loop."""

    async def both() -> None:
        await chains.full_llm.ainvoke(applicants[0])
        await chains.unique.ainvoke(applicants[0])

    asyncio.run(both())


SCENES: dict[str, tuple[Scene, list[Fault]]] = {
    "full_llm": (every_kind_planned, []),
    "unique": (every_kind_extra, []),
    "no_store": (past_the_cache, []),
    "awaited": (both_awaited, []),
    "rate_limited": (planned, [Fault(429, headers=BRIEFLY)]),
    "overloaded": (extra, [Fault(529, headers=BRIEFLY)]),
}
"""File name to what happens in it, and the failures that come first."""


def record(folder: Path, live: Endpoint | None = None) -> None:
    """Write every cassette into *folder*.

    Args:
        folder: existing files of the same names are replaced.
        live: the real providers; None for the stand-in alone.
    """
    applicants = read_applicants()
    for name, (scene, faults) in SCENES.items():
        with Provider(write, faults) as stand_in, Cache("memory://", retry=QUICK) as cache:
            here = Endpoint("stand-in", "stand-in", stand_in.openai_url, stand_in.anthropic_url)
            chains = wrapped_chains(cache, here if live is None or faults else live)
            with cassette(folder / f"{name}.yaml", record=True):
                scene(chains, applicants)


if __name__ == "__main__":
    record(IN_CHECKOUT, live_endpoint() if os.environ.get("LIVE") == "1" else None)
    sys.stdout.write(f"{len(SCENES)} cassettes recorded\n")
