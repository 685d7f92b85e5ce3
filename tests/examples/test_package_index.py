"""Reading an index as pip is configured, in the forms that indexes have."""

import hashlib
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from examples.jinja2.package_index import NotInIndex, PackageIndex, WrongBytes
from examples.jinja2.pip_settings import NoIndex, PipSettings, parse_settings

BYTES = b"an archive"
DIGEST = hashlib.sha256(BYTES).hexdigest()
JSON_PAGE = {
    "files": [
        {"filename": "Some_Thing-1.0-py3-none-any.whl", "url": "x.whl", "hashes": {}},
        {
            "filename": "Some_Thing-1.0.tar.gz",
            "url": "../../files/Some_Thing-1.0.tar.gz",
            "hashes": {"sha256": DIGEST},
            "size": len(BYTES),
            "upload-time": "2021-01-31T16:33:09.175429Z",
        },
    ]
}
HTML_PAGE = f"""<!doctype html><a href="/files/some-thing-1.0.tar.gz#sha256={DIGEST}">
some-thing-1.0.tar.gz</a>"""


def index(page: httpx.Response, *, content: bytes = BYTES, host: str = "one") -> PackageIndex:
    """An index with one page at `host`; its files have `content`."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/files/"):
            headers = {"Last-Modified": "Sun, 31 Jan 2021 16:33:09 GMT"}
            return httpx.Response(200, content=content, headers=headers)
        known = request.url.host == host and request.url.path == "/simple/some-thing/"
        return page if known else httpx.Response(404)

    settings = PipSettings(indexes=("http://one/simple", "http://two/simple"))
    return PackageIndex(settings, transport=httpx.MockTransport(answer))


def json_page() -> httpx.Response:
    mime = "application/vnd.pypi.simple.v1+json"
    return httpx.Response(200, json=JSON_PAGE, headers={"Content-Type": mime})


def test_json_page_tells_size_digest_and_date() -> None:
    archive = index(json_page()).source_archive("Some.Thing", "1.0")
    assert (archive.sha256, archive.size) == (DIGEST, len(BYTES))
    assert archive.released_at == datetime(2021, 1, 31, 16, 33, 9, 175429)
    assert archive.url == "http://one/files/Some_Thing-1.0.tar.gz"


def test_html_page_is_completed_by_the_headers_of_the_file() -> None:
    page = httpx.Response(200, html=HTML_PAGE)
    archive = index(page).source_archive("some-thing", "1.0")
    assert (archive.sha256, archive.size) == (DIGEST, len(BYTES))
    assert archive.released_at == datetime(2021, 1, 31, 16, 33, 9)


def test_second_index_is_asked_when_the_first_has_nothing() -> None:
    assert index(json_page(), host="two").source_archive("some-thing", "1.0").size
    with pytest.raises(NotInIndex):
        index(json_page(), host="two").source_archive("some-thing", "1.1")


def test_bytes_that_are_not_the_announced_ones_are_not_kept(tmp_path: Path) -> None:
    tampered = index(json_page(), content=b"something else")
    with pytest.raises(WrongBytes):
        tampered.download(tampered.source_archive("some-thing", "1.0"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_verified_archive_is_downloaded_once(tmp_path: Path) -> None:
    good = index(json_page())
    archive = good.source_archive("some-thing", "1.0")
    assert good.download(archive, tmp_path).read_bytes() == BYTES
    gone = index(json_page(), content=b"gone")
    assert gone.download(archive, tmp_path).read_bytes() == BYTES


def test_environment_overrules_files_and_an_index_may_be_forbidden() -> None:
    listed = [
        ":env:.index-url='https://environment/simple'",
        "global.index-url='https://file/simple'",
        "global.extra-index-url='file:///srv/packages https://more/simple/'",
        "global.cert='/etc/ca.crt'",
        "global.proxy='proxy.example:3128'",
    ]
    settings = parse_settings(listed, "")
    assert settings.indexes == ("https://environment/simple", "https://more/simple")
    assert (settings.cert, settings.proxy) == ("/etc/ca.crt", "http://proxy.example:3128")
    with pytest.raises(NoIndex):
        parse_settings([*listed, "global.no-index='true'"], "")


def test_credentials_of_the_index_are_not_published() -> None:
    settings = PipSettings(indexes=("http://name:word@one/simple",))
    transport = httpx.MockTransport(lambda request: json_page())
    archive = PackageIndex(settings, transport=transport).source_archive("some-thing", "1.0")
    assert archive.public_url == "http://one/files/Some_Thing-1.0.tar.gz"
