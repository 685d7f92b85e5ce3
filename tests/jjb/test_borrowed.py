"""What a site adds to the library, and what is said where the library is not installed."""

import importlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ringtest.jjb import borrowed
from ringtest.jjb.engine import render

ENTRY_POINTS = """\
[jenkins_jobs.projects]
tower = site_jobs:Tower
broken = site_jobs:Broken

[jenkins_jobs.views]
wall = site_jobs:Wall

[jenkins_jobs.builders]
ring = site_jobs:ring
gone = site_jobs_of_old:gone
"""
MODULE = """\
import xml.etree.ElementTree as XML

import jenkins_jobs.modules.base
import jenkins_jobs.modules.helpers as helpers
from jenkins_jobs.errors import JenkinsJobsException


class Tower(jenkins_jobs.modules.base.Base):
    def root_xml(self, data):
        return XML.Element("site.Tower", {"plugin": "site"})


class Broken(jenkins_jobs.modules.base.Base):
    def root_xml(self, data):
        raise JenkinsJobsException("the tower fell")


class Wall(jenkins_jobs.modules.base.Base):
    def root_xml(self, data):
        root = XML.Element("site.Wall")
        helpers.convert_mapping_to_xml(root, data, [("name", "name", None)])
        return root


def ring(registry, xml_parent, data):
    \"\"\"yaml: ring\"\"\"
    XML.SubElement(xml_parent, "site.Ring").text = data
"""
COMMON = """\
- job: {name: a, project-type: multibranch, scm: [{git: {url: u, credentials-id: c}}]}
- job: {name: b, project-type: maven, maven: {goals: clean, settings: s, maven-opts: -X}}
- job: {name: c, project-type: githuborg, github-org: {repo-owner: o}}
- view: {name: v, view-type: dashboard, regex: x, job-filters: {unclassified: {}}}
- view: {name: w, view-type: delivery_pipeline}
"""
OF_SITE = """\
- job: {name: t, project-type: tower, builders: [{ring: loud}]}
- view: {name: u, view-type: wall}
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package beside the library that adds kinds and a component by entry points."""
    (tmp_path / "site_jobs.py").write_text(MODULE)
    info = tmp_path / "site_jobs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: site-jobs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    _forget()
    yield
    _forget()


def test_what_a_site_adds_is_rendered_by_it_and_named(site: None) -> None:
    rendered = render([io.StringIO(COMMON + OF_SITE)])
    assert rendered.problems == []
    assert rendered.borrowed == {
        ("projects", "tower"): 1,
        ("views", "wall"): 1,
        ("builders", "ring"): 1,
    }
    (tower,) = (made.xml.decode() for made in rendered.jobs if made.name == "t")
    assert '<site.Tower plugin="site">' in tower
    assert "<builders>\n    <site.Ring>loud</site.Ring>\n  </builders>" in tower
    (wall,) = (made.xml.decode() for made in rendered.views if made.name == "u")
    assert wall.endswith("<site.Wall>\n  <name>u</name>\n</site.Wall>\n")


def test_what_a_site_refuses_is_an_error_with_a_place(site: None) -> None:
    rendered = render([io.StringIO("- job: {name: t, project-type: broken}\n")])
    (problem,) = rendered.problems
    assert "the tower fell" in problem.message
    assert problem.place is not None and problem.place.line == 1


def test_a_component_whose_package_is_broken_takes_no_other_away(site: None) -> None:
    made = render([io.StringIO("- job: {name: a, builders: [ring: x]}\n")])
    assert [job.name for job in made.jobs] == ["a"]
    lost = render([io.StringIO("- job: {name: a, builders: [gone: x]}\n")])
    assert [problem.rule for problem in lost.problems] == ["unknown-component"]


def test_kinds_of_a_site_are_told_beside_ours(site: None) -> None:
    rendered = render([io.StringIO("- job: {name: t, project-type: towr}\n")])
    (problem,) = rendered.problems
    assert "maven" in problem.message and "tower" in problem.message


@pytest.fixture
def base_install(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As where neither the library nor Jinja is installed."""
    real = importlib.import_module

    def import_module(name: str, package: str | None = None) -> Any:
        if name.startswith("jenkins_jobs") or name.endswith("expansion.jinja"):
            raise ModuleNotFoundError(name=name.split(".")[0])
        return real(name, package)

    _forget()
    monkeypatch.setattr(importlib, "import_module", import_module)
    yield
    _forget()


def _forget() -> None:
    for kept in (borrowed.functions, borrowed._kinds, borrowed._errors, borrowed._module):
        kept.cache_clear()


def test_without_the_library_all_kinds_are_made_and_jinja_alone_needs_the_extra(
    base_install: None,
) -> None:
    text = COMMON + "- job: {name: j, jdk: !j2: '{{ x }}'}\n"
    rendered = render([io.StringIO(text)])
    assert [item.name for item in rendered.jobs] == ["a", "b", "c"]
    assert [item.name for item in rendered.views] == ["v", "w"]
    (problem,) = rendered.problems
    assert (problem.rule, problem.job) == ("needs-extra", "j")
    assert "ringtest[jenkins]" in problem.message


def test_a_name_that_nobody_knows_needs_no_extra(base_install: None) -> None:
    text = "- job: {name: b, project-type: nowhere}\n- view: {name: c, view-type: nowhere}\n"
    rendered = render([io.StringIO(text)])
    assert {problem.rule for problem in rendered.problems} == {"unknown-kind"}
    rendered = render([io.StringIO("- job: {name: a, builders: [nowhere]}\n")])
    assert len(rendered.problems) == 1
