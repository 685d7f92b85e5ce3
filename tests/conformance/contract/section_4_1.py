"""Contract §4.1: identity, users, teams."""

from tests.conformance.contract.rows import REST, Row

ROWS = [
    Row(
        "POST /teams/:team/users/:stranger",
        {201: "sa epm", 401: REST},
        gives="nothing",
    ),
    Row(
        "PUT /teams/:team",
        {200: "sa epm", 404: "other loner other_lab feeder", 401: REST},
        body={"country": "FI", "no such key": 1},
        if_match="team",
        stale=409,
        gives="team",
        has={"country": "FI"},
        note="unknown keys are dropped",
    ),
    Row(
        "GET /users/:user/teams",
        {200: "sa epm user", 401: REST},
        gives="teams[]",
        has={"id": ":team"},
        note="self too",
    ),
]
