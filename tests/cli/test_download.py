"""`ringtest file download` and zips: what was cut goes on, and only what is whole has its name."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import Result

from ringtest.client import Client, Connection, Retries, Unreachable
from ringtest.client.downloads import Corrupt, download_resumable

Run = Callable[..., Result]
JOB = "11111111-1111-4111-8111-111111111111"
FILE = "33333333-3333-4333-8333-333333333333"
BODY = bytes(range(250)) * 4000
SHA = hashlib.sha256(BODY).hexdigest()
PART = f".core.dump.{SHA[:16]}.part"


def about(sha256: str = SHA) -> dict[str, Any]:
    return {"file": {"id": FILE, "name": "core.dump", "size": len(BODY), "sha256": sha256}}


class Store:
    """Serves one file as the server does, and breaks off after `breaks[n]` bytes."""

    def __init__(self, *breaks: int, tag: str = SHA) -> None:
        self.breaks = list(breaks)
        self.tag = tag
        self.asked: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        span = request.headers.get("range")
        self.asked.append(span)
        start = 0
        if span and request.headers.get("if-range") == f'"{self.tag}"':
            start = int(span.removeprefix("bytes=").removesuffix("-"))
        rest = BODY[start:]
        stop = self.breaks.pop(0) if self.breaks else None

        def chunks() -> Any:
            yield rest[:stop]
            if stop is not None:
                raise httpx.ReadError("cut", request=request)

        headers = {"etag": f'"{self.tag}"'}
        if start:
            headers["content-range"] = f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"
        return httpx.Response(206 if start else 200, headers=headers, content=chunks())


def fetch(store: Store, target: Path, attempts: int = 3) -> None:
    connection = Connection.anonymous("http://ci.example")
    retries = Retries(attempts=attempts, first=0.0, most=0.0)
    with Client(connection, transport=httpx.MockTransport(store)) as client:
        download_resumable(client, "/x", target, size=len(BODY), sha256=SHA, retries=retries)


def test_what_is_cut_goes_on_where_it_was(tmp_path: Path) -> None:
    store = Store(300_000, 5)
    fetch(store, tmp_path / "core.dump")
    assert (tmp_path / "core.dump").read_bytes() == BODY
    assert store.asked == [None, "bytes=300000-", "bytes=300005-"]
    assert [path.name for path in tmp_path.iterdir()] == ["core.dump"]


def test_a_later_try_goes_on_too(tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        fetch(Store(300_000, 0), tmp_path / "core.dump", attempts=1)
    assert [path.name for path in tmp_path.iterdir()] == [PART]
    store = Store()
    fetch(store, tmp_path / "core.dump")
    assert (tmp_path / "core.dump").read_bytes() == BODY
    assert store.asked == ["bytes=300000-"]


def test_another_content_begins_again(tmp_path: Path) -> None:
    (tmp_path / PART).write_bytes(b"something else")
    store = Store(tag="0" * 64)
    fetch(store, tmp_path / "core.dump")
    assert (tmp_path / "core.dump").read_bytes() == BODY


def test_wrong_bytes_never_get_the_name(tmp_path: Path) -> None:
    (tmp_path / PART).write_bytes(b"x" * 300_000)
    with pytest.raises(Corrupt):
        fetch(Store(), tmp_path / "core.dump")
    assert list(tmp_path.iterdir()) == []


def test_who_sends_too_much_fills_no_disk(tmp_path: Path) -> None:
    def flood(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=iter([BODY] * 50))

    connection = Connection.anonymous("http://ci.example")
    with (
        Client(connection, transport=httpx.MockTransport(flood)) as client,
        pytest.raises(Corrupt, match="more than"),
    ):
        download_resumable(client, "/x", tmp_path / "core.dump", size=len(BODY), sha256=SHA)
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_was_whole_is_only_looked_at(tmp_path: Path) -> None:
    (tmp_path / PART).write_bytes(BODY)
    store = Store()
    fetch(store, tmp_path / "core.dump")
    assert store.asked == []


def test_a_file_is_downloaded_by_its_id(api: Any, run: Run, tmp_path: Path) -> None:
    api.on("GET", f"/files/{FILE}", about())
    api.on("GET", f"/files/{FILE}/content", BODY)
    result = run("file", "download", FILE, "--to", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{tmp_path / 'core.dump'}\n"
    assert (tmp_path / "core.dump").read_bytes() == BODY


def test_a_file_whose_bytes_are_wrong_is_told(api: Any, run: Run, tmp_path: Path) -> None:
    api.on("GET", f"/files/{FILE}", about("0" * 64))
    api.on("GET", f"/files/{FILE}/content", BODY)
    result = run("file", "download", FILE, "--to", str(tmp_path))
    assert result.exit_code != 0
    assert "not what the server has" in result.stderr


def test_files_of_a_job_are_written_to_one_zip(api: Any, run: Run, tmp_path: Path) -> None:
    files = [
        {"id": "a", "name": "x.log"},
        {"id": "b", "name": "y.xml"},
        {"id": "c", "name": "z.log"},
    ]
    api.on("GET", f"/jobs/{JOB}", {"job": {"id": JOB}})
    api.on("GET", f"/jobs/{JOB}/files", {"files": files, "_meta": {"count": 3}})
    api.on("GET", f"/jobs/{JOB}/files/zip", b"PK")
    target = tmp_path / "logs.zip"
    result = run("job", "files", JOB, "--zip", str(target), "--name", "*.log")
    assert result.exit_code == 0, result.output
    assert target.read_bytes() == b"PK"
    assert api.parameters() == {"ids": "a,c"}
    assert run("job", "files", JOB, "--zip", str(target), "--name", "*.png").exit_code == 2
