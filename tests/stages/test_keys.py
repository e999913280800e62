"""What counts in a stage's key: what it reads, its code and what that reaches, its prompt, its dependencies."""

import importlib
import json
import random
import sys
import threading
from types import MappingProxyType
from typing import Any

import pytest
from pydantic import BaseModel, PrivateAttr

from langcache.errors import UnkeyableError
from langcache.stages import Pipeline, StageFailed, first_met, libraries
from langcache.stages.code import describe_code
from langcache.stages.inputs import Recorded, Values


@pytest.mark.parametrize(
    ("read", "tokens"),
    [
        (lambda inputs: inputs["a"], {"=a"}),
        (lambda inputs: inputs.get("nope"), {"=nope"}),
        (lambda inputs: "a" in inputs, {"?a"}),
        (lambda inputs: len(inputs), {"#"}),
        (list, {"#"}),
        (dict, {"#", "=a", "=b"}),
        (lambda inputs: {**inputs}, {"#", "=a", "=b"}),
        (lambda inputs: json.dumps(dict(inputs)), {"#", "=a", "=b"}),
        (lambda inputs: f"{inputs}", {"#", "=a", "=b"}),
        (lambda inputs: inputs == {"a": 1, "b": [2]}, {"#", "=a", "=b"}),
        (lambda inputs: inputs | {"c": 3}, {"#", "=a", "=b"}),
        (lambda inputs: [value for _, value in inputs.items()], {"#", "=a", "=b"}),
        (lambda inputs: None, set()),
    ],
)
def test_every_way_of_reading_is_noticed(read, tokens):
    """A read that goes unnoticed would be a wrong hit."""
    recorded = Recorded({"a": 1, "b": [2]})
    read(recorded)
    assert tokens == recorded.tokens


def test_what_is_handed_out_is_a_copy():
    """A stage that changes its input changes it for nobody else."""
    values = {"a": [1]}
    Recorded(values)["a"].append(2)
    assert values == {"a": [1]}


def test_an_input_that_is_no_data_is_named():
    """Before anything runs."""
    with pytest.raises(UnkeyableError, match="input 'x' cannot be part of a key"):
        Values({"x": object()})


class Held(BaseModel):
    _lock: Any = PrivateAttr(default_factory=threading.Lock)


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value", [MappingProxyType({"a": 1}), {"a": 1}.keys(), Held(), memoryview(b"x"), nested(600), nested(100_000)]
)
def test_an_input_that_cannot_be_copied_is_named(cache, value):
    """It may have a key, but each stage is given a copy of its own."""
    pipe = Pipeline("p", cache=cache)
    pipe.stage("s")(lambda inputs, upstream: 0)
    with pytest.raises(UnkeyableError, match="input 'x' cannot"):
        pipe.run({"y": 1, "x": value})


def test_tokens_tell_absent_from_none():
    """A missing input and None are two things."""
    assert Values({}).digest_of("=a") != Values({"a": None}).digest_of("=a")


def function(source):
    scope = {"__name__": "__main__"}
    exec(source, scope)
    return describe_code(scope["f"]).description


DECORATOR = """
import functools
def D(said):
    class Prompted:
        def __init__(self, inner):
            functools.update_wrapper(self, inner)
            self.said = said
        def __call__(self, *given):
            return self.said + self.__wrapped__(*given)
    return Prompted
"""

PAIRS = {
    "an edited body": ("def f(): return 1", "def f(): return 2"),
    "an edited default": ("def f(x=1): return x", "def f(x=2): return x"),
    "an edited keyword default": ("def f(*, x=1): return x", "def f(*, x=2): return x"),
    "an edited prompt constant": ("P = 'a'\ndef f(): return P", "P = 'b'\ndef f(): return P"),
    "an edited prompt in a dict": ("P = {'x': 'a'}\ndef f(): return P", "P = {'x': 'b'}\ndef f(): return P"),
    "an edited helper": ("def g(): return 1\ndef f(): return g()", "def g(): return 2\ndef f(): return g()"),
    "an edited helper of a helper": (
        "def h(): return 1\ndef g(): return h()\ndef f(): return g()",
        "def h(): return 2\ndef g(): return h()\ndef f(): return g()",
    ),
    "an edited inner function": (
        "def f():\n def g(): return 1\n return g()",
        "def f():\n def g(): return 2\n return g()",
    ),
    "a captured value": (
        "def make(x):\n def f(): return x\n return f\nf = make(1)",
        "def make(x):\n def f(): return x\n return f\nf = make(2)",
    ),
    "a method of a class it uses": (
        "class C:\n def go(self): return 1\ndef f(): return C().go()",
        "class C:\n def go(self): return 2\ndef f(): return C().go()",
    ),
    "an attribute of an object it uses": (
        "class C: pass\nc = C(); c.x = 1\ndef f(): return c.x",
        "class C: pass\nc = C(); c.x = 2\ndef f(): return c.x",
    ),
    "a slot of an object it uses": (
        "class C: __slots__ = ('x',)\nc = C(); c.x = 1\ndef f(): return c.x",
        "class C: __slots__ = ('x',)\nc = C(); c.x = 2\ndef f(): return c.x",
    ),
    "an edited comprehension": ("def f(): return [x for x in 'ab']", "def f(): return [x for x in 'ac']"),
    "async or not": ("def f(): return 1", "async def f(): return 1"),
    "an edited partial": (
        "from functools import partial\ndef g(x): return x\nf = partial(g, 1)",
        "from functools import partial\ndef g(x): return x\nf = partial(g, 2)",
    ),
    **{
        name: (source.replace("EDIT", "x1"), source.replace("EDIT", "x2"))
        for name, source in {
            "a prompt in a class's dict": "class C:\n P = {'a': 'EDIT'}\ndef f(): return C.P['a']",
            "a prompt in an enum": "import enum\nclass C(enum.Enum):\n A = 'EDIT'\ndef f(): return C.A.value",
            "a prompt in an inner class": "class C:\n class D:\n  P = 'EDIT'\ndef f(): return C.D.P",
            "an operator of a class": "class C:\n def __str__(self): return 'EDIT'\ndef f(): return str(C())",
            "a docstring of one's own on a dataclass": (
                "from dataclasses import dataclass\n@dataclass\nclass C:\n 'EDIT'\n x: int\ndef f(): return C.__doc__"
            ),
            "a function in a set": "def g(): return 'EDIT'\nG = frozenset({g, len})\ndef f(): return [g() for g in G]",
            "a cached property": (
                "from functools import cached_property\nclass C:\n @cached_property\n def p(self): return 'EDIT'\n"
                "def f(): return C().p"
            ),
            "a cached method": (
                "from functools import cache\nclass C:\n @cache\n def m(self): return 'EDIT'\ndef f(): return C().m()"
            ),
            "a metaclass": (
                "class M(type):\n def m(cls): return 'EDIT'\nclass C(metaclass=M): pass\ndef f(): return C.m()"
            ),
            "a model's field": (
                "from pydantic import BaseModel, Field\nclass C(BaseModel):\n p: str = Field('EDIT')\n"
                "def f(): return C().p"
            ),
            "what a model says of a field": (
                "from pydantic import BaseModel, Field\nclass C(BaseModel):\n p: str = Field(description='EDIT')\n"
                "class D(BaseModel):\n cs: list[C]\ndef f(): return D"
            ),
            "a typed dict": (
                "from typing import Literal, TypedDict\nclass C(TypedDict):\n p: Literal['EDIT']\ndef f(): return C"
            ),
            "a named tuple": (
                "from typing import NamedTuple\nclass C(NamedTuple):\n p: str\nc = C('EDIT')\ndef f(): return c.p"
            ),
            "a message": (
                "from langchain_core.messages import SystemMessage\nm = [SystemMessage('EDIT')]\ndef f(): return m"
            ),
            **{
                f"what a model's field {what}": (
                    "from pydantic import BaseModel, Field\n"
                    f"class C(BaseModel):\n p: str = Field('x', {said})\ndef f(): return C"
                )
                for what, said in {
                    "must look like": "pattern='EDIT'",
                    "is called when written": "serialization_alias='EDIT'",
                    "keeps to itself": "exclude='EDIT' == 'x1'",
                }.items()
            },
            "a private slot": ("class C:\n __slots__ = '__p'\nc = C()\nsetattr(c, '_C__p', 'EDIT')\ndef f(): return c"),
            **{
                f"a module in {where}": (
                    "import functools, types\nm = types.ModuleType('held')\nm.P = 'EDIT'\n" + source
                )
                for where, source in {
                    "a default": "def f(p=m): return p.P",
                    "a keyword default": "def f(*, p=m): return p.P",
                    "a class": "class C: p = m\ndef f(): return C.p.P",
                    "a tuple": "ms = (m,)\ndef f(): return ms[0].P",
                    "a partial": "f = functools.partial(lambda p: p.P, m)",
                }.items()
            },
            "a template": "from string import Template\nt = Template('EDIT $a')\ndef f(): return t",
            "a namespace": "from types import SimpleNamespace\nn = SimpleNamespace(p='EDIT')\ndef f(): return n.p",
            "a bound method of a text": "say = 'EDIT {}'.format\ndef f(): return say(1)",
            "an attribute of a function": "def g(): return g.p\ng.p = 'EDIT'\ndef f(): return g()",
            "an agent's prompt": (
                "from langchain.agents import create_agent\n"
                "from langchain_core.language_models import FakeListChatModel as F\n"
                "a = create_agent(F(responses=[]), tools=[], system_prompt='EDIT')\ndef f(): return a"
            ),
            "a helper of a runnable": (
                "from langchain_core.runnables import RunnableLambda\ndef h(x): return 'EDIT'\n"
                "r = RunnableLambda(lambda x: h(x))\ndef f(): return r.invoke(1)"
            ),
            "a method behind a runnable": (
                "from langchain_core.runnables import RunnableLambda\n"
                "class C:\n def m(self, x): return self.h()\n def h(self): return 'EDIT'\n"
                "r = RunnableLambda(C().m)\ndef f(): return r.invoke(1)"
            ),
        }.items()
    },
    "what a decorator that is a class was given": (
        DECORATOR + "@D('a')\ndef f(): return 1",
        DECORATOR + "@D('b')\ndef f(): return 1",
    ),
    "what is under a decorator that is a class": (
        DECORATOR + "@D('a')\ndef f(): return 1",
        DECORATOR + "@D('a')\ndef f(): return 2",
    ),
    "an edited decorator that is a class": (
        DECORATOR + "@D('a')\ndef f(): return 1",
        DECORATOR.replace("said + ", "said + 2 * ") + "@D('a')\ndef f(): return 1",
    ),
    "an edited decorated function": (
        "from functools import cache\n@cache\ndef f(): return 1",
        "from functools import cache\n@cache\ndef f(): return 2",
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_an_edit_changes_the_code(name):
    """What an edit can change in an answer is part of the description; the same source twice is not."""
    before, after = PAIRS[name]
    assert function(before) == function(before)
    assert function(before) != function(after)


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n from helpers import g\n return g()",
        "def f():\n import helpers\n return helpers.g()",
        "def f():\n def inner():\n  from package import part\n  return part.P\n return inner()",
        "import helpers\ndef a(): return helpers.z()\ndef f(): return a(), helpers.g()",
        "import helpers\ndef z(): return helpers.g()\ndef f(): return helpers.a, z()",
    ],
)
def test_code_in_other_modules_counts_wherever_it_is_imported(source, tmp_path, monkeypatch):
    """At the top or inside a function, under whatever names other functions have used the module before."""
    monkeypatch.syspath_prepend(tmp_path)

    def described(word):
        (tmp_path / "package").mkdir(exist_ok=True)
        (tmp_path / "helpers.py").write_text(f"a = 0\ndef g(): return {word!r}\ndef z(): return 0")
        (tmp_path / "package" / "part.py").write_text(f"P = {word!r}")
        for name in ("helpers", "package", "package.part"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        importlib.invalidate_caches()
        return function(source)

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert described("one") == described("one")
    assert described("one") != described("another")


def test_a_module_named_like_one_of_pythons_is_the_users(tmp_path, monkeypatch):
    """Where it lies says whose it is."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(libraries, "_is_installed", libraries._is_installed.__wrapped__)

    def described(word):
        (tmp_path / "sched.py").write_text(f"def stage(): return {word!r}")
        monkeypatch.delitem(sys.modules, "sched", raising=False)
        importlib.invalidate_caches()
        return describe_code(importlib.import_module("sched").stage).description

    assert described("one") != described("another")


@pytest.mark.parametrize(
    "made",
    ["logging.getLogger('x')", "threading.Lock()", "os.environ", "random.Random()", "contextvars.ContextVar('x')"],
)
def test_what_a_process_works_with_is_no_part_of_the_code(made, monkeypatch):
    """A library's object that is no data differs from process to process, and counts by its class."""
    source = f"import contextvars, logging, os, random, threading\ntool = {made}\ndef f(): return tool"
    described = function(source)
    random.random()
    monkeypatch.setenv("LANGCACHE_OF_ANOTHER_PROCESS", "1")
    assert function(source) == described


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(): return 1", "\n\n# why\ndef f(): return 1"),
        ("n = 0\ndef f():\n global n\n n += 1", "n = 7\ndef f():\n global n\n n += 1"),
        ("import os\ndef f(): return os.getpid()", "import os\ndef f(): return os.getpid()"),
        ("def f(): return f", "def f(): return f"),
    ],
)
def test_what_is_no_edit_changes_nothing(before, after):
    """Comments, place, counters the code keeps itself, recursion."""
    assert function(before) == function(after)


def test_a_list_it_logs_to_is_no_part_of_its_code():
    """A mutable object counts with the content it had when first met."""
    log = []

    def f():
        log.append(1)

    before = describe_code(f).description
    f()
    assert before == describe_code(f).description


COUNTERS = {
    "of a class": "class C: n = 0\ndef f(): C.n += 1",
    "of a class, written out": "class C: n = 0\ndef f(): C.n = C.n + 1",
    "of a class, in a method of its own": (
        "class C:\n n = 0\n @classmethod\n def up(cls): cls.n += 1\ndef f(): C.up(); return C.n"
    ),
    "of a class, by its objects": "class C:\n n = 0\n def up(self): type(self).n += 1\ndef f(): C().up()",
    "of a class, by a helper": "class C: n = 0\ndef up(): C.n += 1\ndef f(): up()",
    "that a class did not have": "class C: pass\ndef f(): C.n = 1",
    "that a subclass did not have": "class B: n = 0\nclass C(B): pass\ndef f(): C.n += 1",
    "that is a class": (
        "class B:\n last = None\n def __init_subclass__(cls): B.last = cls\nclass C(B): pass\n"
        "def f(): return B.last, type('D', (B,), {})"
    ),
    "that is a list": "class C: n = [0]\ndef f(): C.n = [*C.n, 1]",
    "of a module": "import types\nm = types.ModuleType('held')\nm.n = 0\ndef f(): m.n += 1",
    "that a module did not have": "import types\nm = types.ModuleType('held')\ndef f(): m.n = 1",
}


@pytest.mark.parametrize("name", COUNTERS)
def test_a_counter_kept_on_a_class_or_module_is_no_part_of_the_code(name):
    """It counts with what it was when first met; before that, an edit of it is one."""

    def counter(source):
        scope = {"__name__": "__main__"}
        exec(source, scope)
        before = describe_code(scope["f"]).description
        scope["f"]()
        assert describe_code(scope["f"]).description == before
        return before

    source = COUNTERS[name]
    edited = source.replace("n = 0", "n = 5").replace("[0]", "[5]")
    assert (counter(source) == counter(edited)) == (source == edited)


def test_what_methods_store_on_their_objects_is_no_counter_of_the_class():
    """The class has the default, which is configuration."""
    scope = {"__name__": "__main__"}
    exec("class C:\n p = 'a'\n def __init__(self, p=None):\n  if p: self.p = p\ndef f(): return C().p", scope)
    before = describe_code(scope["f"]).description
    scope["C"].p = "b"
    assert describe_code(scope["f"]).description != before


def test_code_without_a_bottom_asks_for_a_version(cache):
    """Instead of failing without a hint."""
    deep = []
    for _ in range(100_000):
        deep = [deep]
    pipe = Pipeline("p", cache=cache)
    pipe.stage("s")(lambda inputs, upstream: len(deep))
    for _ in range(2):
        with pytest.raises(StageFailed, match="give version="):
            pipe.run({})


def test_what_is_known_of_an_object_is_of_no_other(monkeypatch):
    """An id is used again; what was known under it may not have been forgotten yet."""
    gone, new = ["gone"], ["new"]
    described = describe_code(lambda: new).description
    monkeypatch.setitem(first_met._met, id(new), first_met.Met(gone, "of another", ()))
    assert described == describe_code(lambda: new).description


def test_an_edited_prompt_constant_reruns_the_stage(cache):
    """Seen at run time, in a pipeline that was declared once."""
    scope = {}
    exec("PROMPT = 'a'\ndef stage(inputs, upstream): return PROMPT", scope)
    pipe = Pipeline("p", cache=cache)
    pipe.stage("s")(scope["stage"])
    assert pipe.run({}).outputs["s"] == "a"
    scope["PROMPT"] = "b"
    assert pipe.run({}).outputs["s"] == "b"


def test_an_edited_prompt_constant_counts_under_a_decorator_that_is_a_class(cache):
    """Of the function as it is now, not as it was when the decorated one was first met."""
    scope = {}
    exec(DECORATOR + "PROMPT = 'a'\n@D('say ')\ndef stage(inputs, upstream): return PROMPT", scope)
    pipe = Pipeline("p", cache=cache)
    pipe.stage("s")(scope["stage"])
    assert pipe.run({}).outputs["s"] == "say a"
    scope["PROMPT"] = "b"
    assert pipe.run({}).outputs["s"] == "say b"


def test_an_explicit_version_stands_for_the_code(cache):
    """An edit under the same version is the declarer's word that nothing changed."""

    def build(version, body):
        pipe = Pipeline("p", cache=cache)
        pipe.stage("s", version=version)(lambda inputs, upstream: body)
        return pipe.run({}).outputs["s"]

    assert [build("1", 1), build("1", 2), build("2", 2)] == [1, 1, 2]


@pytest.mark.parametrize("option", ["prompt_version", "prompt", "agent_version"])
def test_a_new_prompt_or_agent_reruns_the_stage(cache, option):
    """Declared or not, old output is never served for it."""

    def executed(value):
        pipe = Pipeline("p", cache=cache)
        pipe.stage("s", **{option: value})(lambda inputs, upstream: 0)
        return pipe.run({}).executed

    assert [executed("a"), executed("b"), executed("a")] == [["s"], ["s"], []]


def test_reads_restrict_what_is_seen_and_keyed(cache):
    """What is not shown cannot matter."""
    pipe = Pipeline("p", cache=cache)
    pipe.stage("s", reads=["a"])(lambda inputs, upstream: dict(inputs))
    assert pipe.run({"a": 1, "b": 1}).outputs["s"] == {"a": 1}
    assert pipe.run({"a": 1, "b": 2}).executed == []
    assert pipe.run({"a": 2, "b": 2}).executed == ["s"]
