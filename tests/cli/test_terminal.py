"""Whatever a job prints, a terminal shows all of it and is steered by none of it."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import pytest
from typer.testing import Result

from ringtest.cli.formats import Format
from ringtest.cli.job_watch import JobView
from ringtest.cli.job_why import escape
from ringtest.cli.output import write_many
from ringtest.cli.terminal import for_people, harmless, plain, write_raw
from tests.scenario.stories import HOSTILE

Run = Callable[..., Result]
ID = "11111111-2222-3333-4444-555555555555"
_COLOUR = re.compile("\x1b\\[[0-9;:]*m")
_LOG = b"".join(HOSTILE)


class Screen(io.TextIOWrapper):
    """A terminal that keeps what is written to it."""

    def __init__(self) -> None:
        self.kept = io.BytesIO()
        super().__init__(self.kept, encoding="utf-8", newline="")

    def isatty(self) -> bool:
        return True

    def shown(self) -> str:
        """All of it."""
        self.flush()
        return self.kept.getvalue().decode()


@contextmanager
def on_screen() -> Iterator[Screen]:
    """Standard output is one; within a test, since pytest puts its own there before."""
    screen = Screen()
    with redirect_stdout(screen):
        yield screen


def steering(shown: str) -> set[str]:
    """Characters of a text that mean something to a terminal, beside colours."""
    return {one for one in _COLOUR.sub("", shown) if not one.isprintable()} - set(
        "\n\t\u2028\u2029"
    )


def as_printed(shown: str) -> str:
    """The text that is shown, with the characters that pictures stand for."""
    back = {0x2400 + code: code for code in range(0x20)} | {0x2421: 0x7F}
    return shown.removesuffix("\x1b[0m").translate(back)


@pytest.mark.parametrize("size", [1, 7, 1000, len(_LOG)])
def test_filth_is_shown_whole_and_does_nothing_however_it_comes(size: int) -> None:
    with on_screen() as screen:
        write_raw(_LOG[at : at + size] for at in range(0, len(_LOG), size))
    shown = screen.shown()
    assert steering(shown) == set()
    printed = _LOG.decode(errors="replace").replace("\r\n", "\n")
    replaced = re.sub("[\x80-\x9f\u202a-\u202e\u2066-\u2069]", "\ufffd", printed)
    assert as_printed(shown) == replaced


@pytest.mark.parametrize("text", [one.decode(errors="replace") for one in HOSTILE])
def test_lines_cells_and_answers_are_harmless(text: str) -> None:
    with on_screen() as screen:
        for made in (for_people(text), harmless(text), plain(text), escape(text)):
            assert steering(made) == set()
        write_many([{"name": text}], ["name"], Format.TABLE)
    assert "\x1b" not in plain(text) + escape(text)
    assert steering(screen.shown()) == set()


def test_colours_and_plain_text_stay() -> None:
    text = "\x1b[1;31mred\x1b[0m\tnaïve 漢字\n"
    assert harmless(text) == text
    assert plain(text) == "red\tnaïve 漢字\n"


def test_pipes_get_the_bytes_as_they_are(api: Any, run: Run) -> None:
    api.on("GET", f"/jobs/{ID}/log/raw", _LOG)
    assert run("job", "log", ID).stdout_bytes == _LOG
    lines = [line.decode(errors="replace") for line in HOSTILE[:5]]
    api.on("GET", f"/jobs/{ID}/log", {"log": {"from_line": 0, "lines": lines, "total_lines": 5}})
    assert run("job", "log", ID, "--since", "1h").stdout == "".join(f"{one}\n" for one in lines)


def test_the_watched_end_of_a_log_steers_nothing() -> None:
    view = JobView(3)
    view.tail.extend(["\x1b[2J\x1b]0;t\x07gone", "10%\r100%\r", "\x1b[31mred\x1b[0m"])
    view.job = {"name": "x\x1b[2J", "attempt": 1}
    shown = [str(part) for part in view.__rich__().renderables]
    assert "x␛[2J" in shown[0]
    assert shown[-1].splitlines() == ["␛[2J␛]0;t␇gone", "100%", "red"]
