"""Query strings that make no sense, on every route that is read."""

import base64
import json
import os
import zlib
from urllib.parse import quote

import pytest

from tests.bad_input.ground import Ground, Route, all_routes

UNPAGED = {
    "/identity", "/users/me", "/users/{user_id:str}/teams", "/users/{user_id:str}/remotecis",
    "/teams/{team_id:str}/users", "/teams/{team_id:str}/permissions/components",
    "/products/{product_id:str}/teams", "/remotecis/{remoteci_id:str}/data",
    "/remotecis/{remoteci_id:str}/users", "/jobs/{job_id:str}/stages",
    "/jobs/{job_id:str}/holds", "/jobs/{job_id:str}/builds", "/jobs/{job_id:str}/inventory",
    "/jobs/{job_id:str}/inventory/differences", "/remotecis/{remoteci_id:str}/consent",
    "/jobs/{job_id:str}/attempts", "/jobs/{job_id:str}/results", "/files/{file_id:str}/junit",
    "/files/{file_id:str}/content", "/archive/{file_id:str}/content", "/topics/notifications",
    "/topics/{topic_id:str}/notifications/users", "/feeders/{machine_id:str}/keys",
    "/remotecis/{machine_id:str}/keys", "/uploads", "/stats", "/jobs_events/sequence",
    "/products/{product_id:str}/signature_policy", "/jobs/{job_id:str}/labs",
    "/job_definitions/{definition_id:str}/labs",
}  # fmt: skip
"""Links and single things: the wire format's clients send them parameters nobody asked for."""
READ = [route for route in all_routes() if route.method == "GET" and not route.is_stream]
LISTS = [route for route in READ if route.path not in UNPAGED and not route.path.endswith("}")]

BAD_PAGES = [
    "limit=0&offset=0", "limit=-1&offset=0", "limit=5", "offset=5", "limit=99999999999999999999"
    "&offset=0", "limit=1e3&offset=0", "limit=%D9%A1&offset=0", "limit=%00&offset=0",
    "limit=&offset=", "limit=5&offset=x", "limit=1&offset=0&limit=x",
]  # fmt: skip
BAD_FILTERS = [
    "where=name", "where=:", "where=id:abc", "where=id:%27%20OR%201=1", "where=name:a%0Ab",
    "where=name:%00", "where=%22", "where=created_at:yesterday", "where=nonsense:1",
    "where=created_at:9999-12-31T23:59:59-14:00", "where=api_secret:x", "where=password:x",
    "where=" + ",".join(["id:" + "0" * 32] * 101), "where=id:" + "x" * 60_000,
    "created_after=nonsense", "created_after=%00", "created_after=99999999999999999999999",
    "created_after=0001-01-01T00:00:00%2B14:00", "created_after=%C2%B2",
    "query=nonsense(", "query=eq(nonsense,x)", "query=eq(id,'x)", "query=eq(id,x) or",
    "query=" + "and(" * 3000, "fields=nonsense", "fields=,", "after=nonsense",
    "sort=nonsense", "sort=-", "sort=id;drop table jobs", "sort=%00",
]  # fmt: skip
STRANGE = [
    "limit=5&offset=999999999999999999", "sort=" + ",".join(["created_at"] * 500), "embed=%00",
    "where=created_at:2026-01-01T00:00:00%2B05:00", "where=name:%ff%fe", "where=name:%ED%A0%80",
    "where=size:99999999999999999999", "where=size:3000000000", "where=attempts:3000000000",
    "where=name:" + "x" * 20_000, "where=tags:x", "where=state:nonsense", "where=etag:",
    "query=nonsense(", "query=" + "and(" * 3000, "after=nonsense", "after=%00", "after=-1",
    "after=k9999-99-99_x", "after=o99999999999999999999", "limit=5&after=" + "A" * 5000,
    "topic_id=nonsense", "topic_id=%00", "types=%00", "attempt=0", "attempt=%D9%A1",
    "attempt=99999999999", "q=%00", "q=" + "x" * 50_000, "from_line=-1", "keys=%00",
    "from_line=99999999999999999999", "keys=" + "a," * 5000, "jobs_limit=x", "jobs_limit=0",
    "jobs_offset=99999999999999", "outcome=nonsense", "state=nonsense", "=", "&&&", "%00=1",
    "%ff=1", "a[]=1", "where", "updated_after=1",
]  # fmt: skip


NO_QUESTIONS = [
    "(", "((", "((status=", "((status=failure)", "((status=failure failure))", "((nonsense=1))",
    "((team.nonsense=1))", "((components.type in ))", "((components.type in ['a'))",
    "((status=failure) and )", "((status=failure) nor (name=x))", "((name=~[))", "((name=~(a))",
    "((name=~*))", "((created_at>sometime))", "((duration>x))", "((id=x))", "((name=\0))",
    "((tags=~x\0))", "((" * 3000, "((name=x)) ((name=y", "((duration>1" + "0" * 400 + "))",
]  # fmt: skip


def _cursor(words: object, order: str = "-created_at,id") -> str:
    """A cursor of that order whose proof is right: anybody could compute it."""
    body = json.dumps(words).encode()
    proof = zlib.crc32(body + order.encode()).to_bytes(4, "big")
    return base64.urlsafe_b64encode(proof + body).rstrip(b"=").decode()


CURSORS = [
    "nonsense", "AAAA", "A" * 20_000, "%00", "\u0661", _cursor([]), _cursor({}), _cursor(None),
    _cursor(["2026-01-01"]), _cursor(["yesterday", "x"]), _cursor([1, 2]), _cursor([[], []]),
    _cursor(["2026-01-01T00:00:00\0", "0" * 32]), _cursor(["2026-01-01T00:00:00", "' or 1=1"]),
    _cursor(["9999-12-31T23:59:59-14:00", "0" * 32]), _cursor([1e400, "0" * 32]),
    _cursor(["2026-01-01T00:00:00", "0" * 32, "more"]),
]  # fmt: skip


def test_every_list_is_known_to_this_test() -> None:
    assert len(LISTS) > 30
    assert {route.path for route in READ} >= UNPAGED


async def test_a_parameter_that_nobody_reads_is_named(ground: Ground) -> None:
    wrong = []
    for route in LISTS:
        answer = await ground["super admin"].get(ground.url(route), params={"nonsence": "1"})
        payload = answer.json().get("payload", {})
        if answer.status_code != 400 or payload.get("unknown") != ["nonsence"]:
            wrong.append(f"{route}: {answer.status_code} {answer.text[:100]}")
        if "nonsence" not in answer.json()["message"] or not payload.get("allowed"):
            wrong.append(f"{route} does not name what is allowed: {answer.text[:100]}")
    assert wrong == []


async def test_a_parameter_name_is_not_echoed_at_length(ground: Ground) -> None:
    answer = await ground["super admin"].get("/jobs?" + "x" * 50_000)
    assert (answer.status_code, ground.complaints(answer)) == (400, [])


@pytest.mark.parametrize("bad", [*BAD_PAGES, *BAD_FILTERS], ids=lambda text: text[:40])
async def test_a_list_refuses_what_it_cannot_do(ground: Ground, bad: str) -> None:
    wrong = []
    for route in LISTS:
        answer = await ground["super admin"].get(f"{ground.url(route)}?{quote(bad, safe='=&%')}")
        wrong += ground.complaints(answer)
        if answer.status_code != 400 and not _pages_its_own_way(route, bad):
            wrong.append(f"{route}?{bad[:60]}: {answer.status_code} {answer.text[:100]}")
    assert wrong == []


def _pages_its_own_way(route: Route, bad: str) -> bool:
    """Tests, log lines, analytics and trends may have one of limit and offset without the other;
    files of a component come all at once."""
    if route.path == "/components/{component_id:str}/files":
        return bad == "after=nonsense"
    is_own = route.path.endswith((
        "/tests", "/log", "/log/search", "/analytics/jobs", "/flaky_tests", "/trend",
        "/durations", "/coverage", "/blast_radius", "/similar", "/archive",
    ))  # fmt: skip
    return is_own and bad in ("limit=5", "offset=5", "limit=1e3&offset=0")


async def test_columns_are_listed_to_who_names_a_wrong_one(ground: Ground) -> None:
    for bad, key in (("where=nonsense:1", "valid_where_keys"), ("sort=x", "valid_sort_keys")):
        answer = await ground["lab"].get(f"/jobs?{bad}")
        assert "created_at" in answer.json()["payload"][key]


async def test_no_query_breaks_a_route(ground: Ground) -> None:
    """Each route gets a fifth of them, as they are shared by many; a soak all."""
    wrong = []
    step = 1 if "RINGTEST_SOAK" in os.environ else 5
    queries = [*STRANGE, *BAD_PAGES, *BAD_FILTERS]
    for start, route in enumerate(READ):
        for number in range(start % step, len(queries), step):
            who = ("super admin", "lab", "user")[number % 3]
            query = quote(queries[number], safe="=&%[]")
            wrong += ground.complaints(await ground[who].get(f"{ground.url(route)}?{query}"))
    assert wrong == []


@pytest.mark.parametrize("text", NO_QUESTIONS, ids=lambda text: repr(text)[:40])
async def test_a_question_that_makes_no_sense_is_400(ground: Ground, text: str) -> None:
    for who in ("super admin", "user"):
        for answer in (
            await ground[who].get("/analytics/jobs", params={"query": text}),
            await ground[who].post("/analytics/jobs", json={"query": text}),
        ):
            assert (answer.status_code, ground.complaints(answer)) == (400, []), answer.text


@pytest.mark.parametrize("cursor", CURSORS, ids=lambda text: text[:30])
async def test_a_cursor_that_we_did_not_write_is_400(ground: Ground, cursor: str) -> None:
    wrong = []
    for route in LISTS:
        if _pages_its_own_way(route, "after=nonsense"):
            continue
        for who in ("super admin", "user"):
            answer = await ground[who].get(ground.url(route), params={"after": cursor})
            wrong += ground.complaints(answer)
            if answer.status_code not in (400, 401, 404):
                wrong.append(f"{who}: {route}: {answer.status_code} {answer.text[:100]}")
    assert wrong == []


async def test_a_time_with_a_zone_is_the_same_moment(ground: Ground) -> None:
    job = (await ground["lab"].get("/jobs?limit=1&offset=0")).json()["jobs"][0]
    shifted = job["created_at"] + "+00:00"
    found = await ground["lab"].get("/jobs", params={"where": f"created_at:{shifted}"})
    assert [one["id"] for one in found.json()["jobs"]] == [job["id"]]


@pytest.mark.parametrize("bad", ["0", "-1", "x", "", "1e3", "%D9%A1", "9" * 30, "%00"])
async def test_labs_shown_of_a_blast_radius_are_a_whole_number(ground: Ground, bad: str) -> None:
    address = ground.url(Route("GET", "/failure_groups/{group_id:str}/blast_radius"))
    for who in ("super admin", "user"):
        answer = await ground[who].get(f"{address}?limit={bad}")
        assert (answer.status_code, ground.complaints(answer)) == (400, []), answer.text
        assert (await ground[who].get(f"{address}?limit=1")).status_code == 200
