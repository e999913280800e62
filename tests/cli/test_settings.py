"""Where a command's settings come from, and what a wrong one is told."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.commands import fill, langcache

from langcache.cli.durations import duration
from langcache.cli.settings import load
from langcache.cli.trouble import Trouble
from langcache.core.events import Usage


def write(text: str, folder: Path | None = None) -> Path:
    path = (folder or Path.cwd()) / "pyproject.toml"
    path.write_text(f"[tool.langcache]\n{text}\n")
    return path


def test_an_option_beats_the_environment_which_beats_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the source of each is told."""
    path = write('url = "memory://"\nnamespace = "file"')
    assert dict(load({}).sources) == {"url": str(path), "namespace": str(path)}
    monkeypatch.setenv("LANGCACHE_NAMESPACE", "environment")
    assert load({}).settings.namespace == "environment"
    found = load({"namespace": "option", "url": None})
    assert (found.settings.namespace, found.sources["namespace"]) == ("option", "--namespace")
    assert (found.settings.url, found.sources["url"]) == ("memory://", str(path))


def test_an_empty_url_is_no_url() -> None:
    """A script whose variable was empty must not clear another store than it means."""
    done = langcache("clear", "--confirm", "--url", "")
    assert (done.status, done.out, done.err.startswith("langcache: --url is empty")) == (2, "", True)


def test_the_nearest_file_that_has_the_table_counts(tmp_path: Path) -> None:
    """A pyproject.toml without it, as a subpackage may have, does not hide the project's."""
    write('namespace = "far"')
    inner = Path.cwd() / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("[tool.other]\n")
    assert load({}, inner).settings.namespace == "far"
    write('namespace = "near"', inner)
    assert load({}, inner).settings.namespace == "near"
    assert load({}, tmp_path).settings.namespace == "default"


@pytest.mark.parametrize("scheme", ["sqlite", "tiered+sqlite"])
def test_a_relative_file_is_the_same_one_from_every_folder(scheme: str) -> None:
    """It is relative to the pyproject.toml that names it, as the app's own is to the project."""
    write(f'url = "{scheme}:///odd name.db"')
    inner = Path.cwd() / "inner"
    inner.mkdir()
    assert load({}, inner).settings.url == f"{scheme}:///{Path.cwd()}/odd name.db"


def test_an_absolute_file_stays(url: str) -> None:
    """Four slashes are the root's."""
    write(f'url = "{url}"')
    assert load({}).settings.url == url


def test_everything_a_cache_takes_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Durations as people write them, prices as a table, options of the store."""
    write(
        'url = "memory://"\nttl = "30d"\nstale_if_error = 60\n[tool.langcache.options]\nmax_bytes = 5000\n'
        "[tool.langcache.prices]\ngpt-4 = {input = 0.03, output = 0.06}"
    )
    settings = load({}).settings
    assert (settings.ttl, settings.stale_if_error) == (timedelta(days=30), timedelta(minutes=1))
    with settings.open() as cache:
        assert cache.engine.price(Usage("gpt-4", 1000, 500)) == Decimal("0.06")
        assert cache.engine.expiry.ttl_s == 30 * 86_400


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('nmespace = "x"', "knows no 'nmespace'; did you mean 'namespace'?"),
        ("zzz = 1", "knows no 'zzz'; known are url, namespace"),
        ("prices = {gpt-4 = {inpt = 1, output = 2}}", "has no 'inpt'; it has input, output"),
        ('ttl = "soon"', "ttl: 'soon' is no duration; write one such as 90s"),
        ("ttl = 0", "is no duration"),
        ("retention_days = 0", "retention_days"),
        ("namespace = 3", "namespace"),
        ('ttl = "999999999999d"', "ttl: '999999999999d' is longer than"),
        (
            '[tool.langcache.options]\nnamespace = "x"',
            "options: 'namespace' is no option of a store: write it in [tool.",
        ),
        ('[tool.langcache.options]\nstore = "x"', "options: 'store' is no option of a store: leave it out"),
        ("[tool.langcache.options]\nclock = 1", "options: 'clock' is no option of a store"),
        ("[tool.langcache.options]\nself = 1", "options: 'self' is no option of a store"),
    ],
)
def test_a_wrong_setting_is_named_with_the_file_and_what_would_do(text: str, said: str) -> None:
    """One line, status 2."""
    path = write(text)
    with pytest.raises(Trouble) as caught:
        load({})
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    ended = langcache("info")
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("text", ["nonsense", "[tool]\nlangcache = 1", "tool = 1", "[[tool]]\nlangcache = 1"])
def test_a_file_that_cannot_be_read_is_named(text: str) -> None:
    """Not a traceback of the TOML reader."""
    Path("pyproject.toml").write_text(text)
    ended = langcache("config")
    assert ended.status == 2
    assert "pyproject.toml" in ended.err


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90s", 90), ("15m", 900), ("12h", 43_200), ("1.5d", 129_600), ("2w", 1_209_600), (" 7 ", 7), (7, 7), (0.5, 0.5)],
)
def test_durations(text: Any, expected: float) -> None:
    """A unit, or seconds."""
    assert duration(text).total_seconds() == expected


@pytest.mark.parametrize("option", ["max_bytes = nan", 'max_bytes = "x"', "max_bytes = -5", "durable = 5"])
def test_an_option_that_the_store_cannot_take_is_named(option: str, url: str) -> None:
    """Before anything is opened."""
    write(f'url = "{url}"\n[tool.langcache.options]\n{option}')
    ended = langcache("info")
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"the option {option.split()[0]} of sqlite://" in ended.err


@pytest.mark.parametrize("text", ["999999999999d", "9" * 400, "99999999999999w"])
def test_a_duration_has_an_end(text: str) -> None:
    """Python counts to 999,999,999 days."""
    with pytest.raises(ValueError, match="longer than"):
        duration(text)
    ended = langcache("invalidate", "--older-than", text)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("text", ["", "d", "-1d", "0", "1y", "1 day", True, None, "1d2h"])
def test_what_is_no_duration_is_refused(text: Any) -> None:
    """With an example of one that is."""
    with pytest.raises(ValueError, match="30d"):
        duration(text)


def test_config_says_where_each_setting_comes_from_and_no_password(url: str) -> None:
    """JSON and CSV are exact, durations in seconds; a URL's credentials are nobody's business."""
    write('ttl = "12h"\n[tool.langcache.options]\ntimeout_s = 1.0')
    shown = langcache("config", "--url", "redis://user:with@secret@localhost/0")
    rows = {
        row["setting"]: row
        for row in langcache("config", "--url", "redis://user:with@secret@localhost/0", "--json").json
    }
    assert (rows["ttl"]["value"], rows["options"]["value"]) == (43_200.0, {"timeout_s": 1.0})
    assert rows["url"] == {"setting": "url", "value": "redis://…@localhost/0", "source": "--url"}
    assert "secret" not in shown.out
    assert "12 hours" in shown.out
    csv = {row["setting"]: row["value"] for row in langcache("config", "--csv").csv}
    assert csv["ttl"] == "43200.0"


def test_the_environment_names_the_store_and_the_keys(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Encryption keys are never in a file or on a command line."""
    from langcache import Cache
    from langcache.storage.encrypted import generate_key

    monkeypatch.setenv("LANGCACHE_URL", url)
    key = generate_key()
    with Cache(url, encryption_keys=[key]) as cache:
        cache.wrap(lambda text: text.upper(), name="shout", prompt_version="1").invoke("hi")
    entry = langcache("invalidate", "--chain", "shout", LANGCACHE_ENCRYPTION_KEYS=f"{key}, ")
    assert "Would remove 1 entry" in entry.out
    assert fill(url)
    assert langcache("info", "--json").json["entries"] == 4
