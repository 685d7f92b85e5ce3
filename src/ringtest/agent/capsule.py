"""The capsule of a run: what somebody needs to do it again, and what was there when it ran."""

import hashlib
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

import msgspec
from msgspec import Struct

from ringtest import __version__
from ringtest.agent.attempt import Attempt
from ringtest.agent.definitions.model import Definition
from ringtest.agent.inventory.reading import read_inventory
from ringtest.agent.protocol import Component
from ringtest.agent.runners.junit import read_junit
from ringtest.language.differing import leaves

NAME = "ringtest-capsule.json"
"""Of the file, beside the JUnit files of a run."""
MIME = "application/json"
_INSIDE = " / "
"""In names of what the inventory has; capsules of earlier versions have none of these."""
FORMAT = 1


class Capsule(Struct, frozen=True):
    """A recorded run. Its definition has the parameters that counted."""

    job_id: str
    name: str
    definition: Definition
    components: list[Component]
    machine: dict[str, str]
    """What may make a difference: `describe_machine` tells."""
    format: int = FORMAT


class Difference(Struct, frozen=True):
    """Something that is not here as it was there."""

    what: str
    recorded: str
    here: str


class NoCapsule(Exception):
    """There is none, or it cannot be read; the message says what to do."""


def keep_capsule(attempt: Attempt, definition: Definition) -> None:
    """Write the capsule of an attempt where its results go."""
    claim = attempt.claim
    capsule = Capsule(
        job_id=claim.job_id,
        name=str(claim.job.get("name") or ""),
        definition=definition,
        components=claim.components,
        machine=describe_machine(attempt.work),
    )
    attempt.results.mkdir(parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(capsule), indent=1)
    (attempt.results / NAME).write_bytes(text + b"\n")


def read_capsule(path: Path) -> Capsule:
    """The capsule in a file; NoCapsule when it is none that this version understands."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NoCapsule(f"{path}: {error.strerror}") from None
    try:
        capsule = msgspec.json.decode(data, type=Capsule)
    except msgspec.MsgspecError as error:
        raise NoCapsule(f"{path} is not a capsule: {error}") from None
    if capsule.format != FORMAT:
        raise NoCapsule(f"{path} has format {capsule.format}; this is ringtest {__version__}")
    return capsule


def describe_machine(work: Path) -> dict[str, str]:
    """The machine, the agent, and the commit of the work folder where it has one."""
    release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    parts = {
        name: str(value)
        for name, value in leaves(read_inventory())
        if name not in ("cpu / arch", "kernel / release", "os / name")
    }
    found = {
        "agent": __version__,
        "python": platform.python_version(),
        "system": release.get("PRETTY_NAME", platform.system()),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "processors": str(os.cpu_count() or 1),
        "memory": f"{_memory_gib():.0f} GiB",
        "commit": _commit(work),
        **parts,
    }
    return {name: value for name, value in found.items() if value}


def differences(
    capsule: Capsule, machine: Mapping[str, str], files: Mapping[str, Path]
) -> Iterator[Difference]:
    """What of a recorded run is otherwise here. `files` are those of components, by file id."""
    is_whole = any(_INSIDE in name for name in capsule.machine)
    compared = {name for name in machine if is_whole or _INSIDE not in name}
    for name in sorted({*capsule.machine, *compared}):
        there, here = capsule.machine.get(name, "unknown"), machine.get(name, "unknown")
        if there != here:
            yield Difference(name, there, here)
    for component in capsule.components:
        for file in component.files:
            what = f"{component.type} {component.version or ''} {file.name}".replace("  ", " ")
            path = files.get(file.id)
            if path is None:
                yield Difference(what, file.sha256 or "unknown", "not there")
            elif file.sha256 and (digest := _sha256(path)) != file.sha256:
                yield Difference(what, file.sha256, digest)


def outcomes(junit: Path) -> dict[str, str]:
    """The outcome of each test case in a folder's JUnit files, by `suite: test`."""
    return dict(pair for path in sorted(junit.glob("*.xml")) for pair in _cases(path))


def compare(before: Mapping[str, str], after: Mapping[str, str]) -> list[Difference]:
    """Test cases that did not end as they had.

    >>> compare({"a": "passed", "b": "failed"}, {"a": "passed", "b": "passed"})
    [Difference(what='b', recorded='failed', here='passed')]
    """
    names = sorted({*before, *after})
    pairs = [(name, before.get(name, "not run"), after.get(name, "not run")) for name in names]
    return [Difference(name, there, here) for name, there, here in pairs if there != here]


def _cases(path: Path) -> list[tuple[str, str]]:
    try:
        return [(f"{path.stem}: {case.test}", case.outcome) for case in read_junit(path)]
    except (OSError, ElementTree.ParseError):
        return []


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _memory_gib() -> float:
    pages: int = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return pages / 2**30


def _commit(work: Path) -> str:
    """`1a2b3c4`, with a `+` when files are changed; empty outside of a repository."""
    try:
        asked = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*"],
            cwd=work, capture_output=True, text=True, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""
