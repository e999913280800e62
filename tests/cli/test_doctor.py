"""``langcache doctor``: every check finds what it is for, names a fix, and is quiet where there is nothing."""

import sys
import time
from importlib import metadata
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from langchain_core.caches import InMemoryCache
from langchain_core.globals import get_llm_cache, set_llm_cache
from support.commands import fill, langcache

from langcache.cli.doctor.stores import check_store
from langcache.runtime.cache import Cache
from langcache.runtime.clock import SystemClock
from langcache.testing.redis_server import find_server, running_server


def findings(*arguments: str) -> dict[str, dict[str, str]]:
    """By check; of several by one check, the last that is not well."""
    rows = langcache("doctor", *arguments, "--json").json
    return {row["check"]: row for row in sorted(rows, key=lambda row: row["status"] != "ok")}


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes a module that imports what apps do; it and LangChain's global cache are gone afterwards."""
    before = get_llm_cache()
    head = """
        from langchain_core.language_models import FakeListChatModel
        from langchain_core.prompts import PromptTemplate
        from langcache import Cache, ChainPolicy, Profile

        cache = Cache("memory://")
        model = FakeListChatModel(responses=["yes"])
    """

    def write(body: str) -> str:
        Path("app_of_a_user.py").write_text(dedent(head) + dedent(body))
        return "app_of_a_user"

    yield write
    sys.modules.pop("app_of_a_user", None)
    set_llm_cache(before)


def test_where_all_is_well_there_is_nothing_to_do(url: str) -> None:
    """Status 0, and no fix is named."""
    fill(url)
    ended = langcache("doctor", "--url", url)
    assert (ended.status, "Nothing to do." in ended.out) == (0, True)
    rows = langcache("doctor", "--url", url, "--csv").csv
    assert {row["status"] for row in rows} == {"ok"}
    assert {row["fix"] for row in rows} == {""}


def test_redis_s_sdk_beside_ours_is_found(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both import as `langcache`: whichever was installed last has overwritten the other's files."""
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0.14.0" if name == "langcache" else real(name))
    found = findings("--url", url)["name clash"]
    assert (found["status"], "Redis" in found["finding"]) == ("failed", True)
    assert "pip uninstall langcache" in found["fix"]
    assert langcache("doctor", "--url", url).status == 1


def test_a_version_that_is_too_old_is_found(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what is needed; an extra's library counts if it is there, one that is missing does not."""
    real = metadata.version

    def version(name: str) -> str:
        if name == "redis":
            raise metadata.PackageNotFoundError(name)
        return {"tenacity": "8.1", "rich": "1.0"}.get(name) or real(name)

    monkeypatch.setattr(metadata, "version", version)
    found = findings("--url", url)["versions"]
    assert (found["status"], found["finding"]) == ("failed", "tenacity 8.1 is not >=9; rich 1.0 is not >=13")
    assert found["fix"].startswith("pip install")


@pytest.mark.parametrize("place", ["langcache.py", "langcache/__init__.py"])
def test_a_module_in_the_way_is_found(place: str, url: str) -> None:
    """A file of that name in the app's folder is imported in place of ours."""
    Path(place).parent.mkdir(exist_ok=True)
    Path(place).touch()
    found = findings("--url", url)["import"]
    assert (found["status"], place in found["finding"]) == ("failed", True)


def test_a_store_that_cannot_be_opened_is_found(tmp_path: Path) -> None:
    """With a fix that fits it: a file has no server and no password. The rest of the checks still run."""
    (tmp_path / "other.db").write_text("not a database")
    found = findings("--url", f"sqlite:///{tmp_path}/other.db")
    assert found["store reachable"]["status"] == "failed"
    assert "another path" in found["store reachable"]["fix"]
    assert "password" in findings("--url", "redis://127.0.0.1:1/0")["store reachable"]["fix"]
    assert found["versions"]["status"] == "ok"
    assert findings("--url", "nonsense://x")["store reachable"]["status"] == "failed"


class Faulty:
    """A memory store with one method replaced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, method: str, result: Any) -> None:
        def answer(*_: Any, **__: Any) -> Any:
            if isinstance(result, Exception):
                raise result
            return result

        self.cache = Cache("memory://")
        monkeypatch.setattr(self.cache.store, method, answer)

    def found(self) -> dict[str, Any]:
        return {finding.check: finding for finding in check_store(self.cache)}


def test_a_store_that_cannot_be_written_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it says so or loses what it was given."""
    full = Faulty(monkeypatch, "put", OSError("no space left")).found()["store writable"]
    assert (full.status, full.finding) == ("failed", "no space left")
    assert Faulty(monkeypatch, "put", True).found()["store writable"].status == "failed"


def test_a_slow_store_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slower than a chain waits for."""
    from langcache.cli.doctor import stores

    ticks = iter(range(10_000))
    monkeypatch.setattr(stores, "perf_counter", lambda: float(next(ticks)))
    with Cache("memory://") as cache:
        slow = {finding.check: finding for finding in check_store(cache)}["latency"]
    assert (slow.status, "1.00 s" in slow.finding) == ("warning", True)


@pytest.mark.skipif(find_server() is None, reason="no Redis server")
def test_a_clock_that_is_off_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's time beside ours; entries would expire too early or too late."""
    with running_server() as server:
        url = f"{server.url}?timeout_s=60"
        assert findings("--url", url)["clock"]["status"] == "ok"
        monkeypatch.setattr(SystemClock, "now", staticmethod(lambda: time.time() + 600))
        found = findings("--url", url)["clock"]
        assert (found["status"], "behind" in found["finding"]) == ("failed", True)
        assert "NTP" in found["fix"]


def test_a_file_that_was_torn_is_found(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Opening it has put an empty one in its place: an idle cache it must not look like."""
    url = f"sqlite:///{tmp_path}/a[b].db"
    fill(url)
    file = tmp_path / "a[b].db"
    file.write_bytes(file.read_bytes()[:9_000])
    assert langcache("info", "--url", url, "--json").json["entries"] == 0
    assert "was malformed" in caplog.text
    found = findings("--url", url)["set aside"]
    assert (found["status"], "a[b].db.corrupt-1" in found["finding"]) == ("warning", True)


def test_entries_under_several_declarations_are_found(url: str) -> None:
    """Those of all but one are never served again."""
    fill(url)
    assert findings("--url", url)["stored policies"]["status"] == "ok"
    fill(url, mode="abstract")
    found = findings("--url", url)["stored policies"]
    assert (found["status"], "of mode" in found["finding"]) == ("warning", True)


def test_an_app_that_is_sound_is_looked_through(url: str, app: Any) -> None:
    """Chains, caches and pipelines are found in modules, containers and pipes."""
    name = app(
        """
        from langcache.stages import Pipeline

        pipe = Pipeline("build", cache=cache)
        one = cache.wrap(PromptTemplate.from_template("1 {x}") | model, name="one", prompt_version="v1")
        two = cache.wrap(PromptTemplate.from_template("2 {x}") | model, name="two", prompt_version="v1")
        chains = {"two": [two | str]}
        third = cache.wrap(model, name="three")
        """
    )
    found = findings("--url", url, "--app", name)
    assert found["app"]["finding"] == "1 caches, 3 chains, 1 pipelines"
    assert {row["status"] for row in found.values()} == {"ok"}
    assert findings("--url", url, "--app", f"{name}:third")["app"]["finding"] == "0 caches, 1 chains, 0 pipelines"


@pytest.mark.parametrize(
    ("body", "check", "status", "said"),
    [
        (
            """
            chains = [cache.wrap(PromptTemplate.from_template(t) | model, name="plan", prompt_version="v1")
                      for t in ("Plan {x}", "Plan {x} well")]
            """,
            "policies",
            "failed",
            "'plan' has 2 different prompts, all called 'v1'",
        ),
        (
            """
            plan = PromptTemplate.from_template("Plan {x}") | model
            chains = [cache.wrap(plan, name="plan", prompt_version="v1", mode=m) for m in ("mask", "abstract")]
            """,
            "policies",
            "warning",
            "differ in mode",
        ),
        (
            'policies = [ChainPolicy(name="plan"), ChainPolicy(name="plan", prompt_version="v2")]',
            "policies",
            "failed",
            "two policies for the chain 'plan'",
        ),
        (
            'chain = cache.wrap(PromptTemplate.from_template("Plan {x}") | model, name="plan").with_retry()',
            "retries",
            "warning",
            "'plan' stands inside a .with_retry()",
        ),
        (
            """
            class Stubborn(FakeListChatModel):
                max_retries: int = 4
                def model_copy(self, **_): return self

            chain = cache.wrap(Stubborn(responses=["yes"]), name="plan")
            """,
            "retries",
            "warning",
            "the SDK of Stubborn repeats a failed call 4 times",
        ),
        (
            """
            from langchain_core.caches import InMemoryCache
            from langchain_core.globals import set_llm_cache
            set_llm_cache(InMemoryCache())
            """,
            "global cache",
            "warning",
            "InMemoryCache",
        ),
        ("cache = None", "app", "warning", "nothing of langcache"),
        ("1 / 0", "app", "failed", "ZeroDivisionError"),
    ],
)
def test_what_is_wrong_in_an_app_is_found(body: str, check: str, status: str, said: str, url: str, app: Any) -> None:
    """Each with a fix; only what answers wrongly, or does not work, makes the command fail."""
    name = app(body)
    found = findings("--url", url, "--app", name)[check]
    assert (found["status"], said in found["finding"]) == (status, True), found
    assert found["fix"]


def test_a_global_cache_of_ours_is_no_fault(url: str, app: Any) -> None:
    """That is what `install` sets; another one, set before the app's import, is found too."""
    name = app("import langcache\nlangcache.install(cache)")
    assert "langcache's own" in findings("--url", url, "--app", name)["global cache"]["finding"]
    import langcache as ours

    ours.uninstall()
    sys.modules.pop(name)
    set_llm_cache(InMemoryCache())
    assert findings("--url", url, "--app", app(""))["global cache"]["status"] == "warning"


@pytest.mark.parametrize("name", ["no_such_module", "json:no_such_thing", "not a name"])
def test_an_app_that_is_not_there_is_found(name: str, url: str) -> None:
    """And told where to run the command."""
    found = findings("--url", url, "--app", name)["app"]
    assert (found["status"], name in found["finding"]) == ("failed", True)
