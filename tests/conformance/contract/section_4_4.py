"""Contract §4.4: components and the access rule of §3; their files."""

from typing import Any

import httpx

from tests.conformance.contract.rows import REST, Call, Check, Row
from tests.conformance.contract.scene import Scene

REACH = "sa epm ro feeder user lab"
"""Who reaches a component without a team in a topic of the owning team's product."""
MEMBERS = "sa epm user lab"
MAKERS = "sa epm feeder"

NEW: dict[str, Any] = {"type": "RPM", "topic_id": ":topic", "name": ":new"}
OWN = {**NEW, "team_id": ":team"}
GRANTED = Call("POST /teams/:other_team/permissions/components", {"teams_ids": [":team"]})
REACHED = Call("POST /products/:product/teams", {"team_id": ":other_team"})


def named(given: dict[str, Any], wanted: dict[str, Any], note: str) -> Row:
    """A component's names from those that are given."""
    body = {"type": "build", "topic_id": ":topic", **given}
    return Row("POST /components", {201: "feeder"}, body, has=wanted, note=note)


def published(times: int) -> Check:
    """How often the component was said to be there."""

    async def check(answer: httpx.Response, scene: Scene) -> None:
        found = await scene.sql(
            "SELECT count(*) FROM events WHERE type = 'component.published'"
            " AND payload->>'component_id' = $1",
            answer.json()["component"]["id"],
        )
        assert found == times

    return check


async def component_is_gone(_: httpx.Response, scene: Scene) -> None:
    """An archived component is in no read."""
    for who in ("sa", "user"):
        assert (await scene.ask(who, "GET /components/:component")).status_code == 404
        for path in ("/components", "/topics/:topic/components"):
            listed = await scene.ask(who, f"GET {path}?where=id::component")
            assert listed.json()["_meta"]["count"] == 0


def jobs_are(*names: str) -> Check:
    """Jobs that used the component, as far as the caller may see them."""

    async def check(answer: httpx.Response, scene: Scene) -> None:
        component = answer.json()["component"]
        wanted = {str(await scene.id(name)) for name in names}
        assert {job["id"] for job in component["jobs"]} == wanted
        assert component["_jobs"] == {"count": len(names), "limit": 100, "offset": 0}
        assert component["files"] == []

    return check


USED = (Call("GET /jobs/:job"), Call("GET /jobs/:other_job"))

CREATE = [
    Row(
        "POST /components",
        {201: MAKERS, 401: REST},
        NEW,
        gives="component",
        has={"type": "rpm", "team_id": None, "tags": [], "data": {}, "state": "active"},
        check=published(1),
        note="everyone's",
    ),
    Row(
        "POST /components",
        {201: MEMBERS, 401: REST},
        OWN,
        gives="component",
        has={"team_id": ":team"},
        check=published(1),
        note="a team's own",
    ),
    Row(
        "POST /components",
        {201: "sa"},
        {**NEW, "state": "inactive"},
        check=published(0),
        note="inactive: nobody is told",
    ),
    Row(
        "POST /components",
        {401: "user lab", 201: "sa epm"},
        {**OWN, "topic_id": ":pre_release_topic"},
        note="in a topic that the team does not reach",
    ),
    Row("POST /components", {404: "sa feeder"}, {**NEW, "topic_id": ":nothing"}),
    Row("POST /components", {404: "sa"}, {**NEW, "team_id": ":nothing"}),
    Row("POST /components", {400: "sa"}, {**NEW, "more": 1}, note="unknown key"),
    Row("POST /components", {400: "sa"}, {**NEW, "display_name": "x"}, note="both names"),
    Row(
        "POST /components",
        {400: "sa"},
        {"type": "build", "topic_id": ":topic"},
        note="neither name",
    ),
    Row(
        "POST /components",
        {201: "sa"},
        {**NEW, "tags": ["build:ga", "kernel:6.1"], "released_at": "2026-01-15T09:30:12"},
        has={"tags": ["build:ga", "kernel:6.1"], "released_at": "2026-01-15T09:30:12"},
        note="tags and the time of release",
    ),
    named(
        {"name": "RHEL-9.4.0-20240101.0"},
        {"display_name": "RHEL-9.4.0-20240101.0", "version": "9.4.0-20240101.0"},
        "version after RHEL-",
    ),
    named({"name": "RHOS-17.1"}, {"version": "17.1"}, "version after RHOS-"),
    named({"name": "quay.io/a/b:1.2"}, {"version": "1.2"}, "version after the last colon"),
    named({"name": "quay.io/a/b@sha256"}, {"version": "sha256"}, "version after @"),
    named({"name": "ansible 2.9"}, {"version": "2.9"}, "version after the last space"),
    named(
        {"name": "ab" * 20, "canonical_project_name": "owl abababa"},
        {"uid": "ab" * 20, "display_name": "owl abababa", "version": "abababa"},
        "40 hex digits are the uid",
    ),
    named(
        {"name": "4.14.0-rc.1", "canonical_project_name": "OpenShift 4.14.0-rc.1"},
        {"display_name": "OpenShift 4.14.0-rc.1", "version": "4.14.0-rc.1"},
        "OpenShift: the name is the version",
    ),
    named(
        {"display_name": "owl", "version": "2", "uid": "u"},
        {"display_name": "owl", "version": "2", "uid": "u", "name": "owl 2"},
        "by display name",
    ),
]

TWIN = {
    "type": "build",
    "topic_id": ":topic",
    "display_name": ":component.display_name",
    "version": "1",
}
UNIQUE = [
    Row("POST /components", {409: "sa feeder"}, TWIN, note="there is such an active one"),
    Row("POST /components", {201: "sa"}, {**TWIN, "version": "2"}, note="another version"),
    Row("POST /components", {201: "sa"}, {**TWIN, "type": "rpm"}, note="another type"),
    Row("POST /components", {201: "sa"}, {**TWIN, "team_id": ":team"}, note="a team's own"),
    Row(
        "POST /components",
        {201: "sa"},
        {**TWIN, "topic_id": ":next_topic"},
        note="in another topic",
    ),
    Row(
        "POST /components",
        {201: "sa"},
        TWIN,
        given=(
            Call(
                "PUT /components/:component",
                {"state": "inactive"},
                headers={"If-match": ":component.etag"},
            ),
        ),
        note="the other one is not active",
    ),
    Row(
        "PUT /components/:other_twin",
        {409: "sa"},
        {"state": "active"},
        if_match="other_twin",
        note="unique when it becomes active too",
    ),
]

READ = [
    Row("GET /components", {401: "nobody", 200: REST}, gives="components[]"),
    Row("GET /components", {200: REACH}, has={"id": ":component"}, note="of topics in reach"),
    Row("GET /components", {200: "other loner other_lab"}, hides=("component",)),
    Row("GET /components", {200: "user lab"}, hides=("hidden_component",)),
    Row(
        "GET /components?where=id::team_component",
        {200: "other loner other_lab feeder"},
        hides=("component",),
        check=lambda answer, _: _expect_none(answer),
        note="not another team's own",
    ),
    Row(
        "GET /components?where=id::team_component",
        {200: "other other_lab"},
        given=(GRANTED,),
        has={"id": ":team_component"},
        note="but of a team that let it",
    ),
    Row(
        "GET /topics/:topic/components?where=id::team_component",
        {200: "other other_lab"},
        given=(REACHED, GRANTED),
        has={"id": ":team_component"},
        note="in its topic too",
    ),
    Row(
        "GET /components/:component",
        {200: REACH, 401: REST},
        gives="component",
        keys="files jobs display_name version uid tags data released_at topic_id team_id",
    ),
    Row("GET /components/:nothing", {404: "sa epm ro feeder user lab other loner"}),
    Row(
        "GET /components/:hidden_component",
        {200: "sa epm ro feeder", 401: REST},
        note="of a topic without export control",
    ),
    Row(
        "GET /components/:team_component",
        {200: "sa epm ro user lab", 401: REST},
        gives="component",
        note="a team's own",
    ),
    Row(
        "GET /components/:team_component",
        {200: "other other_lab", 401: "loner feeder"},
        given=(GRANTED,),
        note="of a team that let it",
    ),
    Row(
        "GET /components/:component",
        {200: "user lab"},
        given=USED,
        check=jobs_are("job"),
        note="with the own teams' jobs",
    ),
    Row(
        "GET /components/:component",
        {200: "sa epm ro"},
        given=USED,
        check=jobs_are("job", "other_job"),
        note="with all jobs",
    ),
    Row("GET /components/:component?jobs_limit=x", {400: "sa"}),
]


def _expect_none(answer: httpx.Response) -> None:
    assert (answer.json()["components"], answer.json()["_meta"]["count"]) == ([], 0)


CHANGE = [
    Row(
        "PUT /components/:component",
        {200: MAKERS, 401: REST},
        {"message": "new", "type": "RPM", "more": 1},
        if_match="component",
        stale=404,
        gives="component",
        has={"message": "new", "type": "rpm"},
        note="[B] everyone's is not everyone's to change",
    ),
    Row(
        "PUT /components/:team_component",
        {200: MEMBERS, 401: REST},
        {"message": "new"},
        if_match="team_component",
        stale=404,
        gives="component",
        note="a team's own",
    ),
    Row(
        "PUT /components/:team_component",
        {401: "other other_lab"},
        {"message": "new"},
        if_match="team_component",
        given=(GRANTED,),
        note="a grant is for reading",
    ),
    Row(
        "PUT /components/:team_component",
        {401: "user lab", 200: "sa epm"},
        {"team_id": None},
        if_match="team_component",
        note="members do not make it everyone's",
    ),
    Row(
        "PUT /components/:twin",
        {200: "sa"},
        {"state": "active"},
        if_match="twin",
        check=published(1),
        note="becoming active tells of it",
    ),
    Row(
        "DELETE /components/:component",
        {204: MAKERS, 401: REST},
        if_match="component",
        stale=404,
        gives="nothing",
        given=USED[:1],
        check=component_is_gone,
    ),
    Row(
        "DELETE /components/:team_component",
        {204: MEMBERS, 401: REST},
        if_match="team_component",
        stale=404,
        gives="nothing",
        note="[B] a team's own is nobody else's to delete",
    ),
]

FILE = b"some bytes"
FILES = [
    Row(
        "GET /components/:component/files",
        {200: REACH, 401: REST},
        gives="component_files[]",
        given=(Call("GET /components/:component/files/:component_file"),),
        has={"id": ":component_file"},
    ),
    Row(
        "POST /components/:component/files",
        {201: MAKERS, 401: REST},
        FILE,
        gives="component_file",
        keys="id name mime md5 size etag component_id",
        has={"size": len(FILE)},
    ),
    Row(
        "POST /components/:team_component/files",
        {201: MEMBERS, 401: REST},
        FILE,
        gives="component_file",
    ),
    Row(
        "GET /components/:component/files/:component_file",
        {200: REACH, 401: REST},
        gives="component_file",
    ),
    Row("GET /components/:component/files/:nothing", {404: REACH}),
    Row(
        "GET /components/:component/files/:component_file/content",
        {200: REACH, 401: REST},
        check=lambda answer, _: _expect_content(answer),
    ),
    Row("GET /components/:component/files/!a/!%2e%2e/!b", {400: "sa"}, note="no normal path"),
    Row(
        "PUT /components/:component/files/!b.txt",
        {201: MAKERS, 401: REST},
        FILE,
        gives="component_file",
        has={"name": "b.txt"},
        note="under a path",
    ),
    Row(
        "DELETE /components/:component/files/:component_file",
        {204: MAKERS, 401: REST},
        if_match="component_file",
        stale=404,
        gives="nothing",
    ),
]


def _expect_content(answer: httpx.Response) -> None:
    assert answer.content == b"content of a file"
    assert answer.headers["content-type"].startswith("text/plain")


ROWS = [*CREATE, *UNIQUE, *READ, *CHANGE, *FILES]
