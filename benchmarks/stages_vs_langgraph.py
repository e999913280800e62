"""Five situations, one pipeline: LangGraph's node cache and checkpointer, and `langcache.stages`.

    python benchmarks/stages_vs_langgraph.py

Both run ``plan`` and ``write`` on the same topic. The table counts executions and says whether the answer was right; it
is the one in docs/stages.md, and a test compares the two.
"""

import asyncio
from typing import Any, TypedDict

from langchain_core.runnables import RunnableConfig
from langgraph.cache.memory import InMemoryCache
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import CachePolicy

from langcache import Cache
from langcache.stages import Pipeline, StageFailed

CONCURRENT = 50


class State(TypedDict, total=False):
    """What the nodes read and write."""

    topic: str
    plan: str
    text: str


class LangGraph:
    """``plan`` then ``write``, each with a cache policy, on a checkpointer."""

    name = "LangGraph node cache + checkpointer"

    def __init__(self) -> None:
        self.cache, self.saver, self.calls = InMemoryCache(), InMemorySaver(), []
        self.threads = 0

    def run(self, *, prompt="v1", edited=False, user="ann", fails=False, thread=None):
        """One run; with the *thread* of an unfinished one, the rest of that."""

        async def plan(state: State, config: RunnableConfig) -> dict:
            self.calls.append("plan")
            await asyncio.sleep(0.01)
            return {"plan": f"{prompt} for {config['configurable']['user']}"}

        async def edited_plan(state: State, config: RunnableConfig) -> dict:
            self.calls.append("plan")
            return {"plan": f"a better plan, {prompt} for {config['configurable']['user']}"}

        async def write(state: State) -> dict:
            self.calls.append("write")
            if fails:
                raise TimeoutError
            return {"text": state["plan"]}

        builder = StateGraph(State)
        builder.add_node("plan", edited_plan if edited else plan, cache_policy=CachePolicy())
        builder.add_node("write", write, cache_policy=CachePolicy())
        builder.add_edge(START, "plan")
        builder.add_edge("plan", "write")
        builder.add_edge("write", END)
        app = builder.compile(cache=self.cache, checkpointer=self.saver)
        self.threads += 1
        resumes = thread is not None and app.get_state({"configurable": {"thread_id": thread}}).next
        config = {"configurable": {"thread_id": thread or str(self.threads), "user": user}}
        return app.ainvoke(None if resumes else {"topic": "todo"}, config)

    async def text(self, **options):
        """The answer, or None if the run failed."""
        try:
            return (await self.run(**options))["text"]
        except TimeoutError:
            return None


class Stages:
    """The same as stages; the user is an input, so it counts where it is read."""

    name = "langcache.stages"

    def __init__(self) -> None:
        self.cache, self.calls = Cache("memory://"), []

    def pipeline(self, prompt, edited, fails):
        """The pipeline as it is declared now."""
        pipe = Pipeline("compare", cache=self.cache)
        calls, broken = self.calls, {"write": fails}

        async def plan(inputs, upstream) -> str:
            calls.append("plan")
            await asyncio.sleep(0.01)
            return f"{prompt} for {inputs['user']}"

        async def edited_plan(inputs, upstream) -> str:
            calls.append("plan")
            return f"a better plan, {prompt} for {inputs['user']}"

        pipe.stage("plan", prompt_version=prompt)(edited_plan if edited else plan)

        @pipe.stage("write", depends_on=["plan"], version="1")
        async def write(inputs, upstream) -> str:
            calls.append("write")
            if broken["write"]:
                raise TimeoutError
            return upstream["plan"]

        return pipe

    async def text(self, *, prompt="v1", edited=False, user="ann", fails=False, thread=None):
        """The answer, or None if the run failed."""
        pipe = self.pipeline(prompt, edited, fails)
        try:
            run = await pipe.arun({"topic": "todo", "user": user}, session_id=thread)
        except StageFailed:
            return None
        return run.outputs["write"]


async def after_edit(host: Any, **edit: Any) -> str:
    """Run, edit, run: was the second answer the edited one's?"""
    before = await host.text()
    mark = len(host.calls)
    after = await host.text(**edit)
    ran = len(host.calls) - mark
    return f"{'old output served' if after == before else 'new output'}, {ran} of 2 nodes run"


async def concurrent(host: Any) -> str:
    """How often the first node ran for runs that start together."""
    await asyncio.gather(*(host.text() for _ in range(CONCURRENT)))
    return f"first node executed {host.calls.count('plan')} ×"


async def crashed(host: Any) -> str:
    """Fail in ``write``, run again with the same thread or session."""
    await host.text(fails=True, thread="t")
    mark = len(host.calls)
    await host.text(thread="t")
    return f"runs {', '.join(host.calls[mark:])}"


async def crashed_elsewhere(host: Any) -> str:
    """Fail in ``write``, run again under a new thread or session with an edited prompt."""
    await host.text(fails=True, thread="t")
    mark = len(host.calls)
    text = await host.text(thread="t", prompt="v2")
    right = text == "v2 for ann"
    return f"runs {', '.join(host.calls[mark:])}: {'right' if right else 'resumes on the old prompt’s plan'}"


ROWS = {
    "the prompt is edited": lambda host: after_edit(host, prompt="v2"),
    "the node's code is edited": lambda host: after_edit(host, edited=True),
    "another user in the config": lambda host: after_edit(host, user="bob"),
    f"{CONCURRENT} concurrent runs": concurrent,
    "crash after the first node, run again": crashed,
    "the same, prompt edited before the second run": crashed_elsewhere,
}


def table() -> list[str]:
    """The rows, in Markdown."""
    hosts = (LangGraph, Stages)
    lines = [f"| | {' | '.join(host.name for host in hosts)} |", "|---|---|---|"]
    for row, check in ROWS.items():
        lines.append(f"| {row} | {' | '.join(asyncio.run(check(host())) for host in hosts)} |")
    return lines


def main() -> None:
    print("\n".join(table()))


if __name__ == "__main__":
    main()
