"""Questions over many jobs: answered within what the caller sees, in the shape clients know."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest

from ringtest.client.auth import HmacAuth
from ringtest.control.analytics import model
from ringtest.control.app import all_loops, create_app
from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.query import Compare, Empty, Every, Not, Some
from tests.isolation.two_teams import Estate, build_estate, run_job, run_loops
from tests.parts import ADMIN, connect, first_start, make_parts

Sources = list[dict[str, Any]]


class Server:
    """Two teams with a job that failed and one that runs, and callers."""

    def __init__(self) -> None:
        self.clients: dict[str, httpx.AsyncClient] = {}
        self.estates: dict[str, Estate] = {}

    async def ask(self, who: str, path: str, **params: Any) -> Sources:
        answer = await self.clients[who].get(f"/analytics/{path}", params=params)
        assert answer.status_code == 200, answer.text
        return sources(answer)

    async def post(self, who: str, path: str, body: dict[str, Any]) -> httpx.Response:
        return await self.clients[who].post(f"/analytics/{path}", json=body)


def sources(answer: httpx.Response) -> Sources:
    """What clients of Elasticsearch read."""
    return [hit["_source"] for hit in answer.json()["hits"]["hits"]]


@pytest.fixture(scope="module")
async def server(
    fresh_database: Callable[[], AbstractAsyncContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Server]:
    """One for all: questions change nothing."""
    async with fresh_database() as url:
        db = await Database.connect(url, connections=5)
        parts = make_parts(db, tmp_path_factory.mktemp("analytics"), notifiers={})
        await first_start(parts)
        app = httpx.ASGITransport(app=create_app(parts))
        made = Server()
        made.clients["admin"] = admin = connect(parts, ADMIN, app)
        for name in ("red", "blue"):
            estate = made.estates[name] = await build_estate(admin, name, name)
            await run_loops(all_loops(parts)[:-1])
            await run_job(connect(parts, HmacAuth(*estate.machine), app), estate, name)
            made.clients[name] = connect(parts, estate.user, app)
        yield made
        await db.close()


QUERIES = [
    ("", 3),
    ("(status=failure)", 1),
    ("((status=failure) and (topic.name='red topic red'))", 1),
    ("(status in ['failure', 'running'])", 2),
    ("(components.type=build)", 2),
    ("((components.type=build) and (components.version=2))", 0),
    ("(results.failures>0)", 1),
    ("(tests.testsuites.testcases.name=red)", 1),
    ("(name=~'r.d')", 3),
    ("(team.name='blue team blue')", 0),
    ("(tags=none)", 0),
    ("(components.tags not_in ['x'])", 2),
    ("(not (status=failure))", 2),
]


@pytest.mark.parametrize(("query", "count"), QUERIES)
async def test_a_query_finds_jobs_of_the_callers_teams(
    server: Server, query: str, count: int
) -> None:
    answer = await server.clients["red"].get("/analytics/jobs", params={"query": query})
    assert answer.status_code == 200, answer.text
    assert answer.json()["hits"]["total"] == {"value": count, "relation": "eq"}
    assert {one["team"]["name"] for one in sources(answer)} <= {"red team red"}
    posted = await server.post("red", "jobs", {"query": query})
    assert sources(posted) == sources(answer)


async def test_a_document_has_what_dashboards_read(server: Server) -> None:
    (job,) = await server.ask("red", "jobs", query="(status=failure)")
    ids = server.estates["red"].ids
    assert (job["id"], job["topic"]["id"]) == (ids["job_id"], ids["topic_id"])
    assert job["components"][0]["id"] == ids["component_id"]
    assert (job["results"][0]["failures"], job["pipeline"], job["keys_values"]) == (1, None, [])
    assert "tests" not in job
    (job,) = await server.ask("red", "jobs", query="(status=failure)", includes="id,tests")
    (file,) = job["tests"]
    assert set(job) == {"id", "tests"} or set(job) == {"id"}
    assert file["testsuites"][0]["testcases"][0]["action"] == "failure"


async def test_pages_and_parts_are_chosen(server: Server) -> None:
    first = await server.ask("admin", "jobs", limit=1, sort="created_at", includes="id,team.name")
    assert [set(one) for one in first] == [{"id", "team"}]
    assert set(first[0]["team"]) == {"name"}
    rest = await server.ask("admin", "jobs", limit=200, offset=1, sort="created_at")
    assert len(rest) == 5 and first[0]["id"] not in {one["id"] for one in rest}
    assert await server.ask("admin", "jobs", to="2020-01-01") == []


@pytest.mark.parametrize(
    "params",
    [
        {"query": "(nonsense=1)"}, {"query": "((status=failure)"}, {"limit": "0"},
        {"offset": "-1"}, {"sort": "-data"}, {"from": "yesterday"}, {"size": "1"},
        {"query": "(name=~'(')"}, {"limit": "x"},
    ],
)  # fmt: skip
async def test_what_makes_no_sense_is_refused(server: Server, params: dict[str, str]) -> None:
    answer = await server.clients["red"].get("/analytics/jobs", params=params)
    assert answer.status_code == 400, answer.text


async def test_frequent_values_are_counted_within_the_callers_teams(server: Server) -> None:
    async def terms(who: str, **params: Any) -> dict[str, int]:
        path = "/analytics/jobs/autocomplete"
        answer = await server.clients[who].get(path, params=params)
        assert answer.status_code == 200, answer.text
        buckets = answer.json()["aggregations"]["autocomplete"]["buckets"]
        return {bucket["key"]: bucket["doc_count"] for bucket in buckets}

    assert await terms("red", field="team.name") == {"red team red": 3}
    assert await terms("admin", field="team.name", value="BLUE") == {"blue team blue": 3}
    assert await terms("red", field="status") == {"failure": 1, "new": 1, "running": 1}
    assert await terms("red", field="components.type") == {"build": 2}
    assert await terms("red", field="tags") == {}
    answer = await server.clients["red"].get("/analytics/jobs/autocomplete?field=data")
    assert answer.status_code == 400


async def test_elastic_queries_are_for_administrators(server: Server) -> None:
    query = {"bool": {"filter": [{"term": {"status.keyword": "failure"}}, {"nested": {
        "path": "components", "query": {"match": {"components.type": "build"}}}}],
        "must_not": {"wildcard": {"name": {"value": "nob*"}}}}}  # fmt: skip
    body = {"query": query, "size": 5, "_source": ["id"], "sort": [{"created_at": "desc"}]}
    answer = await server.post("admin", "jobs2", body)
    assert answer.status_code == 200, answer.text
    wanted = {estate.ids["job_id"] for estate in server.estates.values()}
    # jobs without a name are neither like nor unlike a pattern
    assert {one["id"] for one in sources(answer)} <= wanted
    body["query"] = {"term": {"status": "failure"}}
    assert {one["id"] for one in sources(await server.post("admin", "jobs2", body))} == wanted
    assert (await server.post("red", "jobs2", body)).status_code == 401
    refused = await server.post("admin", "jobs2", {"query": {"script": {"source": "1"}}})
    assert refused.status_code == 400 and "bool" in refused.json()["payload"]["understood"]


def test_elastic_clauses_become_the_one_tree() -> None:
    def read(query: dict[str, Any]) -> Any:
        return model.read_elastic(model.AskElastic(query=query), {"tags"}).node

    assert read({"match_all": {}}) is None
    assert read({"terms": {"tags": ["a", "b"]}}) == Some(
        (Compare("tags", "contains", ("a",)), Compare("tags", "contains", ("b",)))
    )
    assert read({"range": {"duration": {"gte": 1, "lt": 5}}}) == Every(
        (Compare("duration", "ge", ("1",)), Compare("duration", "lt", ("5",)))
    )
    assert read({"exists": {"field": "name"}}) == Not(Empty("name"))
    assert read({"prefix": {"name": "a.b"}}) == Compare("name", "match", ("a\\.b.*",))
    assert read({"bool": {"should": [{"ids": {"values": ["x"]}}]}}) == Compare("id", "in", ("x",))


@pytest.mark.parametrize(
    "query",
    [
        {"x": 1}, {"term": {}}, {"term": {"a": {}}}, {"range": {"a": {"near": 1}}}, {"ids": {}},
        {"bool": {"x": []}}, {"bool": {"must": "x"}}, {"terms": {"a": []}}, {"exists": {}},
        {"a": {}, "b": {}},
    ],
)  # fmt: skip
def test_clauses_that_are_not_understood_are_named(query: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="is not understood") as refused:
        model.read_elastic(model.AskElastic(query=query), set())
    assert "bool" in refused.value.payload["understood"]


async def test_coverage_counts_jobs_of_the_named_team(server: Server) -> None:
    ids = server.estates["red"].ids
    path = "tasks_components_coverage"
    (one,) = await server.ask("red", path, topic_id=ids["topic_id"], team_id=ids["team_id"])
    assert one["component_id"] == ids["component_id"]
    assert [job["id"] for job in one["failed_jobs"]] == [ids["job_id"]]
    assert one["success_jobs"] == []
    red, other = server.clients["red"], server.estates["blue"].ids
    for params, status in (
        ({"topic_id": ids["topic_id"]}, 400),
        ({"topic_id": ids["topic_id"], "team_id": other["team_id"]}, 401),
        ({"topic_id": other["topic_id"], "team_id": ids["team_id"]}, 401),
        ({"team_id": ids["team_id"]}, 400),
    ):
        assert (await red.get(f"/analytics/{path}", params=params)).status_code == status


async def test_task_times_are_cumulated_per_job(server: Server) -> None:
    ids = server.estates["red"].ids
    params = {"topic_id": ids["topic_id"], "remoteci_id": ids["remoteci_id"]}
    (job,) = await server.ask("red", "tasks_duration_cumulated", **params)
    assert (job["job_id"], job["data"]) == (ids["job_id"], [])
    answer = await server.clients["blue"].get("/analytics/tasks_duration_cumulated", params=params)
    assert answer.status_code == 401


async def test_times_of_tests_are_compared(server: Server) -> None:
    ids = server.estates["red"].ids
    body: dict[str, Any] = {"test_name": "red.xml"}
    for side in ("1", "2"):
        body |= {
            f"topic_{side}_id": ids["topic_id"],
            f"topic_{side}_start_date": "2020-01-01",
            f"topic_{side}_end_date": "2100-01-01",
        }
    answer = await server.post("red", "junit_comparison", body)
    assert answer.status_code == 200, answer.text
    compared = answer.json()
    assert (compared["len_jobs_topic_1"], sum(compared["values"])) == (1, 1)
    assert compared["details"][0]["testcase"] == "red"
    assert (await server.post("blue", "junit_comparison", body)).status_code == 401


def test_changes_fall_into_bins_of_five_percent() -> None:
    at = model.moment("x", "2026-01-01")
    first = [model.Run(None, at, [1, 2, 3], [1.0, 2.0, 0.0])]  # type: ignore[arg-type]
    second = [model.Run(None, at, [1, 2, 4], [1.0, 9.0, 1.0])]  # type: ignore[arg-type]
    compared = model.compare_times(first, second, "mean", "median")
    counts = dict(zip(compared["intervals"], compared["values"], strict=True))
    assert {low: n for low, n in counts.items() if n} == {0: 1, 105: 1}
    assert compared["trend_percentage"][0]["value"] == 350.0


async def test_pipelines_are_told_by_day(server: Server) -> None:
    body = {"start_date": "2020-01-01", "end_date": "2100-01-01"}
    (day,) = (await server.post("red", "pipelines_status", body)).json()["days"]
    assert [one["id"] for one in day["pipelines"]] == [server.estates["red"].ids["pipeline_id"]]
    assert (
        len((await server.post("admin", "pipelines_status", body)).json()["days"][0]["pipelines"])
        == 2
    )
    body |= {"teams_ids": [server.estates["blue"].ids["team_id"]]}  # type: ignore[dict-item]
    assert (await server.post("red", "pipelines_status", body)).status_code == 401
