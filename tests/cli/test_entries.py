"""Commands that look at stored entries, and those that remove them."""

import json
import os
from pathlib import Path

import pytest
from support.commands import fill, langcache

from langcache import Cache
from langcache.testing.redis_server import find_server, running_server


def left(url: str, namespace: str = "default") -> int | None:
    with Cache(url, namespace=namespace) as cache:
        return cache.store.usage(namespace).entries


# Looking.


def test_info_names_the_store_and_what_it_holds(url: str) -> None:
    """The same figures in every form."""
    fill(url)
    found = langcache("info", "--url", url, "--json").json
    assert (found["url"], found["from"], found["namespace"], found["entries"]) == (url, "--url", "default", 3)
    csv = {row["name"]: row["value"] for row in langcache("info", "--url", url, "--csv").csv}
    assert csv == {name: str(value) for name, value in found.items()}
    assert "entries    3" in langcache("info", "--url", url).out
    assert langcache("info", "--url", url, "-n", "other", "--json").json["entries"] == 0


def test_show_takes_a_prefix_and_shows_everything(url: str) -> None:
    """Template as segments, labels, key parts, expiry; nobody's details."""
    key = fill(url)[0]
    shown = langcache("show", key[:10], "--url", url)
    assert shown.status == 0
    for part in (key, "plan", "mail", "fresh until", "feature gpa", "under 3.0", "⟦startup_name⟧", "Pitch"):
        assert part in shown.out
    assert "PathAI" not in shown.out
    found = langcache("show", key, "--url", url, "--json").json
    assert found["features"] == {"background": "founder", "gpa": "under 3.0"}
    assert found["template"][0]["segments"][1] == {"slot": "startup_name"}
    csv = {row["name"]: row["value"] for row in langcache("show", key, "--url", url, "--csv").csv}
    assert csv["template.0.segments.1.slot"] == "startup_name"


def test_show_of_no_entry_or_of_several_is_one_line(url: str) -> None:
    """Status 2, and which keys there are."""
    fill(url)
    nobody = langcache("show", "zz", "--url", url)
    assert (nobody.status, nobody.out) == (2, "")
    assert nobody.err == "langcache: no entry of the namespace 'default' has a key that begins with 'zz'\n"
    assert "several keys begin with ''" in langcache("show", "", "--url", url).err


def test_what_a_model_wrote_does_not_steer_the_terminal(url: str) -> None:
    """Control characters are shown as pictures; in JSON they are exact."""
    with Cache(url) as cache, cache.capture() as events:
        cache.wrap(lambda _: "a\x1b[31mb\x9b32m", name="evil", prompt_version="1").invoke("x")
    shown = langcache("show", events[0].key, "--url", url)
    assert not {"\x1b", "\x9b"} & set(shown.out)
    assert "a␛[31mb␛32m" in shown.out
    assert "\\u001b" in langcache("show", events[0].key, "--url", url, "--json").out


@pytest.mark.parametrize(
    ("features", "status", "said"),
    [
        (["gpa=Under 3.0"], 0, "Stored: gpa=Under 3.0 is answered from the cache"),
        (["gpa=3.0-3.5", "background=founder"], 0, "Stored"),
        (["gpa=3.0-3.5", "background=nurse"], 1, "background is stored as: founder, nurse."),
        (["bckground=nurse"], 1, "did you mean 'background'?"),
        (["nonsense"], 2, ""),
        (["gpa=1", "gpa=2"], 2, ""),
    ],
)
def test_explain_says_which_feature_differs(features: list[str], status: int, said: str, url: str) -> None:
    """Status 1 where nothing is stored, 2 where the question makes no sense."""
    fill(url)
    ended = langcache("explain", "plan", *features, "--url", url)
    assert ended.status == status
    assert said in " ".join(ended.out.split())


def test_explain_in_every_form(url: str) -> None:
    """The nearest entry first, each difference in a row."""
    keys = fill(url)
    asked = ("explain", "plan", "gpa=3.0-3.5", "background=nurse", "--url", url)
    found = langcache(*asked, "--json").json
    assert (found["outcome"], found["entries"]) == ("not stored", 3)
    assert found["nearest"][0]["differs"] == {"gpa": {"asked": "3.0-3.5", "stored": "3.5 or more"}}
    first = langcache(*asked, "--csv").csv[0]
    assert (first["key"], first["feature"], first["stored"]) == (keys[2], "gpa", "3.5 or more")
    assert "has no entry here" in langcache("explain", "nobody", "x=1", "--url", url).out


# Removing.


@pytest.mark.parametrize(
    ("conditions", "number"),
    [
        (["--chain", "plan"], 3),
        (["--chain", "plan", "--prompt-version", "v2"], 0),
        (["--type", "full"], 0),
        (["--tag", "mail"], 3),
        (["--tag", "mail", "--tag", "other"], 0),
        (["--feature", "gpa=under 3.0"], 1),
        (["--feature", "background=founder", "--chain", "plan"], 2),
        (["--older-than", "30d"], 0),
        (["--key", "KEY"], 1),
    ],
)
def test_invalidate_shows_what_would_go_and_removes_it_when_confirmed(
    conditions: list[str], number: int, url: str
) -> None:
    """Without --confirm nothing goes, and the status is 2; with it exactly that goes."""
    key = fill(url)[0]
    asked = ("invalidate", *[key[:12] if word == "KEY" else word for word in conditions], "--url", url)
    shown = langcache(*asked, "--json")
    assert (shown.status, shown.json["removed"], shown.json["entries"]) == (2 if number else 0, False, number)
    assert left(url) == 3
    removed = langcache(*asked, "--json", "--confirm")
    assert (removed.status, removed.json["removed"], removed.json["entries"]) == (0, True, number)
    assert left(url) == 3 - number


def test_what_would_go_is_shown_by_chain(url: str) -> None:
    """With its size and age; the same rows in CSV."""
    fill(url)
    fill(url, version="v2", name="letters")
    shown = langcache("invalidate", "--tag", "mail", "--url", url)
    assert "Would remove 6 entries; do it with --confirm." in shown.out
    rows = langcache("invalidate", "--tag", "mail", "--url", url, "--csv").csv
    assert [(row["chain"], row["prompt_version"], row["entries"]) for row in rows] == [
        ("letters", "v2", "3"),
        ("plan", "v1", "3"),
    ]


@pytest.mark.parametrize("arguments", [[], ["--confirm"], ["--tag", ""]])
def test_invalidate_without_a_condition_removes_nothing(arguments: list[str], url: str) -> None:
    """A script whose variable was empty must not empty the cache."""
    fill(url)
    ended = langcache("invalidate", *arguments, "--url", url)
    assert ended.status == 2
    assert left(url) == 3


@pytest.mark.parametrize("text", ["soon", "0", "-1d"])
def test_an_age_that_is_none_removes_nothing(text: str, url: str) -> None:
    """Status 2, and what an age looks like."""
    fill(url)
    ended = langcache("invalidate", "--older-than", text, "--url", url, "--confirm")
    assert (ended.status, "--older-than" in ended.err, "30d" in ended.err) == (2, True, True)
    assert left(url) == 3


def test_json_and_csv_exclude_each_other(url: str) -> None:
    """Status 2, before anything is done."""
    fill(url)
    ended = langcache("clear", "--json", "--csv", "--confirm", "--url", url)
    assert (ended.status, ended.out) == (2, "")
    assert left(url) == 3


def test_clear_asks_and_stays_in_its_namespace(url: str) -> None:
    """Every entry of one namespace, none of another."""
    fill(url)
    fill(url, namespace="other")
    assert langcache("clear", "--url", url).status == 2
    assert left(url) == 3
    assert "Removed 3 entries." in langcache("clear", "--url", url, "--confirm").out
    assert (left(url), left(url, "other")) == (0, 3)
    assert langcache("clear", "--url", url).status == 0, "nothing is left that needs a confirmation"


@pytest.mark.skipif(find_server() is None, reason="no Redis server")
def test_redis_is_looked_at_and_removed_from_alike() -> None:
    """Every command on entries, on a store that is on another machine."""
    with running_server() as server:
        url = f"{server.url}?timeout_s=60"
        key = fill(url)[0]
        assert langcache("info", "--url", url, "--json").json["entries"] == 3
        assert langcache("show", key[:8], "--url", url).status == 0
        assert langcache("health", "--url", url).status == 0
        assert langcache("export", "out.jsonl", "--url", url, "--json").json["entries"] == 3
        removed = langcache("invalidate", "--feature", "gpa=under 3.0", "--url", url, "--confirm", "--json").json
        assert removed["entries"] == 1
        assert langcache("clear", "--url", url, "--confirm", "--json").json["entries"] == 2
        assert langcache("import", "out.jsonl", "--url", url, "--json").json["stored"] == 3
        assert langcache("stats", "--url", url, "--json").json["requests"] == 3


# Carrying.


def test_export_and_import_carry_every_entry(url: str, tmp_path: Path) -> None:
    """Into another namespace or store; again changes nothing."""
    fill(url)
    exported = langcache("export", "out.jsonl", "--url", url, "--json")
    assert (exported.status, exported.json["entries"], exported.json["corrupt"]) == (0, 3, [])
    there = f"sqlite:///{tmp_path}/there.db"
    done = langcache("import", "out.jsonl", "--url", there, "--json").json
    assert (done["stored"], done["present"]) == (3, 0)
    again = langcache("import", "out.jsonl", "--url", there, "--csv").csv
    assert {row["name"]: row["value"] for row in again}["present"] == "3"
    assert langcache("explain", "plan", "gpa=under 3.0", "--url", there).status == 0


def test_a_corrupt_entry_is_left_out_and_the_status_says_so(url: str) -> None:
    """A backup that is not whole must not look as if it were."""
    from support.commands import put_bytes

    fill(url)
    put_bytes(url, "torn", b"nonsense")
    ended = langcache("export", "out.jsonl", "--url", url)
    assert ended.status == 1
    assert "left out" in ended.out
    assert langcache("import", "out.jsonl", "--url", url).status == 0


def test_an_export_that_fails_leaves_the_old_file(url: str, tmp_path: Path) -> None:
    """Whole or not at all, and nothing half-written beside it."""
    Path("out.jsonl").write_text("old")
    (tmp_path / "store.db").write_text("not a database of ours")
    ended = langcache("export", "out.jsonl", "--url", url)
    assert ended.status == 1
    assert "langcache doctor" in ended.err
    assert [path.name for path in Path().iterdir()] == ["out.jsonl"]
    assert Path("out.jsonl").read_text() == "old"


def test_a_damaged_file_stores_nothing(url: str) -> None:
    """The line is named."""
    fill(url)
    langcache("export", "out.jsonl", "--url", url)
    lines = Path("out.jsonl").read_text().splitlines()
    Path("out.jsonl").write_text("\n".join([*lines[:2], lines[2].replace("Pitch", "Sell"), *lines[3:]]))
    ended = langcache("import", "out.jsonl", "--url", url, "-n", "new")
    assert ended.status == 1
    assert ended.err == "langcache: out.jsonl: line 3: it was changed; nothing was stored\n"
    assert left(url, "new") == 0


@pytest.mark.parametrize("command", ["export", "import"])
def test_a_file_that_cannot_be_used_is_one_line(command: str, url: str) -> None:
    """No traceback."""
    ended = langcache(command, "no/such/folder/file.jsonl", "--url", url)
    assert ended.status in (1, 2)
    assert ended.out == ""


def test_an_export_to_nowhere_names_what_was_asked_for(url: str, tmp_path: Path) -> None:
    """Not the name it has until it is whole."""
    fill(url)
    done = langcache("export", tmp_path / "none" / "a.jsonl", "--url", url)
    assert (done.status, done.err) == (1, f"langcache: {tmp_path}/none/a.jsonl: No such file or directory\n")
    done = langcache("export", f"{tmp_path}/none/../a.jsonl", "--url", url)
    assert (done.status, done.err) == (1, f"langcache: {tmp_path}/none/../a.jsonl: No such file or directory\n")
    assert not list(tmp_path.glob("*a.jsonl*"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_an_export_replaces_no_pipe_and_no_device(url: str, tmp_path: Path) -> None:
    """``/dev/null`` as a file of entries breaks whatever runs on that machine."""
    fill(url)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for name in ("pipe", "link"):
        done = langcache("export", tmp_path / name, "--url", url)
        assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
        assert "a pipe or a device" in done.err
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "link").is_symlink()


def test_an_export_to_a_link_replaces_the_file_it_is_to(url: str, tmp_path: Path) -> None:
    """The link stays."""
    fill(url)
    (tmp_path / "kept.jsonl").write_text("old")
    (tmp_path / "link").symlink_to("kept.jsonl")
    assert langcache("export", tmp_path / "link", "--url", url).status == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "kept.jsonl").read_text().startswith('{"langcache"')


def test_every_line_of_an_export_is_json(url: str) -> None:
    """So that other tools can read it."""
    fill(url)
    langcache("export", "out.jsonl", "--url", url)
    header, *entries, end = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert (header["langcache"], header["format"], end) == ("entries", 1, {"end": 3})
    assert all({"chain:plan", "prompt:v1", "tag:mail"} == set(entry["labels"]) for entry in entries)
