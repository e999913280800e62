"""Exports are for people, and come back only as they were written."""

import json

import pytest

from langcache import Cache
from langcache.errors import CorruptEntry, UnstorableError
from langcache.stages import Files, Pipeline


def build(cache):
    pipe = Pipeline("orchestrator", cache=cache)
    pipe.stage("plan")(lambda inputs, upstream: [{"id": 1}, {"id": 2}])

    @pipe.stage("phase-{id}-generated_code", for_each="plan", validate=lambda output: True)
    def code(inputs, upstream, item):
        return {"files": Files({f"app/part_{item['id']}.py": "x = 1\n"})}

    pipe.stage("summary", depends_on=["phase-{id}-generated_code"], folder="integration")(
        lambda inputs, upstream: len(upstream)
    )
    return pipe


TREE = [
    "analytics/cost_reports.json",
    "integration/metadata.json",
    "integration/summary.json",
    "integration/validation_report.json",
    "metadata/cache_index.json",
    "phases/phase_1/generated_code.json",
    "phases/phase_1/generated_code_files/app/part_1.py",
    "phases/phase_1/metadata.json",
    "phases/phase_1/validation_report.json",
    "phases/phase_2/generated_code.json",
    "phases/phase_2/generated_code_files/app/part_2.py",
    "phases/phase_2/metadata.json",
    "phases/phase_2/validation_report.json",
    "plan/metadata.json",
    "plan/plan.json",
    "plan/validation_report.json",
]


@pytest.fixture
def exported(cache, tmp_path):
    build(cache).run({})
    build(cache).export(tmp_path / "out")
    return tmp_path / "out"


def test_the_tree_is_readable(exported):
    """One folder per stage, phases by number."""
    assert sorted(str(path.relative_to(exported)) for path in exported.rglob("*") if path.is_file()) == TREE
    report = json.loads((exported / "phases/phase_1/validation_report.json").read_text())
    assert report == {"phase-1-generated_code": {"status": "passed", "problems": []}}


def test_an_import_is_as_good_as_the_run(exported, clock):
    """Another store executes nothing."""
    with Cache("memory://", clock=clock) as other:
        assert len(build(other).import_(exported)) == 4
        assert build(other).run({}).executed == []


@pytest.mark.parametrize("path", TREE)
def test_a_changed_export_is_refused_as_a_whole(exported, clock, path):
    """Whichever file it is; nothing of it is stored."""
    (exported / path).write_text("[0]")
    with Cache("memory://", clock=clock) as other:
        with pytest.raises(CorruptEntry):
            build(other).import_(exported)
        assert build(other).entries() == []


def test_no_stage_name_leads_out_of_the_export(cache, tmp_path):
    """Whatever a stage is called, its files stay inside."""
    pipe = Pipeline("p", cache=cache)
    for name in ("../up", "/root", "..", "a/b", "CON:"):
        pipe.stage(name)(lambda inputs, upstream: 1)
    pipe.run({})
    written = pipe.export(tmp_path / "out")
    assert {(tmp_path / "out").resolve()} == {
        parent for path in written for parent in path.resolve().parents if parent.name == "out"
    }
    assert len(pipe.import_(tmp_path / "out")) == 5


def test_a_stage_of_any_name_is_exported(cache, tmp_path):
    """In names that file systems take, and not in each other's place."""
    pipe, names = Pipeline("p", cache=cache), ["x" * 5000, "x" * 5001, "x" * 200, "é" * 300]
    for name in names:
        pipe.stage(name)(lambda inputs, upstream: 0)
    pipe.run({})
    pipe.export(tmp_path / "out")
    assert len(list((tmp_path / "out").glob("x*/x*.json"))) == 3
    pipe.clear()
    assert pipe.import_(tmp_path / "out")
    assert pipe.run({}).executed == []


def test_a_link_in_the_folder_is_not_followed_out_of_it(cache, tmp_path):
    """An export overwrites nothing elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/plan").symlink_to(tmp_path / "elsewhere")
    build(cache).run({})
    with pytest.raises(UnstorableError, match="through a link"):
        build(cache).export(tmp_path / "out")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_stage_called_like_one_of_our_files_gets_another_name(cache, tmp_path):
    """Its output and our report of it are two files, and come back as they were."""
    pipe = Pipeline("p", cache=cache)
    pipe.stage("list", version="1")(lambda inputs, upstream: [1])
    for name in ("phase-{id}-validation_report", "phase-{id}-metadata"):
        pipe.stage(name, for_each="list", version="1")(lambda inputs, upstream, item: {"found": item})
    pipe.stage("cost_reports", folder="analytics", version="1")(lambda inputs, upstream: 1)
    pipe.run({})
    pipe.export(tmp_path / "out")
    report = json.loads((tmp_path / "out/phases/phase_1/validation_report.json").read_text())
    assert report["phase-1-validation_report"] == {"status": "skipped", "problems": []}
    pipe.clear()
    assert len(pipe.import_(tmp_path / "out")) == 4
    assert pipe.run({}).executed == []
