"""Finding tasks: a query is a few words, all of which must hold."""

from collections.abc import Callable, Iterable
from datetime import date

from todo.dates import is_overdue, parse_due
from todo.model import Priority, Task
from todo.tags import normalise

Test = Callable[[Task], bool]
STATES = ("open", "done", "overdue")


def parse_query(query: str, today: date) -> Test:
    """``is:open tag:home priority:high due:<friday milk``; a word by itself is looked for in the title."""
    tests = [_test(word, today) for word in query.split()]
    return lambda task: all(test(task) for test in tests)


def matching(tasks: Iterable[Task], query: str, today: date) -> list[Task]:
    """The tasks that *query* finds, in the order given."""
    test = parse_query(query, today)
    return [task for task in tasks if test(task)]


def _test(word: str, today: date) -> Test:
    if word.startswith("-") and len(word) > 1:
        inner = _test(word[1:], today)
        return lambda task: not inner(task)
    name, colon, value = word.partition(":")
    if not colon:
        return lambda task: word.lower() in task.title.lower()
    if name not in TESTS:
        raise ValueError(f"{name}: is no filter; these are: {', '.join(TESTS)}")
    return TESTS[name](value, today)


def _is(value: str, today: date) -> Test:
    if value not in STATES:
        raise ValueError(f"is:{value} is no state; these are: {', '.join(STATES)}")
    if value == "overdue":
        return lambda task: is_overdue(task, today)
    return lambda task: task.done == (value == "done")


def _tag(value: str, today: date) -> Test:
    tag = normalise(value)
    return lambda task: tag in task.tags


def _priority(value: str, today: date) -> Test:
    wanted = Priority(value)
    return lambda task: task.priority is wanted


def _due(value: str, today: date) -> Test:
    if value == "never":
        return lambda task: task.due is None
    sign, text = (value[0], value[1:]) if value[:1] in ("<", ">") else ("=", value)
    day = parse_due(text, today)
    if sign == "=":
        return lambda task: task.due == day
    return lambda task: task.due is not None and (task.due < day if sign == "<" else task.due > day)


TESTS: dict[str, Callable[[str, date], Test]] = {"is": _is, "tag": _tag, "priority": _priority, "due": _due}
