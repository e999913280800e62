"""The chain and profile most tests wrap."""

from typing import Annotated, Any

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable

from langcache import Feature, Ignore, Profile, Slot
from support.models import CountingModel


class Applicant(Profile):
    background: Annotated[str, Feature(synonyms={"founder": ["entrepreneur", "ceo"]})]
    gpa: Annotated[float | None, Feature(buckets=[3.0, 3.5])] = None
    startup_name: Annotated[str | None, Slot(label="startup name")] = None
    universities: Annotated[list[str], Slot(label="university name", aliases=["target school"])] = []
    users: Annotated[int | None, Ignore()] = None


PROMPT = ChatPromptTemplate.from_messages(
    [("system", "You advise a {background}."), ("human", "Plan for {startup_name}, aiming at {universities}.")]
)
SAY = "Pitch [startup name] to [university name]."


def founder(**more: Any) -> dict[str, Any]:
    return {"background": "founder", "startup_name": "PathAI", "universities": ["MIT", "CMU"], **more}


def chain(model: CountingModel) -> Runnable[Any, Any]:
    return PROMPT | model | StrOutputParser()
