"""Contract §4.3: remote CIs and feeders, which are the same but for a few lines."""

from typing import Any

import httpx

from tests.conformance.contract.rows import REST, Call, Check, Row
from tests.conformance.contract.scene import Scene

OWN = "sa epm user lab"
OPEN = "sa epm ro user lab"


def secret_is_shown_once(answer: httpx.Response, _: Scene) -> None:
    """64 letters and digits."""
    noun = next(iter(answer.json()))
    secret = answer.json()[noun]["api_secret"]
    assert len(secret) == 64
    assert secret.isalnum()


async def _gone(scene: Scene, noun: str, name: str) -> None:
    assert (await scene.ask("sa", f"GET /{noun}/:{name}")).status_code == 404
    listed = await scene.ask("sa", f"GET /{noun}?where=id::{name}")
    assert listed.json()["_meta"]["count"] == 0


async def lab_is_gone(_: httpx.Response, scene: Scene) -> None:
    """Its jobs are archived, subscriptions dropped; it can no longer sign."""
    await _gone(scene, "remotecis", "lab")
    assert await scene.column("job", "state") == "archived"
    assert (await scene.ask("sa", "GET /jobs/:job")).status_code == 404
    subscribed = await scene.ask("user", "GET /users/:user/remotecis")
    assert subscribed.json()["remotecis"] == []
    assert (await scene.ask("lab", "GET /identity")).status_code == 401
    team = await scene.ask("sa", "GET /teams/:team")
    assert team.json()["team"]["remotecis"] == []


async def feeder_is_gone(_: httpx.Response, scene: Scene) -> None:
    """An archived feeder is in no read."""
    await _gone(scene, "feeders", "own_feeder")


def data_is(wanted: dict[str, Any]) -> Check:
    """The answer is the data itself, not wrapped."""

    def check(answer: httpx.Response, _: Scene) -> None:
        assert answer.json() == wanted

    return check


BODY: dict[str, Any] = {"name": ":new", "team_id": ":team"}
SUBSCRIBED = Call("POST /remotecis/:lab/users", by="user")
DATA = Call(
    "PUT /remotecis/:lab", {"data": {"a": 1, "b": [2], "c": 3}}, headers={"If-match": ":lab.etag"}
)

REMOTECIS = [
    Row(
        "POST /remotecis",
        {201: OWN, 401: REST},
        BODY,
        gives="remoteci",
        has={"data": {}, "public": False, "state": "active", "team_id": ":team"},
        check=secret_is_shown_once,
    ),
    Row("POST /remotecis", {409: OWN}, {**BODY, "name": ":lab.name"}, note="taken in the team"),
    Row(
        "POST /remotecis",
        {201: "sa"},
        {"name": ":lab.name", "team_id": ":other_team"},
        note="free in another team",
    ),
    Row("POST /remotecis", {404: "sa"}, {**BODY, "team_id": ":nothing"}),
    Row("POST /remotecis", {400: "sa"}, {**BODY, "more": 1}, note="unknown key"),
    Row("POST /remotecis", {400: "sa"}, {"name": ":new"}, note="without a team"),
    Row(
        "GET /remotecis",
        {401: "nobody", 200: REST},
        gives="remotecis[]",
        keys="team users data public",
        lacks=("api_secret", "password"),
    ),
    Row("GET /remotecis", {200: OPEN}, has={"id": ":lab"}, note="all, else own"),
    Row("GET /remotecis", {200: "other loner other_lab feeder"}, hides=("lab",), note="only own"),
    Row(
        "GET /remotecis/:lab",
        {200: OPEN, 401: REST},
        gives="remoteci",
        keys="team users data public team_id",
        lacks=("api_secret", "password"),
        note="[B] without its key",
    ),
    Row("GET /remotecis/:nothing", {404: "sa epm ro user other lab"}),
    Row(
        "PUT /remotecis/:lab",
        {200: OWN, 401: REST},
        {"data": {"a": 1}, "more": 1},
        if_match="lab",
        stale=404,
        gives="remoteci",
        has={"data": {"a": 1}},
        lacks=("api_secret",),
    ),
    Row(
        "PUT /remotecis/:lab",
        {200: "user"},
        {"state": "inactive"},
        if_match="lab",
        has={"state": "inactive"},
        note="PUT may set the state",
    ),
    Row(
        "PUT /remotecis/:lab",
        {200: "sa epm", 401: "user lab"},
        {"team_id": ":other_team"},
        if_match="lab",
        has={"team_id": ":other_team"},
        note="to a team of the caller's",
    ),
    Row(
        "PUT /remotecis/:lab",
        {409: "sa epm"},
        {"team_id": ":other_team"},
        if_match="lab",
        given=(Call("GET /jobs/:job"),),
        note="with a job that has not ended",
    ),
    Row(
        "DELETE /remotecis/:lab",
        {204: OWN, 401: REST},
        if_match="lab",
        stale=404,
        gives="nothing",
        given=(SUBSCRIBED, Call("GET /jobs/:job")),
        check=lab_is_gone,
    ),
    Row(
        "GET /remotecis/:lab/data",
        {200: OPEN, 401: REST},
        given=(DATA,),
        check=data_is({"a": 1, "b": [2], "c": 3}),
    ),
    Row(
        "GET /remotecis/:lab/data?keys=a,b",
        {200: OPEN},
        given=(DATA,),
        check=data_is({"a": 1, "b": [2]}),
        note="some of it",
    ),
    Row(
        "PUT /remotecis/:lab/api_secret",
        {200: OWN, 401: REST},
        headers={"If-match": "any"},
        gives="remoteci",
        check=secret_is_shown_once,
        note="[Q] any etag will do",
    ),
    Row("PUT /remotecis/:lab/api_secret", {412: OWN}, note="[Q] but there must be one"),
    Row(
        "POST /remotecis/:lab/users",
        {201: "sa epm user", 401: REST},
        has={"remoteci_id": ":lab"},
        note="the caller itself",
    ),
    Row("POST /remotecis/:lab/users", {409: "user"}, given=(SUBSCRIBED,), note="twice"),
    Row(
        "GET /remotecis/:lab/users",
        {200: OWN, 401: REST},
        gives="users[]",
        given=(SUBSCRIBED,),
        has={"id": ":user"},
        lacks=("password",),
    ),
    Row(
        "DELETE /remotecis/:lab/users/:user",
        {204: OWN, 401: REST},
        gives="nothing",
        given=(SUBSCRIBED,),
    ),
]

FEEDERS = [
    Row(
        "POST /feeders",
        {201: "sa epm", 401: REST},
        BODY,
        gives="feeder",
        has={"data": {}, "state": "active", "team_id": ":team"},
        check=secret_is_shown_once,
    ),
    Row("POST /feeders", {409: "sa"}, {**BODY, "name": ":own_feeder.name"}, note="taken"),
    Row("POST /feeders", {404: "sa"}, {**BODY, "team_id": ":nothing"}),
    Row("POST /feeders", {400: "sa"}, {**BODY, "more": 1}, note="unknown key"),
    Row("POST /feeders", {400: "sa"}, {**BODY, "public": True}, note="feeders are not public"),
    Row(
        "GET /feeders",
        {401: "nobody", 200: REST},
        gives="feeders[]",
        keys="team data",
        lacks=("api_secret",),
    ),
    Row("GET /feeders", {200: OWN}, has={"id": ":own_feeder"}, note="all, else own"),
    Row("GET /feeders", {200: "ro other loner other_lab feeder"}, hides=("own_feeder",)),
    Row(
        "GET /feeders/:own_feeder",
        {200: OWN, 401: REST},
        gives="feeder",
        keys="team data",
        lacks=("api_secret",),
    ),
    Row("GET /feeders/:nothing", {404: OWN}),
    Row(
        "PUT /feeders/:own_feeder",
        {200: OWN, 401: REST},
        {"data": {"a": 1}, "more": 1},
        if_match="own_feeder",
        stale=404,
        gives="feeder",
        has={"data": {"a": 1}},
        lacks=("api_secret",),
    ),
    Row(
        "DELETE /feeders/:own_feeder",
        {204: OWN, 401: REST},
        if_match="own_feeder",
        stale=404,
        gives="nothing",
        check=feeder_is_gone,
    ),
    Row(
        "PUT /feeders/:own_feeder/api_secret",
        {200: OWN, 401: REST},
        headers={"If-match": "any"},
        gives="feeder",
        check=secret_is_shown_once,
        note="[Q] any etag will do",
    ),
    Row("PUT /feeders/:own_feeder/api_secret", {412: OWN}, note="[Q] but there must be one"),
]

ROWS = [*REMOTECIS, *FEEDERS]
