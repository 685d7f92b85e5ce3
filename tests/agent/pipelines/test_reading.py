"""Pipeline files of dci-pipeline: every key, merges, overrides, and faults at their places."""

from pathlib import Path

import pytest

from ringtest.agent.pipelines.model import giver_of, previous_of, stages_of
from ringtest.agent.pipelines.overrides import read_override
from ringtest.agent.pipelines.reading import Pipeline, read_pipeline
from ringtest.language.placed_yaml import Tagged

X = "name: x, stage: s, topic: T, ansible_playbook: a"
PIPELINE = """\
- name: install
  stage: ocp
  topic: OCP-4.19
  components: [ocp, "rpm?tags:kernel%3a6.1", {type: agent, priority_tags: ["build:ga"], max_age: 7}]
  ansible_playbook: /usr/share/dci/install.yml
  ansible_inventory: ~/inventories/@RESOURCE-hosts
  ansible_extravars: {debug: false, secret: !vault "$ANSIBLE_VAULT;1.1;AES256"}
  outputs: {kubeconfig: kubeconfig}
  success_tag: install-ok
- name: install
  ansible_extravars: {debug: true}
  components: [operator]
- name: workload
  stage: workload
  prev_stages: [ocp]
  use_previous_topic: true
  ansible_playbook: app.yml
  inputs: {kubeconfig: kubeconfig_path}
  my_own_key: kept
"""


def read(text: str, *overrides: str) -> Pipeline:
    return read_pipeline(
        [(Path("lab/pipeline.yml"), text)],
        [found for one in overrides if (found := read_override(one))],
    )


def test_entries_of_one_name_are_one_job() -> None:
    install, workload = read(PIPELINE).jobs
    assert install.components[-1] == "operator" and len(install.components) == 4
    assert install.values["ansible_extravars"]["debug"] is True
    assert install.values["ansible_extravars"]["secret"] == Tagged(
        "!vault", "$ANSIBLE_VAULT;1.1;AES256"
    )
    assert workload.values["my_own_key"] == "kept"
    assert workload.path("ansible_playbook") == Path("lab/app.yml")


def test_stages_come_in_the_order_of_their_first_job_and_know_what_they_go_on_from() -> None:
    install, workload = read(PIPELINE).jobs
    assert [name for name, _ in stages_of([install, workload])] == ["ocp", "workload"]
    assert previous_of(workload, [install]) is install
    assert giver_of("kubeconfig", workload, [install]) is install
    assert giver_of("nothing", workload, [install]) is None


@pytest.mark.parametrize(
    ("word", "key", "value"),
    [
        ("install:topic=OCP-4.20", "topic", "OCP-4.20"),
        ("install:components=ocp=4.19.3", "components", "ocp=4.19.3"),
        ("install:ansible_tags=a,b,", "ansible_tags", ["a", "b"]),
        ('install:inputs={"a": {"b": 1}}', "inputs", {"a": {"b": 1}}),
        ("install:url=https://example.org/x", "url", "https://example.org/x"),
        ("install:retries=2", "retries", 2),
    ],
)
def test_words_of_the_command_line_have_types(word: str, key: str, value: object) -> None:
    override = read_override(word)
    assert override and (override.key, override.value) == (key, value)


def test_a_component_of_a_type_is_replaced_and_mappings_grow() -> None:
    pipeline = read(
        PIPELINE, "install:components=ocp=4.19.3,", "install:ansible_extravars=more:1",
        "@pipeline:name=nightly",
    )  # fmt: skip
    install = pipeline.jobs[0]
    assert install.components[0] == "ocp=4.19.3" and len(install.components) == 4
    assert install.values["ansible_extravars"]["more"] == 1
    assert pipeline.options == {"name": "nightly"}


def test_an_override_of_a_job_that_is_not_there_says_which_are() -> None:
    with pytest.raises(ValueError, match="no job instal; did you mean install"):
        read(PIPELINE, "instal:topic=x")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("name: x", "lab/pipeline.yml:1:1: a pipeline file is a list of jobs"),
        ("- name: x", "lab/pipeline.yml:1:3: this job has no ansible_playbook"),
        ("- {stage: s, ansible_playbook: a.yml}", "lab/pipeline.yml:1:3: this job has no name"),
        ("- {name: x, ansible_playbook: a.yml}", "lab/pipeline.yml:1:3: this job has no stage"),
        ("- [x]", "lab/pipeline.yml:1:3: a job is a mapping"),
        (f"- {{{X}, components: ocp}}", "components must be a list"),
        (f"- {{{X}, comment: 4.10}}", "comment must be a text: put it in quotes"),
        (f"- {{{X}, timeout_seconds: soon}}", "timeout_seconds must be a number"),
        (f"- {{{X}, retries: true}}", "retries must be a whole number"),
        (f"- {{{X}, retries: -1}}", "retries must be 0 or more"),
        (f"- {{{X}, inputs: {{k: v}}}}", "x: input k: no job of its prev_stages has it"),
        ("- {name: x, stage: s, ansible_playbook: a}", "1:3: this job has no topic"),
        (f"- {{{X}, components: ['ocp=']}}", "no version behind the ="),
        (f"- {{{X}, components: [{{type: a, tag: b}}]}}", "no key tag"),
        (f"- {{{X}, prev_stages: [y]}}", "no job or stage y comes before"),
        (f"- {{{X}}}\n- {{{X.replace('x', 'y')}}}\n- {{{X}}}",
         "lab/pipeline.yml:3:3: a job x is there already"),
    ],
)  # fmt: skip
def test_faults_are_told_at_their_places(text: str, fault: str) -> None:
    assert fault in "\n".join(str(one) for one in read(text).faults)


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("x:timeout_seconds=abc", "x:timeout_seconds: timeout_seconds must be a number"),
        ("x:ansible_extravars=5", "ansible_extravars must be a mapping"),
        ("x:ansible_extravars_files=vars.yml", "ansible_extravars_files must be a list"),
        ("x:outputs=5", "outputs must be a mapping"),
        ("x:hooks_of=nope", "hooks_of is one of openshift"),
        ("x:components=[1]", "a component is a text or a mapping"),
    ],
)
def test_words_of_the_command_line_are_checked_as_files_are(word: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(f"- {{{X}}}", word)


def test_what_a_job_lacks_may_come_later_or_from_the_command_line() -> None:
    text = f"- {{name: x, stage: s}}\n- {{{X}}}\n- {{name: y, stage: s, topic: T}}\n"
    assert not read(text, "y:ansible_playbook=b.yml").faults


def test_a_key_that_is_nearly_known_is_kept_and_warned_of() -> None:
    pipeline = read(f"- {{{X}, ansible_extra_vars: {{a: 1}}}}")
    assert [str(one) for one in pipeline.warnings] == [
        "lab/pipeline.yml:1:54: ansible_extra_vars is kept; did you mean ansible_extravars?"
    ]
    assert not pipeline.faults
