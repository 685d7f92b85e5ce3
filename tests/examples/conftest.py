"""One demo for all tests that only look at it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import reachable_folder
from tests.examples.browser import log_in, open_browser
from tests.examples.running_demo import STORY_SECONDS, RunningDemo, run_demo, until


def pytest_configure(config: pytest.Config) -> None:
    """The marks of this folder."""
    config.addinivalue_line("markers", "demo: runs the whole example, about a minute")


@pytest.fixture(scope="session")
def told_demo() -> Iterator[RunningDemo]:
    """A demo that has told its story once (`--once`), and now runs on for people to look at.

    While writing tests, `RINGTEST_TOLD_DEMO=demo-data` takes one that runs already.
    """
    if os.environ.get("RINGTEST_TOLD_DEMO"):
        yield RunningDemo(None, Path(os.environ["RINGTEST_TOLD_DEMO"]))
        return
    with reachable_folder() as data:
        with run_demo(data, "--once", f"--timeout={STORY_SECONDS}") as first:
            code = first.process.wait(STORY_SECONDS + 60)
            assert code == 0, (data / "demo.log").read_text()
        with run_demo(data) as second, second.admin() as client:
            # a browser, unlike the client, does not wait for a server that is starting
            until(lambda: client.get("/identity"), what="the second start")
            yield second
            assert second.end() < 25
            assert second.process.returncode == 0


@pytest.fixture(scope="module")
def browser(told_demo: RunningDemo) -> Iterator[Browser]:
    """One browser for all pages."""
    with open_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, told_demo: RunningDemo) -> Iterator[Page]:
    """A page of a super admin; an error in a script fails the test."""
    page = log_in(browser, told_demo.url, "admin", told_demo.state.admin_password)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.context.close()
    assert errors == []
