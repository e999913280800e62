"""Who applies: a hundred invented people, typed in as people type."""

import csv
from importlib.resources import files
from typing import Annotated, Any

from langcache import Feature, Ignore, Profile, Slot

__all__ = ["Applicant", "Row", "details", "read_applicants"]

Row = dict[str, Any]
"""One applicant as the chains take it."""

BACKGROUNDS = {
    "founder": ["entrepreneur", "ceo", "co-founder", "startup founder"],
    "engineer": ["software engineer", "programmer", "dev"],
    "nurse": ["registered nurse", "rn"],
    "designer": ["product designer", "ux designer"],
    "teacher": ["school teacher", "educator"],
}
FIELDS = {
    "computer science": ["compsci", "comp sci", "cs"],
    "business administration": ["business", "mba"],
    "public health": ["mph"],
    "interaction design": ["human-computer interaction", "hci"],
    "education policy": ["education", "ed policy"],
}


class Applicant(Profile):
    """What of an applicant decides the plan, what only fills it, and what does neither."""

    background: Annotated[str, Feature(synonyms=BACKGROUNDS)]
    field: Annotated[str, Feature(synonyms=FIELDS)]
    gpa: Annotated[float | None, Feature(buckets=[3.0, 3.5])] = None
    first_name: Annotated[str, Slot()]
    startup_name: Annotated[str | None, Slot(label="startup name")] = None
    universities: Annotated[list[str], Slot(label="university name", aliases=["target school"])]
    users: Annotated[int | None, Ignore()] = None


def read_applicants() -> list[Row]:
    """The applicants of ``applicants.csv``, with nothing tidied up: that is the profile's job."""
    text = files(__package__).joinpath("applicants.csv").read_text(encoding="utf-8")
    return [_typed(row) for row in csv.DictReader(text.splitlines())]


def _typed(row: dict[str, str]) -> Row:
    return {
        **row,
        "gpa": float(row["gpa"]) if row["gpa"] else None,
        "startup_name": row["startup_name"] or None,
        "universities": row["universities"].split("; "),
        "users": int(row["users"]) if row["users"] else None,
    }


def details(applicant: Row) -> list[str]:
    """The slot values of *applicant*, as they show in a text."""
    startup = [applicant["startup_name"]] if applicant["startup_name"] else []
    return [applicant["first_name"], *startup, *applicant["universities"]]
