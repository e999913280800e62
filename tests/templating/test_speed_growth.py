"""Twice the text, or twice the slots, is at most twice the work: counted in lines run, not by a clock."""

import random
import string
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest
from support.lines import lines_run

from langcache.errors import Refused
from langcache.templating import Lexicon, Personal, fill, read

Case = tuple[list[Personal], str]


def words(count: int, *, seed: int = 1) -> list[str]:
    dice = random.Random(seed)
    return ["".join(dice.choices(string.ascii_lowercase, k=dice.randint(5, 9))).capitalize() for _ in range(count)]


def prose(length: int, values: Sequence[str]) -> str:
    """So many words, with the values in turn among them."""
    others = words(97, seed=2)
    return " ".join(values[n % len(values)] if n % 10 == 5 else others[n % 97].lower() for n in range(length))


def named(values: Sequence[str], kind: str = "name") -> list[Personal]:
    options = {"pronouns": "keep"}
    return [Personal(f"s{n}", f"label {n}", value, (), kind, options) for n, value in enumerate(values)]


def plain(slots: int, length: int) -> Case:
    values = words(slots)
    return named(values), prose(length, values)


def nested(slots: int, length: int) -> Case:
    """Values that hold each other, in a text that nearly holds them all everywhere."""
    return named(["a " * (40 + n) + "b" for n in range(slots)]), "a " * length


def values_in_values(slots: int, length: int) -> Case:
    values = [" ".join(words(n + 2)[n : n + 2]) for n in range(slots)]
    return named(values), prose(length, values)


def same_first_name(slots: int, length: int) -> Case:
    return named([f"Kumari {word}" for word in words(slots)], "person"), "Kumari " * length


def beginnings(slots: int, length: int) -> Case:
    """Long values that differ at their end only."""
    head = "alpha beta gamma delta " * 20
    return named([f"{head}number{n}zeta" for n in range(slots)]), (head + "other ") * (length // 80)


def blocks(slots: int, length: int) -> Case:
    values = words(slots)
    return named(values), "".join(f'```json\n{{"a": "{values[n % slots]} x"}}\n```\n' for n in range(length // 8))


def markup(slots: int, length: int) -> Case:
    return named([f"Q{word}" for word in words(slots)]), "<a <b `x [y](z " * (length // 4)


def without_spaces(slots: int, length: int) -> Case:
    values = ["王" + chr(0x4E00 + 2 * n) + chr(0x6000 + n) for n in range(slots)]
    return named(values), "".join(values[n % slots] + "住在这里。" for n in range(length // 4))


def listed(slots: int, length: int) -> Case:
    values = words(slots)
    return [Personal("all", "all", values, (), "list")], prose(length, ["nobody"])


CASES = [plain, nested, values_in_values, same_first_name, beginnings, blocks, markup, without_spaces, listed]
SLOTS, WORDS = 10, 400


def work(case: Callable[[int, int], Case], slots: int, length: int) -> int:
    """Lines run to make a template of a text, and to fill it for the same user."""
    mine, text = case(slots, length)

    def run() -> None:
        with suppress(Refused):
            fill(Lexicon(mine).delexicalize(text), {slot.name: slot for slot in mine})

    run()  # what is imported, compiled and cached at first use is not counted
    return lines_run(run)


@pytest.mark.parametrize("case", CASES)
def test_work_doubles_at_most_as_text_or_slots_double(case: Callable[[int, int], Case]) -> None:
    """No quadratic blow-up in the text, in the slots, nor in both together."""
    once = work(case, SLOTS, WORDS)
    assert once > 500
    assert work(case, SLOTS, 2 * WORDS) <= 2.2 * once
    assert work(case, 2 * SLOTS, WORDS) <= 2.2 * once
    assert work(case, 2 * SLOTS, 2 * WORDS) <= 2.2 * once


def test_longer_values_are_looked_up_otherwise_at_no_more_than_twice_the_work() -> None:
    """Up to forty letters a value is found letter by letter, beyond by its head: twice the slots are twice the work."""

    def growing(slots: int, length: int) -> Case:
        return named(["a " * n + "b" for n in range(1, slots + 1)]), "a " * length

    once = work(growing, 25, 500)
    assert work(growing, 50, 500) <= 2.2 * once
    assert work(growing, 25, 1000) <= 2.2 * once


@pytest.mark.parametrize("form", ['{{"a": "[s0]", "n": {}}}', "- [s0] of {}", "[s0] {}"], ids=["json", "list", "prose"])
def test_reading_a_masked_answer_doubles_as_it_doubles(form: str) -> None:
    """However many placeholders it has."""
    mine = named(words(1))

    def reading(count: int) -> int:
        lines = [form.format(n) for n in range(count)]
        text = f"[{', '.join(lines)}]" if form[0] == "{" else "\n".join(lines)
        return lines_run(lambda: read(text, {"s0": "[s0]"}, mine))

    reading(400)  # what is cached at first use is not counted
    assert reading(400) <= 2.2 * reading(200)


def test_a_square_is_caught() -> None:
    """The measure sees what it is there for: a loop in a loop, four times the lines for twice the size."""

    def pairs(size: int) -> int:
        return lines_run(lambda: [a for a in range(size) for b in range(size) if a == b])

    assert pairs(80) > 3.5 * pairs(40)


LETTERS = "".join(random.Random(3).choices(string.ascii_letters, k=40_000))
NEVER_A_CAPITAL = "ask smith, " * 4000


@pytest.mark.parametrize("text", [LETTERS, f"é {LETTERS}", f"삼{LETTERS}", NEVER_A_CAPITAL], ids=lambda text: text[:8])
def test_what_runs_no_lines_does_not_grow_as_a_square(text: str) -> None:
    """A search that steps back, or a look at the whole text for each hit: four times the text would be sixteen times
    the work. A picture in base64 is one word; the answers of those who write no capitals are as long as any. Only this
    thread's work is counted, not what it waits for on a busy machine."""
    lexicon = Lexicon(named(["Ana Smith"], "person"))

    def seconds(length: int) -> float:
        begun = time.thread_time()
        with suppress(Refused):
            lexicon.delexicalize(text[:length])
        return time.thread_time() - begun

    seconds(1000)  # what is cached at first use is not counted
    shorter, longer = (min(seconds(length) for _ in range(3)) for length in (10_000, 40_000))
    assert longer < 9 * shorter
