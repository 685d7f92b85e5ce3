"""Retries, paging and errors: the same rules for the blocking and the asynchronous client."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from ringtest.client import ApiError, AsyncClient, Client, Connection, Retries, Unreachable
from ringtest.client.connection import base_url
from ringtest.client.errors import error_from
from ringtest.client.files import LocalFile

AT_ONCE = Retries(attempts=3, first=0.0)
SERVER = Connection.for_key("http://lab.example", "remoteci/1", "secret")

Handler = Callable[[httpx.Request], httpx.Response]


class Flaky:
    """Fails `failures` times, then answers 200."""

    def __init__(self, failures: int, *, status: int = 0) -> None:
        self.failures = failures
        self.status = status
        self.calls = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        if self.calls <= self.failures:
            if self.status:
                return httpx.Response(self.status, json={"message": "later", "payload": {}})
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200, json={"ok": True})


def blocking(handler: Handler, retries: Retries = AT_ONCE) -> Client:
    return Client(SERVER, retries=retries, transport=httpx.MockTransport(handler))


def asynchronous(handler: Handler, retries: Retries = AT_ONCE) -> AsyncClient:
    return AsyncClient(SERVER, retries=retries, transport=httpx.MockTransport(handler))


@pytest.mark.parametrize("status", [0, 429, 502, 503, 504])
async def test_reads_are_tried_again_until_they_work(status: int) -> None:
    handler = Flaky(2, status=status)
    assert blocking(handler).get("/jobs") == {"ok": True}
    handler = Flaky(2, status=status)
    assert await asynchronous(handler).get("/jobs") == {"ok": True}
    assert handler.calls == 3


async def test_a_post_without_a_key_is_never_sent_twice() -> None:
    handler = Flaky(1, status=503)
    with pytest.raises(ApiError):
        blocking(handler).post("/jobs", {}, key="")
    assert handler.calls == 1
    handler = Flaky(1)
    with pytest.raises(Unreachable):
        await asynchronous(handler).post("/jobs", {}, key="")
    assert handler.calls == 1


async def test_each_post_has_a_key_of_its_own_and_keeps_it_over_its_tries() -> None:
    keys: list[str] = []
    flaky = Flaky(2)

    def handler(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        return flaky(request)

    blocking(handler).post("/jobs", {})
    assert len(keys) == 3
    assert len({*keys}) == 1
    await asynchronous(handler).post("/jobs", {})
    assert keys[3] != keys[0]


async def test_a_post_with_a_key_and_a_put_with_an_etag_are_tried_again() -> None:
    assert blocking(Flaky(2)).post("/files", {}, key="k") == {"ok": True}
    assert await asynchronous(Flaky(2)).put("/jobs/1", {}, etag="e") == {"ok": True}


async def test_an_absent_server_is_unreachable_after_the_last_try() -> None:
    handler = Flaky(99)
    with pytest.raises(Unreachable, match=r"http://lab\.example does not answer: refused"):
        blocking(handler).get("/jobs")
    assert handler.calls == 3
    with pytest.raises(Unreachable):
        await asynchronous(Flaky(99)).get("/jobs")


def test_an_error_shows_message_and_every_reason() -> None:
    body = {"message": "Request malformed", "payload": {"errors": ["a: bad", "b: worse"]}}
    with pytest.raises(ApiError) as caught:
        blocking(lambda _: httpx.Response(400, json=body)).get("/jobs")
    assert str(caught.value) == "Request malformed (400): a: bad; b: worse"
    assert caught.value.request == "GET /api/v1/jobs"


def test_an_error_shows_what_would_have_been_right() -> None:
    body = {"message": "unknown column", "payload": {"allowed": ["id", "name"]}}
    with pytest.raises(ApiError, match=r"unknown column \(400\): allowed: id, name"):
        blocking(lambda _: httpx.Response(400, json=body)).get("/jobs")


def test_an_expired_signature_tells_the_difference_of_the_clocks() -> None:
    response = httpx.Response(
        400,
        json={"message": "HmacMechanism failed: signature is expired"},
        headers={"Date": "Thu, 15 Jan 2015 09:30:00 GMT"},
        request=httpx.Request("GET", "http://lab.example/api/v1/jobs"),
    )
    assert "s ahead of the server's" in error_from(response).message


def test_an_answer_that_is_no_json_is_still_an_error_with_words() -> None:
    with pytest.raises(ApiError, match=r"Bad Gateway \(502\)"):
        blocking(lambda _: httpx.Response(502, text="<html>"), Retries(1)).get("/jobs")


def paged(request: httpx.Request) -> httpx.Response:
    offset, limit = (int(request.url.params[name]) for name in ("offset", "limit"))
    jobs = [{"id": n} for n in range(450)][offset : offset + limit]
    return httpx.Response(200, json={"jobs": jobs, "_meta": {"count": 450}})


async def test_paging_gives_every_item_once() -> None:
    ids = [job["id"] for job in blocking(paged).pages("/jobs", "jobs")]
    assert ids == list(range(450))
    again: list[Any] = [job["id"] async for job in asynchronous(paged).pages("/jobs", "jobs")]
    assert again == ids


async def test_an_upload_announces_size_and_digest_and_sends_the_file(tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(b"0123456789" * 100_000)
    seen: list[httpx.Request] = []

    async def handler(request: httpx.Request) -> httpx.Response:
        await request.aread()
        seen.append(request)
        return httpx.Response(201, json={"file": {"id": "1"}})

    client = AsyncClient(SERVER, transport=httpx.MockTransport(handler))
    file = LocalFile.measure(path)
    answer = await client.upload("/files", file, {"DCI-NAME": "big"})
    assert answer == {"file": {"id": "1"}}
    assert seen[0].headers["content-length"] == "1000000"
    assert "transfer-encoding" not in seen[0].headers
    assert seen[0].content == path.read_bytes()


def test_a_download_lands_in_the_file(tmp_path: Path) -> None:
    client = blocking(lambda _: httpx.Response(200, content=b"bytes"))
    assert client.download("/files/1/content", tmp_path / "f") == 5
    assert (tmp_path / "f").read_bytes() == b"bytes"


def test_a_session_guards_its_requests_with_a_header() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    connection = Connection.for_session("http://lab.example", "token")
    Client(connection, transport=httpx.MockTransport(handler)).get("/jobs")
    assert seen[0].headers["cookie"] == "ringtest_session=token"
    assert seen[0].headers["x-requested-with"] == "ringtest"


@pytest.mark.parametrize(
    "text", ["http://h:1", "http://h:1/", "http://h:1/api/v1", "http://h:1/api/v2/ "]
)
def test_an_address_may_be_written_with_or_without_the_api_path(text: str) -> None:
    assert base_url(text) == "http://h:1"


def test_a_connection_never_shows_its_secret() -> None:
    assert "secret" not in repr(SERVER)
