"""Headers that make no sense: who asks, which version of a thing, from which team."""

from datetime import timedelta
from uuid import UUID

import pytest

from ringtest.control.kernel.clock import SystemClock, VirtualClock
from tests.bad_input.ground import Ground, Route, all_routes, raw_headers
from tests.control.people import SignedBy

CREDENTIAL = "Credential=remoteci/{}/20260101/BHS3/api/dci2_request"
SIGNED = "SignedHeaders=host;x-dci-date, Signature=" + "0" * 64
NO_CALLERS = [
    "", "x", "Basic", "Basic ", "Basic !!!!", "Basic " + "A" * 60_000, "Basic 4pyT", "Basic //4=",
    "Basic bm9ib2R5Ong=", "basic bm9ib2R5AAA6eA==", "Bearer x", "Bearer e30.e30.e30",
    "Bearer", "Bearer ", "bearer null", "Bearer a.b.c d", "Bearer \xff", "Bearer " + "e30." * 9000,
    "Bearer rt_", "Bearer rt_x", "Bearer rt_\xff", "Bearer rt_" + "A" * 60_000, "Digest x",
    "Negotiate", "DCI2-HMAC-SHA256", "DCI2-HMAC-SHA256 x",
    f"DCI2-HMAC-SHA256 {CREDENTIAL.format('x')}, {SIGNED}",
    f"DCI2-HMAC-SHA256 {CREDENTIAL.format('0' * 32)}, {SIGNED}",
    f"AWS4-HMAC-SHA256 {CREDENTIAL.format('0' * 32)}, {SIGNED}",
    f"DCI2-HMAC-SHA256 Credential=user/x/d/r/s/dci2_request, {SIGNED}",
    f"DCI2-HMAC-SHA256 Credential=a/b, {SIGNED}",
    "DCI-HMAC-SHA256 Credential=,SignedHeaders=,Signature=",
    "DCI2-HMAC-SHA256 " + "Credential=" * 5000, "\xff\xfe", "Basic \xff",
]  # fmt: skip
DATES = [None, "20260101T000000Z", "garbage", "99999999T999999Z", "20260231T000000Z", "\xb2" * 8]


@pytest.mark.parametrize("authorization", NO_CALLERS, ids=lambda text: repr(text)[:40])
async def test_unusable_credentials_are_refused(ground: Ground, authorization: str) -> None:
    for date in DATES:
        headers = {"Authorization": authorization.encode("latin-1")}
        if date is not None:
            headers |= {name: date.encode("latin-1") for name in ("X-DCI-Date", "X-Amz-Date")}
        answer = await ground["nobody"].get("/jobs", headers=raw_headers(headers))
        expected = (400, 401) if "HMAC" in authorization else (401,)
        assert answer.status_code in expected, answer.text
        assert ground.complaints(answer) == []


@pytest.mark.parametrize(("minutes", "status"), [(-16, 400), (-14, 200), (14, 200), (16, 400)])
async def test_a_clock_16_minutes_off_is_an_expired_signature(
    ground: Ground, minutes: int, status: int
) -> None:
    clock = VirtualClock(SystemClock().now() + timedelta(minutes=minutes))
    name, secret = ground.estate.machine
    signed = SignedBy("remoteci", UUID(name.removeprefix("remoteci/")), secret, clock)
    answer = await ground["nobody"].get("/identity", auth=signed)
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["message"].endswith("is expired")
        assert ground.complaints(answer) == []


async def test_a_changed_request_is_an_invalid_signature(ground: Ground) -> None:
    name, secret = ground.estate.machine
    for bad in (secret[:-1], secret + "x"):
        signed = SignedBy("remoteci", UUID(name.removeprefix("remoteci/")), bad, SystemClock())
        answer = await ground["nobody"].get("/identity", auth=signed)
        assert (answer.status_code, ground.complaints(answer)) == (400, [])
        assert answer.json()["message"].endswith("is invalid")


@pytest.mark.parametrize("etag", ["", "x", '"', 'W/"x"', "*", "a" * 60_000, "\xff", "\x01"])
async def test_no_etag_of_ones_own_making_changes_anything(ground: Ground, etag: str) -> None:
    wrong = []
    for route in all_routes():
        if route.method not in ("PUT", "DELETE") or route.path.startswith("/session"):
            continue
        if route.path.endswith("/api_secret"):
            continue  # it must be there, and any will do: the wire format
        if route.is_upload or (route.method == "DELETE" and not _has_etag(route)):
            continue
        headers = {"If-Match": etag.encode("latin-1")}
        answer = await ground["super admin"].request(
            route.method, ground.url(route), content=b"{}", headers=raw_headers(headers)
        )
        wrong += ground.complaints(answer)
        if answer.status_code not in (400, 401, 404, 409):
            wrong.append(f"{route}: {answer.status_code} {answer.text[:100]}")
    assert wrong == []


def _has_etag(route: Route) -> bool:
    """Links, merges, files of jobs, uploads, jobstates and ends of jobs have none."""
    is_link = len(route.parameters) > 1 and "{file_path" not in route.path
    is_link = is_link or route.path.endswith("/notifications")
    is_free = route.path.startswith(("/files", "/jobstates", "/uploads", "/jobs_events/{"))
    return not (
        is_link or is_free or route.path.endswith(("/kv", "/merge", "/permissions/components"))
    )


async def test_a_change_without_an_etag_is_412(ground: Ground) -> None:
    for route in all_routes():
        if route.method == "PUT" or (route.method == "DELETE" and _has_etag(route)):
            if route.path.startswith("/session") or route.is_upload:
                continue
            answer = await ground["super admin"].request(
                route.method, ground.url(route), content=b"{}"
            )
            assert (answer.status_code, ground.complaints(answer)) == (412, []), route
            assert "If-match" in answer.json()["message"]


@pytest.mark.parametrize(
    ("team", "status"), [("x", 400), ("0" * 32, 401), ("\xff", 400), ("' or 1=1", 400)]
)
async def test_the_scope_of_a_strange_team_is_refused(
    ground: Ground, team: str, status: int
) -> None:
    headers = {"X-Dci-Team-Id": team.encode("latin-1")}
    answer = await ground["super admin"].get("/jobs", headers=raw_headers(headers))
    assert (answer.status_code, ground.complaints(answer)) == (status, [])


async def test_headers_that_mean_nothing_here_are_ignored(ground: Ground) -> None:
    for headers in (
        {"Range": "bytes=-"},
        {"Cookie": b"ringtest_session=\xff"},
        {"Cookie": "=;;;=" * 1000},
        {"Accept": b"\x01"},
        {"Content-Type": "x" * 10_000},
        {"Transfer-Encoding": "nonsense"},
        {"Host": "evil.example"},
        {"X-Forwarded-For": "'; --"},
        {"User-Agent": b"\xff" * 1000},
    ):
        answer = await ground["super admin"].get("/jobs", headers=raw_headers(headers))
        assert (answer.status_code, ground.complaints(answer)) == (200, []), headers


@pytest.mark.parametrize("last", ["x", "-1", "9" * 30, "\xb2"])
async def test_a_strange_place_in_the_feed_is_400(ground: Ground, last: str) -> None:
    headers = {"Last-Event-ID": last.encode("latin-1")}
    answer = await ground["user"].get("/events/stream", headers=raw_headers(headers))
    assert (answer.status_code, ground.complaints(answer)) == (400, [])


WORDS = ["", " ", "x", '"', 'W/"', "*", ",,,", "-1", "1e3", "9" * 50, "x" * 60_000, "\xff", "\x01"]
"""What a header may hold by mistake."""


def _bytes(name: str, word: str) -> list[tuple[bytes, bytes]]:
    return raw_headers({name: word.encode("latin-1")})


@pytest.mark.parametrize("word", WORDS, ids=lambda text: repr(text)[:20])
async def test_an_if_none_match_of_ones_own_making_is_another_one(
    ground: Ground, word: str
) -> None:
    wrong = []
    for route in all_routes():
        if route.method != "GET" or route.is_stream:
            continue
        headers = _bytes("If-None-Match", word)
        answer = await ground["super admin"].get(ground.url(route), headers=headers)
        wrong += ground.complaints(answer)
        if answer.status_code == 304 and word != "*":
            wrong.append(f"{route}: not modified")
    assert wrong == []


@pytest.mark.parametrize("word", WORDS, ids=lambda text: repr(text)[:20])
async def test_a_request_id_is_a_plain_word_or_ours(ground: Ground, word: str) -> None:
    answer = await ground["user"].get("/jobs", headers=_bytes("X-Request-Id", word))
    assert (answer.status_code, ground.complaints(answer)) == (200, [])
    told = answer.headers["x-request-id"]
    assert told == word if word in ("x", "-1", "1e3", "9" * 50) else len(told) == 16


@pytest.mark.parametrize("word", ["", "k" * 256, "\xff", "\x01", "\t", "k\x7f"], ids=repr)
async def test_a_key_that_is_none_is_400_and_nothing_happens(ground: Ground, word: str) -> None:
    body = {"name": "unkeyed", "team_id": ground.estate.ids["team_id"]}
    for path in ("/pipelines", "/remotecis"):
        headers = _bytes("Idempotency-Key", word)
        answer = await ground["user"].post(path, json=body, headers=headers)
        assert (answer.status_code, ground.complaints(answer)) == (400, []), path
        assert "Idempotency-Key" in answer.json()["message"]


_WITHOUT_BODY = (
    "/update", "/retry", "/cancel", "/ping", "/purge", "/users", "/archive/write", "/hold/release",
)  # fmt: skip


async def test_no_key_breaks_a_route(ground: Ground) -> None:
    wrong = []
    for route in all_routes():
        if route.method != "POST" or route.path.startswith("/session"):
            continue
        for word in WORDS:
            headers = _bytes("Idempotency-Key", word)
            url = ground.url(route)
            answer = await ground["nobody"].post(url, content=b"[]", headers=headers)
            wrong += ground.complaints(answer)
            if route.path.endswith(_WITHOUT_BODY):
                continue  # these have no body, and would do what they are for
            if route.is_upload or len(route.parameters) > 1 or "notifications" in route.path:
                continue
            answer = await ground["super admin"].post(url, content=b"[]", headers=headers)
            wrong += ground.complaints(answer)
            if answer.is_success:
                wrong.append(f"{route} {word[:20]!r}: {answer.status_code} {answer.text[:100]}")
    assert wrong == []


@pytest.mark.parametrize(
    "word", [*WORDS, "bytes", "-0", "\xb2", "0x10"], ids=lambda t: repr(t)[:20]
)
async def test_an_upload_goes_on_at_a_number_that_is_its_own(ground: Ground, word: str) -> None:
    url = f"/uploads/{ground.estate.ids['upload_id']}"
    kind = {b"Content-Type": b"application/offset+octet-stream", b"Tus-Resumable": b"1.0.0"}
    headers = [*kind.items(), *_bytes("Upload-Offset", word)]
    for method in ("PATCH", "PUT"):
        answer = await ground["super admin"].request(method, url, content=b"x", headers=headers)
        assert answer.status_code in (400, 409), answer.text
        assert ground.complaints(answer) == []
    headers = [*kind.items(), *_bytes("Upload-Length", word)]
    begun = await ground["super admin"].post("/uploads", headers=headers)
    assert (begun.status_code, ground.complaints(begun)) in ((400, []), (413, [])), begun.text


RANGES = [
    "bytes=", "bytes=-", "bytes=5-1", "bytes=-0", "bytes=99999999999999999999-", "bytes=a-b",
    "bytes=0-0,2-3", "x=1-2", "bytes 0-1", "bytes=-99999999999999999999", "bytes=0--1", "\xff",
    "bytes=" + "0-0," * 10_000,
]  # fmt: skip


@pytest.mark.parametrize("word", RANGES, ids=lambda text: repr(text)[:20])
async def test_a_range_that_makes_no_sense_is_all_or_416(ground: Ground, word: str) -> None:
    ids = ground.estate.ids
    file = f"/components/{ids['component_id']}/files/{ids['component_file_id']}/content"
    for url in (file, f"/files/{ids['file_id']}/content", f"/jobs/{ids['job_id']}/log/raw"):
        for method in ("GET", "HEAD") if "/log/" not in url else ("GET",):
            headers = _bytes("Range", word)
            answer = await ground["user"].request(method, url, headers=headers)
            assert answer.status_code in (200, 206, 416), f"{url}: {answer.text}"
            assert ground.complaints(answer) == []
