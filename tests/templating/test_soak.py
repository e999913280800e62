"""The laws of templates over random users, kinds and texts: some hundred cases, a million with LANGCACHE_SOAK=1."""

import json
import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest

from langcache.errors import Refused
from langcache.templating import Lexicon, Personal, Template, fill
from langcache.templating.kinds import kind_of
from tests.templating.strategies import NASTY

CASES, TEXTS = 1_000_000, 10
WORDS = ["Ask", "the", "a", "an", "plan", "for", "and", "Mark", "10", "March", "at", "about", "is", "in", "AI", "of"]
GLUE = [
    " ",
    " ",
    " ",
    ", ",
    ". ",
    "\n",
    "'s ",
    "' ",
    " (",
    ") ",
    "**",
    "`",
    '"',
    "<b>",
    "</b>",
    "- ",
    "# ",
    "/",
    "@",
    "|",
]
KINDS = [
    "text", "name", "person", "date", "time", "datetime", "duration", "number", "money", "percent", "address", "email",
    "phone", "url", "list",
]  # fmt: skip


def word(dice: random.Random) -> str:
    letters = "".join(dice.choices("aeioulnrstdmkpbz", k=dice.randint(3, 9)))
    return letters.capitalize() if dice.random() < 0.8 else letters


def value(dice: random.Random, kind: str) -> object:
    """A value of a kind; now and then one that is nothing of the sort."""
    if dice.random() < 0.1:
        return dice.choice(NASTY)
    day = date(2019, 1, 1) + timedelta(days=dice.randrange(1000))
    clock = time(dice.randrange(24), dice.choice([0, 15, 30, 45]))
    amount = Decimal(dice.randrange(1, 10**6)) / dice.choice([1, 1, 10, 100])
    name = " ".join(word(dice) for _ in range(dice.randint(1, 3)))
    made: dict[str, object] = {
        "date": day,
        "time": clock,
        "datetime": datetime.combine(day, clock),
        "duration": timedelta(minutes=dice.randrange(5, 5000, 5)),
        "number": amount,
        "money": f"${amount:,.2f}",
        "percent": f"{amount % 100}%",
        "address": f"{dice.randrange(1, 999)} {name} {dice.choice(['Ave', 'Street', 'Road'])}",
        "email": f"{word(dice)}@{word(dice)}.com".lower(),
        "phone": f"+1 212 555 {dice.randrange(1000, 9999)}",
        "url": f"https://{word(dice)}.org/{word(dice)}".lower(),
        "list": [word(dice) for _ in range(dice.randrange(4))],
    }
    return made.get(kind, name)


def personal(dice: random.Random, name: str, kind: str) -> Personal:
    return Personal(name, f"{name} label", value(dice, kind), kind=kind, options={"pronouns": "keep"})


class Pair(NamedTuple):
    """Two users of one chain: whose answers become templates, and for whom those are filled."""

    mine: dict[str, Personal]
    other: dict[str, Personal]
    lexicon: Lexicon
    own: list[str]


def pair(dice: random.Random) -> Pair:
    kinds = dice.choices(KINDS, k=dice.randint(1, 3))
    mine, other = ({f"slot{i}": personal(dice, f"slot{i}", kind) for i, kind in enumerate(kinds)} for _ in "ab")
    own = [form.text for slot in mine.values() for form in (*kind_of(slot).recognise(slot),)[:40]] or ["none"]
    return Pair(mine, other, Lexicon(list(mine.values())), own)


def text_of(dice: random.Random, own: list[str]) -> str:
    """Words, marks, and forms of the values, some of them mangled."""
    pieces: list[str] = []
    for _ in range(dice.randint(1, 10)):
        piece = dice.choice(own) if dice.random() < 0.4 else dice.choice(NASTY if dice.random() < 0.2 else WORDS)
        mangled = dice.random()
        piece = piece.upper() if mangled < 0.05 else piece.lower() if mangled < 0.1 else piece
        pieces += (piece, dice.choice(GLUE))
    text = "".join(pieces)
    return f'{{"text": "{word(dice)}", "of": [{json.dumps(text)}]}}' if dice.random() < 0.02 else text


def template_of(lexicon: Lexicon, text: str) -> Template | None:
    try:
        return lexicon.delexicalize(text)
    except Refused:
        return None


def check(users: Pair, text: str) -> bool:
    """One case: the laws hold; says whether a template was made."""
    mine, other, lexicon, _ = users
    template = template_of(lexicon, text)
    if template is None:
        return False
    assert fill(template, mine) == text, "round trip"
    assert lexicon.delexicalize(fill(template, mine)) == template, "idempotence"
    lexicon.guard(template)
    try:
        filled = fill(template, other)
    except Refused as refused:
        assert refused.reason in ("empty slot", "unrenderable"), refused.reason  # noqa: PT017 -- the law
        return True
    at = 0
    for part in template:
        if isinstance(part, str) and not part.isspace() and all(slot.value for slot in other.values()):
            assert part in filled[at:], "a literal stays"
            at = filled.index(part, at) + len(part)
    return True


def checked(seed: int) -> int:
    """The `TEXTS` cases of a seed; how many of them became templates."""
    dice = random.Random(seed)
    users = pair(dice)
    made = 0
    for number in range(TEXTS):
        try:
            made += check(users, text_of(dice, users.own))
        except Exception as error:
            error.add_note(f"seed {seed}, text {number}")
            raise
    return made


def test_reduced() -> None:
    """Round trip, idempotence, guard, and literals that stay, whatever users, kinds and texts."""
    assert sum(map(checked, range(60))) > 300


@pytest.mark.soak
@pytest.mark.skipif("not os.environ.get('LANGCACHE_SOAK')", reason="a million cases: LANGCACHE_SOAK=1")
@pytest.mark.parametrize("part", range(16))
def test_a_million(part: int) -> None:
    """The same over a million cases."""
    assert sum(map(checked, range(part, CASES // TEXTS, 16))) > CASES // 64
