"""Counts on the pages of answers lead to lists that are as long."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.examples.browser import CHROMIUM, log_in, open_browser
from tests.examples.running_demo import RunningDemo

pytestmark = [
    pytest.mark.demo,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all pages."""
    with open_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, told_demo: RunningDemo) -> Iterator[Page]:
    """A page of a super admin."""
    page = log_in(browser, told_demo.url, "admin", told_demo.state.admin_password)
    yield page
    page.context.close()


@pytest.mark.parametrize(
    ("rows", "columns"),
    [("status", "component_type:markupsafe"), ("week", "configuration"), ("name", "tag")],
)
def test_every_count_of_statistics_leads_to_as_many_jobs(
    page: Page, told_demo: RunningDemo, rows: str, columns: str
) -> None:
    with told_demo.admin() as client:
        topic = client.get("/topics", {"where": "name:Jinja2 2.11"})["topics"][0]["id"]
    page.goto(f"{told_demo.url}/answers/{topic}/statistics?rows={rows}&columns={columns}")
    table = page.get_by_role("table", name="Jobs by two keys")
    table.wait_for()
    links = table.get_by_role("link").evaluate_all(
        "found => found.map((one) => [one.getAttribute('href'), one.innerText])"
    )
    assert len(links) >= 1
    for address, text in links:
        many = re.findall(r"\d+", text)[-1]
        page.goto(told_demo.url + address)
        expect(page.get_by_text(re.compile(rf"^{many} jobs?$"))).to_be_visible()
