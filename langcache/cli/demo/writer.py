"""The stand-in "model" of the cassettes: it reads the prompt, and keeps placeholders, as a good model does."""

import json
import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from langcache.testing import Request

__all__ = ["write"]

_LINE = re.compile(r"^(Name|Background|Field|GPA|Startup|Universities): (.*)$", re.MULTILINE)
_BANDS = {"under 3.0": "low", "3.0–3.5": "mid", "3.5 or more": "high", "None": "none"}


def write(request: Request) -> str:
    """The answer to one request: a JSON task list where a schema was asked for, else a bulleted list."""
    told = dict(_LINE.findall(request.json["messages"][-1]["content"]))
    if request.vendor == "openai":
        tasks = [_filled(task, told) for task in _chosen(told, "plan")]
        return json.dumps({"tasks": tasks}, ensure_ascii=False)
    extras = [_filled(task, told) for task in _chosen(told, "unique")]
    return "\n".join(f"- **{task['title']}.** {task['description']}" for task in extras)


def _chosen(told: dict[str, str], part: str) -> list[dict[str, str]]:
    """The tasks for what was told, most personal first."""
    texts = _texts()
    has_startup = told["Startup"] != "None"
    groups = [
        _entry(texts["background"], told["Background"]),
        texts["startup"] if has_startup else {},
        _entry(texts["field"], told["Field"]),
        texts["gpa"][_band(told["GPA"])],
    ]
    return [task for group in groups for task in group.get(part, [])]


def _entry(texts: dict[str, Any], typed: str) -> dict[str, Any]:
    """By the plain word; a real run shows the model what the applicant typed, and it understands that too."""
    from langcache.cli.demo.applicants import BACKGROUNDS, FIELDS

    word = " ".join(typed.casefold().split())
    heads = {synonym: head for table in (BACKGROUNDS, FIELDS) for head, words in table.items() for synonym in words}
    entry: dict[str, Any] = texts[heads.get(word, word)]
    return entry


def _band(gpa: str) -> str:
    if gpa in _BANDS:
        return _BANDS[gpa]
    return "low" if float(gpa) < 3.0 else "mid" if float(gpa) < 3.5 else "high"


def _filled(task: dict[str, str], told: dict[str, str]) -> dict[str, str]:
    startup = told["Startup"]
    words = {
        "name": told["Name"],
        "startup": startup,
        "startup_mangled": startup.title().replace(" ", "-") if startup.startswith("[") else startup,
        "schools": _listed(told["Universities"]),
    }
    filled = {name: text.format_map(words) for name, text in task.items()}
    if "done" in filled:
        filled["definition_of_done"] = filled.pop("done")
    return filled


def _listed(schools: str) -> str:
    """``['A', 'B']``, as a prompt shows a Python list, written as people write it."""
    if not schools.startswith("['"):
        return schools
    names = json.loads(schools.replace("'", '"'))
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


@cache
def _texts() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("writer.toml").read_text(encoding="utf-8"))
