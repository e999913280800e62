"""What a command works on: from its options, the environment, and ``[tool.langcache]`` in pyproject.toml."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from inspect import signature
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict, PositiveFloat, PositiveInt, ValidationError

from langcache.cli.durations import Duration
from langcache.cli.trouble import ENCRYPTION_KEYS, WRONGLY_CALLED, Trouble
from langcache.economics.price_table import price_table
from langcache.errors import DeclarationError
from langcache.runtime.cache import Cache

__all__ = ["Loaded", "Settings", "load"]

_VARIABLES = {"url": "LANGCACHE_URL", "namespace": "LANGCACHE_NAMESPACE"}
_RELATIVE_FILE = re.compile(r"((?:tiered\+)?sqlite:///)(?!/)(.+)")


def _priced(table: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        price_table(table)
    except DeclarationError as error:
        raise ValueError(str(error)) from None
    return table


def _of_a_store(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the store itself takes is for it to say, but what `Cache` takes is none of these."""
    for name in options:
        if name != "options" and name in signature(Cache.__init__).parameters:
            fix = "write it in [tool.langcache]" if name in Settings.model_fields else "leave it out"
            raise ValueError(f"{name!r} is no option of a store: {fix}")
    return options


class Settings(BaseModel):
    """The table ``[tool.langcache]``; every key is optional.

    Attributes:
        url: the store.
        namespace: of the entries.
        ttl, stale_if_error, stale_while_revalidate: as for `Cache`; ``"30d"`` or seconds.
        early_refresh: as for `Cache`.
        prices: model to ``{input = …, output = …}`` in USD per 1,000 tokens, as for `Cache`.
        options: of the store, such as ``max_bytes``.
        app: ``"module:attribute"``, where ``doctor`` and ``health`` find chains and pipelines.
        pipelines: names of stage pipelines.
        retention_days, retention_keys: how long the account is kept, and how many keys it tells apart a day.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str | None = None
    namespace: str = "default"
    ttl: Duration | None = None
    stale_if_error: Duration | None = None
    stale_while_revalidate: Duration | None = None
    early_refresh: PositiveFloat | None = None
    prices: Annotated[Mapping[str, Any], AfterValidator(_priced)] = {}
    options: Annotated[Mapping[str, Any], AfterValidator(_of_a_store)] = {}
    app: str | None = None
    pipelines: tuple[str, ...] = ()
    retention_days: PositiveInt | None = None
    retention_keys: PositiveInt | None = None

    def open(self) -> Cache:
        """The cache these settings describe."""
        names = ("ttl", "stale_if_error", "stale_while_revalidate", "early_refresh", "retention_days", "retention_keys")
        given = {name: value for name in names if (value := getattr(self, name)) is not None}
        return Cache(
            self.url,
            namespace=self.namespace,
            prices=self.prices or None,
            encryption_keys=_encryption_keys(),
            **given,
            **self.options,
        )


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and where each that is not the default comes from."""

    settings: Settings
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def safe_url(self) -> str | None:
        """The URL without its credentials."""
        url = self.settings.url
        return None if url is None else re.sub(r"//[^/]*@", "//…@", url)


def load(given: Mapping[str, Any], folder: Path | None = None) -> Loaded:
    """The settings that hold: *given* options beat the environment, which beats the nearest pyproject.toml.

    Args:
        given: by name; None where an option was not used.
        folder: where to look from; the current one by default.

    Raises:
        Trouble: the file holds something unknown or impossible; the message names it and the nearest that is known.
            Or a URL is given and empty, as by a script whose variable is not set: it must not clear another store.
    """
    path = _nearest(folder or Path.cwd())
    table = {} if path is None else _table(path)
    values, sources = dict(table), dict.fromkeys(table, str(path))
    for name, variable in _VARIABLES.items():
        if os.environ.get(variable):
            values[name], sources[name] = os.environ[variable], f"${variable}"
    for name, value in given.items():
        if value == "" and name == "url":
            raise Trouble("--url is empty; leave it out for the default store", WRONGLY_CALLED)
        if value is not None:
            values[name], sources[name] = value, f"--{name}"
    return Loaded(_checked(values, path), sources)


def _nearest(folder: Path) -> Path | None:
    """The first pyproject.toml with our table, from *folder* upwards."""
    for place in (folder, *folder.parents):
        path = place / "pyproject.toml"
        if path.is_file() and "langcache" in _tools(path):
            return path
    return None


def _tools(path: Path) -> dict[str, Any]:
    tools = _read(path).get("tool", {})
    if not isinstance(tools, dict):
        raise Trouble(f"{path}: tool is a table, as in [tool.langcache]", WRONGLY_CALLED)
    return tools


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Trouble(f"{path} is no TOML: {error}", WRONGLY_CALLED) from None


def _table(path: Path) -> dict[str, Any]:
    table = _tools(path)["langcache"]
    if not isinstance(table, dict):
        raise Trouble(f"{path}: tool.langcache is a table, [tool.langcache]", WRONGLY_CALLED)
    url = table.get("url")
    if isinstance(url, str) and (relative := _RELATIVE_FILE.fullmatch(url)):
        # a relative file is the same one from every folder of the project
        table["url"] = f"{relative[1]}/{quote(path.parent.resolve().as_posix().lstrip('/'), safe='/:')}/{relative[2]}"
    return table


def _checked(values: Mapping[str, Any], path: Path | None) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = min(
            error.errors(), key=lambda each: each["type"] != "extra_forbidden"
        )  # a typing error explains the rest
    name = ".".join(map(str, first["loc"]))
    if first["type"] != "extra_forbidden":
        raise Trouble(f"{path or 'settings'}: {name}: {first['msg'].removeprefix('Value error, ')}", WRONGLY_CALLED)
    known = [*Settings.model_fields]
    near = get_close_matches(str(first["loc"][-1]), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
    raise Trouble(f"{path}: [tool.langcache] knows no {name!r}; {hint}", WRONGLY_CALLED)


def _encryption_keys() -> list[str]:
    return [key.strip() for key in os.environ.get(ENCRYPTION_KEYS, "").split(",") if key.strip()]
