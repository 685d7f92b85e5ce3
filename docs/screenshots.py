"""Photographs of the pages over a demo of its own, for the documentation (`make screenshots`)."""

import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.conftest import reachable_folder
from tests.examples.browser import CHROMIUM, log_in, open_browser
from tests.examples.running_demo import RunningDemo, run_demo, until

IMAGES = Path(__file__).parent / "images"
_SETS, _JOBS, _SECONDS = 3, 6, 300


def photograph(demo: RunningDemo, browser: Browser) -> None:
    """The live job first, while there is one; the answer when all jobs have ended."""
    until(lambda: demo.state.keys.get("package-index"), what="the seeds")
    password = demo.state.admin_password
    page = until(
        lambda: log_in(browser, demo.url, "admin", password, height=820), what="the first login"
    )
    live_job(demo, page)
    until(lambda: _finished(demo) == _JOBS, seconds=_SECONDS, what="the end of all jobs")
    answer(demo, page, "product")
    page.goto(f"{demo.url}/jobs")
    page.get_by_role("row").nth(_JOBS).wait_for()
    save(page, "jobs")
    dark = log_in(browser, demo.url, "admin", password, colours="dark", height=820)
    answer(demo, dark, "product-dark")


def live_job(demo: RunningDemo, page: Page) -> None:
    """A job in its test stage, with log and counts."""
    job = until(lambda: _testing(demo), seconds=_SECONDS, what="a job in its test stage")
    page.goto(f"{demo.url}/jobs/{job}")
    # far enough for the log to be full of tests, and for the counts to have moved
    page.get_by_role("log").get_by_text("test_filters.py").first.wait_for()
    page.get_by_text(re.compile(r"\d+ of 750")).first.wait_for()
    save(page, "job")


def answer(demo: RunningDemo, page: Page, name: str) -> None:
    """The product page."""
    page.goto(f"{demo.url}/products")
    page.get_by_role("link", name="Jinja2").first.click()
    page.get_by_role("heading", name="Why it fails").wait_for()
    first = page.locator("article").first.get_by_role("button", expanded=True)
    first.click()  # folded like the others, so that all fit
    page.set_viewport_size({"width": 1280, "height": 1220})
    save(page, name)


def save(page: Page, name: str) -> None:
    """One picture, without anything that blinks."""
    page.screenshot(path=IMAGES / f"{name}.png", animations="disabled", caret="hide")
    print(f"docs/images/{name}.png")


def _jobs(demo: RunningDemo) -> list[dict[str, object]]:
    with demo.admin() as client:
        return list(client.pages("/jobs", "jobs"))


def _finished(demo: RunningDemo) -> int:
    return sum(job["phase"] == "finished" for job in _jobs(demo))


def _testing(demo: RunningDemo) -> str | None:
    found = (job for job in _jobs(demo) if job["stage"] == "test" and job["phase"] == "running")
    return next((str(job["id"]) for job in found), None)


def main() -> int:
    """Run a demo in a temporary folder and photograph it."""
    if CHROMIUM is None:
        print("no Chromium here: apt-get install chromium", file=sys.stderr)
        return 1
    IMAGES.mkdir(exist_ok=True)
    with reachable_folder() as data, run_demo(data) as demo, open_browser() as browser:
        photograph(demo, browser)
    return 0


if __name__ == "__main__":
    sys.exit(main())
