"""What a job of a pipeline file says, under the keys of dci-pipeline. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringtest.language.places import Place

KEYS: Mapping[str, tuple[type, ...]] = {
    "name": (str,),
    "stage": (str,),
    "type": (str,),
    "prev_stages": (str, list),
    "topic": (str,),
    "use_previous_topic": (bool,),
    "components": (list,),
    "ansible_playbook": (str,),
    "ansible_inventory": (str,),
    "ansible_cfg": (str,),
    "inventory_playbook": (str,),
    "ansible_extravars": (dict,),
    "ansible_extravars_files": (list,),
    "ansible_envvars": (dict,),
    "ansible_tags": (str, list),
    "ansible_skip_tags": (str, list),
    "dci_credentials": (str,),
    "pipeline_user": (str,),
    "dci_vault_file": (str,),
    "dci_ansible_dir": (str,),
    "inputs": (dict,),
    "outputs": (dict,),
    "success_tag": (str,),
    "fallback_last_success": (str, list),
    "comment": (str,),
    "configuration": (str,),
    "url": (str,),
    "previous_job_id": (str,),
    # beyond dci-pipeline
    "timeout_seconds": (int, float),
    "retries": (int,),
    "hooks": (str, list),
    "hooks_of": (str,),
}
"""Keys and the types of their values; others are kept and warned of. `type` is the old name of
`stage`, `timeout_seconds` ends a job that hangs, `retries` are for faults of the environment.
`hooks` are folders of hook files of the DCI agent `hooks_of`: they run around the playbook, or
without one."""


@dataclass(frozen=True, slots=True)
class PipelineJob:
    """One job: `values` as the file and the command line have them, with nothing left out."""

    values: Mapping[str, Any]
    folder: Path
    """Where its file is: paths in it are meant from there."""
    place: Place

    @property
    def name(self) -> str:
        return str(self.values["name"])

    @property
    def stage(self) -> str:
        return str(self.values.get("stage") or self.values.get("type"))

    @property
    def previous(self) -> Sequence[str]:
        """Stages or names of earlier jobs that it goes on from."""
        value = self.values.get("prev_stages") or []
        return [value] if isinstance(value, str) else [str(one) for one in value]

    @property
    def hook_folders(self) -> Sequence[Path]:
        """Folders whose hooks run around the playbook, or are all there is."""
        value = self.values.get("hooks") or []
        folders = [value] if isinstance(value, str) else value
        return [self.folder / Path(str(one)).expanduser() for one in folders]

    @property
    def components(self) -> Sequence[Any]:
        return self.values.get("components") or []

    def path(self, key: str) -> Path | None:
        """A path that it names, from its file's folder; `~` is the home folder."""
        value = self.values.get(key)
        return self.folder / Path(str(value)).expanduser() if value else None


def stages_of(jobs: Sequence[PipelineJob]) -> list[tuple[str, list[PipelineJob]]]:
    """Stages in the order of their first job, each with its jobs."""
    stages: dict[str, list[PipelineJob]] = {}
    for job in jobs:
        stages.setdefault(job.stage, []).append(job)
    return list(stages.items())


def previous_of(job: PipelineJob, done: Sequence[PipelineJob]) -> PipelineJob | None:
    """The job it goes on from: the last that was run of those that it names."""
    return next((one for one in reversed(done) if {one.stage, one.name} & set(job.previous)), None)


def giver_of(key: str, job: PipelineJob, done: Sequence[PipelineJob]) -> PipelineJob | None:
    """The job whose output an input of this one is: the nearest that has it."""
    named = [one for one in reversed(done) if {one.stage, one.name} & set(job.previous)]
    return next((one for one in named if key in (one.values.get("outputs") or {})), None)
