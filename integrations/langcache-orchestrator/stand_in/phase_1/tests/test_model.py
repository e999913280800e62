from datetime import date

import pytest

from todo.model import Priority, Task


def test_a_task_survives_being_written_down():
    task = Task(1, "Water the plants", priority=Priority.HIGH, due=date(2026, 3, 1), tags=frozenset({"home"}))
    assert Task.from_dict(task.to_dict()) == task


def test_a_new_task_is_open_and_of_normal_priority():
    task = Task(1, "Read")
    assert (task.done, task.priority, task.due) == (False, Priority.NORMAL, None)


@pytest.mark.parametrize("title", ["", "   "])
def test_a_task_without_a_title_is_refused(title):
    with pytest.raises(ValueError, match="needs a title"):
        Task(1, title)
