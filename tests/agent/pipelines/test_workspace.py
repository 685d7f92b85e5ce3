"""The folder of a job: what playbooks find there."""

from pathlib import Path

import yaml

from ringtest.agent.pipelines.model import PipelineJob
from ringtest.agent.pipelines.reading import read_pipeline
from ringtest.agent.pipelines.workspace import Workspace

FILE = """\
- name: a/b
  stage: s
  topic: t
  ansible_playbook: a.yml
  ansible_extravars:
    password: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      6162
    deep: {also: !vault "$ANSIBLE_VAULT;1.1;AES256"}
    where: {lab: "@RESOURCE"}
  ansible_extravars_files: [vars/more.yml]
  outputs: {key: ../../out}
"""


def _job(folder: Path) -> PipelineJob:
    pipeline = read_pipeline([(folder / "p.yml", FILE)], [])
    assert not pipeline.faults
    return pipeline.jobs[0]


def test_what_is_under_vault_stays_a_cipher_for_ansible(tmp_path: Path) -> None:
    job = _job(tmp_path)
    workspace = Workspace.make(tmp_path / "data", job, "1")
    files = workspace.write_variables(job, {"more": "x"}, {"id": "1"})
    assert files == [
        f"@{tmp_path}/vars/more.yml",
        f"@{workspace.folder}/extravars.yaml",
        f"@{workspace.folder}/job_info.yaml",
    ]
    written = workspace.folder / "extravars.yaml"
    assert written.stat().st_mode & 0o077 == 0

    class Reader(yaml.SafeLoader):
        """Knows the tag, as Ansible does."""

    Reader.add_constructor("!vault", lambda loader, node: ("cipher", node.value))
    values = yaml.load(written.read_text(), Loader=Reader)
    assert values["password"] == ("cipher", "$ANSIBLE_VAULT;1.1;AES256\n6162\n")
    assert values["deep"] == {"also": ("cipher", "$ANSIBLE_VAULT;1.1;AES256")}
    assert values["more"] == "x"


def test_names_of_jobs_and_outputs_stay_in_the_data_folder(tmp_path: Path) -> None:
    job = _job(tmp_path)
    workspace = Workspace.make(tmp_path / "data", job, "../1")
    assert workspace.folder.parent.parent == tmp_path / "data"
    assert workspace.output(job, "key").parent == workspace.outputs
