"""Twice as much captured code, or twice as many fields, is no more than in proportion the work."""

from typing import Any

from pydantic import create_model
from support.lines import lines_run

from langcache.core.classes import Classes
from langcache.core.code import describe_callable
from langcache.core.encoding import canonical


def helpers(count: int, said: str = "x") -> Any:
    """The first of so many functions inside a function, each of which may call every other."""
    calls = "".join(f"f{n}(x) or " for n in range(count))
    inner = "".join(f"    def f{n}(x): return {calls}{said + str(n)!r}\n" for n in range(count))
    found: dict[str, Any] = {}
    exec(f"def make():\n{inner}    return f0", found)
    return found["make"]()


def test_helpers_that_call_each_other_are_described_once_each() -> None:
    """There are as many paths through ten of them as orders of ten: a parser of nested functions hung in wrap()."""
    describe_callable(helpers(2))
    once = lines_run(lambda: describe_callable(helpers(6)))
    assert lines_run(lambda: describe_callable(helpers(12))) <= 4.4 * once  # 36 and 144 calls among them


def test_an_edit_in_any_helper_is_another_description() -> None:
    assert canonical(describe_callable(helpers(5))) == canonical(describe_callable(helpers(5)))
    assert canonical(describe_callable(helpers(5))) != canonical(describe_callable(helpers(5, "y")))


def test_which_helper_is_called_back_is_told() -> None:
    """The last of three that call each other in a row may call the first or the second."""

    def row(back: str) -> Any:
        found: dict[str, Any] = {}
        exec(
            "def make():\n    def a(x): return b(x)\n    def b(x): return c(x)\n"
            f"    def c(x): return {back}(x)\n    return a",
            found,
        )
        return found["make"]()

    assert canonical(describe_callable(row("a"))) != canonical(describe_callable(row("b")))


def model_of(count: int) -> Any:
    wide: Any = create_model("Wide", __module__=__name__, **{f"f{n}": (str, "x") for n in range(count)})  # type: ignore[call-overload]
    return wide(**{f"f{n}": f"v{n}" for n in range(count)})


def test_a_class_that_works_nothing_out_is_not_tried_without_each_of_its_fields() -> None:
    """Each try validates the whole."""

    def work(count: int) -> int:
        value = model_of(count)
        Classes().take_apart(value, derived=False)  # its schema is worked out at first use
        return lines_run(lambda: Classes().take_apart(value, derived=False))

    assert work(80) <= 2.3 * work(40)
