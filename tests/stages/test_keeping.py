"""What is kept, for how long, and what is wrong with it: validation, expiry, invalidation, health, upkeep, settings."""

import os
from datetime import timedelta
from types import SimpleNamespace

import pytest

from langcache import Cache
from langcache.errors import DeclarationError
from langcache.stages import Pipeline, Report, StageConfig, StageFailed, report_cost
from langcache.stages.keys import entry_place
from langcache.stages.validation import as_report
from langcache.stages.vault import namespace_of
from langcache.storage.base import Record

FIELDS = {
    "cache_key", "created_at", "agent_version", "prompt_hash", "dependencies", "session_id", "validation_status",
    "expiry_time", "file_count", "size_bytes", "access_count", "tags",
}  # fmt: skip
NAMESPACE = namespace_of("default", "p")


def pair(cache, validate=None, agent="one", **config):
    pipe = Pipeline("p", cache=cache, config=config)
    pipe.stage("a", agent_version=agent, prompt_version="v1", tags=["t"], validate=validate, version="1")(
        lambda inputs, upstream: inputs.get("x", 0)
    )
    pipe.stage("b", depends_on=["a"], version="1")(lambda inputs, upstream: upstream["a"])
    return pipe


def test_metadata_has_exactly_the_fields_promised(cache):
    """And counts reuse."""
    pipe = pair(cache)
    pipe.run({}, session_id="s")
    pipe.run({}, session_id="s2")
    a, b = pipe.entries()
    assert set(a.metadata.__dataclass_fields__) == FIELDS
    assert (a.metadata.agent_version, a.metadata.session_id, a.metadata.tags, a.metadata.access_count) == (
        "one",
        "s",
        ("t",),
        1,
    )
    assert b.metadata.dependencies == (a.cache_key,)


def test_failed_output_is_kept_for_reading_and_never_reused(cache):
    """The stage fails; a validator that passes later makes the stored output good without running it again."""
    calls = []
    verdict = {"passed": False, "problems": ["too short"]}

    def validate(output):
        calls.append(output)
        return verdict

    with pytest.raises(StageFailed, match="validation failed; too short"):
        pair(cache, validate).run({})
    assert [entry.metadata.validation_status for entry in pair(cache).entries("a")] == ["failed"]
    with pytest.raises(StageFailed):
        pair(cache, validate).run({})
    verdict["passed"] = True
    assert pair(cache, validate).run({}).executed == ["a", "b"]
    assert [entry.metadata.validation_status for entry in pair(cache).entries("a")] == ["passed"]


def test_a_new_validator_judges_stored_output_without_running_the_stage(cache):
    """Passed: reused. Failed: run again."""
    pair(cache).run({})
    assert pair(cache, lambda output: True).run({}).executed == []
    with pytest.raises(StageFailed, match="no good"):
        pair(cache, lambda output: Report.of(["no good"])).run({})


@pytest.mark.parametrize("said", [Report(False, "no good"), {"passed": False, "problems": "no good"}])
def test_a_text_is_one_problem(cache, said):
    """Not one for each letter."""
    with pytest.raises(StageFailed, match=r"validation failed; no good$"):
        pair(cache, lambda output: said).run({})


@pytest.mark.parametrize("said", [Report(False, None), {"passed": False, "problems": 7}, Report(False, (1, 2))])
def test_problems_of_any_shape_are_read_or_said_to_be_none(cache, said):
    """A validator that says it badly has failed the output; what was paid for is kept."""
    with pytest.raises(StageFailed, match=r"validation failed($|; )"):
        pair(cache, lambda output: said).run({})
    assert [entry.metadata.validation_status for entry in pair(cache).entries()] == ["failed"]
    assert all(type(problem) is str for problem in pair(cache).entries()[0].lineage.problems)


@pytest.mark.parametrize("said", [None, 1, "fine", Report("no"), Report(None)])
def test_a_validator_that_says_nothing_fails_the_stage(cache, said):
    """Forgetting to return is not passing; what was paid for is kept."""
    with pytest.raises(StageFailed, match="a validator returns"):
        pair(cache, lambda output: said).run({})
    assert [entry.metadata.validation_status for entry in pair(cache).entries()] == ["failed"]


def test_a_validator_may_assert(cache):
    """Raising is a verdict too."""

    def validate(output):
        assert output, "empty"

    with pytest.raises(StageFailed, match="AssertionError: empty"):
        pair(cache, validate).run({})


@pytest.mark.parametrize(
    ("said", "passed"),
    [
        (Report(True), True),
        ([], True),
        (["bad"], False),
        ({"ok": True}, True),
        (SimpleNamespace(valid=False, errors=["bad"]), False),
    ],
)
def test_a_validator_may_say_it_in_its_own_words(said, passed):
    """Reports of other libraries included."""
    assert as_report(said).passed is passed


def test_an_expired_entry_is_run_again(cache, clock):
    """At that very instant."""
    pair(cache, default_expiry_hours=1).run({})
    clock.advance(3599)
    assert pair(cache, default_expiry_hours=1).run({}).executed == []
    clock.advance(1)
    assert "it expired" in pair(cache, default_expiry_hours=1).plan({})[0].reason
    assert pair(cache, default_expiry_hours=1).run({}).executed == ["a", "b"]


def test_a_lifetime_declared_shorter_counts_for_what_is_stored(cache, clock):
    """Whoever shortens it has met something stale; a longer one does not bring back what is over."""

    def news(expires_after):
        pipe = Pipeline("p", cache=cache)
        pipe.stage("news", version="1", expires_after=expires_after)(lambda inputs, upstream: cache.clock.now())
        return pipe

    news(timedelta(days=30)).run({})
    clock.advance(3600)
    assert news(3601).run({}).executed == []
    assert "it expired" in news(3600).plan({})[0].reason
    assert news(3600).run({}).executed == ["news"]
    assert news(timedelta(days=30)).run({}).executed == []
    clock.advance(3600)
    assert news(timedelta(days=30)).run({}).executed == ["news"]


@pytest.mark.parametrize(
    "conditions",
    [
        {"key": "a"},
        {"pattern": "?:*"},
        {"tag": "t"},
        {"session_id": "s"},
        {"agent_version": "one"},
        {"prompt_version": "v1"},
    ],
)
def test_every_way_to_invalidate_cascades_and_says_so(cache, conditions):
    """A dry run says the same and removes nothing."""
    pipe = pair(cache)
    pipe.run({}, session_id="s")
    announced = [fallen.cache_key for fallen in pipe.invalidate(**conditions, dry_run=True)]
    assert announced == [entry.cache_key for entry in pipe.entries()]
    assert announced == [fallen.cache_key for fallen in pipe.invalidate(**conditions)]
    assert pipe.entries() == []


def test_what_is_reused_carries_the_tags_declared_now(cache):
    """A tag is no part of the key: given later, it must find what was made before, or that is served for good."""
    made = {"by": 1}

    def tagged(*tags):
        pipe = Pipeline("p", cache=cache)
        pipe.stage("a", version="1", tags=tags)(lambda inputs, upstream: made["by"])
        pipe.stage("b", version="1", depends_on="a")(lambda inputs, upstream: upstream["a"])
        return pipe

    tagged().run({})
    later = tagged("news", "eu")
    assert later.run({}).executed == []
    made["by"] = 2
    assert [fallen.stage for fallen in later.invalidate(tag="news")] == ["a", "b"]
    assert later.run({}).outputs["b"] == 2
    assert tagged("eu").run({}).executed == []
    assert later.invalidate(tag="news", dry_run=True) == []


def test_invalidating_nothing_in_particular_is_refused(cache):
    """That is called clear()."""
    with pytest.raises(DeclarationError, match="clear"):
        pair(cache).invalidate()


def spoil(cache, place, change):
    record = cache.store.get(NAMESPACE, place, now=cache.clock.now())
    cache.store.put(
        NAMESPACE,
        place,
        Record(change(record.value), record.created_at, record.expires_at, record.labels),
        now=cache.clock.now(),
    )


def test_a_corrupt_entry_is_quarantined_and_run_again(cache):
    """Nothing half-written is ever used; what was made from it is still right."""
    pipe = pair(cache)
    a = pipe.run({}).entries["a"]
    spoil(cache, entry_place(a.cache_key), lambda value: value[:-1] + bytes([value[-1] ^ 1]))
    assert [finding.kind for finding in pipe.health().findings] == ["corrupt"]
    assert pipe.run({}).executed == ["a"]


def test_repair_quarantines_and_cascades(cache):
    """And says what it did."""
    pipe = pair(cache)
    entries = pipe.run({}).entries
    spoil(cache, entry_place(entries["a"].cache_key), lambda value: value[:-1])
    health = pipe.health(repair=True)
    assert [(finding.kind, finding.action) for finding in health.findings] == [("corrupt", "quarantined")]
    assert [fallen.cache_key for fallen in health.fell] == [entries["b"].cache_key]
    assert pipe.health().healthy
    assert pipe.entries() == []


def test_health_finds_dangling_expired_and_foreign_agents(cache, clock):
    """Each by name."""
    pipe = pair(cache, default_expiry_hours=1)
    a = pipe.run({}).entries["a"]
    assert pipe.health().healthy
    assert [finding.kind for finding in pair(cache, agent="two").health().findings] == ["agent version"]
    clock.advance(3600)
    assert {finding.kind for finding in pipe.health().findings} == {"expired"}
    cache.store.delete(NAMESPACE, [entry_place(a.cache_key)])
    assert {finding.kind for finding in pipe.health().findings} == {"expired", "dangling"}


def bulky(cache):
    """Entries of some 10 kB in a bound of 60 kB, at the cost the input says; the second stage fails if told."""
    pipe = Pipeline("p", cache=cache, config={"max_cache_size_gb": 60e-6, "compression_enabled": False})

    @pipe.stage("bulk")
    def bulk(inputs, upstream):
        report_cost(inputs["cost"])
        return [inputs["cost"], "x" * 10_000]

    @pipe.stage("end", depends_on=["bulk"])
    def end(inputs, upstream):
        if inputs["fails"]:
            raise RuntimeError
        return 0

    return pipe


def kept(pipe):
    return sorted(int(entry.lineage.cost_usd) for entry in pipe.entries("bulk"))


def test_eviction_spares_what_costs_most_to_make_again(cache):
    """Cheapest per byte goes first, whatever its age."""
    for cost in [5, 1, 4, 2, 3, 6, 7]:
        bulky(cache).run({"cost": cost, "fails": False})
    assert kept(bulky(cache)) == [3, 4, 5, 6, 7]


def test_eviction_never_takes_what_a_live_session_needs(cache):
    """A failed session may still be resumed, so its cheap entry stays."""
    with pytest.raises(StageFailed):
        bulky(cache).run({"cost": 1, "fails": True})
    for cost in [5, 4, 2, 3, 6, 7]:
        bulky(cache).run({"cost": cost, "fails": False})
    assert kept(bulky(cache))[0] == 1
    assert 2 not in kept(bulky(cache))


def test_settings_come_from_code_toml_and_environment(tmp_path, monkeypatch):
    """The nearer wins."""
    monkeypatch.setenv("LANGCACHE_STAGES_DEFAULT_EXPIRY_HOURS", "2")
    monkeypatch.setenv("LANGCACHE_STAGES_ANALYTICS_ENABLED", "off")
    path = tmp_path / "langcache.toml"
    path.write_text("[langcache.stages]\ndefault_expiry_hours = 3\n")
    assert StageConfig(default_expiry_hours=2.0, analytics_enabled=False) == StageConfig.of()
    assert StageConfig(default_expiry_hours=3, analytics_enabled=False) == StageConfig.from_toml(path)
    assert StageConfig.of({"default_expiry_hours": None}).default_expiry_s is None


@pytest.mark.parametrize("given", [{"max_cache_size": 1}, {"compression": True}])
def test_an_unknown_setting_names_the_nearest(cache, given):
    """A misspelt bound must not go unnoticed."""
    with pytest.raises(DeclarationError, match="did you mean"):
        Pipeline("p", cache=cache, config=given)


def test_a_misspelt_variable_is_an_error(cache, monkeypatch):
    """The same for the environment."""
    monkeypatch.setitem(os.environ, "LANGCACHE_STAGES_EXPIRY_HOURS", "1")
    with pytest.raises(DeclarationError, match="did you mean 'default_expiry_hours'"):
        Pipeline("p", cache=cache)


def test_pipelines_and_namespaces_do_not_meet(clock):
    """One store, hard partitions."""
    with Cache("memory://", clock=clock) as cache:
        pair(cache).run({})
        assert pair(cache.namespaced("tenant")).run({}).executed == ["a", "b"]
        assert pair(cache).clear() > 0
        assert pair(cache.namespaced("tenant")).run({}).executed == []
