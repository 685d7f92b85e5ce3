"""The browser pages: start page for every address of the UI, files as they are, nothing else."""

from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar, Response
from litestar.testing import TestClient

from ringtest.control.kernel.errors import NotFound
from ringtest.control.wire.pages import pages


def application(folder: Path) -> Litestar:
    def refuse(_: Any, error: NotFound) -> Response[bytes]:
        return Response(b"", status_code=error.status_code)

    return Litestar(pages(folder), exception_handlers={NotFound: refuse})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    built = tmp_path / "static"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<title>Ringtest</title>")
    (built / "assets" / "app-1.js").write_text("hello()")
    (tmp_path / "secret.txt").write_text("secret")
    return built


@pytest.mark.parametrize("path", ["/", "/jobs", "/jobs/1/log"])
def test_every_address_of_the_ui_gets_the_start_page(folder: Path, path: str) -> None:
    with TestClient(application(folder)) as client:
        answer = client.get(path)
    assert answer.text == "<title>Ringtest</title>"
    assert answer.headers["cache-control"] == "no-cache"
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_assets_are_kept_for_ever_and_sent_compressed(folder: Path) -> None:
    with TestClient(application(folder)) as client:
        answer = client.get("/assets/app-1.js")
        plain = client.get("/assets/app-1.js", headers={"accept-encoding": "identity"})
        missing = client.get("/assets/app-2.js")
    assert answer.text == plain.text == "hello()"
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert missing.status_code == 404


def test_a_rebuilt_file_is_served_without_a_restart(folder: Path) -> None:
    with TestClient(application(folder)) as client:
        client.get("/")
        (folder / "index.html").write_text("<title>New</title>")
        (folder / "assets" / "app-2.js").write_text("new()")
        assert client.get("/").text == "<title>New</title>"
        assert client.get("/assets/app-2.js").text == "new()"


@pytest.mark.parametrize("path", ["/%2e%2e/secret.txt", "/assets/..%2f..%2f..%2fsecret.txt"])
def test_nothing_outside_the_folder_is_served(folder: Path, path: str) -> None:
    with TestClient(application(folder)) as client:
        assert "secret" not in client.get(path).text


def test_without_a_build_the_page_says_how_to_get_one(tmp_path: Path) -> None:
    with TestClient(application(tmp_path / "nothing")) as client:
        assert "make setup" in client.get("/").text
