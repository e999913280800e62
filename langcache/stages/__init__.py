"""Stages that never lose work: pipelines whose steps are keyed by all they depend on, resumed where they broke off."""

from langcache.stages.config import StageConfig
from langcache.stages.failure import StageFailed
from langcache.stages.files import Files
from langcache.stages.langgraph_node import node
from langcache.stages.metering import report_cost
from langcache.stages.pipeline import Pipeline
from langcache.stages.results import PlanLine, Progress, Run
from langcache.stages.validation import Report

__all__ = [
    "Files",
    "Pipeline",
    "PlanLine",
    "Progress",
    "Report",
    "Run",
    "StageConfig",
    "StageFailed",
    "node",
    "report_cost",
]
