"""Asking a model, and reading what it says; an answer that was cut off or cannot be read is an error."""

import re
from typing import TypeVar

from pydantic import BaseModel

from ai_orchestrator.models import Member
from ai_orchestrator.prompts import ROLE

__all__ = ["AnswerError", "ask", "ask_for", "read_files"]

S = TypeVar("S", bound=BaseModel)
_FILE = re.compile(r'^<file path="([^"\n]+)">\n(.*?)^</file>$', re.MULTILINE | re.DOTALL)
_WHOLE = ("stop", "end_turn", "stop_sequence")


class AnswerError(Exception):
    """A model's answer cannot be used."""


def ask(member: Member, question: str) -> str:
    """What *member* says.

    Raises:
        AnswerError: it was cut off or refused.
    """
    message = member.client.invoke([("system", ROLE), ("human", question)])
    about = message.response_metadata
    why = about.get("stop_reason") or about.get("finish_reason")
    if why not in _WHOLE:
        raise AnswerError(f"the answer ended with {why!r}, so it is not whole")
    return str(message.text)


def ask_for(shape: type[S], member: Member, question: str) -> S:
    """What *member* says, as *shape*.

    Raises:
        AnswerError: it is none.
    """
    asked = member.client.with_structured_output(shape, method=member.schema_by)
    found = asked.invoke([("system", ROLE), ("human", question)])
    if not isinstance(found, shape):
        raise AnswerError(f"the answer is no {shape.__name__}")
    return found


def read_files(answer: str) -> dict[str, str]:
    """Path to text of every ``<file>`` block.

    Raises:
        AnswerError: there is none, or one path comes twice.
    """
    blocks = _FILE.findall(answer)
    if not blocks:
        raise AnswerError("the answer holds no file blocks")
    files = dict(blocks)
    if len(files) < len(blocks):
        raise AnswerError("the answer holds a file twice")
    return files
