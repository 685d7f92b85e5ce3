"""`ringtest file upload`: piece by piece, and what was begun goes on."""

import hashlib
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

Run = Callable[..., Result]
JOB = "11111111-1111-4111-8111-111111111111"
UPLOAD = "22222222-2222-4222-8222-222222222222"
FILE = "33333333-3333-4333-8333-333333333333"
BODY = bytes(range(250)) * 10


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "core.dump"
    path.write_bytes(BODY)
    return path


@pytest.fixture
def server(api: Any) -> Any:
    """Takes one upload of a job's file."""
    stored = {"id": FILE, "name": "core.dump", "size": len(BODY), "sha256": "s", "mime": None}
    api.on("GET", f"/jobs/{JOB}", {"job": {"id": JOB}})
    api.on("GET", "/uploads", {"uploads": []})
    api.on("POST", "/uploads", {"upload": {"id": UPLOAD}}, status=201)
    api.on("PATCH", f"/uploads/{UPLOAD}", b"", status=204,
           headers={"upload-offset": str(len(BODY))})  # fmt: skip
    api.on("GET", f"/uploads/{UPLOAD}", {"upload": {"id": UPLOAD, "file_id": FILE}})
    api.on("GET", f"/files/{FILE}", {"file": stored})
    return api


def _patches(api: Any) -> list[tuple[str, bytes]]:
    sent = [request for request in api.requests if request.method == "PATCH"]
    return [(request.headers["upload-offset"], request.content) for request in sent]


def test_a_file_of_a_job_is_uploaded_and_shown(server: Any, run: Run, dump: Path) -> None:
    result = run("file", "upload", "--job", JOB, "--mime", "text/plain", str(dump))
    assert result.exit_code == 0, result.output
    assert FILE in result.stdout
    (begun,) = [request for request in server.requests if request.method == "POST"]
    assert begun.headers["upload-length"] == str(len(BODY))
    pairs = dict(pair.split(" ") for pair in begun.headers["upload-metadata"].split(","))
    assert {key: b64decode(text).decode() for key, text in pairs.items()} == {
        "filename": "core.dump",
        "filetype": "text/plain",
        "job_id": JOB,
        "sha256": hashlib.sha256(BODY).hexdigest(),
    }
    assert _patches(server) == [("0", BODY)]


def test_the_same_command_goes_on_where_the_upload_was(server: Any, run: Run, dump: Path) -> None:
    about = {
        "name": "core.dump",
        "mime": "application/octet-stream",
        "job_id": JOB,
        "sha256": hashlib.sha256(BODY).hexdigest(),
    }
    begun = {"id": UPLOAD, "size": len(BODY), "received": 1000, "metadata": about}
    server.on("GET", "/uploads", {"uploads": [begun]})
    result = run("file", "upload", "--job", JOB, str(dump))
    assert result.exit_code == 0, result.output
    assert "POST" not in {request.method for request in server.requests}
    assert _patches(server) == [("1000", BODY[1000:])]


@pytest.mark.parametrize("places", [(), ("--job", JOB, "--component", JOB)])
def test_a_file_is_of_a_job_or_of_a_component(
    server: Any, run: Run, dump: Path, places: tuple[str, ...]
) -> None:
    result = run("file", "upload", *places, str(dump))
    assert result.exit_code == 2
    assert "either --job or --component" in result.output
    assert server.requests == []


def test_a_refusal_is_told_and_nothing_is_sent_again(
    server: Any, run: Run, dump: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(seconds: float) -> None:
        pytest.fail("no waiting")

    monkeypatch.setattr("ringtest.client.uploads.time.sleep", never)
    refusal = {"message": "the file may have at most 10 bytes", "payload": {}}
    server.on("POST", "/uploads", refusal, status=413)
    result = run("file", "upload", "--job", JOB, str(dump))
    assert result.exit_code != 0
    assert "at most 10 bytes" in result.output
    assert _patches(server) == []
