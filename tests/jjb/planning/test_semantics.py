"""What counts as a difference: what Jenkins would do otherwise, not how it writes."""

import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringtest.jjb.engine import render
from ringtest.jjb.planning import marks
from ringtest.jjb.planning.differences import differences
from ringtest.jjb.planning.semantics import NotXml, digest, normal, parse
from tests.jenkins_server.rewriting import read, rewrite
from tests.jjb.oracle import oracle

REAL = """
- job:
    name: full
    description: "two\\nlines & <b>more</b>"
    properties:
    - build-discarder: {days-to-keep: 3}
    - github: {url: 'https://git.example.com/x'}
    parameters:
    - string: {name: A, default: "it's \\"quoted\\""}
    - bool: {name: B, default: true}
    - choice: {name: C, choices: [x, y]}
    scm: [{git: {url: 'https://git.example.com/x.git', branches: [main, dev]}}]
    triggers: [{timed: 'H * * * *'}, {pollscm: {cron: '@daily'}}]
    wrappers:
    - timeout: {timeout: 30}
    - timestamps
    - ssh-agent-credentials: {users: [a, b]}
    - workspace-cleanup
    builders:
    - shell: |
        set -e
          echo "tab\\there" 'quoted' > /dev/null
    - shell: make
    - inject: {properties-content: A=B}
    - conditional-step:
        condition-kind: always
        on-evaluation-failure: dont-run
        steps: [{shell: one}, {shell: two}]
    publishers:
    - archive: {artifacts: '**'}
    - junit: {results: '*.xml'}
    - email: {recipients: a@example.com}
    - email-ext: {recipients: b@example.com}
- job: {name: old, logrotate: {daysToKeep: 3, numToKeep: 5}, node: here}
- job: {name: empty}
- job:
    name: matrix
    project-type: matrix
    axes: [{axis: {type: user-defined, name: os, values: [a, b]}}]
    builders: [{shell: make}]
- job: {name: pipeline, project-type: pipeline, sandbox: true, dsl: "echo 'x'"}
- job: {name: folder, project-type: folder}
- view: {name: view, view-type: list, job-name: [b, a], columns: [status, job]}
"""


@cache
def rendered() -> dict[str, bytes]:
    return oracle(REAL)


FIXTURES = Path(__file__).parents[1] / "fixtures"
NAMES = ("full", "old", "empty", "matrix", "pipeline", "folder", "view")


@pytest.mark.parametrize("name", NAMES)
def test_what_jenkins_writes_anew_means_the_same(name: str) -> None:
    wanted = rendered()[name]
    kept = rewrite(parse(marks.put(wanted, "default"))).encode()
    assert kept != wanted
    assert differences(normal(parse(kept)), normal(parse(wanted))) == []
    assert digest(normal(parse(kept))) == digest(normal(parse(wanted)))


def test_no_fixture_differs_from_what_jenkins_makes_of_it() -> None:
    """All of them in one: there are many, and each takes a moment."""
    differing: list[str] = []
    for path in sorted(FIXTURES.rglob("*.yaml")):
        made = render([path])
        for each in [*made.jobs, *made.views]:
            if b"xmlns" in each.xml:  # the stand-in writes no namespaces, nor does Jenkins
                continue
            kept = rewrite(read(marks.put(each.xml, "default"))).encode()
            if differences(normal(parse(kept)), normal(parse(each.xml))):
                differing.append(f"{path.name}: {each.name}")
    assert differing == []


def leaves(root: ET.Element) -> list[ET.Element]:
    """Elements that hold a text of their own."""
    return [each for each in root.iter() if len(each) == 0]


@given(st.data())
def test_every_text_that_is_changed_is_a_difference(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    wanted = rendered()[name]
    root = parse(wanted)
    place = data.draw(st.integers(0, len(leaves(root)) - 1))
    leaves(root)[place].text = "something else"
    found = differences(normal(root), normal(parse(wanted)))
    assert any("something else" in str(change.before) for change in found)
    assert len(found) <= 2  # of a list without order one is gone and one is there


@settings(deadline=None)
@given(st.data())
def test_every_step_that_is_taken_away_is_a_difference(data: st.DataObject) -> None:
    root = parse(rendered()["full"])
    steps = [
        (parent, child)
        for parent in root.iter()
        for child in parent
        if parent.tag in ("builders", "publishers", "buildWrappers", "triggers")
    ]
    parent, child = data.draw(st.sampled_from(steps))
    parent.remove(child)
    assert differences(normal(root), normal(parse(rendered()["full"])))


def test_order_counts_where_things_happen_in_order() -> None:
    one = parse(b"<project><builders><a.B>1</a.B><a.B>2</a.B></builders></project>")
    two = parse(b"<project><builders><a.B>2</a.B><a.B>1</a.B></builders></project>")
    assert differences(normal(one), normal(two))
    one = parse(b"<project><x/><properties><a.B>1</a.B><a.C>2</a.C></properties></project>")
    two = parse(b"<project><properties><a.C>2</a.C><a.B>1</a.B></properties></project>")
    assert differences(normal(one), normal(two)) == []


def test_differences_say_where() -> None:
    one = b"<p><builders><a.B><c>1</c></a.B><a.B><c>2</c></a.B></builders></p>"
    two = one.replace(b"<c>2</c>", b"<c>3\n4</c>")
    (found,) = differences(normal(parse(one)), normal(parse(two)))
    assert (found.path, found.before, found.after) == ("builders/a.B[2]/c", "2", "3\n4")
    assert found.lines() == ["~ builders/a.B[2]/c", "@@ -1 +1,2 @@", "-2", "+3", "+4"]
    (found,) = differences(normal(parse(b"<p/>")), normal(parse(one)))
    assert (found.path, found.before) == ("builders", None)


@pytest.mark.parametrize("document", [b"", b"<a>", b"text", b"\xff\xfe<a/>", b"<a>&#0;&bad;</a>"])
def test_what_is_no_xml_is_refused(document: bytes) -> None:
    with pytest.raises(NotXml):
        parse(document)


@given(st.text("<>&\"' \tüx", max_size=20), st.booleans())
def test_mark_changes_nothing_but_the_description(text: str, disabled: bool) -> None:
    root = ET.Element("project")
    ET.SubElement(root, "builders").text = text
    ET.SubElement(root, "description").text = text
    xml = ET.tostring(root)
    marked = parse(marks.put(xml, "team", disabled=disabled))
    description = marked.findtext("description") or ""
    assert marks.without(description) == text
    assert marks.find(description) == marks.Mark("team", marks.digest_of(xml), True)
    assert marked.findtext("builders") == root.findtext("builders")
    assert marked.findtext("disabled") == ("true" if disabled else None)
