"""Begins a build: its folder and number, Jenkins' variables, its plan on the disk."""

import fcntl
import re
import socket
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from msgspec.structs import replace

from ringtest.jjb.native import plan as plans
from ringtest.jjb.native.axes import label
from ringtest.jjb.native.credentials import PAIR, Credentials
from ringtest.jjb.native.doing.build import FOLDER
from ringtest.jjb.native.doing.variables import expand
from ringtest.jjb.native.plan import Plan, State
from ringtest.jjb.native.program import Action, Program
from ringtest.jjb.problems import Failure


@dataclass(frozen=True, slots=True)
class Site:
    """What this machine gives to builds. home: folder of workspaces and builds, absolute.

    node: what Jenkins would call this machine.
    """

    home: Path
    credentials: Path | None = None
    managed: Path | None = None
    node: str = field(default_factory=socket.gethostname)
    labels: str = ""


def needs(program: Program, site: Site, variables: Mapping[str, str]) -> list[str]:
    """What a job asks of its site and cannot have, in words."""
    credentials = Credentials(site.credentials)
    found = [
        f"{one.name} is a file, and {variables[one.name]} is none"
        for one in program.parameters
        if one.kind == "file" and not Path(variables[one.name]).is_file()
    ]
    for action in _all(_parts(program)):
        for name, parts in _asked(action):
            found.append(credentials.missing(expand(name, variables), parts))
        if action.kind == "managed-files":
            for one in action.given["files"]:
                name = expand(one["id"], variables)
                if site.managed is None:
                    found.append(f"needs the managed file {name}: --managed-files FOLDER")
                elif not (site.managed / name).is_file():
                    found.append(f"needs the managed file {name}, which {site.managed} has not")
    return list(dict.fromkeys(one for one in found if one))


def number(site: Site, job: str) -> tuple[int, Path]:
    """The next number of a job, and the folder of that build, which is then there."""
    builds = site.home / "builds" / job
    builds.mkdir(parents=True, exist_ok=True)
    last = max((int(one.name) for one in builds.iterdir() if one.name.isdecimal()), default=0)
    while True:
        last += 1
        try:
            (builds / str(last)).mkdir()
        except FileExistsError:
            continue
        return last, builds / str(last)


def begin(
    program: Program,
    site: Site,
    chosen: Mapping[str, str],
    *,
    number: int,
    out: Path,
    cell: Mapping[str, str],
    notes: Sequence[str],
    workspace: Path | None = None,
) -> Plan:
    """Writes the plan of a build into its folder, and gives it. chosen: values of parameters.

    workspace: the one of the job when None.
    """
    secret = {one.name for one in program.parameters if one.secret}
    files = {one.name for one in program.parameters if one.kind == "file"}
    job = f"{program.name}/{label(cell)}" if program.is_matrix else program.name
    variables = _variables(program.name, job, site, number, out)
    plain = {name: value for name, value in chosen.items() if name not in secret}
    variables |= {**plain, **cell}
    variables |= {name: name for name in files}
    workspace = workspace or workspace_of(program, site, cell, chosen)
    variables |= {"WORKSPACE": str(workspace), "WORKSPACE_TMP": f"{workspace}@tmp"}
    plan = Plan(
        program=_of_one_build(program, chosen),
        job=job,
        number=number,
        out=str(out),
        home=str(site.home),
        workspace=str(workspace),
        variables=variables,
        secrets=sorted(secret & set(chosen)),
        credentials=str(site.credentials.absolute()) if site.credentials else "",
        managed=str(site.managed.absolute()) if site.managed else "",
        cell=dict(cell),
        notes=list(notes),
    )
    folder = out / FOLDER
    folder.mkdir(parents=True)
    for one in (workspace, Path(f"{workspace}@tmp")):
        one.mkdir(parents=True, exist_ok=True)
    plans.write(folder / "plan.json", plan)
    plans.write(folder / "state.json", State(display_name=f"#{number}"))
    if plan.secrets:
        hidden = {name: chosen[name] for name in plan.secrets}
        plans.write(folder / "secrets.json", hidden, mode=0o600)
    return plan


def _variables(name: str, job: str, site: Site, number: int, out: Path) -> dict[str, str]:
    """What Jenkins sets for each build; addresses are of the folder that holds the result."""
    home = site.home.as_uri()
    return {
        "CI": "true",
        "BUILD_NUMBER": str(number),
        "BUILD_ID": str(number),
        "BUILD_DISPLAY_NAME": f"#{number}",
        "JOB_NAME": job,
        "JOB_BASE_NAME": job.rpartition("/")[2],
        "BUILD_TAG": f"jenkins-{job}-{number}".replace("/", "-"),
        "BUILD_CAUSE": "MANUALTRIGGER",
        "ROOT_BUILD_CAUSE": "MANUALTRIGGER",
        "EXECUTOR_NUMBER": "0",
        "NODE_NAME": site.node,
        "NODE_LABELS": site.labels or site.node,
        "JENKINS_HOME": str(site.home),
        "HUDSON_HOME": str(site.home),
        "JENKINS_URL": f"{home}/",
        "HUDSON_URL": f"{home}/",
        "JOB_URL": f"{home}/builds/{name}/",
        "BUILD_URL": f"{out.as_uri()}/",
    }


def _of_one_build(program: Program, chosen: Mapping[str, str]) -> Program:
    """The program with the files that were given, and without defaults that are secret."""
    given = [
        Action(
            "place-file",
            f"file {one.name}",
            {"name": one.name, "path": str(Path(chosen[one.name]).absolute())},
        )
        for one in program.parameters
        if one.kind == "file" and one.name in chosen
    ]
    known = [replace(one, default="") if one.secret else one for one in program.parameters]
    return replace(program, wrappers=[*given, *program.wrappers], parameters=known)


@contextmanager
def held(workspace: Path) -> Generator[Path, None, None]:
    """That folder, or the next one as Jenkins counts them, while no other build stands in it."""
    workspace.parent.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        free = workspace if number == 1 else workspace.with_name(f"{workspace.name}@{number}")
        with free.with_name(f"{free.name}@lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield free
            return


def workspace_of(
    program: Program, site: Site, cell: Mapping[str, str], variables: Mapping[str, str]
) -> Path:
    """Where a job works. Raises Failure when that is outside of the folder of workspaces."""
    root = (site.home / "workspace").resolve()
    parts = [part for name in sorted(cell) for part in (name, _safe(cell[name]))]
    own = "/".join([program.name, *parts])
    made = (root / (expand(program.workspace, variables) or own)).resolve()
    if not made.is_relative_to(root) or made == root:
        raise Failure("workspace", f"the workspace {made} is outside of {root}", program.place)
    return made


def _safe(text: str) -> str:
    return re.sub(r"[^\w.+-]", "_", text) or "_"


def _parts(program: Program) -> list[Action]:
    return [
        *program.before, *program.checkout, *program.wrappers,
        *program.builders, *program.publishers,
    ]  # fmt: skip


def _all(actions: Sequence[Action]) -> list[Action]:
    return [one for action in actions for one in (action, *_all(action.actions))]


def _asked(action: Action) -> list[tuple[str, tuple[str, ...]]]:
    """Which credentials an action asks for, and which parts of each."""
    given = action.given
    if action.kind == "bind":
        return [(one["id"], _bound(one)) for one in given["bindings"]]
    if action.kind == "ssh-agent" and not given["ignore_missing"]:
        return [(name, ("key_file",)) for name in given["ids"]]
    if action.kind == "git":
        return [(one["credentials"], ()) for one in given["remotes"] if one["credentials"]]
    return []


def _bound(binding: Mapping[str, str]) -> tuple[str, ...]:
    parts = ["file" if part == "unzipped" else part for part in binding if part != "id"]
    return tuple(
        one for part in parts for one in (("username", "password") if part == PAIR else (part,))
    )
