"""Each applicant's texts hold their own details, and nobody else's."""

import re

import pytest

from langcache import Cache
from langcache.cli.demo.applicants import Row, details, read_applicants
from langcache.cli.demo.run import Answer, run

EVERYBODY = {detail for applicant in read_applicants() for detail in details(applicant)}


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    with Cache("memory://") as cache:
        return run(cache, read_applicants(), live=None, advance=lambda _name: None).answers


def text_of(answer: Answer) -> str:
    """All that one applicant reads."""
    tasks = [f"{task.title}\n{task.description}\n{task.definition_of_done}" for task in answer.plan.tasks]
    return "\n".join([*tasks, answer.extras])


def foreign(applicant: Row) -> set[str]:
    """Everybody else's details that are no part of this applicant's own."""
    own = " ".join(details(applicant))
    return {detail for detail in EVERYBODY if detail not in own}


def test_every_applicant_is_answered(answers: list[Answer]) -> None:
    """In the order they came, with a whole plan and extra tasks."""
    assert read_applicants() == [answer.applicant for answer in answers]
    assert all(len(answer.plan.tasks) >= 5 and answer.extras.startswith("- ") for answer in answers)


def test_everybody_finds_their_own_details(answers: list[Answer]) -> None:
    """The startup and every university of each applicant stand in that applicant's texts."""
    for answer in answers:
        applicant, text = answer.applicant, text_of(answer)
        assert (applicant["startup_name"] or "") in text
        assert [school for school in applicant["universities"] if school not in text] == []


def test_nobody_finds_somebody_else(answers: list[Answer]) -> None:
    """No other applicant's detail, and no placeholder, is in anybody's texts."""
    for answer in answers:
        text = text_of(answer)
        assert "[" not in text
        assert [detail for detail in foreign(answer.applicant) if re.search(rf"\b{re.escape(detail)}\b", text)] == []


def test_one_kind_differs_only_in_details(answers: list[Answer]) -> None:
    """With everybody's details blanked out, there are as many texts as there are kinds."""
    blanked = set()
    for answer in answers:
        text = text_of(answer)
        for detail in sorted(details(answer.applicant), key=len, reverse=True):
            text = text.replace(detail, "…")
        blanked.add(re.sub(r"…(?:, …)*(?: and …)?", "…", text))
    assert len(blanked) == 12
