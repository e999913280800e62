"""What the tests of the model doors share: a profile, a prompt, a model that answers from what it is asked."""

from typing import Annotated, Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.prompts import ChatPromptTemplate
from pydantic import Field

from langcache import Feature, Ignore, Profile, Slot


class Applicant(Profile):
    background: Annotated[str, Feature(synonyms={"founder": ["entrepreneur", "CEO"]})]
    gpa: Annotated[float | None, Feature(buckets=[3.0, 3.5])] = None
    startup_name: Annotated[str | None, Slot(label="startup name")] = None
    universities: Annotated[list[str], Slot(label="university name")] = []
    employees: Annotated[int | None, Ignore()] = None


PROMPT = ChatPromptTemplate.from_messages(
    [
        ("system", "You plan applications."),
        ("human", "Plan for a {background} of {startup_name} (GPA {gpa}) applying to {universities}."),
    ]
)


def applicant(**changed: Any) -> dict[str, Any]:
    """Ada, or somebody who differs from her."""
    ada = {"background": "CEO", "gpa": 3.42, "startup_name": "PathAI", "universities": ["MIT", "Stanford"]}
    return {**ada, **changed}


BOB = applicant(background="entrepreneur", gpa=3.1, startup_name="Quantix", universities=["Oxford", "ETH Zurich"])


class Echo(BaseChatModel):
    """Answers with the last message, and counts."""

    model_name: str = "echo-1"
    temperature: float = 0.0
    prefix: str = "Noted: "
    metadata_seen: list[Any] = Field(default_factory=list)
    calls: int = 0
    finish: str = "stop"

    @property
    def _llm_type(self) -> str:
        return "echo"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, "temperature": self.temperature}

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.calls += 1
        message = AIMessage(
            f"{self.prefix}{messages[-1].text}",
            usage_metadata={"input_tokens": 7, "output_tokens": 5, "total_tokens": 12},
            response_metadata={"finish_reason": self.finish, "model_name": self.model_name},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])


class Planner(Echo):
    """Answers with what a planner would say to the user whose details it was told."""

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        self.calls += 1
        text = messages[-1].text
        startup = text.partition(" of ")[2].partition(" (GPA")[0]
        message = AIMessage(
            f"Tell the story of {startup}.",
            usage_metadata={"input_tokens": 7, "output_tokens": 5, "total_tokens": 12},
            response_metadata={"finish_reason": self.finish, "model_name": self.model_name},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])
