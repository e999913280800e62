"""Door 2 for a whole app: nothing of the app is touched, and everything is put back."""

import threading
from collections.abc import Iterator
from typing import Any, TypedDict

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.globals import get_llm_cache, set_llm_cache
from langchain_core.language_models import FakeListLLM
from langchain_core.runnables import RunnableLambda
from langgraph.graph import END, START, StateGraph
from support.doors import BOB, PROMPT, Applicant, Echo, Planner, applicant

import langcache
from langcache import Cache, ChainPolicy
from langcache.errors import DeclarationError
from langcache.langchain.listening import listening
from langcache.langchain.matching import runs

POLICY = ChainPolicy(name="plan", profile=Applicant, prompt_version="v1")


@pytest.fixture
def cache() -> Iterator[Cache]:
    with Cache("memory://") as cache:
        langcache.install(cache, policies=[POLICY])
        yield cache
        langcache.uninstall()


def test_an_app_nobody_rewrote_answers_two_users_with_one_call(cache: Cache) -> None:
    """The chain is known by its run name; no callback is passed, no model touched."""
    model = Planner()
    chain = (PROMPT | model).with_config(run_name="plan")
    assert chain.invoke(applicant()).content == "Tell the story of PathAI."
    assert chain.invoke(BOB).content == "Tell the story of Quantix."
    assert model.calls == 1


async def test_tasks(cache: Cache) -> None:
    """Law 12."""
    model = Planner()
    chain = (PROMPT | model).with_config(run_name="plan")
    await chain.ainvoke(applicant())
    users = [applicant(startup_name=f"Startup{n}x") for n in range(50)]
    answers = await chain.abatch(users)
    assert [m.content for m in answers] == [f"Tell the story of Startup{n}x." for n in range(50)]
    assert model.calls == 1


def test_raw_threads(cache: Cache) -> None:
    """Threads that LangChain did not start see the callbacks too."""
    model = Planner()
    chain = (PROMPT | model).with_config(run_name="plan")
    chain.invoke(applicant())
    answers: dict[int, Any] = {}

    def serve(n: int) -> None:
        answers[n] = chain.invoke(applicant(startup_name=f"Startup{n}x")).content

    threads = [threading.Thread(target=serve, args=(n,)) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: f"Tell the story of Startup{n}x." for n in range(32)}
    assert model.calls == 1


class State(TypedDict, total=False):
    user: dict[str, Any]
    answer: str


@pytest.mark.parametrize("how", ["sync", "async"])
async def test_a_langgraph_node_is_a_chain(cache: Cache, how: str) -> None:
    """The node's name is its run name."""
    model = Planner()
    graph = StateGraph(State)
    graph.add_node("plan", lambda state: {"answer": (PROMPT | model).invoke(state["user"]).content})
    graph.add_edge(START, "plan")
    graph.add_edge("plan", END)
    app: Any = graph.compile()
    for user in (applicant(), BOB):
        asked = {"user": user}
        state = app.invoke(asked) if how == "sync" else await app.ainvoke(asked)
        assert state["answer"] == f"Tell the story of {user['startup_name']}."
    assert model.calls == 1


def test_with_retry_and_a_function_between(cache: Cache) -> None:
    """The prompt is found one run further up, and past a function."""
    model = Planner()
    chain = PROMPT | RunnableLambda(lambda prompt: prompt) | model.with_retry()
    for user in (applicant(), BOB):
        answer = chain.invoke(user, {"run_name": "plan"})
        assert answer.content == f"Tell the story of {user['startup_name']}."
    assert model.calls == 1


def test_two_chains_with_one_prompt_do_not_share(cache: Cache) -> None:
    """Law 1: the chain is in the key."""
    langcache.install(cache, policies=[POLICY, ChainPolicy(name="other", profile=Applicant, prompt_version="v1")])
    model = Planner()
    for name in ("plan", "other"):
        (PROMPT | model).invoke(applicant(), {"run_name": name})
    assert model.calls == 2


def test_a_chain_without_a_policy_is_cached_exactly(cache: Cache) -> None:
    """No policy, no template: another user is another call."""
    model = Planner()
    for user in (applicant(), applicant(), BOB):
        (PROMPT | model).invoke(user)
    assert model.calls == 2


def test_a_text_model_is_cached_exactly(cache: Cache) -> None:
    """It looks up before any callback speaks, so no policy can cover it."""
    model = FakeListLLM(responses=["one", "two"])
    assert [model.invoke("Hello", {"run_name": "plan"}) for _ in range(2)] == ["one", "one"]


def test_a_streamed_call_does_not_disturb_the_next(cache: Cache) -> None:
    """A call that never looks up (a streamed one, or with cache=False) is nobody else's."""
    model = Echo(cache=False)
    model.invoke("Hello", {"metadata": {"langcache": "no-store"}})
    other = Echo()
    for _ in range(2):
        other.invoke("Hello")
    assert other.calls == 1


def test_uninstall_brings_back_what_was_there() -> None:
    """The previous global cache, and silence."""
    before = InMemoryCache()
    set_llm_cache(before)
    try:
        with Cache("memory://") as cache:
            langcache.install(cache)
            langcache.install(cache, policies=[POLICY])
            assert get_llm_cache() is not before
            langcache.uninstall()
            langcache.uninstall()
            assert get_llm_cache() is before
            with cache.capture() as events:
                Echo().invoke("Hello")
            assert events == []
    finally:
        set_llm_cache(None)


def test_uninstall_leaves_alone_what_somebody_set_since() -> None:
    """Only our own cache is taken away."""
    theirs = InMemoryCache()
    try:
        with Cache("memory://") as cache:
            langcache.install(cache)
            set_llm_cache(theirs)
            langcache.uninstall()
            assert get_llm_cache() is theirs
    finally:
        set_llm_cache(None)


def test_installing_does_not_count_as_listening(cache: Cache) -> None:
    """A hit of a wrapped chain pays nothing for our own callbacks."""
    assert not listening({})


def test_a_policy_that_cannot_work_is_refused() -> None:
    """Two for one chain, or no policy at all."""
    with Cache("memory://") as cache:
        with pytest.raises(DeclarationError, match="two policies"):
            langcache.install(cache, policies=[POLICY, POLICY])
        with pytest.raises(DeclarationError, match="ChainPolicy"):
            langcache.install(cache, policies=["plan"])  # type: ignore[list-item]
        with pytest.raises(DeclarationError, match=r"policies=\[ChainPolicy"):
            langcache.install(cache, policies=POLICY)  # type: ignore[arg-type]
    with pytest.raises(DeclarationError, match=r"langcache\.Cache") as caught:
        langcache.install("redis://:secret@host")  # type: ignore[arg-type]
    assert "secret" not in str(caught.value)
    with pytest.raises(DeclarationError, match="no-store"):
        ChainPolicy(name="plan", directives="no-stor")
    with pytest.raises(DeclarationError, match="tag"):
        ChainPolicy(name="plan", tags=["\ud800"])
    assert get_llm_cache() is None


def test_runs_are_forgotten_when_they_end(cache: Cache) -> None:
    """Nothing of an ended run stays in memory."""
    chain = (PROMPT | Planner()).with_config(run_name="plan")

    def kept() -> tuple[int, int, int]:
        return len(runs._runs), len(runs._owners), len(runs.calls)

    before = kept()
    for _ in range(20):
        chain.invoke(applicant())
    assert kept() == before
