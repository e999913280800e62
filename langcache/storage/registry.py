"""From a URL to a store.

A new store is one file and one line in ``SCHEMES``, or an entry point of somebody else's.

An entry point of the group ``langcache.stores`` is named like its scheme and loads an opener: a function of
the split URL whose keyword parameters are the options. Those annotated ``str``, ``int``, ``float`` or
``bool`` may also stand in the URL's query.
"""

import inspect
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from numbers import Real
from pathlib import Path
from typing import Any, Final, get_type_hints
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from langcache.errors import StoreURLError
from langcache.storage.base import Store

Opener = Callable[..., Store]
ENTRY_POINTS: Final = "langcache.stores"
DISTRIBUTION: Final = "langcache-middleware"
TIERED: Final = "tiered+"
"""In front of any scheme: a tier of memory in front of that store."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """Where a scheme's opener lives.

    Args:
        opener: ``"module:function"``, imported when first used.
        example: a URL that works, for error messages.
        extra: the extra of our distribution that its imports need, if any.
    """

    opener: str
    example: str
    extra: str | None = None


SCHEMES: dict[str, Scheme] = {
    "memory": Scheme("langcache.storage.memory:open_memory", "memory://"),
    "sqlite": Scheme("langcache.storage.sqlite:open_sqlite", "sqlite:///langcache.db"),
    "redis": Scheme("langcache.storage.redis:open_redis", "redis://localhost:6379/0", "redis"),
    "rediss": Scheme("langcache.storage.redis:open_redis", "rediss://localhost:6379/0", "redis"),
    "unix": Scheme("langcache.storage.redis:open_unix", "unix:///run/redis.sock", "redis"),
    "redis+cluster": Scheme("langcache.storage.redis:open_cluster", "redis+cluster://node1:6379,node2:6379", "redis"),
    "rediss+cluster": Scheme("langcache.storage.redis:open_cluster", "rediss+cluster://node1:6379", "redis"),
    "redis+sentinel": Scheme("langcache.storage.redis:open_sentinel", "redis+sentinel://node1:26379/mymaster", "redis"),
    "rediss+sentinel": Scheme("langcache.storage.redis:open_sentinel", "rediss+sentinel://node1/mymaster", "redis"),
}


def open_store(url: str | None = None, *, encryption_keys: Sequence[Any] | None = None, **options: Any) -> Store:
    """The store that *url* names, or the one in the user's cache directory.

    Args:
        url: such as ``memory://`` or ``sqlite:///relative.db?max_bytes=50000000``.
        encryption_keys: encrypt all that is stored, as :class:`langcache.storage.encrypted.EncryptedStore` does.
        options: keyword parameters of the store's opener; they beat the URL's query.

    Raises:
        StoreURLError: no such scheme, option or value, or an extra that is needed is not installed.
        DeclarationError: an encryption key is none, or none is given.
    """
    if encryption_keys is None:
        return _open(url, options)
    encrypt = _encryption(encryption_keys)
    return encrypt(_open(url, options))


def _encryption(keys: Sequence[Any]) -> Callable[[Store], Store]:
    """What encrypts a store; its keys are looked at before any store is opened."""
    try:
        encrypted = import_module("langcache.storage.encrypted")
    except ModuleNotFoundError as error:
        raise StoreURLError(f"encryption needs {error.name}; run: {_install('encryption')}") from error
    made = [encrypted.EncryptionKey(key) for key in keys]
    encrypt: Callable[[Store], Store] = partial(encrypted.encrypted, keys=made)
    return encrypt


def _install(extra: str) -> str:
    return f'pip install "{DISTRIBUTION}[{extra}]"'


def _open(url: str | None, options: Mapping[str, Any]) -> Store:
    parts = _split(url if url is not None else default_url())
    opener = _opener(parts.scheme)
    known = inspect.signature(opener).parameters
    for name in options:
        _check_known(name, list(known)[1:], parts.scheme)
    given = {**_query_options(parts, opener), **options}
    if parts.scheme.removeprefix(TIERED) in SCHEMES:  # what a third party's options may be is for it to say
        _check_kinds(given, get_type_hints(opener), parts.scheme)
    return opener(parts, **given)


def _split(url: str) -> SplitResult:
    if "\0" in unquote(url):
        raise StoreURLError("a store URL holds no NUL: take %00 out")
    try:
        return urlsplit(url)
    except ValueError:  # whose text may show a password
        raise StoreURLError(
            "the store URL cannot be read: brackets are around an IPv6 address, as in redis://[::1]:6379/0, and signs "
            "in a name or a password are percent-encoded"
        ) from None


def default_url() -> str:
    """A SQLite file in the user's cache directory, by the rules of the platform."""
    path = (_user_cache() / "langcache" / "langcache.db").as_posix()
    return f"sqlite:///{quote(path, safe='/:')}"


def _user_cache() -> Path:
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) if local else Path.home() / "AppData" / "Local"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    # A relative path there is invalid and to be ignored (XDG Base Directory Specification 0.8).
    configured = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return configured if configured.is_absolute() else Path.home() / ".cache"


def _opener(name: str) -> Opener:
    if name.startswith(TIERED):
        opener_of: Callable[[Opener], Opener] = import_module("langcache.storage.tiered").tiered
        return opener_of(_opener(name.removeprefix(TIERED)))
    scheme = SCHEMES.get(name)
    if scheme is None:
        return _third_party_opener(name)
    module, _, function = scheme.opener.partition(":")
    try:
        opener: Opener = getattr(import_module(module), function)
    except ModuleNotFoundError as error:
        if scheme.extra is None:
            raise
        raise StoreURLError(f"{name}:// needs {error.name}; run: {_install(scheme.extra)}") from error
    return opener


def _third_party_opener(name: str) -> Opener:
    for point in entry_points(group=ENTRY_POINTS, name=name):
        opener: Opener = point.load()
        return opener
    examples = ", ".join(scheme.example for scheme in SCHEMES.values())
    said = f"the scheme {name!r} names no store" if name else "a store URL starts with a scheme"
    near = get_close_matches(name, SCHEMES, n=1)
    hint = f" did you mean {SCHEMES[near[0]].example}?" if near else f" these work: {examples}"
    raise StoreURLError(f"{said};{hint}")


def _query_options(parts: SplitResult, opener: Opener) -> dict[str, Any]:
    hints = get_type_hints(opener)
    readers = {
        name: _READERS[hints[name]]
        for name in list(inspect.signature(opener).parameters)[1:]
        if hints.get(name) in _READERS
    }
    options = {}
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        _check_known(name, list(readers), parts.scheme)
        try:
            options[name] = readers[name](text)
        except ValueError as error:
            raise StoreURLError(f"the option {name} of {parts.scheme}:// is no {hints[name].__name__}") from error
    return options


def _check_kinds(given: Mapping[str, Any], hints: Mapping[str, Any], scheme: str) -> None:
    """Or the wrong kind would be told by the first entry that is stored, to nobody."""
    for name, value in given.items():
        fits, wanted = _KINDS.get(hints.get(name), (_fits_anywhere, ""))
        if not fits(value):
            raise StoreURLError(
                f"the option {name} of {scheme}:// is no {hints[name].__name__}: write {wanted}, not {value!r}"
            )


def _fits_anywhere(_: Any) -> bool:
    return True


def _is_number(value: Any) -> bool:
    return issubclass(type(value), Real) and type(value) is not bool and bool(value >= 0)


def _is_whole(value: Any) -> bool:
    return _is_number(value) and value < math.inf and value == int(value)


def _check_known(name: str, known: list[str], scheme: str) -> None:
    if name in known:
        return
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it knows: {', '.join(sorted(known)) or 'none'}"
    raise StoreURLError(f"{scheme}:// has no option {name!r}; {hint}")


def _read_bool(text: str) -> bool:
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    try:
        return words[text.lower()]
    except KeyError:
        raise ValueError(text) from None


_KINDS: Mapping[Any, tuple[Callable[[Any], bool], str]] = {
    int: (_is_whole, "a whole number from 0"),
    float: (_is_number, "a number from 0"),
    bool: (lambda value: isinstance(value, bool), "true or false"),
    str: (lambda value: isinstance(value, str | os.PathLike), "text"),
}

_READERS: Mapping[type, Callable[[str], Any]] = {str: str, int: int, float: float, bool: _read_bool}
