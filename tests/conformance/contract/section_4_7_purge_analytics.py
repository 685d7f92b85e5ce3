"""Contract §4.7: purges and analytics."""

import httpx

from tests.conformance.contract.rows import REST, Row
from tests.conformance.contract.scene import Scene

ALL = "sa epm ro user other loner lab other_lab feeder"
DAYS = {"start_date": "2020-01-01", "end_date": "2100-01-01"}
SIDES = {
    f"topic_{side}_{name}": value
    for side in (1, 2)
    for name, value in {
        "id": ":topic",
        "start_date": "2020-01-01",
        "end_date": "2100-01-01",
    }.items()
}


def hits(answer: httpx.Response, _: Scene) -> None:
    """The envelope that clients of Elasticsearch read."""
    inside = answer.json()["hits"]
    assert set(inside["total"]) == {"value", "relation"}
    assert all("_source" in hit for hit in inside["hits"])


def days(answer: httpx.Response, _: Scene) -> None:
    assert isinstance(answer.json()["days"], list)


def histogram(answer: httpx.Response, _: Scene) -> None:
    assert len(answer.json()["values"]) == len(answer.json()["intervals"]) == 44


PURGES = [
    row
    for kind in (
        "jobs", "components", "files", "products", "topics", "teams", "users", "remotecis",
        "feeders",
    )
    for row in (
        Row(f"GET /{kind}/purge", {200: "sa", 401: REST}, gives=f"{kind}[]"),
        Row(f"POST /{kind}/purge", {204: "sa", 401: REST}, gives="nothing"),
    )
]  # fmt: skip

ANALYTICS = [
    Row("GET /analytics/jobs", {200: ALL, 401: "nobody"}, check=hits),
    Row("GET /analytics/jobs?limit=0", {400: "user"}),
    Row("GET /analytics/jobs?query=((a", {400: "user"}),
    Row("POST /analytics/jobs", {200: ALL, 401: "nobody"}, {"query": "(status=new)"}, check=hits),
    Row("POST /analytics/jobs", {400: "user"}, {"nonsense": 1}, note="key"),
    Row("GET /analytics/jobs/autocomplete?field=status", {200: ALL, 401: "nobody"}, check=hits),
    Row("POST /analytics/jobs/autocomplete", {200: ALL, 401: "nobody"}, {"field": "name"}),
    Row("GET /analytics/jobs2", {200: "sa epm", 401: REST}, check=hits),
    Row("POST /analytics/jobs2", {200: "sa epm", 401: REST}, {"query": {"match_all": {}}}),
    Row("POST /analytics/jobs2", {400: "sa"}, {"query": {"script": {}}}),
    Row(
        "GET /analytics/tasks_duration_cumulated?topic_id=:topic&remoteci_id=:lab",
        {200: "sa epm ro user lab", 401: "other loner other_lab feeder nobody"},
        check=hits,
    ),
    Row("GET /analytics/tasks_duration_cumulated", {400: "user"}),
    Row(
        "GET /analytics/tasks_components_coverage?topic_id=:topic&team_id=:team",
        {200: "sa epm ro user lab", 401: "other loner other_lab feeder nobody"},
        check=hits,
    ),
    Row("GET /analytics/tasks_components_coverage?topic_id=:topic", {400: "user"}),
    Row(
        "POST /analytics/junit_comparison",
        {200: "sa epm ro user lab feeder", 401: REST},
        {**SIDES, "test_name": "tests.xml"},
        check=histogram,
    ),
    Row("POST /analytics/junit_comparison", {400: "user"}, {}),
    Row("POST /analytics/pipelines_status", {200: ALL, 401: "nobody"}, DAYS, check=days),
    Row(
        "POST /analytics/pipelines_status",
        {200: "sa epm ro user lab", 401: REST},
        {**DAYS, "teams_ids": [":team"]},
    ),
    Row("POST /analytics/pipelines_status", {400: "user"}, {"start_date": "soon"}),
]

ROWS = [*PURGES, *ANALYTICS]
