"""A stand-in, a client of it, and hand-made jobs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ringtest.client.jenkins import Controller, Site
from ringtest.client.retry import Retries
from ringtest.jjb.planning.applier import Outcome, apply
from ringtest.jjb.planning.audit import Audit
from ringtest.jjb.planning.marks import BUILDER_MARK
from ringtest.jjb.planning.model import Choices, Desired
from ringtest.jjb.planning.planner import Plan, make_plan
from tests.jenkins_server import JenkinsServer, jenkins_server

_ESCAPED = BUILDER_MARK.replace("<", "&lt;").replace(">", "&gt;")


def job(name: str, command: str = "make", more: str = "") -> Desired:
    """A freestyle job in the form that jenkins-job-builder writes."""
    xml = (
        '<?xml version="1.0" encoding="utf-8"?>\n<project>\n  <actions/>\n'
        f"  <description>{_ESCAPED}</description>\n  <keepDependencies>false</keepDependencies>\n"
        "  <properties/>\n  <builders>\n    <hudson.tasks.Shell>\n"
        f"      <command>{command}</command>\n    </hudson.tasks.Shell>\n  </builders>\n"
        f"  <publishers/>\n  {more}\n</project>\n"
    )
    return Desired("job", name, xml.encode())


def folder(name: str) -> Desired:
    """A folder."""
    tag = "com.cloudbees.hudson.plugins.folder.Folder"
    return Desired("job", name, f"<{tag}><description>{_ESCAPED}</description></{tag}>".encode())


def view(name: str, regex: str = ".*") -> Desired:
    """A list view; it has no description of its own."""
    xml = f"<hudson.model.ListView><name>{name}</name><includeRegex>{regex}</includeRegex>"
    return Desired("view", name, f"{xml}</hudson.model.ListView>".encode())


class Desk:
    """Plans and applies as the command does."""

    def __init__(self, server: JenkinsServer, controller: Controller, folder: Path) -> None:
        self.server = server
        self.controller = controller
        self.audit_file = folder / "audit.jsonl"

    def plan(self, *desired: Desired, **choices: bool | str) -> Plan:
        return make_plan(self.controller, desired, Choices(**choices))  # type: ignore[arg-type]

    def apply(self, plan: Plan) -> list[Outcome]:
        with Audit(self.audit_file) as audit:
            return apply(self.controller, plan, audit=audit)

    def put(self, *desired: Desired, **choices: bool | str) -> list[Outcome]:
        """Plan and apply."""
        return self.apply(self.plan(*desired, **choices))

    def config(self, name: str) -> str:
        return self.server.controller.item(name).config


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with jenkins_server() as server:
        site = Site(server.url, "admin", "token-of-admin", timeout=10.0)
        retries = Retries(attempts=8, first=0.001, most=0.005)
        with Controller(site, retries=retries) as controller:
            yield Desk(server, controller, tmp_path)
