"""A product, two labs of one team and one of another, and jobs that agents run to their end."""

import base64
from dataclasses import dataclass, field
from typing import Any

import httpx

from ringtest.client.auth import HmacAuth
from ringtest.control.app import Parts, all_loops, create_app
from tests.isolation.two_teams import post, run_loops
from tests.parts import ADMIN, connect

GOOD = """[ringtest] $ install
Collecting ring==1.0 from https://host.example/simple/ring
Installed in 12.5 s
[ringtest] $ check
tests/test_ring.py::test_open PASSED [ 50%]
tests/test_ring.py::test_close PASSED [100%]
2 passed in 3.21s
"""


def junit(**outcomes: str) -> str:
    """A result file: tests by name, `passed` or the message of their failure."""
    cases = "".join(
        f'<testcase classname="ring" name="{name}" time="0.1">'
        + ("" if text == "passed" else f'<failure type="ValueError" message="{text}"/>')
        + "</testcase>"
        for name, text in outcomes.items()
    )
    return f'<testsuite name="ring">{cases}</testsuite>'


@dataclass(slots=True)
class Story:
    """Everything by name; `people` are clients of the API."""

    parts: Parts
    app: httpx.ASGITransport
    ids: dict[str, str] = field(default_factory=dict)
    people: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    versions: int = 0

    async def publish(self, version: str | None = None) -> str:
        """A build, which the rule gives to every lab; its id."""
        self.versions += 1
        body = {"type": "build", "topic_id": self.ids["topic"], "version": str(self.versions),
                "display_name": f"build {version or self.versions}"}  # fmt: skip
        component = await post(self.people["admin"], "/components", body)
        await self.settle()
        return str(component["id"])

    async def settle(self) -> None:
        """Every loop until none finds work."""
        await run_loops(all_loops(self.parts)[:-1])

    async def queued(self, lab: str) -> str:
        """The newest queued job of a lab."""
        query = {"limit": "50", "offset": "0", "where": f"remoteci_id:{self.ids[lab]}"}
        jobs = (await self.people[lab].get("/jobs", params=query)).json()["jobs"]
        return str(next(job["id"] for job in jobs if job["status"] == "new"))

    async def run(
        self,
        lab: str,
        job: str,
        *,
        prepare: str = "",
        test: str = GOOD,
        collect: str = "",
        results: str | None = None,
        failed: str | None = None,
    ) -> str:
        """Run a job; `failed` names the stage that breaks. Nobody looks at it yet."""
        client = self.people[lab]
        claim = await post(client, f"/jobs/{job}/claim", {"agent": lab})
        lease = {"X-Ringtest-Lease": claim["lease_token"]}
        records: list[dict[str, Any]] = []
        for stage, text in (("prepare", prepare), ("test", test), ("collect", collect)):
            status = {"prepare": "errored"}.get(stage, "failed") if stage == failed else "passed"
            more = {"exit_code": 1, "message": "check: exit 1"} if stage == failed else {}
            data = base64.b64encode(text.encode()).decode()
            records += [
                {"kind": "stage", "stage": stage, "status": "running"},
                {"kind": "log", "stage": stage, "data": data},
                {"kind": "stage", "stage": stage, "status": status, **more},
            ]
        result = {"prepare": "errored", "test": "failed"}.get(failed or "", "passed")
        if results is not None:
            headers = {"DCI-NAME": "r.xml", "DCI-JOB-ID": job, "DCI-MIME": "application/junit"}
            sent = await client.post("/files", content=results.encode(), headers=headers)
            assert sent.status_code == 201, sent.text
        records.append({"kind": "finish", "result": result})
        numbered = [{"seq": seq, "at": "2026-01-01T00:00:00", **one}
                    for seq, one in enumerate(records, 1)]  # fmt: skip
        told = await client.post(f"/jobs/{job}/records", json={"records": numbered}, headers=lease)
        assert told.status_code == 200, told.text
        return job

    async def ran(self, lab: str = "lab", **how: Any) -> str:
        """A job of a fresh build, run by one lab, with all that the server makes of it."""
        await self.publish()
        job = await self.run(lab, await self.queued(lab), **how)
        await self.settle()
        return job

    async def answer(self, job: str, who: str = "user") -> dict[str, Any]:
        """The answer on a job."""
        got = await self.people[who].get(f"/jobs/{job}/answer")
        assert got.status_code == 200, got.text
        answer: dict[str, Any] = got.json()["answer"]
        return answer


async def open_story(parts: Parts) -> Story:
    """A topic with a rule; `lab` and `other lab` of team one, `rival lab` of team two."""
    app = httpx.ASGITransport(app=create_app(parts))
    admin = connect(parts, ADMIN, app)
    story = Story(parts, app, people={"admin": admin})
    product = await post(admin, "/products", {"name": "Ring"})
    topic = await post(
        admin,
        "/topics",
        {"name": "ring 1", "product_id": product["id"], "component_types": ["build"],
         "export_control": True},
    )  # fmt: skip
    story.ids |= {"product": product["id"], "topic": topic["id"]}
    step = {"name": "check", "run": "true"}
    spec = {"timeout_seconds": 60, "isolation": "none", "artifacts": [],
            "stages": {"prepare": [], "test": [step], "collect": []}}  # fmt: skip
    body = {"name": "check", "topic_id": topic["id"], "spec": spec}
    definition = await post(admin, "/job_definitions", body)
    rule = {"name": "all", "topic_id": topic["id"], "definition_id": definition["id"]}
    await post(admin, "/trigger_rules", rule)
    await _move_in(story, "one", "user", ("lab", "other lab"))
    await _move_in(story, "two", "rival", ("rival lab",))
    return story


async def _move_in(story: Story, team: str, person: str, labs: tuple[str, ...]) -> None:
    admin, ids = story.people["admin"], story.ids
    ids[team] = (await post(admin, "/teams", {"name": team}))["id"]
    await post(admin, f"/products/{ids['product']}/teams", {"team_id": ids[team]})
    body = {"name": person, "email": f"{person}@example.org", "password": "pass word"}
    user = await post(admin, "/users", body)
    await admin.post(f"/teams/{ids[team]}/users/{user['id']}")
    story.people[person] = connect(story.parts, httpx.BasicAuth(person, "pass word"), story.app)
    for lab in labs:
        made = await post(admin, "/remotecis", {"name": lab, "team_id": ids[team]})
        await post(admin, f"/remotecis/{made['id']}/topics", {"topic_id": ids["topic"]})
        ids[lab] = made["id"]
        key = HmacAuth(f"remoteci/{made['id']}", made["api_secret"])
        story.people[lab] = connect(story.parts, key, story.app)
