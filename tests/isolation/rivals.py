"""A third team on the second's product: the competitor who sees the same topic and builds."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ringtest.client.auth import HmacAuth
from ringtest.control.app import all_loops
from tests.isolation.neighbours import Neighbours
from tests.isolation.two_teams import post, run_loops

RIVAL = "RIVAL-ONLY"
_PASSWORD = "rival pass"


async def move_in(street: Neighbours, name: str) -> dict[str, str]:
    """The team, its user and its lab; ids by name, the lab's secret and the user's login."""
    admin, topic = street.admin, street.second.ids["topic_id"]
    team = (await post(admin, "/teams", {"name": f"{RIVAL} {name}"}))["id"]
    await post(admin, f"/products/{street.second.ids['product_id']}/teams", {"team_id": team})
    login = f"{RIVAL}-{name}"
    user = await post(
        admin, "/users", {"name": login, "email": f"{login}@example.org", "password": _PASSWORD}
    )
    await admin.post(f"/teams/{team}/users/{user['id']}")
    lab = await post(admin, "/remotecis", {"name": f"{RIVAL} lab {name}", "team_id": team})
    await post(admin, f"/remotecis/{lab['id']}/topics", {"topic_id": topic})
    return {"team_id": team, "user_id": user["id"], "remoteci_id": lab["id"], "login": login,
            "api_secret": lab["api_secret"], "password": _PASSWORD}  # fmt: skip


async def be_busy(street: Neighbours, rival: dict[str, str]) -> dict[str, Any]:
    """A failing job on the second's build, and one of everything else a team can make."""
    lab = street.client(HmacAuth(f"remoteci/{rival['remoteci_id']}", rival["api_secret"]))
    ids = street.second.ids
    pipeline = await post(lab, "/pipelines", {"name": RIVAL, "team_id": rival["team_id"]})
    component = await post(
        lab,
        "/components",
        {"type": "build", "topic_id": ids["topic_id"], "display_name": RIVAL, "version": "9",
         "team_id": rival["team_id"]},
    )  # fmt: skip
    job = await post(
        lab,
        "/jobs",
        {"components": [ids["component_id"], component["id"]], "topic_id": ids["topic_id"],
         "comment": RIVAL, "name": RIVAL, "pipeline_id": pipeline["id"], "tags": [RIVAL]},
    )  # fmt: skip
    await post(lab, "/jobstates", {"job_id": job["id"], "status": "running", "comment": RIVAL})
    # the second's own failure, word by word: both land in one group
    junit = (
        '<testsuite name="beta"><testcase classname="c" name="beta">'
        '<failure type="AssertionError" message="beta">beta</failure></testcase></testsuite>'
    )
    headers = {"DCI-NAME": "beta.xml", "DCI-JOB-ID": job["id"], "DCI-MIME": "application/junit"}
    assert (await lab.post("/files", content=junit, headers=headers)).status_code == 201
    await post(lab, f"/jobs/{job['id']}/kv", {"key": RIVAL, "value": 1})
    await post(lab, "/jobstates", {"job_id": job["id"], "status": "failure", "comment": RIVAL})
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await post(
        lab,
        "/tokens",
        {"name": RIVAL, "scopes": ["read"], "expires_at": tomorrow},
    )
    await run_loops(all_loops(street.parts)[:-1])
    return {"job_id": job["id"], "component_id": component["id"], "pipeline_id": pipeline["id"]}
