"""Golden vectors: what is stored today is found by every later version, in every process."""

import json
import os
import subprocess
import sys
from pathlib import Path

from support import golden

from langcache.core.encoding import SCHEME, canonical, digest

GOLDEN = Path(__file__).parents[1] / "golden"


def test_encodings_stay_what_they_are() -> None:
    """A change here makes every stored entry unreachable: it takes a new `SCHEME`, and new vectors."""
    vectors = json.loads((GOLDEN / "encoding.json").read_text())
    assert vectors["scheme"] == SCHEME
    made = {name: {"hex": canonical(v).hex(), "digest": digest(canonical(v))} for name, v in golden.VALUES.items()}
    assert vectors["values"] == made


def test_keys_stay_what_they_are_in_any_process() -> None:
    """Neither hash seeds, nor the order of sets, nor addresses reach a key."""
    expected = json.loads((GOLDEN / "keys.json").read_text())
    assert expected == golden.keys()
    ran = subprocess.run(
        [sys.executable, "-m", "support.golden"],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        check=True,
    )
    assert expected == json.loads(ran.stdout)


def test_every_golden_request_has_a_key_of_its_own() -> None:
    """Vectors that were all empty, or all equal, would prove nothing."""
    keys = json.loads((GOLDEN / "keys.json").read_text())
    assert len(set(keys.values())) == len(keys) == 2 * len(golden.REQUESTS)
    assert {len(key) for key in keys.values()} == {40}
