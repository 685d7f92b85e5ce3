"""The folder of one job of a pipeline: what its playbooks read and leave there."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ringtest.agent.attempt import safe_name
from ringtest.agent.pipelines.model import PipelineJob
from ringtest.language.placed_yaml import Tagged

TMPDIR = "/@tmpdir"
"""A value of `ansible_envvars`: an empty folder that goes when the run is over."""
_MAGIC = {"@QUEUE": "DCI_QUEUE", "@RESOURCE": "DCI_QUEUE_RES"}


@dataclass(slots=True)
class Workspace:
    """`<data>/<name of the job>/<id of the job>/`, as dci-pipeline has it."""

    folder: Path
    temporary: list[Path] = field(default_factory=list)

    @classmethod
    def make(cls, data: Path, job: PipelineJob, job_id: str) -> "Workspace":
        """OSError where that cannot be written."""
        folder = data / safe_name(job.name) / safe_name(job_id)
        workspace = cls(folder)
        for each in (folder, workspace.inputs, workspace.outputs, workspace.junit, workspace.own):
            each.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        return workspace

    @property
    def inputs(self) -> Path:
        return self.folder / "inputs"

    @property
    def outputs(self) -> Path:
        return self.folder / "outputs"

    @property
    def junit(self) -> Path:
        return self.folder / "junit"

    @property
    def own(self) -> Path:
        """What is ours and no playbook's."""
        return self.folder / "ringtest"

    @property
    def log(self) -> Path:
        return self.folder / "ansible.log"

    def output(self, job: PipelineJob, key: str) -> Path:
        """Where the job leaves this output."""
        return self.outputs / safe_name(str(job.values["outputs"][key]))

    def write_inputs(self, job: PipelineJob, given: Mapping[str, Path]) -> dict[str, str]:
        """Copies of what earlier jobs left, by the variable that gets the path."""
        variables = {}
        for key, variable in (job.values.get("inputs") or {}).items():
            target = self.inputs / safe_name(str(key))
            shutil.copyfile(given[key], target)
            variables[str(variable)] = str(target)
        return variables

    def write_variables(
        self, job: PipelineJob, more: Mapping[str, Any], server_job: Mapping[str, Any]
    ) -> list[str]:
        """Files for `-e`: those of the pipeline file, its variables, `job_info`."""
        info = {
            "job": dict(server_job),
            "inputs": {str(key): str(self.inputs / safe_name(str(key))) for key in _inputs(job)},
            "outputs": {str(key): str(self.output(job, key)) for key in _outputs(job)},
        }
        extra = {**(_with_magic(job.values.get("ansible_extravars")) or {}), **more}
        _write(self.folder / "job_info.yaml", {"job_info": info})
        _write(self.folder / "jobdef.yaml", dict(job.values))
        _write(self.folder / "extravars.yaml", extra)
        files = [job.folder / str(one) for one in job.values.get("ansible_extravars_files") or []]
        own = [self.folder / "extravars.yaml", self.folder / "job_info.yaml"]
        return [f"@{file}" for file in (*files, *own)]

    def variables(self, job: PipelineJob) -> dict[str, str]:
        """Those of `ansible_envvars`, and what callbacks that write JUnit read."""
        given = {}
        for name, value in (job.values.get("ansible_envvars") or {}).items():
            if value == TMPDIR:
                self.temporary.append(Path(tempfile.mkdtemp(prefix="ringtest-")))
                value = self.temporary[-1]
            given[str(name)] = str(value)
        return {
            "JUNIT_TEST_CASE_PREFIX": "test_",
            "JUNIT_TASK_CLASS": "yes",
            "JUNIT_OUTPUT_DIR": str(self.junit),
            **given,
        }

    def remove_temporary(self) -> None:
        """The folders of `/@tmpdir` go."""
        for folder in self.temporary:
            shutil.rmtree(folder, ignore_errors=True)
        self.temporary.clear()


def _inputs(job: PipelineJob) -> Mapping[str, Any]:
    return job.values.get("inputs") or {}


def _outputs(job: PipelineJob) -> Mapping[str, Any]:
    return job.values.get("outputs") or {}


def with_queue(text: str) -> str:
    """`@QUEUE` and `@RESOURCE` as the queue that started this says."""
    for sign, variable in _MAGIC.items():
        if os.environ.get(variable):
            text = text.replace(sign, os.environ[variable])
    return text


def _with_magic(value: Any) -> Any:
    if isinstance(value, str):
        return with_queue(value)
    if isinstance(value, dict):
        return {key: _with_magic(each) for key, each in value.items()}
    return [_with_magic(each) for each in value] if isinstance(value, list) else value


class _Dumper(yaml.SafeDumper):
    """Writes `!vault` as it was read."""


def _tagged(dumper: yaml.SafeDumper, tagged: Tagged) -> yaml.Node:
    return dumper.represent_scalar(tagged.tag, tagged.text, style="|")


_Dumper.add_representer(Tagged, _tagged)


def _write(path: Path, values: Mapping[str, Any]) -> None:
    """Readable by its owner alone: variables may be secrets."""
    with suppress(FileNotFoundError):
        path.unlink()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        yaml.dump(dict(values), file, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
