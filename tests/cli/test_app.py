"""What every command has in common: version, help, and one line when something is missing."""

import io
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from support.commands import fill, langcache

from langcache.cli.app import main

COMMAND = Path(sys.executable).with_name("langcache")


def leave(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    """Run `main` with *arguments*; the status it leaves with."""
    monkeypatch.setattr(sys, "argv", ["langcache", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    return left.value.code


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("form", ["--json", "--csv", "table"])
def test_what_the_terminal_cannot_show_is_replaced(
    encoding: str, form: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe under LC_ALL=C, or a console of Windows: a picture less is no reason to say nothing."""
    fill(url, generation_type="日本語")
    for command in ("stats", "top", "config", "trends", "cost", "info"):
        out = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding=encoding))
        assert leave(monkeypatch, command, "--url", url, *([] if form == "table" else [form])) == 0
        sys.stdout.flush()
        assert out.getvalue()


@pytest.mark.parametrize(
    "arguments",
    [
        ("stats", "-n", "caf\udce9"),
        ("invalidate", "--chain", "caf\udce9"),
        ("invalidate", "--tag", "caf\udce9"),
        ("invalidate", "--feature", "f=caf\udce9"),
        ("show", "--pipeline", "caf\udce9", "code"),
        ("show", "caf\udce9"),
        ("health", "--pipeline", "caf\udce9"),
        ("explain", "plan", "f=caf\udce9"),
        ("info", "--url", "redis://localhost/caf\udce9"),
        ("caf\udce9",),
    ],
)
def test_what_is_no_text_is_no_name(
    arguments: tuple[str, ...], url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bytes of another encoding reach a program as half surrogates; no store can hold them."""
    monkeypatch.setenv("LANGCACHE_URL", url)
    assert leave(monkeypatch, *arguments) == 2
    said = capsys.readouterr()
    assert (said.out, "Traceback" in said.err, "\udce9" in said.err) == ("", False, False)
    assert len(arguments) == 1 or said.err.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a file's name is text")
def test_a_file_whose_name_is_no_text_is_still_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On Linux a name is bytes; it is shown as far as it can be."""
    for form in ("--json", "--csv"):
        assert leave(monkeypatch, "config", "--url", f"sqlite:///{tmp_path}/caf\udce9.db", form) == 0
        assert leave(monkeypatch, "info", "--url", f"sqlite:///{tmp_path}/caf\udce9.db", form) == 0
    assert "/caf�.db" in capsys.readouterr().out
    assert os.listdir(os.fsencode(tmp_path))[0].startswith(b"caf\xe9.db")


def test_a_store_that_was_not_there_is_told_once(tmp_path: Path) -> None:
    """A mistyped name looks like a store in which all is well; where files are, there is nothing to tell."""
    url = f"sqlite:///{tmp_path}/mistyped.db"
    first, second = langcache("stats", "--url", url, "--json"), langcache("stats", "--url", url, "--json")
    assert (first.status, first.err) == (
        0,
        f"langcache: there was no {tmp_path}/mistyped.db; an empty store is made there\n",
    )
    assert (second.status, second.err) == (0, "")


def test_version_is_the_distribution_s() -> None:
    """``langcache --version`` runs as installed."""
    finished = subprocess.run([COMMAND, "--version"], capture_output=True, text=True)
    assert (0, f"langcache {version('langcache-middleware')}\n") == (finished.returncode, finished.stdout)


@pytest.mark.parametrize("missing", ["OPENAI_API_KEY", "ANTHROPIC_API_KEY"])
def test_live_names_the_key_that_is_missing(missing: str, tmp_path: Path) -> None:
    """One line, status 2, before anything is made."""
    keys = {"OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "x"}
    environment = {**os.environ, **keys, missing: ""}
    finished = subprocess.run(
        [COMMAND, "demo", "--live"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert finished.returncode == 2
    assert finished.stderr.startswith(f"langcache: {missing} is not set")
    assert finished.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [("typer", ["--version"], "cli"), ("typer", ["demo"], "demo"), ("langchain_openai", ["demo"], "demo")],
)
def test_a_missing_extra_is_one_line_with_the_command_that_mends_it(
    module: str,
    arguments: list[str],
    extra: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """Status 2, and what to install."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, module, None)
    assert leave(monkeypatch, *arguments) == 2
    assert f"langcache: {module} is not installed: pip install 'langcache-middleware[{extra}]'\n" == (
        capsys.readouterr().err
    )


def test_a_module_no_extra_brings_is_a_bug_and_shows_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only missing extras become one line."""
    monkeypatch.setitem(sys.modules, "langcache.cli.demo.command", None)
    monkeypatch.setattr(sys, "argv", ["langcache", "demo"])
    with pytest.raises(ModuleNotFoundError):
        main()


def test_a_store_that_does_not_answer_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The demo would go on without it, and have nothing to show."""
    (tmp_path / "other.db").write_text("not a database of ours")
    assert leave(monkeypatch, "demo", "--url", f"sqlite:///{tmp_path}/other.db") == 1
    said = capsys.readouterr()
    assert (said.out, "is not a langcache database" in said.err, said.err.count("\n")) == ("", True, 1)


def test_a_wrong_store_url_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An error of ours is its own message."""
    assert leave(monkeypatch, "demo", "--url", "nonsense://x") == 2
    error = capsys.readouterr().err
    assert error.startswith("langcache: ")
    assert error.count("\n") == 1
