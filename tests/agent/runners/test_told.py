"""What a test program writes while it runs, read as it grows, whatever tests do to the file."""

import json
from pathlib import Path

from ringtest.agent.runners.report import read_told
from tests.agent.runners.conftest import RunStep


def test_lines_are_read_when_they_are_whole_and_others_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "told"
    assert read_told(path, 0) == ([], 0)
    path.write_bytes(b'{"begins": "a"}\n\xff\xfe\n{"begins": 3}\n[]\n\n{"begins": "b"}\n{"beg')
    lines, place = read_told(path, 0)
    assert [line.begins for line in lines] == ["a", "b"]
    with path.open("ab") as file:
        file.write(b'ins": "c"}\n')
    lines, _ = read_told(path, place)
    assert [line.begins for line in lines] == ["c"]


def test_halves_of_characters_do_not_lose_a_case(tmp_path: Path) -> None:
    case = {"test": "a\udc80", "classname": "", "name": "a\udc80", "outcome": "failed"}
    (tmp_path / "told").write_text(json.dumps({"case": case}) + "\n")
    lines, _ = read_told(tmp_path / "told", 0)
    assert [line.case.name for line in lines if line.case] == ["a?"]


async def test_a_test_that_writes_to_the_file_spoils_nothing(step: RunStep, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import os\n"
        "def test_writes(): open(os.environ['RINGTEST_CASES'], 'ab').write(b'\\xff{}\\n[1]\\n')\n"
        "def test_after(): pass\n"
    )
    done = await step("pytest", {"paths": ["test_it.py"]})
    assert set(done.outcomes().values()) == {"passed"} and len(done.cases) == 2
