"""What surrounds a job's commands: variables, and a virtual environment of its own."""

import asyncio
import os
import re
import shutil
import uuid
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec

from ringtest.agent.ansible.commits import PINS, pins_of
from ringtest.agent.attempt import Attempt, remove_tree
from ringtest.agent.control import StageFailed
from ringtest.agent.protocol import Component

_OWN = re.compile(r"(RINGTEST|DCI)_.*")
_PIP = '#!/bin/sh\nexec "$(dirname "$0")/python" -m pip "$@"\n'

PROGRESS_PLUGIN = "ringtest_progress"


def job_variables(
    attempt: Attempt, environment: Mapping[str, str], placed: Mapping[str, list[Path]]
) -> dict[str, str]:
    """Variables of every command: the agent's own, without its settings and its key.

    `placed` holds the files of each component type.
    """
    variables = {name: value for name, value in environment.items() if not _OWN.fullmatch(name)}
    variables.update(
        RINGTEST_JOB_ID=attempt.claim.job_id,
        RINGTEST_ATTEMPT=str(attempt.claim.attempt),
        RINGTEST_WORK=str(attempt.work),
        RINGTEST_COMPONENTS=str(attempt.components),
        PIP_DISABLE_PIP_VERSION_CHECK="1",
    )
    definition = attempt.claim.definition
    for name, value in (definition.parameters if definition else {}).items():
        variables[f"RINGTEST_PARAMETER_{variable_part(name)}"] = str(value)
    if pins := pins_of(attempt.claim.job.get("components") or ()):
        variables[PINS] = msgspec.json.encode(pins).decode()
    for component in attempt.claim.components:
        variables.update(_component_variables(component, placed.get(component.type, [])))
    if definition and definition.isolated.kind == "venv":
        variables["VIRTUAL_ENV"] = str(attempt.venv)
        variables["PATH"] = f"{attempt.venv}/bin{os.pathsep}{variables.get('PATH', os.defpath)}"
        variables.pop("PYTHONHOME", None)
    return variables


def _component_variables(component: Component, files: list[Path]) -> dict[str, str]:
    name = f"RINGTEST_COMPONENT_{variable_part(component.type)}"
    variables = {}
    if files:
        variables[name] = str(files[0])
    if component.version:
        variables[f"{name}_VERSION"] = component.version
    return variables


def variable_part(text: str) -> str:
    """A component type as part of a variable's name.

    >>> variable_part("compose-noinstall 9.4")
    'COMPOSE_NOINSTALL_9_4'
    """
    return re.sub(r"[^A-Z0-9]+", "_", text.upper())


def progress_variables(attempt: Attempt, variables: Mapping[str, str]) -> dict[str, str]:
    """What makes pytest load the progress plugin, wherever the stage starts it."""
    options = f"{variables.get('PYTEST_ADDOPTS', '')} -p {PROGRESS_PLUGIN}".strip()
    paths = [str(attempt.plugins), *filter(None, [variables.get("PYTHONPATH")])]
    return {
        "PYTEST_ADDOPTS": options,
        "PYTHONPATH": os.pathsep.join(paths),
        "RINGTEST_PROGRESS": str(attempt.progress),
    }


def place_progress_plugin(attempt: Attempt) -> None:
    """Put the plugin where PYTHONPATH finds it, and into the virtual environment too.

    The second place serves commands that set a PYTHONPATH of their own.
    """
    source = Path(__file__).with_name("pytest_progress.py")
    for folder in (attempt.plugins, *_site_packages(attempt.venv)):
        shutil.copyfile(source, folder / f"{PROGRESS_PLUGIN}.py")


class Venvs:
    """Makes virtual environments fast: pip is installed once per Python, then shared.

    A plain `python -m venv` takes 3 s, nearly all of it to unpack pip; without pip it
    takes 0.04 s. Each environment gets pip through a .pth file that names a template.
    """

    def __init__(self, folder: Path, python: str) -> None:
        self._folder = folder
        self._python = python
        self._lock = asyncio.Lock()

    @property
    def shown(self) -> list[Path]:
        """What commands in a sandbox must see, for environments to work there."""
        prefix = Path(shutil.which(self._python) or self._python).resolve().parent.parent
        system = prefix in (Path("/"), Path("/usr"))
        return [self._folder] if system else [self._folder, prefix]

    async def create(self, venv: Path, run: Callable[[list[str]], Awaitable[int]]) -> None:
        """Make `venv` with a working `pip`. `run` runs a command and gives its exit code."""
        if await run([self._python, "-m", "venv", "--without-pip", str(venv)]):
            raise StageFailed(f"{self._python} -m venv failed")
        version = _version(venv)
        template = self._folder / version
        async with self._lock:
            if not template.is_dir():
                await self._make_template(template, run)
        for shared in _site_packages(template):
            for own in _site_packages(venv):
                own.joinpath("ringtest_pip.pth").write_text(f"{shared}\n", encoding="utf-8")
        for name in ("pip", "pip3"):
            script = venv / "bin" / name
            script.write_text(_PIP, encoding="ascii")
            script.chmod(0o755)

    async def _make_template(
        self, template: Path, run: Callable[[list[str]], Awaitable[int]]
    ) -> None:
        fresh = template.with_name(f"{template.name}.{uuid.uuid4().hex}")
        fresh.parent.mkdir(parents=True, exist_ok=True)
        try:
            if await run([self._python, "-m", "venv", str(fresh)]):
                raise StageFailed(
                    f"{self._python} cannot make virtual environments with pip; "
                    "on Debian and Ubuntu the package python3-venv is missing"
                )
            fresh.rename(template)
        finally:
            if fresh.exists():
                await asyncio.to_thread(remove_tree, fresh)


def _site_packages(venv: Path) -> list[Path]:
    return list(venv.glob("lib/python3*/site-packages"))


def _version(venv: Path) -> str:
    """The full Python version that pyvenv.cfg names."""
    for line in (venv / "pyvenv.cfg").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "version":
            return value.strip()
    return "unknown"
