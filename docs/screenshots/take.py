"""`make screenshots`: the dashboard over a week of the demo's applicants, in the same Chromium as its tests.

Answers are replayed from the cassettes, so times and dollars are those of the recording's tokens and this machine.
"""

import random
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser
from support.browsing import chromium, served

from langcache import Cache
from langcache.cli.demo.applicants import read_applicants
from langcache.cli.demo.chains import GENERATION_TYPES, RECORDED, wrapped_chains
from langcache.cli.demo.tapes import cassettes_folder
from langcache.runtime.clock import SYSTEM
from langcache.runtime.inspection import list_entries
from langcache.testing.cassettes import cassette

HERE = Path(__file__).parent
DAY_S = 86_400.0
WEEK = (40, 70, 90, 80, 110, 90, 50)
"""Applicants a day, today last."""
YESTERDAY = len(WEEK) - 2
PAST_THE_CACHE = 9
SIZE = {"width": 1180, "height": 900}


class ShiftedClock:
    """The machine's clock, some days ago."""

    def __init__(self) -> None:
        self.behind_s = 0.0
        self.sleep, self.asleep = SYSTEM.sleep, SYSTEM.asleep

    def now(self) -> float:
        """Seconds since the epoch, then."""
        return SYSTEM.now() - self.behind_s


def a_week(cache: Cache, clock: ShiftedClock) -> None:
    """More kinds of applicants every day; yesterday what was stored was removed, and one asked not to be stored."""
    chance, everybody = random.Random(6), read_applicants()  # noqa: S311 -- a picture, no secret
    chains = wrapped_chains(cache, RECORDED)
    for day, number in enumerate(WEEK):
        clock.behind_s = (len(WEEK) - 1 - day) * DAY_S
        applicants = chance.choices(everybody[: 3 + 3 * day], k=number)
        if day == YESTERDAY:
            cache.invalidate(older_than=1.0)
            _ask(chains.full_llm, "no_store", [everybody[0]] * PAST_THE_CACHE, {"metadata": {"langcache": "no-store"}})
        for name in GENERATION_TYPES:
            _ask(getattr(chains, name), name, applicants)
        cache.stats(days=1)  # what was recorded is written while the clock still says this day


def _ask(chain: Any, recording: str, applicants: list[Any], config: Any = None) -> None:
    with cassette(cassettes_folder() / f"{recording}.yaml", allow_repeats=True, partial=True):
        for applicant in applicants:
            chain.invoke(applicant, config)


def take(browser: Browser, home: str, key: str) -> None:
    """Four pictures: the overview in both schemes, an entry, the list of entries on a phone."""
    _picture(browser, home, "overview", color_scheme="light", viewport=SIZE)
    _picture(browser, home, "overview-dark", color_scheme="dark", viewport=SIZE)
    _picture(browser, f"{home}/entries/{key}", "entry", color_scheme="light", viewport=SIZE)
    phone = {"width": 390, "height": 780}
    _picture(browser, f"{home}/entries", "entries-phone", color_scheme="light", viewport=phone)


def _picture(browser: Browser, url: str, name: str, **options: Any) -> None:
    context = browser.new_context(**options)
    page = context.new_page()
    page.goto(url)
    page.locator(".pulse.is-live").wait_for()
    page.screenshot(path=HERE / f"{name}.png", full_page=name.startswith("overview"))
    context.close()


def main() -> None:
    """Seed, serve, take."""
    clock = ShiftedClock()
    with Cache("memory://", namespace="demo", clock=clock) as cache:
        a_week(cache, clock)
        key = min(row.key for row in list_entries(cache, chain="task_planner"))
        with served(cache) as home, chromium() as browser:
            take(browser, home, key)


if __name__ == "__main__":
    main()
