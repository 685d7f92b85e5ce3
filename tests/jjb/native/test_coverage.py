"""What is covered, what has no effect and what is not covered: nothing is left out silently."""

from pathlib import Path

import pytest

from ringtest.jjb.native.axes import cells, is_touchstone, label
from ringtest.jjb.native.jobs import program_of
from ringtest.jjb.native.parameters import values
from ringtest.jjb.native.program import Coverage
from ringtest.jjb.native.tracing import Tree, trace
from tests.jjb.fixtures_of import HERE, fixtures, inside
from tests.jjb.native.conftest import program


def findings(text: str, folder: Path) -> list[str]:
    """Of the job `j`, those that are not simply covered."""
    told = program(text, folder).findings
    return [
        f"{one.coverage} {one.section} {one.component} {one.why}".strip()
        for one in told
        if one.coverage is not Coverage.COVERED
    ]


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("builders: [{shell: x}]", []),
        ("builders: [{ant: x}]", ["uncovered builders ant"]),
        ("triggers: [{timed: '@daily'}]", ["harmless triggers timed you start it yourself"]),
        ("wrappers: [timestamps]", ["harmless wrappers timestamps log lines are kept as printed"]),
        ("publishers: [{email: {recipients: a}}]", ["harmless publishers email nobody is mailed"]),
        ("publishers: [{trigger: {project: other}}]",
         ["uncovered publishers trigger starting other is not covered"]),
        ("wrappers: [{timeout: {type: likely-stuck}}]",
         ["uncovered wrappers timeout timeout LikelyStuckTimeOutStrategy is not covered"]),
        ("builders: [{inject: {groovy-script: 'x'}}]", []),
        ("scm: [{git: {url: a, changelog-against: {remote: o, branch: b}}}]", []),
        ("scm: [{git: {url: a, choosing-strategy: inverse}}]",
         ["uncovered scm git BuildChooserSetting is not covered"]),
        ("scm: [{svn: {url: a}}]", ["uncovered scm svn"]),
        ("builders: [{raw: {xml: <some.Step/>}}]", ["uncovered builders raw"]),
        ("raw: {xml: <odd><a>1</a></odd>}", ["uncovered job odd"]),
        ("node: big\n    disabled: true", [
            "harmless job disabled a job that is disabled is run when you say so",
            "harmless job assignedNode this machine is the node"]),
        ("workspace: /somewhere",
         ["uncovered job workspace /somewhere is outside of the folder of runs"]),
        ("parameters: [{dynamic-choice: {name: A, description: d, script: s}}]", []),
        ("project-type: pipeline\n    dsl: x",
         ["uncovered project-type flow-definition only freestyle and matrix jobs run without"
          " Jenkins"]),
    ],
)  # fmt: skip
def test_every_component_is_told_by_what_becomes_of_it(
    section: str, said: list[str], tmp_path: Path
) -> None:
    assert findings(f"- job:\n    name: j\n    {section}\n", tmp_path) == said


def test_findings_stand_at_the_place_of_their_component(tmp_path: Path) -> None:
    text = """\
- builder: {name: made, builders: [{conditional-step: {condition-kind: always, steps: [
    {shell: x}, {ant: y}]}}]}
- job: {name: j, builders: [made]}
"""
    told = program(text, tmp_path).findings
    places = [(one.component, one.place and one.place[1:], len(one.chain)) for one in told]
    assert places == [("conditional-step", (1, 36), 1), ("shell", (2, 5), 1), ("ant", (2, 17), 1)]


def test_an_option_that_nobody_reads_is_not_covered(tmp_path: Path) -> None:
    raw = "<hudson.tasks.Shell><command>x</command><odd>1</odd></hudson.tasks.Shell>"
    text = f"- job: {{name: j, builders: [{{raw: {{xml: {raw}}}}}]}}\n"
    assert findings(text, tmp_path) == ["uncovered builders raw odd 1 is not covered"]


SECTIONS = ("builders/*", "publishers/*", "buildWrappers/*", "triggers/*")
KINDS = ("builders", "parameters", "properties", "publishers", "triggers", "wrappers")


def untold(tree: Tree) -> set[str]:
    """Components of a job that no finding names."""
    told = {(one.section, one.component) for one in program_of(tree).findings}
    elements = [one for path in SECTIONS for one in tree.root.iterfind(path)]
    origins = [tree.origins[one] for one in elements if one in tree.origins]
    return {one.component for one in origins if (one.section, one.component) not in told}


def test_no_component_is_left_out_silently() -> None:
    seen: list[Tree] = []
    for kind in KINDS:
        with inside(HERE / "components" / kind):
            for one in fixtures(f"components/{kind}"):
                trace([one.path], seen.append, settings=one.settings(), plugins=one.plugins)
    jobs = [tree for tree in seen if tree.root.tag in ("project", "matrix-project")]
    assert len(jobs) > 100
    assert {tree.name: lost for tree in jobs if (lost := untold(tree))} == {}


def test_values_of_parameters_are_checked(tmp_path: Path) -> None:
    text = """\
- job:
    name: j
    parameters:
    - choice: {name: C, choices: [a, b]}
    - bool: {name: B, default: true}
    - validating-string: {name: V, default: x, regex: '[a-z]+', msg: no}
    - text: {name: T, default: "one\\ntwo"}
    - random-string: {name: R}
    - run: {name: BUILD, project-name: other}
    - extended-choice: {name: E, type: checkbox, value: 'a,b', default-value: a}
    - label: {name: L, default: big}
"""
    wanted = program(text, tmp_path).parameters
    chosen, faults = values(wanted, {"BUILD": "other#3"})
    assert faults == []
    assert len(chosen.pop("R")) == 16
    assert chosen == {
        "C": "a", "B": "true", "V": "x", "T": "one\ntwo", "BUILD": "other#3", "E": "a", "L": "big",
    }  # fmt: skip
    given = {"C": "c", "B": "maybe", "V": "X1", "E": "a,z", "X": "1"}
    assert values(wanted, given)[1] == [
        "C is a or b, not c",
        "B is true or false, not maybe",
        "V must match [a-z]+, and X1 does not",
        "BUILD has no default: -p BUILD=VALUE",
        "E is a or b, not a,z",
        "the job has no parameter X",
    ]


MATRIX = """\
- job:
    name: j
    project-type: matrix
    axes:
    - axis: {{type: user-defined, name: os, values: [el9, el10]}}
    - axis: {{type: label-expression, name: arch, values: [x86, arm]}}
    execution-strategy: {strategy}
"""


def test_a_matrix_runs_the_cells_that_its_filter_lets_through(tmp_path: Path) -> None:
    strategy = '{combination-filter: \'!(os == "el9" && arch == "arm")\', touchstone: '
    strategy += "{expr: 'arch == \"arm\"', result: unstable}}"
    found = program(MATRIX.format(strategy=strategy), tmp_path)
    assert [label(one) for one in cells(found)] == [
        "arch=arm,os=el10",
        "arch=x86,os=el9",
        "arch=x86,os=el10",
    ]
    assert [is_touchstone(found, one) for one in cells(found)] == [True, False, False]
    assert found.touchstone_result == "UNSTABLE"


@pytest.mark.parametrize("groovy", ["os.startsWith('el')", "where == 1", "[os].any { it }"])
def test_filters_that_only_groovy_knows_are_not_covered(groovy: str, tmp_path: Path) -> None:
    strategy = '{combination-filter: "%s"}' % groovy  # noqa: UP031
    text = MATRIX.format(strategy=strategy.replace("{ it }", "{{ it }}"))
    assert "is not covered" in findings(text, tmp_path)[0]
