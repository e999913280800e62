"""Cassettes: HTTP conversations written down once and replayed, readable, complete and without secrets.

::

    with cassette("cassettes/plan.yaml"):
        chain.invoke(...)  # replayed; nothing is recorded, nothing may be left over

The recording is vcrpy's. What is added: requests are matched by method, path and JSON body; bodies are kept
as text; credentials are never written; and a replay fails when the file is empty, not wholly played, or holds
anything like a key.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from langcache.testing.secrets import scan_for_secrets

__all__ = ["CassetteError", "cassette", "scan_for_secrets"]

# vcrpy before 8.2 records nothing over httpx2, the SDKs' transport, and does not say so.
_VCRPY_FLOOR = (8, 2)
# What tells our machine, account or SDK version, and what changes at every recording.
_SENT = ("accept", "content-type")
_RECEIVED = ("content-type", "retry-after", "retry-after-ms", "x-should-retry")

# A stand-in listens on another port each time.
_LOOPBACK_PORT = re.compile(r"^(https?://127\.0\.0\.1):\d+")


class CassetteError(AssertionError):
    """A cassette that cannot be trusted; the message names the file and what is wrong with it."""


@contextmanager
def cassette(
    path: str | Path, *, record: bool = False, allow_repeats: bool = False, partial: bool = False
) -> Iterator[Any]:
    """Replay the conversation in *path*, or write it anew.

    Build models with ``max_retries=0``: a request that is not in the file looks like a failed connection to
    the SDKs, which would try it again.

    Args:
        path: a YAML file.
        record: talk to the real server and replace the file; it is not written when the block raises.
        allow_repeats: let one recorded answer serve several equal requests.
        partial: some of it may stay unplayed, for a program that asks only for what it has not cached.

    Yields:
        vcrpy's cassette (``len``, ``play_count``).

    Raises:
        CassetteError: the file is missing, empty or not wholly played, or it holds anything like a key.
        ImportError: vcrpy is missing or too old.
    """
    path = Path(path)
    recorder = _recorder(path, record=record, allow_repeats=allow_repeats)
    if record:
        path.unlink(missing_ok=True)
    elif not path.exists():
        raise CassetteError(f"{path}: no such cassette; record it first")
    else:
        _check_file(path)
    with recorder as tape:
        yield tape
        if len(tape) == 0:
            raise CassetteError(f"{path}: empty: no request was {'recorded' if record else 'stored'}")
        unplayed = sum(tape.play_counts[index] == 0 for index in range(len(tape)))
        if unplayed and not record and not partial:
            raise CassetteError(f"{path}: {unplayed} of {len(tape)} interactions were not played")
    if record:
        _check_file(path)


def _check_file(path: Path) -> None:
    found = scan_for_secrets(path)
    if found:
        raise CassetteError(f"{path}: holds what looks like a secret: {'; '.join(found)}")


def _recorder(path: Path, *, record: bool, allow_repeats: bool) -> Any:
    found = version("vcrpy")
    if tuple(int(part) for part in found.split(".")[:2]) < _VCRPY_FLOOR:
        raise ImportError(f"vcrpy {found} records nothing over httpx2: install vcrpy>=8.2")
    import vcr

    tapes = vcr.VCR(
        record_mode=vcr.mode.ALL if record else vcr.mode.NONE,
        match_on=["method", "path", "json body"],
        before_record_request=_cleaned_request,
        before_record_response=_cleaned_response,
        decode_compressed_response=True,
    )
    tapes.register_matcher("json body", _same_body)
    tapes.register_serializer("readable", _Readable)
    return tapes.use_cassette(
        str(path), serializer="readable", allow_playback_repeats=allow_repeats, record_on_exception=False
    )


def _same_body(first: Any, second: Any) -> None:
    """Equal as JSON, whatever the order of keys and the spaces."""
    assert _canonical(first.body) == _canonical(second.body)


def _canonical(body: Any) -> Any:
    text = body.decode() if isinstance(body, bytes) else body or ""
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return text


def _cleaned_request(request: Any) -> Any:
    """Only headers that say what is asked for: no credentials, cookies or versions."""
    request.headers = {name: value for name, value in request.headers.items() if name.lower() in _SENT}
    without_query = request.uri.partition("?")[0]  # a query may hold a key, and is not matched on
    request.uri = _LOOPBACK_PORT.sub(r"\1", without_query)
    return request


def _cleaned_response(response: dict[str, Any]) -> dict[str, Any]:
    headers = response["headers"].items()
    kept = {name.lower(): value for name, value in headers if name.lower() in _RECEIVED}
    return {**response, "headers": kept}


class _Readable:
    """vcrpy's YAML, with JSON bodies indented and multi-line text in block style."""

    @staticmethod
    def serialize(cassette_dict: dict[str, Any]) -> str:
        import yaml

        class Dumper(yaml.SafeDumper):
            """Text of several lines as a block."""

        def block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
            style = "|" if "\n" in text else None
            return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

        Dumper.add_representer(str, block)
        for interaction in cassette_dict["interactions"]:
            _indent(interaction["request"], "body")
            _indent(interaction["response"]["body"], "string")
        return str(yaml.dump(cassette_dict, Dumper=Dumper, allow_unicode=True, width=1000))

    @staticmethod
    def deserialize(text: str) -> Any:
        import yaml

        return yaml.safe_load(text)


def _indent(holder: dict[str, Any], name: str) -> None:
    try:
        data = json.loads(holder[name])
    except (TypeError, ValueError):
        return  # an event stream, or no body
    holder[name] = json.dumps(data, indent=2, ensure_ascii=False)
