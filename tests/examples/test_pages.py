"""The pages over the running demo, in a real browser."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from ringtest.client import ApiError
from tests.examples.browser import CHROMIUM, log_in
from tests.examples.running_demo import RunningDemo, until

pytestmark = [
    pytest.mark.demo,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here"),
]


WATCH = """
window.seen = { status: [], counts: [] };
new MutationObserver(() => {
  const heading = document.querySelector('h1')?.parentElement?.innerText ?? '';
  for (const word of ['Queued', 'Preparing', 'Testing']) {
    if (heading.includes(word)) window.seen.status.push(word);
  }
  const bar = document.querySelector('[role=progressbar]');
  if (bar) window.seen.counts.push(bar.getAttribute('aria-valuenow'));
}).observe(document.body, { subtree: true, childList: true, characterData: true,
                            attributes: true });
"""
"""Remembers what the page showed in passing: a fast machine shows it for a moment only."""


def open_product(page: Page) -> None:
    """From the products to the answer."""
    page.get_by_role("link", name="Jinja2").first.click()
    page.wait_for_url(re.compile(r"/products/[0-9a-f-]+"))


def job_of(demo: RunningDemo, lab: str, version: str) -> str:
    """Id of the job of a lab with a version of markupsafe."""
    with demo.admin() as client:
        for job in client.pages("/jobs", "jobs"):
            versions = {component["version"] for component in job["components"]}
            if job["remoteci"]["name"] == lab and version in versions:
                return str(job["id"])
    raise AssertionError(f"no job of {lab} with {version}")


def test_wrong_password_is_refused_in_plain_words(browser: Browser, told_demo: RunningDemo) -> None:
    page = browser.new_page()
    page.goto(told_demo.url)
    page.wait_for_url("**/login*")
    page.get_by_label("Name or e-mail").fill("admin")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Name and password do not match")).to_be_visible()
    page.close()


def test_product_page_shows_versions_by_labs_and_why_they_fail(page: Page) -> None:
    open_product(page)
    matrix = page.get_by_role("region", name="Component sets and labs")
    for text in ("1.1.1", "2.0.1", "2.1.0", "lab-a", "lab-b"):
        expect(matrix.get_by_text(text).first).to_be_visible()
    groups = page.locator("article")
    expect(groups.filter(has_text="soft_unicode").first).to_be_visible()
    expect(groups.filter(has_text=re.compile("everyone", re.I)).first).to_be_visible()
    expect(groups.filter(has_text=re.compile("only lab-b", re.I)).first).to_be_visible()
    assert groups.filter(has_text="known since the first run").count() >= 2


def test_filters_of_the_jobs_list_are_in_the_address(page: Page, told_demo: RunningDemo) -> None:
    page.goto(f"{told_demo.url}/jobs")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(6)
    filters = page.get_by_role("search", name="Filter jobs")
    filters.get_by_label("Lab", exact=True).select_option(label="Lab: lab-b")
    expect(page).to_have_url(re.compile(r"lab=[0-9a-f-]{36}"))
    expect(rows).to_have_count(3)
    page.reload()
    expect(rows).to_have_count(3)
    page.go_back()
    expect(rows).to_have_count(6)


def test_stage_that_broke_shows_its_evidence(page: Page, told_demo: RunningDemo) -> None:
    page.goto(f"{told_demo.url}/jobs/{job_of(told_demo, 'lab-a', '2.1.0')}")
    expect(page.get_by_text("cannot import name 'soft_unicode'").first).to_be_visible()
    expect(page.get_by_text("exit 4").first).to_be_visible()


def test_tests_of_a_job_begin_with_the_failed_and_can_be_filtered(
    page: Page, told_demo: RunningDemo
) -> None:
    page.goto(f"{told_demo.url}/jobs/{job_of(told_demo, 'lab-a', '2.0.1')}/tests")
    expect(page.locator(".rt-test")).to_have_count(2)
    page.get_by_role("button", name=re.compile("test_undefined_native_return")).click()
    expect(page.get_by_text("'missing' is undefined").first).to_be_visible()
    page.get_by_label("Test name contains").fill("test_loader")
    expect(page.get_by_text("No test fits these filters")).to_be_visible()
    page.get_by_role("button", name=re.compile("^passed 745")).click()
    expect(page).to_have_url(re.compile("test_loader"))
    expect(page.locator(".rt-test").first).to_contain_text("test_loader")


def test_status_log_and_counts_move_without_a_reload(page: Page, told_demo: RunningDemo) -> None:
    job = job_of(told_demo, "lab-a", "1.1.1")
    page.goto(f"{told_demo.url}/jobs/{job}")
    heading = page.get_by_role("heading", level=1).locator("..")
    page.evaluate(WATCH)
    with told_demo.admin() as client:
        attempt = client.get(f"/jobs/{job}")["job"]["attempt"] + 1
        client.post(f"/jobs/{job}/retry")
    stages = page.get_by_role("list", name=f"Stages of attempt {attempt}", exact=True)
    expect(stages).to_be_visible(timeout=20_000)
    expect(stages.locator("[aria-current=step]")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("log")).to_contain_text("2 failed, 745 passed", timeout=90_000)
    expect(stages.locator("[aria-current=step]")).to_have_count(0, timeout=60_000)
    expect(page.get_by_role("link", name=re.compile("Tests.*2 failed"))).to_be_visible()
    expect(heading).to_contain_text(re.compile("failed", re.I))
    seen = page.evaluate("window.seen")  # gone after a reload
    assert {"Preparing", "Testing"} <= set(seen["status"])
    assert len(set(seen["counts"])) >= 2


def test_line_of_a_log_can_be_linked_to(page: Page, told_demo: RunningDemo) -> None:
    job = job_of(told_demo, "lab-b", "2.0.1")
    page.goto(f"{told_demo.url}/jobs/{job}/log#L300")
    line = page.get_by_role("log").get_by_text("300", exact=True)
    expect(line).to_be_visible()
    expect(line).to_be_in_viewport()


def test_keyboard_reaches_every_page(page: Page) -> None:
    for key, path in (("j", "jobs"), ("c", "components"), ("l", "labs"), ("p", "products")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(f"**/{path}")
        # the address is there before the page is; other pages have links of the same names
        expect(page).to_have_title(re.compile(f"^{path}", re.IGNORECASE))
    page.get_by_role("link", name="Jinja2").first.wait_for()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.matches('[data-row], [data-row] *')")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_dark_mode_follows_the_system_and_can_be_chosen(
    browser: Browser, told_demo: RunningDemo
) -> None:
    words = ("admin", told_demo.state.admin_password)
    page = log_in(browser, told_demo.url, *words, colours="dark")
    html = page.locator("html")
    expect(html).to_have_class(re.compile("pf-v6-theme-dark"))
    page.get_by_role("button", name=re.compile("^Colours: as the system")).click()
    expect(html).not_to_have_class(re.compile("pf-v6-theme-dark"))
    page.reload()
    expect(html).not_to_have_class(re.compile("pf-v6-theme-dark"))
    page.context.close()


def test_partner_sees_its_own_lab_alone_on_the_page(
    browser: Browser, told_demo: RunningDemo
) -> None:
    page = log_in(browser, told_demo.url, "partner", told_demo.state.partner_password)
    open_product(page)
    matrix = page.get_by_role("region", name="Component sets and labs")
    expect(matrix.get_by_text("lab-b").first).to_be_visible()
    expect(page.get_by_text("lab-a")).to_have_count(0)
    page.context.close()


def test_reports_are_on_their_page(page: Page, told_demo: RunningDemo) -> None:
    page.goto(f"{told_demo.url}/reports")
    expect(page.get_by_text("demo webhook").first).to_be_visible()
    expect(page.get_by_text("demo mail").first).to_be_visible()


def test_failure_is_named_where_it_is_seen_and_the_name_taken_back(page: Page) -> None:
    open_product(page)
    page.locator("article", has_text="soft_unicode").first.get_by_role(
        "link", name="Name it as a known issue"
    ).click()
    page.get_by_label("What people know it as").fill("soft_unicode is gone")
    page.get_by_label("Where it is written down").fill("https://bugs.example.com/7")
    page.get_by_role("button", name="Name it").click()
    named = page.get_by_role("region", name=re.compile("^Failures that it names"))
    expect(named.locator("article").first).to_contain_text("soft_unicode is gone · admin")
    page.get_by_role("button", name="Withdraw soft_unicode is gone").click()
    expect(named.locator("article")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(named.locator("article").first).to_contain_text("soft_unicode is gone")
    page.get_by_role("button", name="Remove soft_unicode is gone").click()
    expect(page.get_by_text("Nothing is known yet")).to_be_visible()


def test_why_a_job_failed_leads_to_line_group_and_comparison(
    page: Page, told_demo: RunningDemo
) -> None:
    page.goto(f"{told_demo.url}/jobs/{job_of(told_demo, 'lab-b', '2.0.1')}")
    why = page.get_by_role("region", name="Why it failed")
    expect(why.get_by_text("1.1.1")).to_be_visible()
    why.get_by_role("link", name="Compare test by test").click()
    expect(page.get_by_role("table", name="Compared tests")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^[1-9][0-9]* Regressions"))).to_be_visible()
    page.go_back()
    group = why.locator("a[href^='/products/']").first
    title = group.inner_text()
    group.click()
    expect(page.locator("article", has_text=title).first).to_be_in_viewport()


def test_retry_of_a_running_job_is_refused(told_demo: RunningDemo) -> None:
    job = job_of(told_demo, "lab-a", "2.1.0")
    with told_demo.admin() as client:
        client.post(f"/jobs/{job}/retry")
        with pytest.raises(ApiError):
            client.post(f"/jobs/{job}/retry")
        done = until(
            lambda: client.get(f"/jobs/{job}")["job"]["phase"] == "finished", what="the retry"
        )
    assert done
