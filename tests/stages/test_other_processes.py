"""The same code is described alike in every process, wherever its objects lie and however its sets are ordered."""

import json
import os
import subprocess
import sys
from textwrap import dedent

import pytest

from langcache.stages.code import describe_code

DESCRIBE = """
import json, random, sys
from langcache.core.encoding import canonical, digest
from langcache.stages.code import describe_code

junk = [object() for _ in range(random.randrange(100_000))]

def described(source):
    scope = {"__name__": "__main__"}
    exec(source, scope)
    return digest(canonical(describe_code(scope["f"]).description))

print(json.dumps({name: described(source) for name, source in json.load(sys.stdin).items()}))
"""

ENUM = "import enum\nclass C(enum.Enum):\n    A = 1; B = 2; D = 3; E = 4\n"


SOURCES = {
    "a dataclass whose docstring tells an address": """
        from dataclasses import dataclass
        from typing import Any
        NONE = object()
        @dataclass
        class C:
            x: Any = NONE
        def f(): return C().x
    """,
    "a dataclass whose docstring tells a set": """
        from dataclasses import dataclass
        @dataclass(frozen=True, slots=True)
        class C:
            x: frozenset[str] = frozenset("abcdefgh")
        def f(): return C().x
    """,
    "a set of members that are also named": ENUM + "ALL = frozenset(C)\nONE = C.A\ndef f(): return ALL, ONE",
    "a set in which parts come twice": ENUM + "ALL = {(c, C.A) for c in C}\ndef f(): return ALL",
    "a set of functions that know it": """
        def a(): return ALL, b
        def b(): return ALL, a
        ALL = frozenset({a, b})
        def f(): return ALL, a
    """,
}


@pytest.fixture(scope="module")
def found():
    """What four processes make of all of them."""
    sources = json.dumps({name: dedent(source) for name, source in SOURCES.items()})
    return [json.loads(_run(sources, seed)) for seed in range(1, 5)]


def _run(sources, seed):
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    command = [sys.executable, "-c", DESCRIBE]
    return subprocess.run(command, input=sources.encode(), env=environment, capture_output=True, check=True).stdout


@pytest.mark.parametrize("name", SOURCES)
def test_code_is_described_alike_in_every_process(found, name):
    """Else its stages would never be resumed."""
    assert len({process[name] for process in found}) == 1


def test_sets_of_classes_that_share_what_they_hold_take_no_time():
    """A state machine of forty states is forty classes, not all the ways through it."""
    scope = {"__name__": "__main__"}
    states = ["class S0: after = frozenset()", "class S1: after = frozenset({S0})"]
    states += [f"class S{n}: after = frozenset({{S{n - 1}, S{n - 2}}})" for n in range(2, 40)]
    exec("\n".join([*states, "def f(): return S39"]), scope)
    assert describe_code(scope["f"]).description == describe_code(scope["f"]).description
