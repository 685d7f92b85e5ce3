"""Files that a run will read: definitions, pipelines, folders of hooks."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ringtest.agent.definitions.model import STAGES, Definition
from ringtest.agent.definitions.reading import Faulty, read_definition
from ringtest.agent.doctor.model import Found, Lab, bad, ok, warn
from ringtest.agent.pipelines.missing import missing_files
from ringtest.agent.pipelines.reading import read_pipeline
from ringtest.agent.runners.registry import OPTIONS
from ringtest.language.placed_yaml import read_placed

_SHOWN = 5
"""Faults of one file that are told."""


def named_files(lab: Lab) -> Iterator[Found]:
    """Each is what it should be."""
    for path in lab.files:
        if path.is_dir():
            yield from _hooks(path)
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8"
            yield bad("files", f"{path} cannot be read: {why}", "name a file that is there")
            continue
        if isinstance(read_placed(text, str(path), tags=("!vault",)).data, list):
            yield from _pipeline(path, text)
        else:
            yield from _definition(path, text)


def _definition(path: Path, text: str) -> Iterator[Found]:
    try:
        definition = read_definition(text, str(path), runners=OPTIONS)
    except Faulty as faulty:
        for fault in faulty.faults[:_SHOWN]:
            yield bad("files", str(fault), f"ringtest run {path} --check tells all")
        return
    steps = sum(len(definition.stages.of(stage)) for stage in STAGES)
    yield ok("files", f"{path} is a definition of {steps} steps")


def _pipeline(path: Path, text: str) -> Iterator[Found]:
    try:
        pipeline = read_pipeline([(path, text)], [])
    except ValueError as error:
        yield bad("files", f"{path}: {error}", "write a job into it")
        return
    pipeline.faults += missing_files(pipeline)
    more = f"ringtest pipeline check {path} tells all"
    for fault in pipeline.faults[:_SHOWN]:
        yield bad("files", str(fault), more)
    for warning in pipeline.warnings[:_SHOWN]:
        yield warn("files", str(warning), more)
    if not pipeline.faults:
        yield ok("files", f"{path} is a pipeline of {len(pipeline.jobs)} jobs")


def _hooks(folder: Path) -> Iterator[Found]:
    """Scripts can be run; tasks are YAML."""
    wrong = 0
    files = sorted(path for path in folder.iterdir() if path.is_file())
    for path in files:
        problem = _wrong_with(path)
        if problem:
            wrong += 1
            yield bad("hooks", f"{path} {problem[0]}", problem[1])
    if not wrong:
        yield ok("hooks", f"{folder} has {len(files)} hooks")


def _wrong_with(path: Path) -> tuple[str, str] | None:
    try:
        with path.open("rb") as file:
            is_script = file.read(2) == b"#!"
        executable = path.stat().st_mode & 0o111
        if is_script and not executable:
            return "is a script that cannot be run", f"chmod +x {path}"
        if not is_script and executable and path.suffix not in (".yml", ".yaml"):
            return "can be run and does not say by what", "begin it with #!/bin/sh or the like"
        if path.suffix in (".yml", ".yaml"):
            faults = read_placed(
                path.read_text(encoding="utf-8"), str(path), tags=("!vault",)
            ).faults
            return (f"is no YAML: {faults[0]}", "correct it") if faults else None
    except (OSError, UnicodeDecodeError) as error:
        return f"cannot be read: {error}", "let the agent's user read it"
    return None


def wanted_programs(files: Sequence[Path]) -> set[str]:
    """Programs without which these files cannot be run."""
    wanted: set[str] = set()
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if isinstance(read_placed(text, str(path), tags=("!vault",)).data, list):
            wanted.add("ansible-playbook")
            continue
        try:
            wanted |= _programs_of(read_definition(text, str(path)))
        except Faulty:
            continue
    return wanted


def _programs_of(definition: Definition) -> set[str]:
    programs = {"bubblewrap": "bwrap", "podman": "podman", "ssh": "ssh"}
    found = {programs[kind]} if (kind := definition.isolated.kind) in programs else set()
    if definition.environment.get("git"):
        found.add("git")
    if any(step.runner == "ansible" for stage in STAGES for step in definition.stages.of(stage)):
        found.add("ansible-playbook")
    return found
