"""The inputs behind the golden vectors; run as a script, it prints the keys this process makes.

Nothing here may hold code of ours or of a library, since descriptions of code differ between Python versions.
"""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal
from uuid import UUID

from langcache import Cache, Feature, Ignore, Profile, Slot
from support.values import Colour, Model, Point

VALUES: dict[str, Any] = {
    "none": None,
    "true": True,
    "false": False,
    "zero": 0,
    "negative": -255,
    "beyond 64 bits": 2**70,
    "float": 1.0,
    "negative zero": -0.0,
    "not a number": float("nan"),
    "infinity": float("inf"),
    "empty text": "",
    "digit as text": "1",
    "composed": "é",
    "decomposed": "e\u0301",
    "emoji": "😀",
    "surrogates": "\ud83d\ude00",
    "bytes": b"\x00\xff",
    "list": [1, "a", None],
    "tuple": (1, "a", None),
    "nested": [["a"], "b", []],
    "mapping": {"b": 1, "a": {"c": [2]}, 3: None},
    "set": {"b", "a", "c"},
    "enum": Colour.RED,
    "decimal": Decimal("1.50"),
    "date": date(2024, 2, 29),
    "naive datetime": datetime(2024, 2, 29, 12, 30),  # noqa: DTZ001 -- naive on purpose
    "aware datetime": datetime(2024, 2, 29, 12, 30, tzinfo=UTC),
    "folded time": time(2, 30, fold=1),
    "timedelta": timedelta(days=-1, microseconds=5),
    "uuid": UUID(int=1),
    "path": PurePosixPath("a/b"),
    "dataclass": Point("x", [1]),
    "pydantic model": Model(x="x", y={"z": 1}),
}


class Applicant(Profile):
    background: Annotated[str, Feature(synonyms={"founder": ["entrepreneur", "ceo"]})]
    gpa: Annotated[float | None, Feature(buckets=[3.0, 3.5])] = None
    skills: Annotated[set[str], Feature()] = set()
    plan: Annotated[Literal["full", "short"], Feature()] = "full"
    startup_name: Annotated[str | None, Slot(label="startup name")] = None
    universities: Annotated[list[str], Slot(label="university name", aliases=["target school"])] = []
    users: Annotated[int | None, Ignore()] = None


FOUNDER = {
    "background": "  Entrepreneur ",
    "gpa": "3.42",
    "skills": ["Writing", "Python", "c++", "python"],
    "startup_name": "PathAI",
    "universities": ["MIT", "CMU"],
    "users": 200_000,
}
REQUESTS: dict[str, dict[str, Any]] = {
    "founder": FOUNDER,
    "one university": {**FOUNDER, "universities": ["MIT"]},
    "hardly anything given": {"background": "Zoologist", "startup_name": None},
    "with a question": {**FOUNDER, "question": "How do I pitch PathAI to MIT?"},
    "with more than text": {**FOUNDER, "history": [{"role": "user", "n": 1}, None, 2.5], "plan": "SHORT"},
}


def keys() -> dict[str, str]:
    """The key of each request to a wrapped prompt, by mode and the request's name."""
    from langchain_core.prompts import PromptTemplate

    prompt = PromptTemplate.from_template("{background}: {startup_name}")
    found = {}
    modes: Any = {"mask": "Keep [brackets].", "abstract": None}
    for mode, instruction in modes.items():
        for name, inputs in REQUESTS.items():
            with Cache("memory://") as cache, cache.capture() as events:
                cache.wrap(
                    prompt, profile=Applicant, name="plan", prompt_version="v1", mode=mode, instruction=instruction
                ).invoke(inputs)
            found[f"{mode}: {name}"] = events[0].key
    return found


if __name__ == "__main__":
    print(json.dumps(keys()))
