"""What an agent that waits for jobs holds, and how it comes to be."""

import subprocess
import sys
from pathlib import Path

import pytest

_NAMES = "import sys, ringtest.agent.main; print('\\n'.join(sys.modules))"
_HEAVY = {
    "ringtest.agent.execution": "what runs a job comes with the first job",
    "rich": "of httpx's command line",
    "pygments": "of httpx's command line",
    "typer": "of ours",
}


def test_waiting_agent_holds_nothing_of_jobs_and_command_lines() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _NAMES], capture_output=True, text=True, check=True
    )
    assert "ringtest.agent.stream" in done.stdout.split()
    assert set(_HEAVY) & set(done.stdout.split()) == set()


def typed(*words: str, folder: Path, secret: str | None = "key") -> tuple[int, str]:
    """`ringtest agent` in a folder: its exit code and what it said."""
    env = {"PATH": "/usr/bin:/bin"} | ({"DCI_API_SECRET": secret} if secret else {})
    command = [sys.executable, "-m", "ringtest.cli.main", "agent", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=env)
    return done.returncode, done.stderr


def test_options_reach_the_process_that_waits(tmp_path: Path) -> None:
    assert typed("--server", "http://ci=1", "--id", "feeder/1", folder=tmp_path) == (
        2,
        "ringtest agent: client_id must look like remoteci/<uuid>, not feeder/1\n",
    )
    (tmp_path / "lab.toml").write_text('keep_jobs = "many"\n', encoding="utf-8")
    options = ("--id", "remoteci/1", "--max-jobs", "3", "--data", "a folder", "--label", "a=b c")
    code, said = typed("--server", "ci", *options, "--config", "lab.toml", folder=tmp_path)
    assert (code, "a setting has the wrong type" in said) == (2, True)


def test_missing_key_is_told_and_no_option_holds_one(tmp_path: Path) -> None:
    code, said = typed("--server", "ci", "--id", "remoteci/1", folder=tmp_path, secret=None)
    assert (code, "api_secret is missing" in said) == (2, True)


@pytest.mark.parametrize("module", ["ringtest.py", "ssl.py"])
def test_folder_where_an_agent_is_started_holds_none_of_its_modules(
    tmp_path: Path, module: str
) -> None:
    (tmp_path / module).write_text("raise SystemExit('taken')\n", encoding="utf-8")
    command = [str(Path(sys.executable).with_name("ringtest")), "agent", "--server", "http://ci"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "taken" not in done.stderr
    assert (done.returncode, "client_id is missing" in done.stderr) == (2, True)
