"""The page of a job that is held, over a real server and a real agent that holds it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from ringtest.client import Client, Connection
from tests.examples.browser import CHROMIUM, log_in, open_browser
from tests.examples.running_demo import RunningDemo, until

pytestmark = [
    pytest.mark.demo,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here"),
]

NAME = "broken on purpose"
SPEC = {
    "stages": {"test": [{"run": "echo kept > note; false"}]},
    "hold": {"after": "failure", "hours": 1},
    "max_attempts": 1,
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all pages."""
    with open_browser() as browser:
        yield browser


def run_in(client: Client, lab: dict[str, Any], spec: dict[str, Any]) -> str:
    """Id of a job that a lab runs, of no components: no page of versions tells of it."""
    body = {
        "name": NAME,
        "remoteci_id": lab["id"],
        "topic_id": lab["topics"][0]["id"],
        "definition": spec,
        "components_ids": [],
    }
    job: str = client.post("/lab_runs", body)["lab_run"]["job_id"]
    return job


def is_over(client: Client, job: str) -> bool:
    """Its lab has told how it ended."""
    return bool(client.get(f"/jobs/{job}")["job"]["phase"] == "finished")


@pytest.fixture
def held(told_demo: RunningDemo) -> Iterator[str]:
    """Id of a job whose lab holds it; at the end it is let go, whatever the test did, the lab
    has taken another job, and both are archived."""
    with told_demo.admin() as client:
        (lab,) = client.get("/remotecis", {"where": "name:lab-b"})["remotecis"]
    password = told_demo.state.partner_password
    partner = Connection.for_user(told_demo.url, "partner", password)
    with Client(partner) as client:
        job = run_in(client, lab, SPEC)
        until(lambda: client.get(f"/jobs/{job}/holds")["holds"], what="the hold", seconds=60)
        yield job
        if any(one["is_held"] for one in client.get(f"/jobs/{job}/holds")["holds"]):
            client.post(f"/jobs/{job}/hold/release")
        other = run_in(client, lab, {"stages": {"test": [{"run": "true"}]}})
        until(lambda: is_over(client, other), what="the lab's next job", seconds=90)
        for done in (job, other):
            client.delete(f"/jobs/{done}", etag=client.get(f"/jobs/{done}")["job"]["etag"])


def test_a_hold_is_extended_and_let_go_on_the_page_of_its_job(
    browser: Browser, told_demo: RunningDemo, held: str
) -> None:
    page: Page = log_in(browser, told_demo.url, "partner", told_demo.state.partner_password)
    page.goto(f"{told_demo.url}/jobs/{held}")
    expect(page.get_by_role("heading", name="Held for a look")).to_be_visible()
    expect(page.get_by_label("How to get in")).to_contain_text(held)
    words = page.get_by_text(re.compile("is kept on .* until"))
    expect(words).to_contain_text(re.compile("in (1 hour|5. minutes)"))
    page.get_by_role("button", name="4 hours from now").click()
    expect(words).to_contain_text(re.compile("in [34] hours"))
    page.get_by_role("button", name="Release").click()
    page.get_by_role("dialog").get_by_role("button", name="Release it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)  # the page behind one has no headings
    expect(page.get_by_role("heading", name="Held for a look")).to_have_count(0)
    with told_demo.admin() as client:
        assert not client.get(f"/jobs/{held}/holds")["holds"][0]["is_held"]
    page.context.close()
