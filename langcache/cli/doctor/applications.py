"""The user's app: chains that clash, retries on top of ours, and another cache beneath."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from langcache.cli.application import Application
from langcache.cli.doctor.finding import Finding, failed, ok, warning
from langcache.core.encoding import canonical, digest

__all__ = ["check_application", "check_global_cache"]


def check_application(application: Application) -> Iterator[Finding]:
    """Everything that can be seen without running a chain."""
    found = [("caches", application.caches), ("chains", application.chains), ("pipelines", application.pipelines)]
    seen = ", ".join(f"{len(things)} {name}" for name, things in found)
    if application.chains or application.caches or application.pipelines:
        yield ok("app", seen)
    else:
        yield warning("app", "nothing of langcache was found there", "name the module, or the cache or chain in it")
    yield from _clashes(application)
    yield from _retries(application)


def _clashes(application: Application) -> Iterator[Finding]:
    by_name: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for chain in application.chains:
        by_name[chain.cache.namespace, chain.settings.name].append(chain)
    wrong = [finding for (_, name), chains in by_name.items() for finding in _clash(name, chains)]
    policies = [policy.name for policy in application.policies]
    for name in sorted({name for name in policies if policies.count(name) > 1}):
        what = f"two policies for the chain {name!r}: one of them is never used"
        wrong.append(failed("policies", what, "keep one, or give the chains different names"))
    yield from wrong or [ok("policies", "no two chains contradict each other")]


def _clash(name: str, chains: list[Any]) -> Iterator[Finding]:
    prompts = defaultdict(set)
    for chain in chains:
        if chain.settings.prompt_version is not None:
            prompts[chain.settings.prompt_version].add(digest(canonical(chain.identity().found.prompts)))
    for version, texts in prompts.items():
        if len(texts) > 1:
            what = (
                f"{name!r} has {len(texts)} different prompts, all called {version!r}: one is answered with another's"
            )
            yield failed("policies", what, "give each prompt its own prompt_version, or each chain its own name")
    for field in ("profile", "mode"):
        if len({getattr(chain.settings, field) for chain in chains}) > 1:
            what = f"chains of the name {name!r} differ in {field}: they share statistics, but never an entry"
            yield warning("policies", what, "give them different names, or declare them alike")


def _retries(application: Application) -> Iterator[Finding]:
    wrong = [
        warning(
            "retries",
            f"{name!r} stands inside a .with_retry(): each of its attempts is repeated by our own layer",
            "remove it, and set Cache(retry=RetryPolicy(...))",
        )
        for name in application.retried
    ]
    for chain in application.chains:
        for kind, times in _sdk_retries(chain):
            what = f"{chain.settings.name!r}: the SDK of {kind} repeats a failed call {times} times beneath our retries"
            wrong.append(warning("retries", what, f"give the {kind} max_retries=0"))
    yield from wrong or [ok("retries", "no retry is stacked on ours, as far as can be seen")]


def _sdk_retries(chain: Any) -> Iterator[tuple[str, int]]:
    """Models that go on retrying in the runnable as it is run; most are replaced by copies that do not."""
    from langcache.langchain.retry_clash import models_in
    from langcache.langchain.sdk_retries import sdk_retries_of

    for model in models_in(chain.identity().inner[False]):
        times = sdk_retries_of(model)
        if times and chain.cache.engine.retry.attempts > 1:
            yield type(model).__name__, times


def check_global_cache() -> Finding:
    """LangChain's global cache, as the app left it."""
    from langchain_core.globals import get_llm_cache

    from langcache.langchain.llm_cache import LLMCache

    cache = get_llm_cache()
    if cache is None:
        return ok("global cache", "LangChain's global cache is not set")
    if isinstance(cache, LLMCache):
        return ok("global cache", "LangChain's global cache is langcache's own")
    what = f"LangChain's global cache is a {type(cache).__name__}: it answers beneath ours, even a no-cache"
    return warning("global cache", what, "drop set_llm_cache(...), or use langcache.install(cache) in its place")
