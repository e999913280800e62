import pytest

from todo.cli import main
from todo.model import Task
from todo.tags import changed, counted, normalise


@pytest.mark.parametrize("text", ["home", "#home", " Home "])
def test_a_tag_is_one_word_however_typed(text):
    assert normalise(text) == "home"


@pytest.mark.parametrize("text", ["", "#", "two words", "a,b"])
def test_what_is_no_tag_is_refused(text):
    with pytest.raises(ValueError, match="is no tag"):
        normalise(text)


def test_tags_are_added_and_taken_away():
    assert changed(frozenset({"work"}), ["+home", "-work", "garden"]) == {"home", "garden"}
    assert changed(frozenset(), ["-never-there"]) == frozenset()


def test_only_open_tasks_are_counted():
    tasks = [
        Task(1, "a", tags=frozenset({"home"})),
        Task(2, "b", tags=frozenset({"home", "work"})),
        Task(3, "c", done=True, tags=frozenset({"work", "old"})),
    ]
    assert counted(tasks) == [("home", 2), ("work", 1)]


def test_the_commands_change_and_show_them(tmp_path, capsys):
    def todo(*arguments):
        assert main(["--file", str(tmp_path / "todo.json"), *arguments]) == 0
        return capsys.readouterr().out.splitlines()

    todo("add", "Paint the door")
    assert todo("tag", "1", "+home", "+work") == ["  1 [ ] Paint the door #home #work"]
    assert todo("tag", "1", "-work") == ["  1 [ ] Paint the door #home"]
    assert todo("tags") == ["  1 #home"]
