"""The two chains of the demo, as an app would write them, and what wrapping them takes."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, SecretStr

from langcache import Cache
from langcache.cli.demo.applicants import Applicant

__all__ = ["GENERATION_TYPES", "RECORDED", "Chains", "Endpoint", "Task", "TaskList", "wrapped_chains"]

OPENAI_MODEL, ANTHROPIC_MODEL = "gpt-4.1-mini", "claude-haiku-4-5"
GENERATION_TYPES = ("full_llm", "unique")

PLANNER = "You plan university applications. Give concrete tasks in the order in which to do them."
EXTRAS = (
    "You advise on university applications. Add two or three tasks that others would not think of, as a bulleted list."
)
APPLICANT = """\
Name: {first_name}
Background: {background}
Field: {field}
GPA: {gpa}
Startup: {startup_name}
Universities: {universities}"""


class Task(BaseModel):
    """One thing to do."""

    title: str
    description: str
    definition_of_done: str


class TaskList(BaseModel):
    """A whole plan."""

    tasks: list[Task]


@dataclass(frozen=True)
class Endpoint:
    """Where the two providers are and what opens them; a URL of None is the provider's own."""

    openai_key: str
    anthropic_key: str
    openai_url: str | None = None
    anthropic_url: str | None = None


RECORDED = Endpoint("replayed", "replayed", "https://api.openai.com/v1", "https://api.anthropic.com")
"""For replaying: the URLs are written down so that no environment variable moves them."""


@dataclass(frozen=True)
class Chains:
    """Both generation types, wrapped."""

    full_llm: Any
    unique: Any


def wrapped_chains(cache: Cache, endpoint: Endpoint) -> Chains:
    """The chains behind *cache*, talking to *endpoint*."""
    return Chains(
        full_llm=cache.wrap(_planner(endpoint), profile=Applicant, name="task_planner", generation_type="full_llm"),
        unique=cache.wrap(_extras(endpoint), profile=Applicant, name="extra_tasks", generation_type="unique"),
    )


def _planner(endpoint: Endpoint) -> Any:
    from langchain_core.prompts import ChatPromptTemplate
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(
        model=OPENAI_MODEL, base_url=endpoint.openai_url, api_key=SecretStr(endpoint.openai_key), max_retries=0
    )
    prompt = ChatPromptTemplate.from_messages([("system", PLANNER), ("human", APPLICANT)])
    return prompt | model.with_structured_output(TaskList)


def _extras(endpoint: Endpoint) -> Any:
    from langchain_anthropic import ChatAnthropic
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate

    # max_tokens is part of the request, and the library's default for it may change
    model = ChatAnthropic(
        model=ANTHROPIC_MODEL,
        base_url=endpoint.anthropic_url,
        api_key=SecretStr(endpoint.anthropic_key),
        max_tokens=1024,
        max_retries=0,
        timeout=None,
        stop=None,
    )
    prompt = ChatPromptTemplate.from_messages([("system", EXTRAS), ("human", APPLICANT)])
    return prompt | model | StrOutputParser()
