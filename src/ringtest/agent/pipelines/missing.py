"""Files that the jobs of a pipeline name and that are not there: known before hours are spent."""

from collections.abc import Iterator
from pathlib import Path

from ringtest.agent.pipelines.model import PipelineJob
from ringtest.agent.pipelines.reading import Pipeline
from ringtest.agent.pipelines.workspace import with_queue
from ringtest.language.places import Fault

_FILES = (
    "ansible_playbook",
    "inventory_playbook",
    "ansible_cfg",
    "dci_credentials",
    "pipeline_user",
    "dci_vault_file",
    "dci_ansible_dir",
)


def missing_files(pipeline: Pipeline) -> list[Fault]:
    """A fault for each, at its job. What an earlier stage makes is missing too, until it has."""
    return [
        Fault(job.place, f"{job.name}: {key}: there is no {path}")
        for job in pipeline.jobs
        for key, path in _named(job)
        if not path.exists()
    ]


def _named(job: PipelineJob) -> Iterator[tuple[str, Path]]:
    for key in _FILES:
        if (path := job.path(key)) and isinstance(job.values[key], str):
            yield key, path
    for one in job.values.get("ansible_extravars_files") or []:
        yield "ansible_extravars_files", job.folder / Path(str(one)).expanduser()
    for folder in job.hook_folders:
        yield "hooks", folder
    inventory = with_queue(str(job.values.get("ansible_inventory") or ""))
    written_later = job.values.get("inventory_playbook") or "@" in inventory
    if inventory and "," not in inventory and not written_later:
        yield "ansible_inventory", job.folder / Path(inventory).expanduser()
