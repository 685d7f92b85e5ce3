"""Signed requests, signed by dciauth itself: both its signers, every way to be refused."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from dciauth.signature import HmacSignature
from dciauth.v2.headers import generate_headers

from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.settings import Settings
from ringtest.control.labs import api as labs_api
from tests.control.people import World, count_statements, open_world

HOST = "ring"
Signer = Callable[..., dict[str, str]]


@pytest.fixture
async def world(clocked_db: Database) -> AsyncIterator[World]:
    async with open_world(clocked_db, [identity_api, labs_api]) as opened:
        yield opened


def dci2(
    world: World,
    path: str,
    *,
    method: str = "GET",
    params: dict[str, str] | None = None,
    data: str | bytes = b"",
    key: str = "secret of red lab",
    access: str = "",
    at: datetime | None = None,
    **more: Any,
) -> dict[str, str]:
    """Headers of the signer that dciclient uses."""
    now = at or world.db.clock.now()
    request: dict[str, Any] = {
        "method": method,
        "endpoint": path,
        "params": params or {},
        "host": HOST,
        "data": data,
        "timestamp": now.strftime("%Y%m%dT%H%M%SZ"),
        "datestamp": now.strftime("%Y%m%d"),
        **more,
    }
    access = access or f"remoteci/{world.machines['red lab']}"
    made: dict[str, str] = generate_headers(request, {"access_key": access, "secret_key": key})
    return made


def sigv4(
    world: World,
    path: str,
    *,
    method: str = "GET",
    params: dict[str, str] | None = None,
    data: str | bytes = b"",
    key: str = "secret of red lab",
    access: str = "",
    at: datetime | None = None,
    algorithm: str = "AWS4-HMAC-SHA256",
    request_type: str = "aws4_request",
) -> dict[str, str]:
    """Headers of dciauth's newer signer, in the form of AWS."""
    signer = HmacSignature(
        {
            "algorithm": algorithm,
            "service_name": "api",
            "service_key": request_type,
            "region_name": "BHS3",
        },
        now=(at or world.db.clock.now()).replace(tzinfo=UTC),
    )
    signer.add_request(
        {"method": method, "path": path, "params": params or {}, "host": HOST, "data": data}
    )
    access = access or f"remoteci/{world.machines['red lab']}"
    made: dict[str, str] = signer.generate_headers({"access_key": access, "secret_key": key})
    return made


@pytest.fixture(params=["dci2", "sigv4", "sigv4 as dci2"])
def sign(request: pytest.FixtureRequest) -> Signer:
    if request.param == "dci2":
        return dci2
    if request.param == "sigv4":
        return sigv4

    def sign(world: World, path: str, **more: Any) -> dict[str, str]:
        return sigv4(world, path, algorithm="DCI2-HMAC-SHA256", request_type="dci2_request", **more)

    return sign


async def ask(
    world: World,
    headers: dict[str, str],
    target: str = "/identity",
    method: str = "GET",
    **more: Any,
) -> httpx.Response:
    return await world["nobody"].request(method, target, headers=headers, **more)


PATH = "/api/v1/identity"


async def test_a_signed_request_is_recognised_in_one_statement(world: World, sign: Signer) -> None:
    counter = count_statements()
    answer = await ask(world, sign(world, PATH))
    assert answer.status_code == 200, answer.text
    assert counter == [1]
    identity = answer.json()["identity"]
    assert identity["id"] == str(world.machines["red lab"])
    assert identity["name"] is None
    (team,) = identity["teams"].values()
    assert team["team_name"] == "red"
    assert team["state"] == "active"


async def test_a_feeder_signs_with_its_own_type(world: World, sign: Signer) -> None:
    access = f"feeder/{world.machines['feeder']}"
    headers = sign(world, PATH, access=access, key="secret of feeder")
    assert (await ask(world, headers)).json()["identity"]["kind"] == "feeder"
    wrong = sign(world, PATH, access=access.replace("feeder", "remoteci"), key="secret of feeder")
    assert (await ask(world, wrong)).status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        "where=name:a&limit=1&offset=0",
        "limit=1&offset=0&where=name%3Aa%20b%2Cstate%3Aactive",
        "where=name:%C3%A9+%E2%9C%93",
        "where=name:x&where=name:y",
        "sort=-name&sort=name&limit=1&offset=0&limit=2",
        "where=name:~_.-*%2F%3D%26",
    ],
)
async def test_query_strings_are_covered_last_value_of_a_key(
    world: World, sign: Signer, query: str
) -> None:
    params = dict(httpx.QueryParams(query).multi_items())
    headers = sign(world, "/api/v1/remotecis", params=params)
    answer = await ask(world, headers, f"/remotecis?{query}")
    assert answer.status_code == 200, answer.text
    changed = await ask(world, headers, f"/remotecis?{query}&sort=name,id")
    assert changed.status_code == 400
    assert changed.json()["message"] == "HmacMechanism failed: signature is invalid"


async def test_an_unsigned_first_value_changes_nothing(world: World, sign: Signer) -> None:
    headers = sign(world, "/api/v1/remotecis", params={"where": "name:none"})
    answer = await ask(world, headers, "/remotecis?where=name:red+lab&where=name:none")
    assert answer.json()["remotecis"] == []


@pytest.mark.parametrize("path", ["/identity/", "/ident%69ty", "//identity"])
async def test_paths_are_signed_decoded_and_as_sent(world: World, sign: Signer, path: str) -> None:
    answer = await ask(world, sign(world, f"/api/v1{path}"), f"http://ring/api/v1{path}")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("minutes", [-15, -14, 0, 15])
async def test_clocks_may_be_fifteen_minutes_off(world: World, sign: Signer, minutes: int) -> None:
    at = world.db.clock.now() + timedelta(minutes=minutes)
    assert (await ask(world, sign(world, PATH, at=at))).status_code == 200


@pytest.mark.parametrize("seconds", [-901, 901, 86400 * 365])
async def test_a_signature_of_another_time_is_400(world: World, sign: Signer, seconds: int) -> None:
    at = world.db.clock.now() + timedelta(seconds=seconds)
    answer = await ask(world, sign(world, PATH, at=at))
    assert answer.status_code == 400
    assert answer.json()["message"] == "HmacMechanism failed: signature is expired"


async def test_a_signature_grows_old(world: World, sign: Signer, clock: VirtualClock) -> None:
    headers = sign(world, PATH)
    clock.advance(900)
    assert (await ask(world, headers)).status_code == 200
    clock.advance(1)
    assert (await ask(world, headers)).status_code == 400


async def test_the_body_is_covered_and_reaches_the_handler(world: World, sign: Signer) -> None:
    lab = world.machines["red lab"]
    etag = (await world.get("red lab", f"/remotecis/{lab}"))["remoteci"]["etag"]
    body = json.dumps({"data": {"text": "é" * 1000}})
    path = f"/api/v1/remotecis/{lab}"
    headers = {**sign(world, path, method="PUT", data=body), "If-match": etag}
    other = await ask(world, headers, f"/remotecis/{lab}", "PUT", content=body + " ")
    assert other.status_code == 400
    answer = await ask(world, headers, f"/remotecis/{lab}", "PUT", content=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["remoteci"]["data"] == json.loads(body)["data"]


async def test_a_huge_body_is_413_before_it_is_kept(world: World, sign: Signer) -> None:
    body = b" " * (1024 * 1024 + 1)
    lab = world.machines["red lab"]
    headers = sign(world, f"/api/v1/remotecis/{lab}", method="PUT", data=body)
    answer = await ask(world, headers, f"/remotecis/{lab}", "PUT", content=body)
    assert answer.status_code == 413


async def test_method_host_and_key_are_covered(world: World, sign: Signer) -> None:
    for headers, more in (
        (sign(world, PATH, method="HEAD"), {}),
        (sign(world, PATH, key="another secret"), {}),
        ({**sign(world, PATH), "host": "elsewhere"}, {}),
        (sign(world, PATH), {"target": "/remotecis"}),
    ):
        answer = await ask(world, headers, **more)
        assert answer.status_code == 400
        assert answer.json()["message"] == "HmacMechanism failed: signature is invalid"


async def test_unknown_and_inactive_machines_are_401(world: World, sign: Signer) -> None:
    for access in (f"remoteci/{uuid4()}", "remoteci/nonsense"):
        assert (await ask(world, sign(world, PATH, access=access))).status_code == 401
    for state in ("inactive", "archived"):
        await world.sql("UPDATE remotecis SET state = $1::row_state", state)
        assert (await ask(world, sign(world, PATH))).status_code == 401


async def test_a_machine_of_an_inactive_team_is_412(world: World, sign: Signer) -> None:
    await world.sql("UPDATE teams SET state = 'inactive' WHERE name = 'red'")
    answer = await ask(world, sign(world, PATH))
    assert answer.status_code == 412
    assert answer.json()["message"] == "team red not active"
    wrong = await ask(world, sign(world, PATH, key="guess"))
    assert wrong.status_code == 400, "only the machine itself learns of it"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "DCI2-HMAC-SHA256"),
        ("Authorization", "DCI2-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0"),
        ("Authorization", "DCI2-HMAC-SHA256 Credential=, SignedHeaders=, Signature="),
        ("Authorization", "AWS4-HMAC-SHA256 " + "x" * 10_000),
        ("X-DCI-Date", "yesterday"),
        ("X-DCI-Date", ""),
    ],
)
async def test_unusable_signature_headers_are_400(world: World, name: str, value: str) -> None:
    answer = await ask(world, {**dci2(world, PATH), name: value})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("HmacMechanism failed: ")


async def test_signed_headers_that_were_not_sent_are_400(world: World) -> None:
    headers = dci2(world, PATH)
    headers["Authorization"] = headers["Authorization"].replace("host;", "host;x-absent;")
    assert (await ask(world, headers)).status_code == 400


async def test_users_do_not_sign(world: World) -> None:
    access = f"user/{world.users['red user']}"
    assert (await ask(world, dci2(world, PATH, access=access))).status_code == 400


async def test_the_old_prefix_is_verified_the_same_way(world: World) -> None:
    headers = dci2(world, PATH, algorithm="DCI-HMAC-SHA256")
    assert (await ask(world, headers)).status_code == 200


async def test_further_headers_may_be_signed(world: World) -> None:
    stamp = world.db.clock.now().strftime("%Y%m%dT%H%M%SZ")
    canonical = {"host": HOST, "x-dci-date": stamp, "user-agent": "agent 1"}
    headers = dci2(
        world,
        PATH,
        signed_headers="host;user-agent;x-dci-date",
        canonical_headers=canonical,
    )
    assert (await ask(world, {**headers, "User-Agent": "agent 1"})).status_code == 200
    assert (await ask(world, {**headers, "User-Agent": "agent 2"})).status_code == 400


async def test_a_key_sealed_by_another_server_does_not_open(world: World) -> None:
    await world.sql("UPDATE credentials SET secret = $1", hashlib.sha256(b"other").digest())
    assert (await ask(world, dci2(world, PATH))).status_code == 400


def by_botocore(world: World, method: str, url: str, body: bytes = b"") -> dict[str, str]:
    """Headers of Amazon's own signer, at the machine's time."""
    credentials = Credentials(f"remoteci/{world.machines['red lab']}", "secret of red lab")
    request = AWSRequest(method, url, data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(credentials, "api", "BHS3").add_auth(request)
    return dict(request.headers.items())


async def test_amazons_own_signer_is_understood(db: Database) -> None:
    async with open_world(db, [identity_api, labs_api]) as world:
        lab = world.machines["red lab"]
        base = "http://ring/api/v1"
        for query in ("", "?limit=5&offset=0&sort=-name", "?where=name%3Ared%20lab"):
            url = f"{base}/remotecis{query}"
            answer = await ask(world, by_botocore(world, "GET", url), url)
            assert answer.status_code == 200, answer.text
        etag = (await world.get("red lab", f"/remotecis/{lab}"))["remoteci"]["etag"]
        url, body = f"{base}/remotecis/{lab}", b'{"data": {"signed": "by amazon"}}'
        headers = {**by_botocore(world, "PUT", url, body), "If-match": etag}
        wrong = await ask(world, headers, url, "PUT", content=body + b" ")
        assert wrong.status_code == 400
        answer = await ask(world, headers, url, "PUT", content=body)
        assert answer.status_code == 200, answer.text


async def test_behind_a_proxy_the_public_name_may_be_what_was_signed(
    clocked_db: Database,
) -> None:
    settings = Settings(data=Path("/nonexistent"), public_url="https://ci.example:8443/")
    async with open_world(clocked_db, [identity_api], settings=settings) as world:
        for host, status in (("ci.example:8443", 200), ("ring", 200), ("elsewhere", 400)):
            headers = dci2(world, PATH, host=host) | {"Host": "ring"}
            assert (await ask(world, headers)).status_code == status
