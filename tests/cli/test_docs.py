"""Every command is in docs/cli.md with its examples and options, and its help has an example."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from support.commands import langcache

from langcache.cli import app
from langcache.cli.app import EXTRAS, command_named
from langcache.cli.settings import Settings

COMMANDS: dict[str, Any] = {name: command_named(name) for name in app.COMMANDS}
ROOT = Path(__file__).parents[2]
PYPROJECT = ROOT / "pyproject.toml"
DOCS = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `langcache (\S+)`\n(.*?)(?=^### |\Z)", DOCS, re.MULTILINE | re.DOTALL))
SHARED = DOCS.partition("## Commands")[0]
IN_ISSUE = {
    *("demo", "info", "stats", "top", "trends", "cost", "forecast", "recommend", "explain", "show", "invalidate"),
    *("clear", "health", "export", "import", "serve", "doctor", "config"),
}


def examples(command: str) -> list[str]:
    return re.findall(r"Example: (.*)", COMMANDS[command].epilog)


def plain(text: str) -> str:
    """One line, without the frames and colours of a help page."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", uncoloured(text)).split())


def uncoloured(text: str) -> str:
    """Where somebody forces colours, as some CI does."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_the_commands_are_those_promised_and_all_are_documented() -> None:
    """In the order of the help, so that both read alike."""
    assert set(COMMANDS) == IN_ISSUE
    assert list(SECTIONS) == list(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_and_the_docs_have_it_too(command: str) -> None:
    """Each example begins with the command it is for, or with the environment it needs."""
    shown = plain(langcache(command, "--help", TERM="dumb", NO_COLOR="1").out)
    assert examples(command)
    for example in examples(command):
        assert f"langcache {command}" in example
        assert f"Example: {example}" in shown
        assert f"\n    {example}\n" in SECTIONS[command]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_documented_and_none_that_does_not_exist(command: str) -> None:
    """In the command's section, or among what all share."""
    known = {name for parameter in COMMANDS[command].params for name in parameter.opts if name.startswith("--")}
    known -= {"--help"}
    text = SECTIONS[command]
    assert {name for name in known if name not in text and name not in SHARED} == set()
    assert set(re.findall(r"(?<!\S)`?(--[a-z-]+)", text)) <= known | {"--url", "--namespace", "--json", "--csv"}


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"serve"}))
def test_every_command_that_answers_does_so_as_json_and_csv(command: str) -> None:
    """And not as both. The demo has a namespace of its own."""
    known = {name for parameter in COMMANDS[command].params for name in parameter.opts}
    assert {"--json", "--csv", "--url", *([] if command == "demo" else ["--namespace"])} <= known


def test_every_setting_is_documented() -> None:
    """In the part on where settings come from."""
    assert [name for name in Settings.model_fields if name not in SHARED] == []


def test_the_toml_of_the_docs_is_read(url: str) -> None:
    """As it stands."""
    found = re.search(r"```toml\n(.*?)```", DOCS, re.DOTALL)
    assert found is not None
    Path("pyproject.toml").write_text(found[1], encoding="utf-8")
    settings = {row["setting"]: row for row in langcache("config", "--json").json}
    assert settings["ttl"]["value"] == 30 * 86_400
    assert settings["prices"]["value"] == {"gpt-4": {"input": 0.03, "output": 0.06}}


def test_help_fits_80_columns() -> None:
    """Of the app and of each command."""
    for command in ([], *([name] for name in COMMANDS)):
        lines = uncoloured(langcache(*command, "--help", TERM="dumb", NO_COLOR="1").out).splitlines()
        assert max(map(len, lines)) <= 80


def test_extras_are_those_of_the_distribution() -> None:
    """What a missing module's message names can be installed."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    assert set(EXTRAS.values()) <= set(project["optional-dependencies"])
