"""A form saved in a real browser breaks the mark: that is how edits by hand are known."""

import base64

import pytest

from ringtest.jjb.planning import marks
from tests.examples.browser import CHROMIUM, open_browser
from tests.jjb.planning.conftest import Desk, job

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")


def test_form_saved_in_a_browser_breaks_the_mark(desk: Desk) -> None:
    desk.put(job("one"), job("two"))
    before = desk.controller.listing().items["one"].description
    assert before.count("\r") == 1
    with open_browser() as browser:
        token = base64.b64encode(b"admin:token-of-admin").decode()
        context = browser.new_context(extra_http_headers={"Authorization": f"Basic {token}"})
        page = context.new_page()
        page.goto(f"{desk.server.url}job/one/configure")
        page.click("button")
        page.wait_for_load_state()
        context.close()
    after = desk.controller.listing().items["one"].description
    assert after.replace("\n", "\r") == before
    mark = marks.find(after)
    assert mark is not None
    assert not mark.intact
    assert desk.plan(job("one"), job("two")).writes == []  # nothing else was changed
