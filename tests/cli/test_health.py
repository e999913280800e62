"""``langcache health``: what is found, what a repair does, and what it never touches."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from support.commands import fill, langcache, put_bytes

from langcache import Cache
from langcache.stages import Pipeline
from langcache.stages.vault import namespace_of
from langcache.storage.encrypted import generate_key

PIPELINE = namespace_of("default", "build")


@pytest.fixture
def built(url: str) -> Iterator[str]:
    """A store in which a pipeline of two stages has run."""
    with Cache(url) as cache:
        pipe = Pipeline("build", cache=cache)
        pipe.stage("a", version="1")(lambda inputs, upstream: 1)
        pipe.stage("b", depends_on=["a"], version="1")(lambda inputs, upstream: upstream["a"])
        pipe.run({}, session_id="s")
    return url


def test_a_sound_store_is_healthy(url: str) -> None:
    """Status 0, every entry read."""
    fill(url)
    ended = langcache("health", "--url", url)
    assert (ended.status, "Healthy." in ended.out, "entries  3" in ended.out) == (0, True, True)


def test_corrupt_entries_are_named_and_set_aside_on_demand(url: str) -> None:
    """Unhealthy until repaired; the other entries stay."""
    fill(url)
    put_bytes(url, "torn", b"nonsense")
    found = langcache("health", "--url", url, "--json")
    assert (found.status, found.json["healthy"], found.json["entries"]["counts"]) == (1, False, {"corrupt": 1})
    assert langcache("health", "--url", url, "--csv").csv == [
        {"where": "entries", "kind": "corrupt", "key": "torn", "detail": "a stored entry is too short to be one",
         "action": "none"}
    ]  # fmt: skip
    assert "health --repair" in langcache("health", "--url", url).out
    repaired = langcache("health", "--url", url, "--repair", "--json")
    assert (repaired.status, repaired.json["entries"]["quarantined"]) == (0, 1)
    after = langcache("health", "--url", url, "--json").json
    assert (after["healthy"], after["entries"]["checked"]) == (True, 3)


def test_many_findings_are_all_in_json_and_the_first_for_people(url: str) -> None:
    """A table of thousands helps nobody."""
    for number in range(25):
        put_bytes(url, f"torn {number}", b"nonsense")
    assert "5 more; --json names them." in langcache("health", "--url", url).out
    assert len(langcache("health", "--url", url, "--csv").csv) == 25


def test_what_is_encrypted_is_never_taken_for_damage(url: str) -> None:
    """Without the key a repair touches nothing, of a pipeline either; with it all is well."""
    key = generate_key()
    with Cache(url, encryption_keys=[key]) as cache:
        cache.wrap(lambda text: text, name="echo", prompt_version="1").invoke("hi")
        pipe = Pipeline("build", cache=cache)
        pipe.stage("a", version="1")(lambda inputs, upstream: 1)
        pipe.run({}, session_id="s")
    asked = ("health", "--url", url, "--pipeline", "build", "--repair")
    locked = langcache(*asked, "--json")
    assert (locked.status, locked.json["entries"]["quarantined"], locked.json["pipelines"]) == (1, 0, {"build": None})
    assert "LANGCACHE_ENCRYPTION_KEYS" in langcache(*asked).out
    opened = langcache(*asked, "--json", LANGCACHE_ENCRYPTION_KEYS=key)
    assert (opened.status, opened.json["entries"]["checked"], opened.json["pipelines"]["build"]["checked"]) == (0, 1, 1)


def test_a_pipeline_s_entries_are_checked_too(built: str) -> None:
    """By name alone; what was made from a corrupt entry goes with it."""
    with Cache(built) as cache:
        row = next(row for row in cache.store.scan(PIPELINE, now=0, labels=["family:a"]))
    assert list(langcache("health", "--url", built, "--json").json["pipelines"]) == ["build"], "the account knows it"
    assert langcache("health", "--url", built, "--pipeline", "build").status == 0
    put_bytes(built, row.key, b"nonsense", PIPELINE)
    with Cache(built) as cache:  # the labels, as the entry had them
        from langcache.storage.base import Record

        now = cache.clock.now()
        cache.store.put(PIPELINE, row.key, Record(b"nonsense", now, None, row.labels), now=now)
    found = langcache("health", "--url", built, "--pipeline", "build", "--json")
    assert (found.status, [each["kind"] for each in found.json["pipelines"]["build"]["findings"]]) == (
        1,
        ["corrupt"],
    )
    repaired = langcache("health", "--url", built, "--pipeline", "build", "--repair", "--json")
    assert (repaired.status, len(repaired.json["pipelines"]["build"]["fell"])) == (0, 1)


def test_show_of_a_stage_s_entry_names_what_depends_on_it(built: str) -> None:
    """And what it was made from; its output is shown leaf by leaf."""
    found = langcache("show", "a:", "--pipeline", "build", "--url", built, "--json").json
    assert (found["stage"], found["output"]) == ("a", [{"path": "output", "text": "1"}])
    (dependent,) = found["dependents"]
    made = langcache("show", dependent, "--pipeline", "build", "--url", built, "--json").json
    assert (made["stage"], made["dependencies"]) == ("b", [found["cache_key"]])
    assert dependent[:20] in langcache("show", "a", "--pipeline", "build", "--url", built).out
    assert "no entry" in langcache("show", "c", "--pipeline", "build", "--url", built).err
    several = langcache("show", "", "--pipeline", "build", "--url", built)
    assert (several.status, "several keys" in several.err) == (2, True)


def test_show_never_takes_ciphertext_for_damage(url: str) -> None:
    """Reading a pipeline sets corrupt records aside; encrypted ones are not."""
    with Cache(url, encryption_keys=[generate_key()]) as cache:
        pipe = Pipeline("build", cache=cache)
        pipe.stage("a", version="1")(lambda inputs, upstream: 1)
        pipe.run({}, session_id="s")
    ended = langcache("show", "a", "--pipeline", "build", "--url", url)
    assert (ended.status, "LANGCACHE_ENCRYPTION_KEYS" in ended.err) == (2, True)
    with Cache(url) as cache:
        assert list(cache.store.scan(f"quarantine:{PIPELINE}", now=0)) == []


def test_an_app_declares_its_pipelines(built: str) -> None:
    """Found in the module; an entry of another agent version is told, and no fault."""
    Path("planner.py").write_text(
        dedent(
            """
            from langcache import Cache
            from langcache.stages import Pipeline

            pipe = Pipeline("build", cache=Cache("memory://"))
            pipe.stage("a", agent_version="two", version="1")(lambda inputs, upstream: 1)
            """
        )
    )
    found = langcache("health", "--url", built, "--app", "planner", "--json")
    assert found.status == 0
    assert {each["kind"] for each in found.json["pipelines"]["build"]["findings"]} == {"agent version"}
    Path("pyproject.toml").write_text('[tool.langcache]\napp = "planner:pipe"\n')
    assert list(langcache("health", "--url", built, "--json").json["pipelines"]) == ["build"]


def test_a_store_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    """Status 1, and where to look."""
    (tmp_path / "other.db").write_text("not a database")
    ended = langcache("health", "--url", f"sqlite:///{tmp_path}/other.db")
    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert "langcache doctor" in ended.err
