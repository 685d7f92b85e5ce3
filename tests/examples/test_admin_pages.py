"""Administration in a real browser, over a real server: the way of a vendor with a partner."""

import re
import secrets

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.examples.browser import CHROMIUM, log_in
from tests.examples.running_demo import RunningDemo

pytestmark = [
    pytest.mark.demo,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here"),
]


TAG = secrets.token_hex(3)
"""In every name: what is archived keeps its name."""
PARTNER, LAB, USER, TOPIC = f"Partner {TAG}", f"lab-{TAG}", f"jo-{TAG}", f"Topic {TAG}"


@pytest.fixture
def page(page: Page, told_demo: RunningDemo) -> Page:
    """The pages of administration."""
    page.goto(f"{told_demo.url}/admin")
    return page


def heading(page: Page, text: str) -> None:
    """The page is about it."""
    expect(page.get_by_role("heading", level=1, name=text)).to_be_visible()


def new(page: Page, word: str) -> Locator:
    """The form of a new one, from the list."""
    page.get_by_role("link", name=f"New {word}").click()
    return page.get_by_role("form", name=f"New {word}")


def archive(page: Page, word: str = "Archive") -> None:
    """Asked once, then gone."""
    page.get_by_role("button", name=word, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=word, exact=True).click()
    expect(page).to_have_url(re.compile(r"/admin/[a-z_]+$"))


def undo(page: Page) -> None:
    """What was just done is taken back, and the notice is gone."""
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_a_partner_gets_a_team_a_product_and_a_lab_with_keys(page: Page) -> None:
    form = new(page, "team")
    form.get_by_label("Name").fill(PARTNER)
    form.get_by_label("A partner’s team").check()
    form.get_by_role("button", name="Create team").click()
    heading(page, PARTNER)
    products = page.get_by_role("region", name=re.compile("^Products"))
    products.get_by_role("combobox").select_option(label="Jinja2")
    products.get_by_role("button", name="Add").click()
    expect(products.get_by_role("link", name="Jinja2")).to_be_visible()
    team = page.url

    page.get_by_role("link", name="Remote CIs").click()
    form = new(page, "remote CI")
    form.get_by_label("Name").fill(LAB)
    form.get_by_label("Team").select_option(label=PARTNER)
    form.get_by_role("button", name="Create remote CI").click()
    first = page.get_by_label("dcirc.sh", exact=True).inner_text()
    assert re.search(r'DCI_CLIENT_ID="remoteci/[0-9a-f-]{36}"', first)
    page.get_by_role("link", name=re.compile(f"go on to {LAB}")).click()
    heading(page, LAB)
    topics = page.get_by_role("region", name=re.compile("^Topics"))
    topics.get_by_role("combobox").select_option(label="Jinja2 2.11")
    topics.get_by_role("button", name="Add").click()
    expect(topics.get_by_role("link", name="Jinja2 2.11")).to_be_visible()

    keys = page.get_by_role("region", name="Keys")
    keys.get_by_label("The old key").select_option(label="The old one works one hour more")
    keys.get_by_role("button", name="Make a fresh key").click()
    assert keys.get_by_label("dcirc.sh", exact=True).inner_text() != first
    expect(keys.get_by_role("button", name="End")).to_have_count(2)

    archive(page)
    expect(page.get_by_role("link", name="lab-b", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name=LAB, exact=True)).to_have_count(0)
    page.goto(team)
    archive(page)
    expect(page.get_by_role("link", name=PARTNER)).to_have_count(0)


def test_two_people_change_one_topic(page: Page, told_demo: RunningDemo) -> None:
    page.get_by_role("link", name="Topics", exact=True).click()
    form = new(page, "topic")
    form.get_by_label("Name").fill(TOPIC)
    form.get_by_label("Product").select_option(label="Jinja2")
    form.get_by_label("Component types", exact=True).fill("jinja2\nmarkupsafe")
    form.get_by_role("button", name="Create topic").click()
    heading(page, TOPIC)
    topic = page.url.rsplit("/", 1)[1]

    page.get_by_label("Component types", exact=True).fill("jinja2")
    with told_demo.admin() as client:
        there = client.get(f"/topics/{topic}")["topic"]
        body = {"name": f"{TOPIC} b"}
        client.put(f"/topics/{topic}", body, etag=there["etag"])
        page.get_by_role("button", name="Save").click()
        told = page.get_by_role("table", name="What was changed meanwhile")
        expect(told).to_contain_text(f"{TOPIC} b")
        assert client.get(f"/topics/{topic}")["topic"]["component_types"] == [
            "jinja2",
            "markupsafe",
        ]
        page.get_by_role("button", name="Save mine").click()
        expect(page.get_by_text(re.compile(f"Changed “{TOPIC} b”"))).to_be_visible()
        both = client.get(f"/topics/{topic}")["topic"]
        assert (both["name"], both["component_types"]) == (f"{TOPIC} b", ["jinja2"])
        undo(page)
        again = client.get(f"/topics/{topic}")["topic"]
        assert again["component_types"] == ["jinja2", "markupsafe"]
    archive(page)


def test_a_definition_is_made_changed_and_refused_by_its_place(page: Page) -> None:
    page.get_by_role("link", name="Definitions").click()
    form = new(page, "job definition")
    form.get_by_label("Name").fill(f"smoke {TAG}")
    form.get_by_label("Topic").select_option(label="Jinja2 2.11")
    spec = page.get_by_label("What a job does")
    spec.fill('{"stages": {"test": [{"run": "make check", "timeout_seconds": 0}]}}')
    page.get_by_role("button", name="Create job definition").click()
    expect(page.get_by_text("spec.stages.test[0].timeout_seconds")).to_be_visible()
    spec.fill('{"stages": {"test": [{"run": "make check"}]}}')
    page.get_by_role("button", name="Create job definition").click()
    heading(page, f"smoke {TAG}")
    expect(spec).to_have_value(re.compile('"max_attempts": 3'))
    page.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_role("button", name="Activate", exact=True)).to_be_visible()
    undo(page)
    expect(page.get_by_role("button", name="Deactivate")).to_be_visible()
    archive(page)


def test_users_are_made_joined_and_found(page: Page) -> None:
    page.get_by_role("link", name="Users").click()
    form = new(page, "user")
    form.get_by_label("Name to log in with").fill(USER)
    form.get_by_label("E-mail").fill(f"{USER}@localhost")
    form.get_by_label("Password").fill("a long enough password")
    form.get_by_role("button", name="Create user").click()
    heading(page, USER)
    teams = page.get_by_role("region", name=re.compile("^Teams"))
    teams.get_by_role("combobox").select_option(label="Partner B")
    teams.get_by_role("button", name="Add").click()
    expect(teams.get_by_role("link", name="Partner B")).to_be_visible()
    undo(page)
    expect(teams.get_by_text("None yet.")).to_be_visible()
    page.get_by_role("link", name="Users").first.click()
    page.get_by_label("Name contains").fill(USER.upper())
    expect(page.get_by_role("table", name="Users").get_by_role("row")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"\?q=JO-"))
    page.get_by_role("link", name=USER, exact=True).click()
    archive(page)


def test_partner_is_offered_what_it_may_do(browser: Browser, told_demo: RunningDemo) -> None:
    page = log_in(browser, told_demo.url, "partner", told_demo.state.partner_password)
    page.get_by_role("link", name="Administration").click()
    expect(page.get_by_role("link", name="Partner B", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Users")).to_have_count(0)
    expect(page.get_by_role("link", name="New team")).to_have_count(0)
    page.get_by_role("link", name="Remote CIs").click()
    page.get_by_role("link", name="lab-b", exact=True).click()
    consent = page.get_by_role("region", name="Consent")
    consent.get_by_label("Whose wishes").select_option(label="Partner B")
    consent.get_by_label("What becomes of them").select_option(label="run at once")
    consent.get_by_role("button", name="Add").click()
    expect(consent.get_by_role("listitem")).to_contain_text("Partner B about any product")
    undo(page)
    expect(consent.get_by_text("No rule")).to_be_visible()
    page.context.close()
