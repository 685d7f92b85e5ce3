"""Matrix files: cells, rules, conditions, what is wrong with them, and who set what."""

from pathlib import Path
from typing import Any

import pytest

from ringtest.jjb.matrix.explaining import explain, find
from ringtest.jjb.matrix.projects import Expanded, as_yaml, expand
from tests.jjb.oracle import oracle

HEAD = """\
archs: [x86_64, ppc64le]
products:
  RHEL: [6.9, 7.10]
  Fedora: ['27']
jobs:
  libvirt:
    gating: [cpu, memory]
    acceptance:
  qemu:
rules:
"""
RULES = """\
- job-template: '{name}-provision, {name}-runtest'
  timeout: 10
  assignee: alice
  watchers: [bob, virt-list]
- when: product == 'RHEL' and version >= '7.9'
  timeout: 20
  packages: [libvirt, '{component}-{arch}']
- when: test.startswith('libvirt.gating')
  packages: !extend qemu-kvm
  script: 'echo ${{HOME}} {test}'
  tags: [fast, daily]
  feature: virt
- when: product == 'Fedora'
  exclude: arch == 'ppc64le'
"""


def expanded(tmp_path: Path, rules: str = RULES, head: str = HEAD) -> Expanded:
    path = tmp_path / "jobs.yaml"
    path.write_text(head + rules)
    return expand(path)


def values(made: Expanded, name: str) -> dict[str, Any]:
    (found,) = find(made.decided, name)
    return found.values


def told(made: Expanded) -> list[tuple[str, int, int]]:
    """Rule, line within the rules, column."""
    above = HEAD.count("\n")
    return [
        (each.rule, each.place.line - above, each.place.column)
        for each in made.problems
        if each.place
    ]


def test_cells_are_versions_times_architectures_times_leaves(tmp_path: Path) -> None:
    made = expanded(tmp_path)
    assert made.problems == []
    assert len(made.decided) == 3 * 2 * 4
    assert len(made.kept) == 3 * 2 * 4 - 4
    names = [each.cell.name for each in made.decided[:4]]
    assert names == [
        "libvirt-RHEL-6.9-x86_64-gating-cpu",
        "libvirt-RHEL-6.9-x86_64-gating-memory",
        "libvirt-RHEL-6.9-x86_64-acceptance",
        "qemu-RHEL-6.9-x86_64-all",
    ]


def test_versions_are_no_numbers_and_compare_as_versions(tmp_path: Path) -> None:
    made = expanded(tmp_path)
    assert values(made, "qemu-RHEL-7.10-x86_64-all")["timeout"] == 20
    assert values(made, "qemu-RHEL-6.9-x86_64-all")["timeout"] == 10


def test_later_rules_win_and_extend_adds_lines(tmp_path: Path) -> None:
    found = values(expanded(tmp_path), "libvirt-RHEL-7.10-ppc64le-gating-cpu")
    assert found["packages"] == "libvirt\nlibvirt-ppc64le\nqemu-kvm"
    assert found["script"] == "echo ${HOME} libvirt.gating.cpu"
    only = values(expanded(tmp_path), "libvirt-RHEL-6.9-ppc64le-gating-cpu")
    assert only["packages"] == "qemu-kvm"


def test_people_and_tags_are_derived(tmp_path: Path) -> None:
    found = values(expanded(tmp_path), "libvirt-RHEL-6.9-x86_64-gating-cpu")
    assert found["recipients"] == "alice, bob, virt-list"
    assert found["watchers"] == "bob"
    assert found["dashboard-tags"] == "polarion: virt, fast, daily"


def test_projects_are_what_jenkins_job_builder_reads(tmp_path: Path) -> None:
    made = expanded(tmp_path)
    one = find(made.decided, "libvirt-RHEL-7.10-x86_64-gating-cpu")
    templates = """
- job-template:
    name: '{name}-runtest'
    builders: [{shell: '{script}'}]
- job-template:
    name: '{name}-provision'
    builders: [{shell: 'install {packages}'}]
"""
    rendered = oracle(as_yaml(one) + templates)
    assert sorted(rendered) == [f"{one[0].cell.name}-provision", f"{one[0].cell.name}-runtest"]
    assert b"echo ${HOME} libvirt.gating.cpu" in rendered[f"{one[0].cell.name}-runtest"]


def test_tags_of_jenkins_job_builder_are_passed_on(tmp_path: Path) -> None:
    made = expanded(tmp_path, "- job-template: a\n  run: !include-raw: '{arch}.sh'\n")
    assert "run: !include-raw: x86_64.sh\n" in as_yaml(made.kept[:1])


def test_explanation_names_the_rule_of_every_value(tmp_path: Path) -> None:
    made = expanded(tmp_path)
    (found,) = find(made.decided, "libvirt-RHEL-7.10-x86_64-gating-cpu-runtest")
    said = explain(found)
    variables = {each["name"]: each for each in said["variables"]}
    line = HEAD.count("\n") + 6
    timeout = variables["timeout"]
    assert timeout["value"] == 20
    assert timeout["set_by"][0]["place"] == f"{tmp_path}/jobs.yaml:{line}:3"
    assert timeout["set_by"][0]["when"] == "product == 'RHEL' and version >= '7.9'"
    assert timeout["overridden"][0]["value"] == 10
    assert [each["rule"] for each in variables["packages"]["set_by"]] == [2, 3]
    assert [each["rule"] for each in said["rules"]] == [1, 2, 3]


def test_explanation_of_a_dropped_cell_says_by_what(tmp_path: Path) -> None:
    (found,) = find(expanded(tmp_path).decided, "qemu-Fedora-27-ppc64le-all")
    assert explain(found)["excluded_by"].endswith(": arch == 'ppc64le'")


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ("- when: arch = 'x'\n", ("matrix-condition", 1, 14)),
        ("- when: archs == 'x'\n", ("matrix-undefined-name", 1, 9)),
        ("- when: __import__('os').system('x')\n", ("matrix-condition", 1, 9)),
        ("- when: arch.__class__ == 'x'\n", ("matrix-condition", 1, 9)),
        ("- when: major > 'x'\n  a: b\n", ("matrix-condition", 1, 17)),
        ("- {job-template: a, x: '{unknown}'}\n", ("matrix-undefined-name", 1, 24)),
        ("- {job-template: a, x: 'a } b'}\n", ("matrix-undefined-name", 1, 24)),
        ("- {job-template: a}\n- when: arch == 's390x'\n  a: b\n", ("matrix-unmatched-rule", 2, 3)),
        (
            "- job-template: a\n- {when: major > 1, a: 1}\n- {when: major > 1, b: 1}\n",
            ("matrix-duplicate-when", 3, 3),
        ),
        (
            "- job-template: a\n- {when: major > 6, x: 1}\n- {x: 2}\n",
            ("matrix-overridden", 2, 21),
        ),
        ("- [a]\n", ("matrix-shape", 1, 3)),
        ("- {a: 1, a: 2}\n", ("duplicate-key", 1, 10)),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, rules: str, problem: tuple[str, int, int]
) -> None:
    assert problem in told(expanded(tmp_path, rules))


def test_several_problems_are_told_at_once_and_each_once(tmp_path: Path) -> None:
    rules = "- job-template: a\n- when: nope == 1\n- when: arch = 1\n- {x: '{y}'}\n"
    errors = [rule for rule, _, _ in told(expanded(tmp_path, rules))]
    assert errors == ["matrix-undefined-name", "matrix-condition", "matrix-undefined-name"]


def test_names_that_clash_are_told(tmp_path: Path) -> None:
    head = HEAD.replace("gating: [cpu, memory]", "gating: [cpu, cpu]")
    made = expanded(tmp_path, "- job-template: a\n", head)
    assert {each.rule for each in made.problems} == {"matrix-name-clash"}


def test_cells_without_jobs_are_told_together(tmp_path: Path) -> None:
    made = expanded(tmp_path, "- {when: component == 'qemu', job-template: a}\n")
    assert [each.rule for each in made.problems] == ["matrix-no-template"]
    assert "15 more" in made.problems[0].message


def test_bombs_of_aliases_end_soon(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    made = expanded(tmp_path, "- a: b\n", "\n".join(lines) + "\n" + HEAD)
    assert [each.rule for each in made.problems] == ["too-large"]


def test_huge_matrix_is_refused_at_once(tmp_path: Path) -> None:
    versions = ", ".join(map(str, range(60_000)))
    made = expanded(tmp_path, "- a: b\n", HEAD.replace("6.9, 7.10", versions))
    assert [each.rule for each in made.problems] == ["too-large"]
