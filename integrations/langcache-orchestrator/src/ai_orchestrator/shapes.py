"""What the models are asked to answer with, where the answer is not code."""

from pydantic import BaseModel, ConfigDict

__all__ = ["Architecture", "Feature", "FeatureList", "MicroPhase", "Module", "PhasePlan", "Rejection", "Review"]


class Shape(BaseModel):
    """Strict, so that a provider may enforce it."""

    model_config = ConfigDict(extra="forbid")


class Feature(Shape):
    """One thing the project can do."""

    name: str
    why: str


class FeatureList(Shape):
    """One model's proposal."""

    features: list[Feature]


class Rejection(Shape):
    """A feature that is not worth it."""

    name: str
    reason: str


class Review(Shape):
    """One model on the other's proposal."""

    accepted: list[str]
    rejected: list[Rejection]


class Module(Shape):
    """One file of the plan."""

    path: str
    purpose: str


class Architecture(Shape):
    """How the project is built."""

    summary: str
    package: str
    modules: list[Module]
    conventions: list[str]


class MicroPhase(Shape):
    """One small step: the files it writes, and the tests that show it works, as ``path::test_name``."""

    id: int
    title: str
    goal: str
    files: list[str]
    tests: list[str]


class PhasePlan(Shape):
    """Every step, in order."""

    phases: list[MicroPhase]
