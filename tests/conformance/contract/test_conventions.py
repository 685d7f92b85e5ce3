"""Contract §1: what holds for every resource, asked of every row of the tables."""

import asyncio
import re
from uuid import uuid4

import pytest

from tests.conformance.contract.engine import current_etag, expect_error, row_role
from tests.conformance.contract.rows import Row
from tests.conformance.contract.scene import Scene
from tests.conformance.contract.tables import ALL

FULL = [row for row in ALL if row.full and not row.stream and min(row.codes().values()) < 300]
READS = [row for row in FULL if row.call.method == "GET" and "?" not in row.call.path]
NAMED = [row for row in FULL if ":" in row.call.path and "/jobs_events/" not in row.call.path]
ADDING = [row for row in FULL if row.call.method == "POST" and isinstance(row.body, dict)]
CHANGING = [row for row in FULL if row.call.method == "PUT" and row.if_match]
RESOURCES = ["users", "teams", "products", "topics", "remotecis", "feeders", "components"]


def each(rows: list[Row]) -> pytest.MarkDecorator:
    """A test for every row."""
    return pytest.mark.parametrize("row", rows, ids=[row.title for row in rows])


async def _given(scene: Scene, row: Row) -> None:
    for call in row.given:
        await scene.ask(call.by, call.line, call.body, headers=call.headers)


async def _headers(scene: Scene, row: Row, role: str) -> dict[str, str]:
    etag = {"If-match": await current_etag(scene, row, role)} if row.if_match else {}
    return {**row.headers, **etag}


@each(READS)
async def test_a_trailing_slash_never_matters(scene: Scene, row: Row) -> None:
    await _given(scene, row)
    answer = await scene.ask(row_role(row), row.line + "/", headers=row.headers)
    assert answer.status_code < 400, answer.text


@each(NAMED)
async def test_what_is_no_id_names_nothing(scene: Scene, row: Row) -> None:
    await _given(scene, row)
    role = row_role(row)
    headers = await _headers(scene, row, role)
    path = row.call.path.partition("?")[0]
    for name in re.findall(r":[a-z_]+", path)[:1]:
        for wrong in ("!nonsense", "!0", "!%00"):
            line = f"{row.call.method} {path.replace(name, wrong, 1)}"
            answer = await scene.ask(role, line, row.body, headers=headers)
            assert answer.status_code == 404, f"{line}: {answer.status_code} {answer.text}"
            expect_error(answer, line)


@each([row for row in NAMED if row.call.method == "GET"])
async def test_an_id_of_nothing_is_404(scene: Scene, row: Row) -> None:
    await _given(scene, row)
    role = "sa" if "sa" in row.codes() and row.codes()["sa"] < 300 else row_role(row)
    name = re.findall(r":[a-z_]+", row.call.path)[0]
    line = row.line.replace(name, f"!{uuid4()}", 1)
    answer = await scene.ask(role, line, headers=row.headers)
    assert answer.status_code == 404, f"{line}: {answer.status_code} {answer.text}"


@each(ADDING)
async def test_adding_refuses_unknown_keys(scene: Scene, row: Row) -> None:
    await _given(scene, row)
    body = {**row.body, "no such key": 1}
    answer = await scene.ask(row_role(row), row.line, body, headers=row.headers)
    assert answer.status_code == 400, answer.text
    content = answer.json()
    assert content["message"] == "Request malformed"
    assert "no such key" in content["payload"]["error"]
    assert content["payload"]["errors"] == sorted(content["payload"]["errors"])


@each(CHANGING)
async def test_changing_drops_unknown_keys(scene: Scene, row: Row) -> None:
    await _given(scene, row)
    role = row_role(row)
    body = {**(row.body or {}), "no such key": 1}
    answer = await scene.ask(role, row.line, body, headers=await _headers(scene, row, role))
    assert answer.status_code == row.codes()[role], answer.text


@each([row for row in CHANGING if row.stale])
async def test_of_two_writers_with_one_etag_one_is_refused(scene: Scene, row: Row) -> None:
    await _given(scene, row)
    role = row_role(row)
    headers = await _headers(scene, row, role)
    both = [scene.ask(role, row.line, row.body, headers=headers) for _ in range(2)]
    codes = sorted(answer.status_code for answer in await asyncio.gather(*both))
    assert codes == [row.codes()[role], row.stale]


@each([row for row in FULL if row.gives and not row.gives.endswith(("[]", "etag", "meta"))])
async def test_etags_are_32_hex_digits_and_change_with_the_row(scene: Scene, row: Row) -> None:
    await _given(scene, row)
    role = row_role(row)
    before = await _headers(scene, row, role)
    answer = await scene.ask(role, row.line, row.body, headers=before)
    if row.gives == "nothing":
        assert "etag" not in answer.headers
        return
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["etag"])
    if row.if_match:
        assert answer.headers["etag"] != before["If-match"]


@pytest.mark.parametrize("resource", RESOURCES)
async def test_lists_take_a_closed_set_of_parameters(scene: Scene, resource: str) -> None:
    for query in ("nope=1", "limit=5", "offset=0", "sort=nope", "where=nope:1", "where=name"):
        answer = await scene.ask("sa", f"GET /{resource}?{query}")
        assert answer.status_code == 400, f"{query}: {answer.text}"
        expect_error(answer, query)
    answer = await scene.ask("sa", f"GET /{resource}?embed=whatever")
    assert answer.status_code == 200, "[Q] embeds are fixed: the parameter is ignored"


@pytest.mark.parametrize("resource", RESOURCES)
async def test_pages_of_a_list_count_all(scene: Scene, resource: str) -> None:
    for name in ("user", "lab", "own_feeder", "component"):
        await scene.get(name)
    whole = (await scene.ask("sa", f"GET /{resource}?limit=200&offset=0")).json()
    page = (await scene.ask("sa", f"GET /{resource}?limit=1&offset=0")).json()
    assert len(page[resource]) == 1
    assert page["_meta"]["count"] == whole["_meta"]["count"] >= len(whole[resource])


async def test_secrets_are_no_filter(scene: Scene) -> None:
    for resource, column in (
        ("remotecis", "api_secret"),
        ("remotecis", "data"),
        ("feeders", "api_secret"),
        ("users", "password"),
    ):
        for query in (f"where={column}:x", f"sort={column}"):
            assert (await scene.ask("sa", f"GET /{resource}?{query}")).status_code == 400


async def test_every_answer_may_be_read_from_other_pages(scene: Scene) -> None:
    names = "Authorization, Content-Type, If-Match, ETag, X-Requested-With, X-Dci-Team-Id"
    for role, line in (("sa", "GET /teams"), ("nobody", "GET /teams"), ("sa", "GET /nothing")):
        answer = await scene.ask(role, line)
        assert answer.headers["access-control-allow-origin"] == "*"
        for name in names.split(", "):
            assert name in answer.headers["access-control-expose-headers"]
    asked = await scene.ask("nobody", "OPTIONS /teams")
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-methods"].startswith("GET, POST, PUT, DELETE")


async def test_the_versions_greet_without_a_caller(scene: Scene) -> None:
    greeting = {"_status": "OK", "message": "Distributed CI."}
    wanted = greeting if scene.version == "v1" else {**greeting, "version": "2"}
    answer = await scene.ask("nobody", "GET /")
    assert (answer.status_code, answer.json()) == (200, wanted)


async def test_an_unknown_scheme_is_401_and_a_bad_signature_400(scene: Scene) -> None:
    async with scene.client(None) as client:
        for header, code in (
            ("Telepathy x", 401),
            ("DCI2-HMAC-SHA256 nonsense", 400),
            ("Basic !!!", 401),
        ):
            answer = await client.get("/identity", headers={"Authorization": header})
            assert answer.status_code == code, header
            expect_error(answer, header)
