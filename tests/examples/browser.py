"""A headless browser for tests and screenshots: the system's Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
"""None where no Chromium is installed."""

_QUIET = ("no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-sync")
_OFFLINE = ("disable-background-networking", "disable-component-update")


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser that talks to the addresses of the test and to nobody else."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[f"--{flag}" for flag in (*_QUIET, *_OFFLINE)]
        )
        yield browser
        browser.close()


def log_in(
    browser: Browser,
    url: str,
    name: str,
    password: str,
    *,
    colours: Literal["light", "dark"] = "light",
    width: int = 1280,
    height: int = 900,
) -> Page:
    """A page in a fresh session, logged in through the form; errors of scripts are raised."""
    context = browser.new_context(
        color_scheme=colours, viewport={"width": width, "height": height}, locale="en-GB"
    )
    page = context.new_page()
    page.goto(f"{url}/login")
    page.get_by_label("Name or e-mail").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/products")
    return page
