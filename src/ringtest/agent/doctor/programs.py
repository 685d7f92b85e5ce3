"""Programs that kinds of isolation and steps need: those of the files that are named must be."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ringtest.agent.doctor.files import wanted_programs
from ringtest.agent.doctor.model import Found, Lab, bad, ok, warn

_SECONDS = 5
_PACKAGES = {
    "bwrap": "bubblewrap", "podman": "podman", "ssh": "openssh-client", "git": "git",
    "ansible-playbook": "ansible-core",
}  # fmt: skip
_FOR = {
    "bwrap": "isolation by bubblewrap", "podman": "isolation by podman", "ssh": "isolation by ssh",
    "git": "environments with git repositories", "ansible-playbook": "playbooks and pipelines",
}  # fmt: skip


def programs(lab: Lab) -> Iterator[Found]:
    """Each is found and starts; what nothing of the named files needs is a warning only."""
    wanted = wanted_programs(lab.files)
    for name, package in _PACKAGES.items():
        path = shutil.which(name, path=lab.environment.get("PATH"))
        if path is None:
            tell = bad if name in wanted else warn
            yield tell("programs", f"no {name}: no {_FOR[name]}", f"install {package}")
            continue
        problem = does_not_start(name, path)
        if problem:
            tell = bad if name in wanted else warn
            yield tell("programs", f"{path} does not work: {problem}", f"reinstall {package}")
        else:
            yield ok("programs", f"{path} for {_FOR[name]}")


def does_not_start(name: str, path: str) -> str:
    """Why a program of that name does not work; empty: it does."""
    if name == "bwrap":
        argv = [path, "--unshare-all", "--ro-bind", "/", "/", "/bin/true"]
    else:
        argv = [path, "-V" if name == "ssh" else "--version"]
    try:
        done = subprocess.run(argv, capture_output=True, timeout=_SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
    return (said[-1] if said else f"exit code {done.returncode}") if done.returncode else ""


def interpreter(lab: Lab) -> Iterator[Found]:
    """The Python of virtual environments makes some."""
    if lab.settings is None:
        return
    python = lab.settings.python
    script = "import ensurepip, sys, venv; print('.'.join(map(str, sys.version_info[:3])))"
    try:
        done = subprocess.run(
            [python, "-c", script], capture_output=True, timeout=_SECONDS, text=True
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        yield bad("python", f"{python} does not start: {error}", "name another: python")
        return
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it fails"])[-1]
        advice = "on Debian and Ubuntu install python3-venv"
        yield bad("python", f"{python} makes no virtual environments: {last}", advice)
    else:
        yield ok("python", f"{python} is {done.stdout.strip()} and makes virtual environments")


def user(lab: Lab) -> Iterator[Found]:
    """Jobs without isolation may do whatever the agent's user may."""
    if os.geteuid() == 0 and Path("/proc/self").exists():
        message = "this is root: jobs without isolation may do everything here"
        yield warn("user", message, "run the agent as a user of its own, or isolate its jobs")
