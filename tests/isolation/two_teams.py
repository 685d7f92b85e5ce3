"""Two partners of one vendor, each with everything a team can own, seeded through the API.

All text of the first team carries MARK, so that any answer to the second can be searched.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from ringtest.control.db.loops import Loop
from ringtest.control.kernel import ids as kernel_ids
from ringtest.control.results.model import id_of_test

MARK = "ALPHA-ONLY"
SECRET = "alpha-hook-secret"


def _spec(mark: str) -> dict[str, Any]:
    step = {"name": f"{mark} step", "run": "true"}
    stages: dict[str, Any] = {"prepare": [], "test": [step], "collect": []}
    return {"timeout_seconds": 60, "isolation": "none", "stages": stages, "artifacts": []}


_JUNIT = (
    f'<testsuite name="{MARK}"><testcase classname="c" name="{MARK}">'
    f'<failure type="AssertionError" message="{MARK}">{MARK}</failure></testcase></testsuite>'
)

Connect = Callable[[httpx.Auth | None], httpx.AsyncClient]


@dataclass(slots=True)
class Estate:
    """What one team has: ids by the names that routes give them, and its identities."""

    ids: dict[str, str] = field(default_factory=dict)
    user: httpx.BasicAuth | None = None
    machine: tuple[str, str] = ("", "")
    etags: dict[str, str] = field(default_factory=dict)

    @property
    def uuids(self) -> dict[str, str]:
        """Those of `ids` that nobody can guess, and that stand for nothing else in a text."""
        return {name: value for name, value in self.ids.items() if len(value) == 36}


async def post(http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """POST and unwrap `{"noun": {...}}`."""
    answer = await http.post(path, json=body)
    assert answer.status_code in (200, 201), f"{path}: {answer.status_code} {answer.text}"
    content: dict[str, Any] = answer.json()
    inner = next(iter(content.values())) if len(content) == 1 else content
    return inner if isinstance(inner, dict) else content


async def build_estate(admin: httpx.AsyncClient, name: str, mark: str) -> Estate:
    """A team with a product, a topic, a user, a lab and a feeder of its own."""
    estate = Estate()
    ids = estate.ids
    team = await post(admin, "/teams", {"name": f"{mark} team {name}"})
    product = await post(admin, "/products", {"name": f"{mark} product {name}"})
    await post(admin, f"/products/{product['id']}/teams", {"team_id": team["id"]})
    topic = await post(
        admin,
        "/topics",
        {
            "name": f"{mark} topic {name}",
            "product_id": product["id"],
            "component_types": ["build"],
            "export_control": True,
            "data": {"registry": mark},
        },
    )
    user = await post(
        admin,
        "/users",
        {"name": f"{mark}-user-{name}", "email": f"{name}@example.org", "password": "pass word"},
    )
    await admin.post(f"/teams/{team['id']}/users/{user['id']}")
    remoteci = await post(admin, "/remotecis", {"name": f"{mark} lab", "team_id": team["id"]})
    feeder = await post(admin, "/feeders", {"name": f"{mark} feeder", "team_id": team["id"]})
    ids |= {
        "team_id": team["id"],
        "product_id": product["id"],
        "topic_id": topic["id"],
        "user_id": user["id"],
        "remoteci_id": remoteci["id"],
        "feeder_id": feeder["id"],
    }
    estate.user = httpx.BasicAuth(f"{mark}-user-{name}", "pass word")
    estate.machine = (f"remoteci/{remoteci['id']}", remoteci["api_secret"])
    await _make_keys(admin, estate, mark)
    await _plan(admin, estate, mark)
    return estate


async def _make_keys(admin: httpx.AsyncClient, estate: Estate, mark: str) -> None:
    ids = estate.ids
    end = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {"name": mark, "scopes": ["read"], "expires_at": end, "remoteci_id": ids["remoteci_id"]}
    ids["token_id"] = (await post(admin, "/tokens", body))["id"]
    keys = (await admin.get(f"/remotecis/{ids['remoteci_id']}/keys")).json()["keys"]
    ids["key_id"] = keys[0]["id"]


async def _plan(admin: httpx.AsyncClient, estate: Estate, mark: str) -> None:
    ids = estate.ids
    definition = await post(
        admin, "/job_definitions", {"name": mark, "topic_id": ids["topic_id"], "spec": _spec(mark)}
    )
    ids["definition_id"] = definition["id"]
    rule = await post(
        admin,
        "/trigger_rules",
        {"name": mark, "topic_id": ids["topic_id"], "definition_id": definition["id"]},
    )
    controller = {"name": mark, "url": f"http://127.0.0.1:9/{quote(mark)}", "secret": SECRET,
                  "remoteci_id": ids["remoteci_id"]}  # fmt: skip
    ids["controller_id"] = (await post(admin, "/ci_controllers", controller))["id"]
    target = await post(
        admin,
        "/report_targets",
        {
            "name": mark,
            "channel": "webhook",
            "address": "http://127.0.0.1:9/",
            "secret": SECRET,
            "topic_id": ids["topic_id"],
            "team_id": ids["team_id"],
        },
    )
    known = {
        "name": mark,
        "kind": "text",
        "pattern": mark,
        "owner": mark,
        "team_id": ids["team_id"],
    }
    ids["issue_id"] = (await post(admin, "/known_issues", known))["id"]
    await post(admin, f"/remotecis/{ids['remoteci_id']}/topics", {"topic_id": ids["topic_id"]})
    component = await post(
        admin,
        "/components",
        {
            "type": "build",
            "topic_id": ids["topic_id"],
            "display_name": f"{mark} build",
            "version": "1",
            "team_id": None,
        },
    )
    ids |= {"rule_id": rule["id"], "target_id": target["id"], "component_id": component["id"]}
    upload = await admin.post(f"/components/{component['id']}/files", content=mark.encode())
    assert upload.status_code == 201, upload.text
    ids["component_file_id"] = upload.json()["component_file"]["id"]
    ids["file_path"] = "images/build.img"
    ids["number"] = "4711471147114711"  # of the list of verdicts
    begun = await admin.post("/uploads", headers=upload_headers(mark, component["id"]))
    assert begun.status_code == 201, begun.text
    ids["upload_id"] = begun.json()["upload"]["id"]


def upload_headers(mark: str, component_id: str) -> dict[str, str]:
    """Of a resumable upload to a component."""
    metadata = {"filename": mark, "component_id": component_id}
    pairs = (f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in metadata.items())
    return {"Upload-Length": "10", "Upload-Metadata": ",".join(pairs)}


async def run_job(lab: httpx.AsyncClient, estate: Estate, mark: str) -> None:
    """The lab's agent runs the one queued job: a log, a failing result file, the end."""
    listed = await lab.get("/jobs", params={"limit": 10, "offset": 0})
    job = listed.json()["jobs"][0]
    claim = await post(lab, f"/jobs/{job['id']}/claim", {"agent": mark})
    lease = {"X-Ringtest-Lease": claim["lease_token"]}
    at = "2026-01-01T00:00:00"
    text = base64.b64encode(f"{mark} said\n".encode()).decode()
    records = [
        {"seq": 1, "at": at, "kind": "stage", "stage": "test", "status": "running"},
        {"seq": 2, "at": at, "kind": "log", "stage": "test", "data": text},
    ]
    path = f"/jobs/{job['id']}/records"
    assert (await lab.post(path, json={"records": records}, headers=lease)).status_code == 200
    uploaded = await lab.post(
        "/files",
        content=_JUNIT.replace(MARK, mark).encode(),
        headers={
            "DCI-NAME": f"{mark}.xml",
            "DCI-JOB-ID": job["id"],
            "DCI-MIME": "application/junit",
        },
    )
    assert uploaded.status_code == 201, uploaded.text
    records = [
        {"seq": 3, "at": at, "kind": "stage", "stage": "test", "status": "failed", "exit_code": 1},
        {"seq": 4, "at": at, "kind": "finish", "result": "failed"},
    ]
    assert (await lab.post(path, json={"records": records}, headers=lease)).status_code == 200
    own = {"components": [estate.ids["component_id"]], "comment": mark, "name": mark}
    dci_job = await post(lab, "/jobs", own | {"topic_id": estate.ids["topic_id"]})
    state = await post(lab, "/jobstates", {"job_id": dci_job["id"], "status": "running"})
    pipeline = await post(lab, "/pipelines", {"name": mark, "team_id": estate.ids["team_id"]})
    wished = {
        "remoteci_id": estate.ids["remoteci_id"],
        "topic_id": estate.ids["topic_id"],
        "definition": {"stages": {"test": [{"run": f"echo {mark}"}]}},
        "components_ids": [],
        "name": mark,
    }
    run = await post(lab, "/lab_runs", wished)
    cache = {"agent": mark, "address": f"http://{mark.lower()}:8970"}
    assert (await lab.post("/agent/caches", json=cache)).status_code == 200
    told = {"agent": mark, "labels": {"rack": mark}, "inventory": {"os": {"name": mark}}}
    assert (await lab.post("/agent/inventory", json=told)).status_code == 200
    estate.ids |= {
        "run_id": run["id"],
        "job_id": job["id"],
        "file_id": uploaded.json()["file"]["id"],
        "test_id": kernel_ids.test_id_text(id_of_test(mark, "c", mark)),
        "jobstate_id": state["id"],
        "pipeline_id": pipeline["id"],
    }


async def run_loops(loops: list[Loop], *, rounds: int = 6) -> None:
    """Every loop until none finds work."""
    for _ in range(rounds):
        for loop in loops:
            while await loop.act():
                pass
