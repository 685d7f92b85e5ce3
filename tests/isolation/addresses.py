"""Addresses and bodies that name a team's things, for every route there is."""

from typing import Any

from litestar.handlers import HTTPRouteHandler

from ringtest.control.app import ROOMS


def handlers() -> list[HTTPRouteHandler]:
    """Every route of every room."""
    return [route for room in ROOMS for route in room.routes]


def fill(path: str, ids: dict[str, str]) -> str | None:
    """The path with the estate's ids; None when it has no parameter."""
    if "{" not in path:
        return None
    filled = []
    noun = ""
    for part in path.strip("/").split("/"):
        if not part.startswith("{"):
            noun = noun or part
            filled.append(part)
            continue
        name = part.strip("{}").partition(":")[0]
        if name == "machine_id":
            name = "remoteci_id" if noun == "remotecis" else "feeder_id"
        if name == "file_id" and noun == "components":
            name = "component_file_id"
        assert name in ids, f"teach this test what {{{name}}} of {path} is"
        filled.append(ids[name])
    return "/" + "/".join(filled)


_WITHOUT_IDS: dict[str, dict[str, Any]] = {
    "/jobs/{job_id:str}/hold": {"attempt": 1, "hours": 1, "host": "x", "shell": "x"},
    "/jobs/{job_id:str}/hold/extend": {"hours": 1},
    "/agent/caches": {"agent": "thief", "address": "http://thief:1"},
    "/agent/inventory": {"agent": "thief", "inventory": {"cpu": {"arch": "x"}}},
    "/jobs/{job_id:str}/records": {"records": []},
    "/archive/query": {"sql": "SELECT * FROM results"},
    "/jobs/{job_id:str}/kv": {"key": "k", "value": 1},
    "/files/{file_id:str}/certifications": {
        "username": "jo",
        "password": "x",
        "certification_id": "1",
    },
}


def body_of(path: str, ids: dict[str, str]) -> dict[str, Any]:
    """A body that names the first team's things wherever the route takes ids."""
    bodies: dict[str, dict[str, Any]] = {
        "/remotecis": {"name": "x", "team_id": ids["team_id"]},
        "/feeders": {"name": "x", "team_id": ids["team_id"]},
        "/pipelines": {"name": "x", "team_id": ids["team_id"]},
        "/tokens": {
            "name": "x",
            "scopes": ["all"],
            "expires_at": "2999-01-01T00:00:00",
            "remoteci_id": ids["remoteci_id"],
        },
        "/topics": {"name": "x", "product_id": ids["product_id"]},
        "/components": {
            "type": "build",
            "topic_id": ids["topic_id"],
            "display_name": "x",
            "version": "1",
        },
        "/jobs": {"components": [ids["component_id"]], "topic_id": ids["topic_id"]},
        "/jobs/schedule": {"topic_id": ids["topic_id"]},
        "/jobs/reported": {
            "topic_id": ids["topic_id"],
            "definition": {"stages": {"test": [{"run": "true"}]}},
            "agent": "thief",
            "name": "x",
            "started_at": "2999-01-01T00:00:00",
        },
        "/lab_runs": {
            "remoteci_id": ids["remoteci_id"],
            "topic_id": ids["topic_id"],
            "definition": {"stages": {"test": [{"run": "true"}]}},
        },
        "/remotecis/{remoteci_id:str}/consent": {"rules": [{"answer": "always"}]},
        "/jobs/upgrade": {"job_id": ids["job_id"]},
        "/jobstates": {"job_id": ids["job_id"], "status": "success"},
        "/jobs/{job_id:str}/claim": {"agent": "thief"},
        "/jobs/{job_id:str}/components": {"id": ids["component_id"]},
        "/job_definitions": {"name": "x", "topic_id": ids["topic_id"], "spec": {"stages": {}}},
        "/trigger_rules": {
            "name": "x",
            "topic_id": ids["topic_id"],
            "definition_id": ids["definition_id"],
        },
        "/remotecis/{remoteci_id:str}/topics": {"topic_id": ids["topic_id"]},
        "/products/{product_id:str}/teams": {"team_id": ids["team_id"]},
        "/failure_groups/{group_id:str}/merge": {"into": ids["group_id"]},
        "/teams/{team_id:str}/permissions/components": {"teams_ids": [ids["team_id"]]},
    }
    bodies |= _bodies_of_teams(ids)
    return bodies.get(path, _WITHOUT_IDS.get(path, {"name": "stolen"}))


def _bodies_of_teams(ids: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Things that belong to a team."""
    return {
        "/ci_controllers": {
            "name": "x",
            "url": "http://127.0.0.1:9/",
            "remoteci_id": ids["remoteci_id"],
        },
        "/report_targets": {
            "name": "x",
            "channel": "webhook",
            "address": "http://127.0.0.1:9/",
            "topic_id": ids["topic_id"],
            "team_id": ids["team_id"],
        },
        "/known_issues": {
            "name": "x",
            "kind": "signature",
            "pattern": ids["group_id"],
            "owner": "x",
            "topic_id": ids["topic_id"],
            "team_id": ids["team_id"],
        },
    }
