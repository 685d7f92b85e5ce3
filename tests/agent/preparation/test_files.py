"""Files that are placed whole or edited, and what was there before them."""

from typing import Any

import pytest

from ringtest.agent.preparation.files import BACKUP
from tests.agent.preparation.machines import Lab

CONF = "# kept\nlevel = 1\n\n[log]\nfile = a\n[net]\nport=1\n"


async def test_edits_are_of_what_was_there_however_often_they_change(machine: Lab) -> None:
    path = machine.work / "lab.conf"
    path.write_text(CONF)
    path.chmod(0o640)
    first: dict[str, Any] = {
        "set": {"": {"level": 2, "more": True}, "log": {"to": "b"}, "net": {"port": 2}},
        "append": ["last = 1"],
    }
    await machine.prepare(files={"lab.conf": first})
    assert path.read_text() == (
        "# kept\nlevel = 2\nmore = true\n\n[log]\nfile = a\nto = b\n[net]\nport=2\nlast = 1\n"
    )
    assert path.stat().st_mode & 0o777 == 0o640
    await machine.prepare(files={"lab.conf": {"replace": {"^level.*": "level = 9"}}})
    assert path.read_text() == CONF.replace("level = 1", "level = 9")
    await machine.prepare(files={})
    assert path.read_text() == CONF
    assert not path.with_name(path.name + BACKUP).exists()


async def test_a_new_section_and_a_new_file_are_made_by_edits(machine: Lab) -> None:
    await machine.prepare(files={"a/new.conf": {"set": {"x": {"y": 1}}}})
    assert (machine.work / "a/new.conf").read_text() == "[x]\ny = 1\n"


async def test_a_source_whose_content_changes_is_placed_again(machine: Lab) -> None:
    source = machine.work / "source"
    for text in ("one\n", "two\n"):
        source.write_text(text)
        await machine.prepare(files={"target": {"source": "source", "mode": "600"}})
        assert (machine.work / "target").read_text() == text
    assert (machine.work / "target").stat().st_mode & 0o777 == 0o600
    assert await machine.prepare(files={"target": {"source": "source", "mode": "600"}}) == (
        "environment: nothing has changed"
    )


async def test_variables_are_filled_in_only_where_that_is_asked_for(machine: Lab) -> None:
    machine.variables["ARCH"] = "s390x"
    text = "{{ARCH}}\n"
    await machine.prepare(files={"as-it-is": text, "filled": {"content": text, "expand": True}})
    assert (machine.work / "as-it-is").read_text() == text
    assert (machine.work / "filled").read_text() == "s390x\n"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"content": "a", "append": ["b"]}, "files: f needs a content, a source or edits"),
        ({"replace": {"never": "x"}}, "files: nothing in f is 'never'"),
        ({"replace": {"(": "x"}}, "files: f: '(': missing )"),
        ({"source": "gone"}, "files: f: [Errno 2] No such file"),
        ({"content": "a", "mode": "rw"}, "files: f: mode is octal"),
    ],
)
async def test_wishes_for_a_file_that_mean_nothing_are_named(
    machine: Lab, said: dict[str, Any], message: str
) -> None:
    assert (await machine.failing(files={"f": said})).startswith(message)
    assert not (machine.work / "f").exists()
