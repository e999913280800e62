"""Masked values print everywhere and are computed with nowhere."""

import copy
import json
import operator
import pickle
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from langchain_core.messages import HumanMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder, PromptTemplate
from pydantic import BaseModel

from langcache.errors import MaskedValueUsed
from langcache.templating import MaskedList, MaskedText

USERS = MaskedText("[users]", name="users")
SCHOOLS = MaskedList(MaskedText("[university name]", name="universities"))

PRINTS: dict[str, Callable[[Any], object]] = {
    "str": str,
    "thousands": lambda x: f"{x:,}",
    "one decimal": lambda x: f"{x:.1f}",
    "date": lambda x: f"{x:%B %Y}",
    "date with points": lambda x: f"{x:%d.%m.20}",
    "percent s": lambda x: "%s" % x,  # noqa: UP031
    "percent d": lambda x: "%d" % x,  # noqa: UP031
    "format": lambda x: "{:>10}".format(x),  # noqa: UP032
    "join": lambda x: "".join([x]),
    "concatenation": lambda x: "" + x,
    "concatenation right": lambda x: x + "",
    "html escape": lambda x: x.replace("&", "&amp;"),
    "json": lambda x: json.loads(json.dumps(x)),
    "message": lambda x: HumanMessage(content=x).content,
}
COMPUTES: dict[str, Callable[[Any], object]] = {
    "first letters": lambda x: f"{x:.1}",
    "first letters of text": lambda x: f"{x:>8.3s}",
    "int": int,
    "float": float,
    "round": round,
    "abs": abs,
    "len": len,
    "list": list,
    "hash": hash,
    "times": lambda x: x * 2,
    "times left": lambda x: 2 * x,
    "plus one": lambda x: x + 1,
    "one plus": lambda x: 1 + x,
    "sum": lambda x: sum([x]),
    "modulo": lambda x: x % 3,
    "minus": lambda x: x - 1,
    "equal": lambda x: x == "PathAI",
    "equal left": lambda x: "PathAI" == x,  # noqa: SIM300
    "unequal": lambda x: x != "PathAI",
    "equal in small letters": lambda x: x.lower() == "pathai",
    "equal in capitals": lambda x: x.strip().upper() != "PATHAI",
    "key in small letters": lambda x: {"pathai": 1}.get(x.casefold()),
    "part of the title": lambda x: "Path" in x.title(),
    "words of what is stripped": lambda x: x.strip().capitalize().split(),
    "less": lambda x: x < 100,
    "greater left": lambda x: max(x, "z"),
    "in": lambda x: "u" in x,
    "among": lambda x: x in ("a", "b"),
    "key": lambda x: {x: 1},
    "index": operator.itemgetter(0),
    "slice": lambda x: x[:3],
    "split": lambda x: x.split(),
    "startswith": lambda x: x.startswith("P"),
    "isdigit": lambda x: x.isdigit(),
    "replace": lambda x: x.replace("users", "x"),
    "range": range,
    "pickle": pickle.dumps,
}


@pytest.mark.parametrize("show", PRINTS.values(), ids=PRINTS)
def test_printing_gives_the_token(show: Callable[[Any], object]) -> None:
    """Every way a prompt prints a value gives the bare token, as a plain string."""
    shown: Any = show(USERS)
    assert shown.strip() == "[users]"
    assert type(shown) is str


@pytest.mark.parametrize("how", ["strip", "lower", "upper", "title", "casefold", "capitalize"])
def test_other_letters_print_as_well(how: str) -> None:
    """And are empty as little as the value is."""
    other = getattr(USERS, how)()
    assert f"{other}".lower() == "[users]"
    assert other
    assert other != ""


@pytest.mark.parametrize("compute", COMPUTES.values(), ids=COMPUTES)
def test_computing_is_refused_and_names_the_slot(compute: Callable[[Any], object]) -> None:
    """Whatever would depend on the value raises, and says which slot and what to do."""
    with pytest.raises(MaskedValueUsed, match="'users'"):
        compute(USERS)


@pytest.mark.parametrize(
    "compute",
    [
        len,
        lambda x: x[1],
        lambda x: x[:1],
        lambda x: "MIT" in x,
        set,
        lambda x: x == ["MIT"],
        lambda x: operator.add(x, ["MIT"]),
    ],
)
def test_a_masked_list_hides_its_length_and_items(compute: Callable[[Any], object]) -> None:
    """A list slot's length and items are not in the key beyond none, one, many."""
    with pytest.raises(MaskedValueUsed, match="'universities'"):
        compute(SCHOOLS)


def test_a_masked_list_is_one_token() -> None:
    """Printed, joined or iterated over, the list is its token once."""
    assert "[university name]" == str(SCHOOLS) == f"{SCHOOLS}" == "%s" % SCHOOLS == ", ".join(SCHOOLS)  # noqa: UP031
    assert [f"- {school}" for school in SCHOOLS] == ["- [university name]"]
    assert json.loads(json.dumps(SCHOOLS)) == ["[university name]"]
    assert SCHOOLS


def test_the_first_of_many_is_not_the_list() -> None:
    """One token stands for all items, so taking only the first is computing; of one item, the first is the list."""
    used: list[str] = []
    item = MaskedText("[school]", name="schools", on_use=used.append)
    takes: list[Callable[[Any], object]] = [lambda some: some[0], lambda some: next(iter(some))]
    for take in takes:
        with suppress(MaskedValueUsed):
            take(MaskedList(item))
        assert used == ["schools"]
        used.clear()
        assert take(MaskedList(item, many=False)) is item
    prompt = PromptTemplate.from_template("{{ schools|first }}", template_format="jinja2")
    prompt.invoke({"schools": MaskedList(item)})
    assert used == ["schools"]
    used.clear()
    assert [str(school) for school in MaskedList(item)] == ["[school]"]
    assert used == []


def test_equality_with_its_own_kind_and_with_nothing() -> None:
    """Masked values compare with each other; emptiness may be asked, since presence is in the key."""
    assert MaskedText("[users]", name="users") == USERS
    assert MaskedText("[other]", name="other") != USERS
    assert USERS is not None
    assert USERS not in (0, False, None)
    assert bool(USERS)


def test_copies_are_the_same_object() -> None:
    """Copying inputs, as tracers do, trips nothing."""
    assert copy.copy(USERS) is USERS
    assert copy.deepcopy({"a": USERS, "b": [SCHOOLS]})["b"][0] is SCHOOLS


def test_a_swallowed_exception_is_still_reported() -> None:
    """Jinja's ``int`` filter swallows the error and prints 0: the callback tells all the same."""
    used: list[str] = []
    users = MaskedText("[users]", name="users", on_use=used.append)
    prompt = PromptTemplate.from_template("{{ users | int }}", template_format="jinja2")
    assert prompt.invoke({"users": users}).to_string() == "0"
    assert {"users"} == set(used)


def test_f_string_prompts() -> None:
    """LangChain's f-string prompts print masked values under any format spec."""
    prompt = ChatPromptTemplate.from_messages(
        [("system", "{users:,} {users:.1f}"), MessagesPlaceholder("history"), ("human", "{schools}")]
    )
    messages = prompt.invoke({"users": USERS, "schools": SCHOOLS, "history": [("human", "hi")]}).to_messages()
    assert [message.content for message in messages] == ["[users] [users]", "hi", "[university name]"]


def test_jinja_prompts() -> None:
    """Jinja prompts print, filter, join, loop over and test masked values."""
    prompt = PromptTemplate.from_template(
        "{{ users }} {{ users|upper }} {{ users|trim }} {{ users|default('x') }}{% if users %}!{% endif %}"
        " {% for s in schools %}<{{ s }}>{% if not loop.last %},{% endif %}{% endfor %} "
        "{{ schools|join(', ') }}",
        template_format="jinja2",
    )
    expected = "[users] [USERS] [users] [users]! <[university name]> [university name]"
    assert expected == prompt.invoke({"users": USERS, "schools": SCHOOLS}).to_string()


def test_mustache_prompts() -> None:
    """Mustache prompts print masked values escaped and raw, and loop over them."""
    prompt = PromptTemplate.from_template(
        "{{users}} {{{users}}} {{#schools}}<{{.}}>{{/schools}}{{^users}}none{{/users}}",
        template_format="mustache",
    )
    expected = "[users] [users] <[university name]>"
    assert expected == prompt.invoke({"users": USERS, "schools": SCHOOLS}).to_string()


def test_pydantic_takes_plain_text() -> None:
    """Validated models hold plain strings, so nothing masked goes on living in an answer."""

    class Model(BaseModel):
        users: str
        schools: list[str]

    model = Model(users=USERS, schools=SCHOOLS)
    assert (str, str) == (type(model.users), type(model.schools[0]))
