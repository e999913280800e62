"""What templating costs, beside its floors: ``python benchmarks/templating_speed.py [DIR]``.

With DIR the floor of delexicalizing is one pass of the tokenizer of the ``leakcheck.py`` there, else of one like it.
Times are of the processor. A user's typed values are written once, however often they are filled in; "first time"
is that writing.
The last table shows how time grows: each line doubles the text and the number of slots.
"""

import json
import random
import re
import string
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

from langcache.errors import Refused
from langcache.templating import Gap, Lexicon, Personal, Template, fill, from_data, to_data
from langcache.templating.frequency import COMMON
from langcache.templating.kinds import kind_of
from langcache.templating.template import tidy

LIMITS = {"delexicalize": 3.0, "fill, plain": 5.0, "fill, grammar": 40.0, "fill, typed": 40.0}


def beside(run: Callable[[], object], floor: Callable[[], object], times: int) -> tuple[float, float]:
    """Processor seconds of one call of each, the best of short rounds that take turns: both meet the same machine."""
    rounds = [(_once_s(run, times), _once_s(floor, times)) for _ in range(200)]
    return min(taken for taken, _ in rounds), min(taken for _, taken in rounds)


def _once_s(run: Callable[[], object], times: int) -> float:
    start = process_time()
    for _ in range(times):
        run()
    return (process_time() - start) / times


def tokenizer(folder: Path | None) -> Callable[[str], object]:
    if folder is not None:
        sys.path.insert(0, str(folder))
        from leakcheck import toks  # type: ignore[import-not-found]

        return toks  # type: ignore[no-any-return]
    token = re.compile(r"[^\W_]+(?:'[^\W_]+)*")

    def folded(text: str) -> list[str]:
        plain = unicodedata.normalize("NFKD", text.casefold())
        letters = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
        return [word.removesuffix("'s").replace("'", "") for word in token.findall(letters)]

    return folded


def prose(dice: random.Random, values: Sequence[str], length: int) -> str:
    """Sentences of common words, each value once in the middle of one."""
    words = sorted(COMMON)
    waiting = list(values)
    text = ""
    while len(text) < length or waiting:
        sentence = dice.choices(words, k=dice.randint(8, 20))
        if waiting and len(text) * len(values) >= (len(values) - len(waiting)) * length:
            sentence.insert(dice.randint(2, 6), waiting.pop())
        text += sentence[0].capitalize() + " " + " ".join(sentence[1:]) + dice.choice([". ", ", ", ".\n\n"])
    return text


def names(dice: random.Random, count: int) -> list[str]:
    def word() -> str:
        return "".join(dice.choices(string.ascii_lowercase, k=dice.randint(5, 9))).capitalize()

    return [f"{word()} {word()}" if dice.random() < 0.5 else word() for _ in range(count)]


def slots_of(values: Sequence[str], kind: str = "name") -> dict[str, Personal]:
    return {f"slot{i}": Personal(f"slot{i}", f"slot {i}", value, kind=kind) for i, value in enumerate(values)}


def typed(dice: random.Random, kind: str) -> object:
    """A value of a kind, as an app stores it."""
    name, amount = " ".join(names(dice, 2)), dice.randrange(10_000, 10**6)
    day = datetime(2019, 3, 1, tzinfo=UTC) + timedelta(minutes=15 * dice.randrange(10**5))
    return {
        "person": f"Dr. {name}",
        "date": day.date(),
        "time": day.time(),
        "datetime": day,
        "duration": timedelta(minutes=dice.randrange(70, 500)),
        "number": amount,
        "money": f"${amount / 100:,.2f}",
        "percent": f"{amount / 10**4:.1f}%",
        "address": f"{amount} {name} Avenue, San Mateo, CA 94401",
        "email": f"{name.replace(' ', '.')}@example.com".lower(),
        "phone": f"+1 212 555 {amount % 10**4:04}",
        "list": names(dice, 3),
    }[kind]


KINDS = (
    "person", "date", "time", "datetime", "duration", "number", "money", "percent", "address", "email", "phone", "list",
)  # fmt: skip


def person(seed: int) -> dict[str, Personal]:
    """A user with twenty typed slots."""
    dice = random.Random(seed)
    kinds = (KINDS * 2)[:20]
    return {f"s{i}": Personal(f"s{i}", f"place {i}", typed(dice, kind), kind=kind) for i, kind in enumerate(kinds)}


def typed_template(text: str, slots: Mapping[str, Personal]) -> Template:
    """The text with a gap in some style of its kind for every slot."""
    step = len(text) // len(slots)
    segments: list[str | Gap] = []
    for at, slot in enumerate(slots.values()):
        styles = [form.style for form in kind_of(slot).recognise(slot) if form.style]
        segments += (text[at * step : (at + 1) * step], Gap(slot.name, styles[len(styles) // 2]))
    return tidy(segments)


Line = tuple[str, float, float]


def reading(text: str, slots: Sequence[Personal], toks: Callable[[str], object]) -> Iterator[Line]:
    """What making a template costs beside a pass over its text: name, seconds, seconds of the floor."""
    lexicon = Lexicon(slots)

    def pass_() -> object:
        return toks(text)

    yield ("delexicalize", *beside(lambda: lexicon.delexicalize(text), pass_, 5))
    yield ("compile + delexicalize", *beside(lambda: Lexicon(slots).delexicalize(text), pass_, 2))


def filling(template: Template, slots: Mapping[str, Personal]) -> Iterator[Line]:
    """What filling costs beside joining texts that are split already."""
    parts = [part if isinstance(part, str) else str(slots[part.name].value) for part in template]
    data = json.loads(json.dumps(to_data(template)))
    grammar = tidy(part if isinstance(part, str) else part._replace(case="opening") for part in template)
    literals = "".join(part for part in template if isinstance(part, str))
    styled = typed_template(literals, person(0))
    same = person(0)
    runs: dict[str, Callable[[], object]] = {
        "fill, plain": lambda: fill(template, slots),
        "fill, grammar": lambda: fill(grammar, slots),
        "fill, typed": lambda: fill(styled, same),
        "from_data + fill": lambda: fill(from_data(data), slots),
    }
    for name, run in runs.items():
        yield (name, *beside(run, lambda: "".join(parts), 100))
    fresh = [person(seed) for seed in range(200)]
    taken = min(_once_s(lambda: fill(styled, fresh.pop()), 1) for _ in range(200))
    yield ("fill, typed, first time", taken, _once_s(lambda: "".join(parts), 1000))


def floors(folder: Path | None) -> Iterator[Line]:
    """Name, seconds and seconds of the floor."""
    dice = random.Random(4)
    values = names(dice, 20)
    text = prose(dice, values, 4000)
    slots = slots_of(values)
    yield from reading(text, list(slots.values()), tokenizer(folder))
    yield from filling(Lexicon(list(slots.values())).delexicalize(text), slots)


Case = Callable[[int], tuple[dict[str, Personal], str]]


def _plain(size: int) -> tuple[dict[str, Personal], str]:
    dice = random.Random(size)
    values = names(dice, size)
    return slots_of(values), prose(dice, values, size * 1000)


def _heads(size: int) -> tuple[dict[str, Personal], str]:
    """Long values that begin alike, found again and again up to where they differ."""
    head = "alpha beta gamma delta " * 435
    return slots_of([f"{head}number{i}zeta" for i in range(size)]), (head + "other ") * (size // 10)


def _nested(size: int) -> tuple[dict[str, Personal], str]:
    """Values that hold each other, in a text that nearly holds them all everywhere."""
    return slots_of(["a " * i + "b" for i in range(1, size + 1)]), "a " * (size * 500)


def _brackets(size: int) -> tuple[dict[str, Personal], str]:
    return slots_of(names(random.Random(size), size)), "<a <b `x [y](z " * (size * 66)


def _items(size: int) -> tuple[dict[str, Personal], str]:
    dice = random.Random(size)
    values = names(dice, size)
    return {"all": Personal("all", "all", values, kind="list")}, prose(dice, [], size * 1000)


CASES: dict[str, Case] = {
    "prose": _plain,
    "10 kB heads": _heads,
    "nested values": _nested,
    "markup": _brackets,
    "a long list": _items,
}


def growth(case: Case, sizes: Sequence[int]) -> list[float]:
    """Milliseconds of compiling and delexicalizing, per size."""
    taken = []
    for size in sizes:
        slots, text = case(size)
        taken.append(min(_once_s(lambda: _attempt(slots, text), 1) for _ in range(3)) * 1000)  # noqa: B023
    return taken


def _attempt(slots: dict[str, Personal], text: str) -> Template | None:
    try:
        return Lexicon(list(slots.values())).delexicalize(text)
    except Refused:
        return None


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    failed = False
    print(f"{'4 kB, 20 slots':<26}{'µs':>10}{'floor µs':>10}{'times':>8}{'limit':>8}")
    for name, taken, floor in floors(folder):
        limit = LIMITS.get(name)
        failed |= limit is not None and taken > limit * floor
        print(f"{name:<26}{taken * 1e6:>10.1f}{floor * 1e6:>10.1f}{taken / floor:>8.1f}{limit or '':>8}")
    sizes = (13, 25, 50, 100)
    print(f"\n{'ms at slots = kB =':<26}" + "".join(f"{size:>10}" for size in sizes))
    for name, case in CASES.items():
        print(f"{name:<26}" + "".join(f"{taken:>10.1f}" for taken in growth(case, sizes)))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
