import pytest

from todo.cli import main


@pytest.fixture
def todo(tmp_path, capsys):
    def run(*arguments):
        status = main(["--file", str(tmp_path / "todo.json"), *arguments])
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err

    return run


def test_tasks_outlive_the_process(todo):
    todo("add", "Call Ana", "--priority", "high")
    todo("add", "Read")
    assert todo("list")[1] == ["  1 [ ] Call Ana !high", "  2 [ ] Read"]


def test_done_undone_and_removed(todo):
    todo("add", "Read")
    assert todo("done", "1")[1] == ["  1 [x] Read"]
    assert todo("undo", "1")[1] == ["  1 [ ] Read"]
    assert todo("remove", "1")[1] == ["removed: Read"]
    assert todo("list")[1] == []


def test_an_unknown_number_fails_in_one_line(todo):
    assert todo("done", "9") == (1, [], "todo: there is no task 9\n")


def test_a_broken_file_is_left_alone(todo, tmp_path):
    (tmp_path / "todo.json").write_text("oops")
    status, _, error = todo("add", "Read")
    assert (status, "holds no tasks" in error) == (1, True)
    assert (tmp_path / "todo.json").read_text() == "oops"


def test_an_unknown_command_is_a_usage_error(todo):
    with pytest.raises(SystemExit, match="2"):
        todo("dance")
