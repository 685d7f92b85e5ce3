"""Bodies that are no JSON, hold what they may not, or are too large."""

import json
import os
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from tests.bad_input.ground import HEADERS, Ground, Route
from tests.bad_input.samples import IMPOSSIBLE, LONG, ODD, Kinds, body_kinds, sample

NO_JSON = [
    b" ", b"null", b"[]", b"1", b'"x"', b"true", b"{", b"}", b"{}{}", b"\xff\xfe{}",
    b'{"name":"\xff"}', '{"name":"x"}'.encode("utf-16"), b"\xef\xbb\xbf{}", b"\0" * 100,
    b"[" * 100_000, b'{"a":' * 50_000, b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b"name=x&team_id=y", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x--",
    b"<xml/>", b'{"name":NaN}', b'{"name":1e999}', b'{"name":"\\ud800"}', b"{'name':1}",
    b'{"name":' + b"9" * 5000 + b"}", b'{"name":"a\nb"}',
]  # fmt: skip
TYPES = ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "\1"]
OF_THEIR_OWN = {"/users/me", "/identity"}
"""Routes that want the caller's password before anything else."""


@pytest.fixture
async def kinds(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Kinds:
    """Which struct each route reads its body as."""
    found = await body_kinds(ground, monkeypatch)
    assert len(found) > 35
    return {route: kind for route, kind in found.items() if route.path not in OF_THEIR_OWN}


async def _send(ground: Ground, who: str, route: Route, body: Any, **headers: str) -> Any:
    return await ground[who].request(
        route.method,
        ground.url(route),
        content=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers=HEADERS | headers,
    )


def _malformed(answer: httpx.Response) -> list[str]:
    """The mistakes that a 400 names."""
    if answer.status_code != 400 or answer.json()["message"] != "Request malformed":
        return []
    errors: list[str] = answer.json()["payload"]["errors"]
    return errors


async def test_unknown_keys_of_a_post_are_named(ground: Ground, kinds: Kinds) -> None:
    wrong = []
    for route, kind in kinds.items():
        body = sample(kind, ground.estate.ids) | {"nonsence": 1, "x" * 10_000: 2}
        if route.method != "POST":
            continue
        answer = await _send(ground, "super admin", route, body)
        wrong += ground.complaints(answer)
        if "nonsence: unknown key" not in _malformed(answer):
            wrong.append(f"{route}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []


async def test_a_body_that_is_no_json_object_is_refused(ground: Ground, kinds: Kinds) -> None:
    wrong = []
    for route in kinds:
        for body in NO_JSON:
            answer = await _send(ground, "super admin", route, body)
            wrong += ground.complaints(answer)
            if not _malformed(answer):
                wrong.append(f"{route} {body[:20]!r}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []


async def test_any_content_type_is_read_as_json_or_refused(ground: Ground, kinds: Kinds) -> None:
    wrong = []
    for route in kinds:
        for content_type in TYPES:
            headers = {"Content-Type": content_type}
            answer = await _send(ground, "super admin", route, b"name=x", **headers)
            wrong += [] if _malformed(answer) else [f"{route} {content_type}: {answer.text[:100]}"]
    assert wrong == []


async def test_what_cannot_be_stored_is_refused_by_the_name_of_its_key(
    ground: Ground, kinds: Kinds
) -> None:
    wrong = []
    for route, kind in kinds.items():
        for field in msgspec.structs.fields(kind):
            for name, value in IMPOSSIBLE.items():
                body = sample(kind, ground.estate.ids) | {field.encode_name: value}
                answer = await _send(ground, "super admin", route, body)
                wrong += ground.complaints(answer)
                named = [one for one in _malformed(answer) if one.startswith(field.encode_name)]
                if len(named) != 1:
                    wrong.append(f"{route} {field.name} {name}: {answer.text[:200]}")
    assert wrong == []


async def test_a_wrong_word_is_answered_with_the_right_ones(ground: Ground, kinds: Kinds) -> None:
    for route in (Route("POST", "/teams"), Route("POST", "/report_targets")):
        body = sample(kinds[route], ground.estate.ids) | {"state": "actve"}
        [error] = _malformed(await _send(ground, "super admin", route, body))
        assert error.startswith("state: Invalid enum value 'actve'; expected one of active, ")


async def test_no_value_of_a_field_breaks_a_route(
    scratch: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each field gets every fourth odd value; a soak sends all."""
    step = 1 if "RINGTEST_SOAK" in os.environ else 4
    wrong = []
    for start, (route, kind) in enumerate((await body_kinds(scratch, monkeypatch)).items()):
        who = (
            "lab" if route.path in ("/jobs", "/jobs/schedule", "/jobs/reported") else "super admin"
        )
        for shift, field in enumerate(msgspec.structs.fields(kind)):
            for value in ODD[(start + shift) % step :: step]:
                body = sample(kind, scratch.estate.ids) | {field.encode_name: value}
                etag = {"If-Match": await _etag(scratch, route)}
                answer = await _send(scratch, who, route, body, **etag)
                wrong += [f"{field.name}={value!r:.40}: {x}" for x in scratch.complaints(answer)]
    assert wrong == []


async def _etag(ground: Ground, route: Route) -> str:
    """The etag that a PUT needs to be looked at."""
    if route.method != "PUT":
        return HEADERS["If-Match"]
    answer = await ground["super admin"].get(ground.url(route))
    found = next(iter(answer.json().values())) if answer.status_code == 200 else None
    return str(found["etag"]) if isinstance(found, dict) else "none"


async def test_a_name_too_long_for_an_index_is_refused(ground: Ground) -> None:
    answer = await ground["super admin"].post("/teams", json={"name": LONG})
    assert (answer.status_code, ground.complaints(answer)) == (400, [])
    assert "shorten it" in answer.json()["message"]


@pytest.mark.parametrize("who", ["super admin", "lab"])
async def test_a_body_over_the_limit_is_413_and_names_the_limit(
    ground: Ground, kinds: Kinds, who: str
) -> None:
    wrong = []
    for route in [*kinds, Route("POST", "/jobs/{job_id:str}/records")]:
        answer = await _send(ground, who, route, b" " * 500_001)
        wrong += ground.complaints(answer)
        if answer.status_code != 413 or answer.json()["payload"] != {"limit": 500_000}:
            wrong.append(f"{route}: {answer.status_code} {answer.text[:100]}")
    assert wrong == []


async def test_a_body_of_unknown_length_is_cut_off_at_the_limit(ground: Ground) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 10_000
            yield b" " * 10_000

    answer = await ground["super admin"].post("/jobs", content=endless())
    assert (answer.status_code, ground.complaints(answer)) == (413, [])
    assert sent < 1_000_000
