"""Where the result of a run goes, and what is said when it cannot go there."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ringtest.cli.definition_files import result_folder
from ringtest.cli.main import app
from tests.agent.alone.conftest import environment


@pytest.fixture
def definition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("ringtest.yaml").write_text(
        "name: größer als „alles“\nisolation: none\nstages: {test: ['true']}\n", encoding="utf-8"
    )
    return "ringtest.yaml"


def test_runs_of_one_second_have_folders_of_their_own(definition: str) -> None:
    folders = [result_folder(None, "a/../ü b") for _ in range(3)]
    assert len({str(one) for one in folders}) == 3
    assert all(one.parent == Path("runs") and one.name.startswith("a-..-ü-b-") for one in folders)


@pytest.mark.parametrize(
    ("out", "why"),
    [
        ("ringtest.yaml", "cannot be made: File exists"),
        ("ringtest.yaml/x", "cannot be made: Not a directory"),
        ("full", "is there already and not empty"),
    ],
)
@pytest.mark.parametrize("words", [["run"], ["rerun", "earlier"]])
def test_a_folder_that_cannot_be_is_told_of(
    definition: str, words: list[str], out: str, why: str
) -> None:
    for name in ("full", "earlier"):
        Path(name).mkdir()
        Path(name, "x").touch()
    done = CliRunner().invoke(app, [*words, "--out", out])
    assert done.exit_code == 2
    assert f"{out} {why}" in done.output and "--out" in done.output


def test_a_terminal_that_cannot_show_a_name_breaks_nothing(definition: str, tmp_path: Path) -> None:
    ascii_only = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run(
        [sys.executable, "-m", "ringtest.cli.main", "run", "--out", "out"],
        env=environment(tmp_path, **ascii_only),
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert rb"gr\xf6\xdfer als \u201ealles\u201c: passed" in done.stdout
