"""`ringtest agent verify`, `export` and `import`, as they are typed."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from ringtest.agent.attempt import Attempt, Outcome, OutcomeFile
from ringtest.agent.journal import Journal
from ringtest.agent.protocol import Claim
from ringtest.cli.main import app

JOB = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Attempt:
    """An unreported attempt in the data folder that west.toml names."""
    monkeypatch.chdir(tmp_path)
    settings = Path("west.toml")
    settings.write_text(
        'server = "http://127.0.0.1:9"\nclient_id = "remoteci/1"\napi_secret = "key"\n'
        'data = "agent"\n'
    )
    settings.chmod(0o600)
    claim = Claim({"id": JOB}, 1, "token")
    attempt = Attempt.create(Path("agent/jobs"), claim, msgspec.json.encode(claim))
    journal = Journal(attempt.journal, origin=attempt.origin)
    journal.append("stage", stage="test", status="passed")
    journal.close()
    (attempt.work / "a.txt").write_bytes(b"x")
    file = OutcomeFile("a.txt", None, 1, hashlib.sha256(b"x").hexdigest())
    attempt.outcome = Outcome("passed", None, [file])
    return attempt


def typed(*words: str) -> tuple[int, Any]:
    """Exit code, and what was printed: JSON as it is, else the text with complaints."""
    done = CliRunner().invoke(app, ["agent", *words])
    try:
        return done.exit_code, json.loads(done.stdout)
    except ValueError:
        return done.exit_code, " ".join(done.output.split())


def test_verify_tells_what_is_unreported_and_whole(lab: Attempt) -> None:
    code, [found] = typed("verify", "agent", "-f", "json")
    assert (code, found["attempt"], found["state"]) == (0, f"{JOB}.1", "unreported")
    assert (found["records"], found["problems"]) == (1, [])
    assert typed("verify", str(lab.folder), "-f", "json") == (0, [found])


def test_verify_ends_with_1_when_a_journal_was_changed(lab: Attempt) -> None:
    lab.journal.write_bytes(lab.journal.read_bytes().replace(b"passed", b"failed"))
    code, [found] = typed("verify", "agent", "-f", "json")
    assert code == 1
    assert "the record after 0" in found["problems"][0]


def test_verify_of_another_folder_is_wrong_usage(lab: Attempt, tmp_path: Path) -> None:
    code, text = typed("verify", str(tmp_path))
    assert code == 2
    assert "neither an agent's data folder" in text


def test_what_is_exported_is_checked_without_a_network(lab: Attempt) -> None:
    code, [row] = typed("export", "west.ringtest", "--config", "west.toml", "-f", "json")
    assert (code, row["name"], row["records"], row["files"]) == (0, f"{JOB}.1", 1, 4)
    code, text = typed("import", "west.ringtest", "--config", "west.toml", "--check")
    assert code == 0
    assert "west.ringtest: whole: 1 attempts of remoteci/1" in text
    assert not Path("agent/imported").exists()


def test_a_changed_bundle_ends_with_1_and_sends_nothing(lab: Attempt) -> None:
    typed("export", "west.ringtest", "--config", "west.toml")
    data = bytearray(Path("west.ringtest").read_bytes())
    data[len(data) // 2] ^= 1
    Path("west.ringtest").write_bytes(bytes(data))
    code, text = typed("import", "west.ringtest", "--config", "west.toml")
    assert code == 1
    assert text.startswith("ringtest agent import: it")


def test_nothing_unreported_is_said_so(lab: Attempt) -> None:
    lab.done = "passed"
    code, text = typed("export", "west.ringtest", "--config", "west.toml")
    assert code == 1
    assert "unreported and over" in text
    assert not Path("west.ringtest").exists()
