import pytest

from todo.model import Priority, Task
from todo.tasks import NoSuchTaskError, TodoList


def test_numbers_go_on_from_the_highest():
    todo = TodoList([Task(1, "One"), Task(7, "Seven")])
    assert todo.add("  Eight ") == Task(8, "Eight")


def test_done_and_reopened():
    todo = TodoList()
    number = todo.add("Call").id
    assert todo.complete(number).done
    assert not todo.reopen(number).done


def test_an_edit_changes_only_what_it_names():
    todo = TodoList()
    number = todo.add("Call", priority=Priority.LOW).id
    assert todo.edit(number, title="Call Ana") == Task(number, "Call Ana", priority=Priority.LOW)


def test_an_edit_cannot_take_the_title_away():
    todo = TodoList([Task(1, "Call")])
    with pytest.raises(ValueError, match="title"):
        todo.edit(1, title="")
    assert todo.get(1).title == "Call"


def test_what_is_removed_is_gone():
    todo = TodoList([Task(1, "Call")])
    assert todo.remove(1) == Task(1, "Call")
    assert list(todo) == []
    assert len(todo) == 0


@pytest.mark.parametrize("method", ["get", "complete", "reopen", "remove"])
def test_an_unknown_number_is_named(method):
    with pytest.raises(NoSuchTaskError, match="no task 3"):
        getattr(TodoList(), method)(3)
