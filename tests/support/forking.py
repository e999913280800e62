"""Processes forked from one that has imported what they need, so that each starts within milliseconds."""

from multiprocessing import get_context

__all__ = ["FORKING"]

FORKING = get_context("forkserver")
# What is on the path of the server itself: not the tests.
FORKING.set_forkserver_preload(
    [
        "ai_orchestrator.cli",
        "hypothesis.strategies",
        "langcache.langchain.wrap",
        "langcache.stages.pipeline",
        "langcache.storage.redis",
        "langcache.storage.sqlite",
        "langchain_anthropic",
        "langchain_openai",
        "redis.asyncio",
    ]
)
