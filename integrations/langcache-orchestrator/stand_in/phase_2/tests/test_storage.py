import pytest

from todo.model import Task
from todo.storage import BrokenFileError, Storage


def test_what_is_saved_is_loaded(tmp_path):
    storage = Storage(tmp_path / "deep" / "todo.json")
    storage.save([Task(1, "Käse kaufen"), Task(2, "Call", done=True)])
    assert storage.load() == [Task(1, "Käse kaufen"), Task(2, "Call", done=True)]


def test_no_file_is_no_tasks(tmp_path):
    assert Storage(tmp_path / "todo.json").load() == []


@pytest.mark.parametrize("text", ["", "[1]", '{"version": 9, "tasks": []}', '{"version": 1}'])
def test_a_broken_file_is_said_to_be_broken(tmp_path, text):
    path = tmp_path / "todo.json"
    path.write_text(text)
    with pytest.raises(BrokenFileError, match=r"holds no tasks|of version"):
        Storage(path).load()


def test_a_crash_while_saving_leaves_the_old_file(tmp_path):
    storage = Storage(tmp_path / "todo.json")
    storage.save([Task(1, "Old")])
    with pytest.raises(AttributeError):
        storage.save([Task(2, "New"), None])
    assert storage.load() == [Task(1, "Old")]
