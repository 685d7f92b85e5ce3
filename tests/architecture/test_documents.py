"""What is made from the code is made from this code; every word of configuration is explained."""

import re
import tomllib
from dataclasses import fields
from itertools import chain

import pytest

from docs.changelog import KINDS
from docs.fields import field_docs
from docs.generate import DOCS, PAGES
from docs.reference_pages import routes
from ringtest.agent.settings import AgentSettings
from ringtest.control.kernel.events import CONSUMERS, MEANINGS, EventType
from ringtest.control.kernel.settings import Settings
from tests.architecture.sources import ROOT, expect_none, name_of, tracked

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_made_page_is_fresh(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "run `make docs`"


def test_every_event_has_a_meaning_and_a_good_name() -> None:
    assert set(MEANINGS) == set(EventType)
    assert len(EventType) <= 25
    assert all(re.fullmatch(r"[a-z]+\.[a-z_]+", event) for event in EventType)
    assert frozenset().union(*CONSUMERS.values()) <= set(EventType)


@pytest.mark.parametrize("kind", [Settings, AgentSettings])
def test_every_setting_has_a_meaning(kind: type[Settings] | type[AgentSettings]) -> None:
    silent = {setting.name for setting in fields(kind)} - set(field_docs(kind))
    expect_none(silent, "settings without meaning")


def test_every_route_says_what_it_does() -> None:
    silent = [f"{method} {path}" for method, path, summary in routes() if not summary]
    expect_none(silent, "routes without a summary")


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{name_of(page)}: {target}"
        for page in tracked()
        if page.suffix == ".md"
        for target in LINK.findall(page.read_text())
        if "://" not in target
        and not target.startswith("mailto:")
        and not (page.parent / target).exists()
    ]
    expect_none(broken)


def test_decision_records_are_numbered_without_gaps_and_have_their_parts() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        parts = re.findall(r"^## (\w+)", record.read_text(), re.M)
        assert parts == ["Context", "Decision", "Consequences"], name_of(record)


def test_change_files_are_of_a_known_kind() -> None:
    files = [path for path in (ROOT / "changes").glob("*") if path.name != "README.md"]
    kinds = "|".join(KINDS)
    expect_none(
        path.name for path in files if not re.fullmatch(rf"[a-z0-9-]+\.({kinds})\.md", path.name)
    )


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *chain.from_iterable(extras)]
    pinned = {
        _normal(line.split("==")[0])
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    missing = {_normal(re.split(r"[\[<>=~!; ]", name)[0]) for name in wanted} - pinned
    expect_none(missing, "run `make constraints`; not pinned:")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
