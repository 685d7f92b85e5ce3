"""Counts on the pages of answers lead to lists that are as long."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.examples.browser import CHROMIUM
from tests.examples.running_demo import RunningDemo

pytestmark = [
    pytest.mark.demo,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here"),
]


def topic_of(demo: RunningDemo) -> str:
    """Id of the topic of the example."""
    with demo.admin() as client:
        found: str = client.get("/topics", {"where": "name:Jinja2 2.11"})["topics"][0]["id"]
    return found


def follow(page: Page, url: str, links: Locator) -> None:
    """Each link shows a count, and leads to so many jobs."""
    shown = links.evaluate_all(
        "found => found.map((one) => [one.getAttribute('href'), one.innerText])"
    )
    assert shown
    for address, text in shown:
        many = re.findall(r"\d+", text)[-1]
        page.goto(url + address)
        expect(page.get_by_text(re.compile(rf"^{many} jobs?$"))).to_be_visible()


@pytest.mark.parametrize(
    ("rows", "columns"),
    [("status", "component_type:markupsafe"), ("week", "configuration"), ("name", "tag")],
)
def test_every_count_of_statistics_leads_to_as_many_jobs(
    page: Page, told_demo: RunningDemo, rows: str, columns: str
) -> None:
    topic = topic_of(told_demo)
    page.goto(f"{told_demo.url}/answers/{topic}/statistics?rows={rows}&columns={columns}")
    table = page.get_by_role("table", name="Jobs by two keys")
    table.wait_for()
    follow(page, told_demo.url, table.get_by_role("link"))


def test_jobs_of_a_version_are_those_that_coverage_counts(
    page: Page, told_demo: RunningDemo
) -> None:
    page.goto(f"{told_demo.url}/answers/{topic_of(told_demo)}/coverage")
    table = page.get_by_role("table", name=re.compile("component", re.I))
    table.wait_for()
    follow(page, told_demo.url, table.locator("td[data-label=Jobs] a"))
