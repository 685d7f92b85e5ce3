"""A definition file is read whole, or every fault of it is told at its place."""

import json

import jsonschema_rs
import msgspec
import pytest
import yaml

from ringtest.agent.definitions.model import Definition, Step, schema
from ringtest.agent.definitions.plan import plan
from ringtest.agent.definitions.reading import Faulty, read_definition
from ringtest.agent.runners.registry import OPTIONS
from ringtest.control.definitions.model import read_spec

WHOLE = """
name: smoke
parameters: {arch: x86_64}
isolation: none
timeout_seconds: 600
artifacts: [logs/*.txt, {path: "*.xml", mime: application/junit}]
stages:
  provision: [lease get]
  prepare: [{run: make deps, retry: 2, timeout_seconds: 60}]
  test:
    - {name: unit, runner: pytest, with: {paths: [tests], reruns: 1}}
    - {run: ./arm.sh, when: "arch == 'arm'", always: true}
  teardown: [lease give back]
"""


def faults_of(text: str) -> list[str]:
    with pytest.raises(Faulty) as caught:
        read_definition(text, "f.yaml", runners=OPTIONS)
    return [str(fault) for fault in caught.value.faults]


def test_a_whole_definition_is_what_it_says() -> None:
    definition = read_definition(WHOLE, "f.yaml", runners=OPTIONS)
    assert definition.stages.provision == [Step(run="lease get")]
    assert definition.stages.test[0].options == {"paths": ["tests"], "reruns": 1}
    assert [one.path for one in definition.artifacts] == ["logs/*.txt", "*.xml"]
    assert definition.timeout_seconds == 600


def test_a_server_takes_the_file_as_it_is() -> None:
    kept = read_spec(yaml.safe_load(WHOLE))
    ours, theirs = read_definition(WHOLE, "f.yaml"), msgspec.convert(kept, Definition)
    assert theirs.stages == ours.stages
    assert [one.path for one in theirs.artifacts] == [one.path for one in ours.artifacts]
    assert (theirs.name, theirs.parameters) == ("smoke", {"arch": "x86_64"})
    assert read_spec(kept) == kept


def test_faults_are_told_together_each_at_its_place() -> None:
    text = """stages:
  test:
    - runner: pytst
    - run: x
      wen: "a == 1"
    - run: x
      when: "a =="
    - {}
    - 5
    - run: x
      when: "b =="
  tst: []
name: 7
"""
    assert faults_of(text) == [
        "f.yaml:3:15: there is no runner pytst; did you mean pytest?",
        "f.yaml:5:7: there is no key wen; did you mean when?",
        "f.yaml:7:13: when: this is no expression, at character 5 of: a ==",
        "f.yaml:8:7: a step has either run, a shell command, or runner",
        "f.yaml:9:7: Expected `object`, got `int`",
        "f.yaml:11:13: when: this is no expression, at character 5 of: b ==",
        "f.yaml:12:3: there is no key tst; did you mean test?",
        "f.yaml:13:7: name: Expected `str`, got `int`",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "f.yaml:1:1: a definition is a mapping"),
        ("[1]", "f.yaml:1:1: a definition is a mapping"),
        ("name: x", "f.yaml:1:1: stages is a mapping"),
        ("stages: {test: []}", "f.yaml:1:9: there is nothing to do"),
        ("stages: {test: make}", "f.yaml:1:16: test is a list"),
        ("a: 1\na: 2\n", "f.yaml:2:1: a is there already, in line 1"),
        ("x: [1\n", "no YAML"),
        ("\tx: 1\n", "no YAML"),
        ("x: !!python/object/apply:os.system [ls]", "there is no key x"),
        ("stages: {test: [{run: x, with: {a: 1}}]}", "with belongs to a runner"),
        ("stages: {test: [{run: x, timeout_seconds: -1}]}", "f.yaml:1:43: timeout_seconds"),
        ("stages: {test: [{run: x, timeout_seconds: 5m}]}", "f.yaml:1:43: timeout_seconds"),
        ("stages: {test: [!secret x]}", "the tag !secret means nothing here"),
        ("? [a]\n: 1\n", "a key must be a text"),
    ],
)
def test_a_faulty_definition_is_refused(text: str, fault: str) -> None:
    assert fault in "\n".join(faults_of(text))


def test_wishes_for_the_machine_are_checked_at_their_places() -> None:
    text = """stages: {test: [x]}
environment:
  packages: {dnf: vim}
  git:
    src: {url: a, depht: 1}
    other: {url: "{{WHERE}}", ref: 5}
  services: {lab: 7}
  files: {a.conf: {mode: "9", content: x}}
  expire_seconds: {files: soon}
"""
    assert faults_of(text) == [
        "f.yaml:3:19: packages: dnf is a list of names",
        "f.yaml:5:10: git: src: Object contains unknown field `depht`",
        "f.yaml:7:19: services: lab: Expected `str`, got `int` - at `$.state`",
        "f.yaml:8:19: files: a.conf: mode is octal, such as '600'",
        "f.yaml:9:27: expire_seconds: seconds for each key of the environment",
    ]


def test_options_of_a_runner_are_checked_at_their_places() -> None:
    step = "\n  test: [{runner: avocado, with: {pahts: [a], jobs: 0}}]"
    assert faults_of(f"stages:{step}") == [
        "f.yaml:2:35: there is no key pahts; did you mean paths?",
        "f.yaml:2:53: jobs: Expected `int` >= 1",
    ]


def test_aliases_that_amount_to_too_much_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "more than 100000 values" in faults_of("\n".join(lines))[0]


def test_merged_keys_count_and_own_ones_win() -> None:
    text = """
stages:
  prepare: [&base {run: make, retry: 1}]
  test: [{<<: *base, retry: 3}]
"""
    assert read_definition(text, "f.yaml").stages.test == [Step(run="make", retry=3)]


def test_the_schema_takes_what_the_reader_takes_and_refuses_other_types() -> None:
    validator = jsonschema_rs.validator_for(json.loads(json.dumps(schema(OPTIONS))))
    data = yaml.safe_load(WHOLE)
    data["artifacts"] = [{"path": "logs/*.txt"}]
    data["stages"] = {
        stage: [{"run": one} if isinstance(one, str) else one for one in steps]
        for stage, steps in data["stages"].items()
    }
    assert validator.is_valid(data)
    assert not validator.is_valid({**data, "timeout_seconds": "long"})
    for runner in OPTIONS:
        step = {"runner": runner, "with": {"timeout_seconds": "long"}}
        assert not validator.is_valid({**data, "stages": {"test": [step]}})


def test_the_plan_says_what_would_be_done_and_why_not() -> None:
    definition = read_definition(WHOLE, "f.yaml", runners=OPTIONS)
    planned = {one.title: one for one in plan(definition, {"arch": "x86_64"})}
    assert [one.stage for one in planned.values()] == [
        "provision", "prepare", "test", "test", "teardown",
    ]  # fmt: skip
    assert (planned["make deps"].tries, planned["make deps"].timeout_seconds) == (3, 60)
    assert not planned["./arm.sh"].runs
    assert planned["./arm.sh"].why == "arch == 'arm' is false"
    assert (
        "nothing is called arch" in {one.title: one for one in plan(definition, {})}["./arm.sh"].why
    )


@pytest.mark.parametrize(
    ("labels", "fault"),
    [
        ('{memory: ">=lots"}', "memory: '>=lots' compares with no amount"),
        ("{nic: true}", "got `bool`"),
    ],
)
def test_label_that_could_never_be_meant_is_refused_at_its_place(labels: str, fault: str) -> None:
    text = f"name: x\nlabels: {labels}\nstages: {{test: [make]}}\n"
    with pytest.raises(Faulty) as refused:
        read_definition(text, "f.yaml")
    assert "f.yaml:2:" in str(refused.value) and fault in str(refused.value)


def test_labels_of_a_definition_are_read_as_they_are() -> None:
    text = 'labels: {nic: "mlx5*", cpus: 8, os: [rhel, fedora]}\nstages: {test: [make]}\n'
    wanted = {"nic": "mlx5*", "cpus": 8, "os": ["rhel", "fedora"]}
    assert read_definition(text, "f.yaml").labels == wanted
