"""`git`: repositories at a revision, with pull requests, patches and replaced texts on top."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ringtest.agent.control import StageFailed
from ringtest.agent.preparation.machine import Machine
from ringtest.agent.preparation.wishes import is_remote

_REPLACE = re.compile(r'^(?P<file>\S+): *"(?P<old>.*)" *--> *"(?P<new>.*)"$')
_BRANCH = "ringtest"
_UNFINISHED = {"rebase-apply": "am", "MERGE_HEAD": "merge", "CHERRY_PICK_HEAD": "cherry-pick"}


class Repository(msgspec.Struct, forbid_unknown_fields=True):
    """What is wanted of one repository, in the order in which it is done."""

    url: str
    ref: str = "HEAD"
    """Branch, tag or commit."""
    pull_requests: list[int] = []
    """Numbers on GitHub: fetched as `pull/N/head` and merged."""
    merge_requests: list[int] = []
    """Numbers on GitLab: fetched as `merge-requests/N/head` and merged."""
    changes: list[str] = []
    """Refs of Gerrit, such as `refs/changes/34/1234/5`: cherry-picked."""
    patches: list[str] = []
    """Files or addresses, applied with `git am -3`."""
    replace: list[str] = []
    """`file: "from" --> "to"`, a regular expression."""
    submodules: bool = False
    patch_digests: dict[str, str] = {}
    """Of local patches, so that a change of one is a change of the wish."""


def read_checkouts(said: Any) -> dict[str, Repository]:
    """`{path: Repository}` or `{path: address}`; StageFailed for anything else."""
    if said is not None and not isinstance(said, Mapping):
        raise StageFailed("git: a mapping of paths to repositories")
    found = {}
    for name, one in (said or {}).items():
        try:
            whole = one if isinstance(one, Mapping) else {"url": one}
            found[name] = msgspec.convert(whole, Repository)
        except msgspec.ValidationError as error:
            raise StageFailed(f"git: {name}: {error}") from None
    return found


async def check_out(machine: Machine, old: Any, new: Any) -> None:
    """`new` is `{path: Repository}`; only what differs from `old` is touched."""
    before = old if isinstance(old, Mapping) else {}
    for name, wanted in read_checkouts(new).items():
        if before.get(name) == new[name] and machine.path(name).is_dir():
            continue
        await _bring(machine, machine.path(name), wanted)
    for name in before.keys() - (new or {}).keys():
        machine.say(f"  {machine.path(name)} is left as it is")


async def _bring(machine: Machine, folder: Path, wanted: Repository) -> None:
    git = ("git", "-C", str(folder))
    await machine.run("git", "init", "-q", str(folder))
    for begun, verb in _UNFINISHED.items():
        if (folder / ".git" / begun).exists():  # by a preparation that failed
            await machine.run(*git, verb, "--abort")
    await machine.run(*git, "fetch", "-q", "--tags", "--force", wanted.url, wanted.ref)
    await machine.run(*git, "checkout", "-q", "--force", "-B", _BRANCH, "FETCH_HEAD")
    await machine.run(*git, "clean", "-q", "-f", "-d")
    for what, ref in _requests(wanted):
        await _or_say(machine, f"there is no {what}", *git, "fetch", "-q", wanted.url, ref)
        await _or_say(machine, f"{what} cannot be merged",
                      *git, *_WHO, "merge", "-q", "--no-edit", "FETCH_HEAD")  # fmt: skip
    for change in wanted.changes:
        await _or_say(machine, f"there is no {change}", *git, "fetch", "-q", wanted.url, change)
        await _or_say(machine, f"{change} does not fit", *git, *_WHO, "cherry-pick", "FETCH_HEAD")
    for number, patch in enumerate(wanted.patches):
        file = await _patch(machine, patch, number)
        await _or_say(machine, f"patch {patch} does not fit", *git, *_WHO, "am", "-3", str(file))
    if wanted.submodules:
        await machine.run(*git, "submodule", "update", "-q", "--init", "--recursive", "--force")
    for rule in wanted.replace:
        _replace(folder, rule)


def _requests(wanted: Repository) -> list[tuple[str, str]]:
    """What is merged, in words, and its ref."""
    pulls = [(f"pull request {one}", f"pull/{one}/head") for one in wanted.pull_requests]
    merges = [
        (f"merge request {one}", f"merge-requests/{one}/head") for one in wanted.merge_requests
    ]
    return pulls + merges


_WHO = ("-c", "user.name=ringtest", "-c", "user.email=ringtest@localhost")


async def _or_say(machine: Machine, message: str, *argv: str) -> None:
    try:
        await machine.run(*argv)
    except StageFailed as error:
        raise StageFailed(f"git: {message}", error.exit_code) from None


async def _patch(machine: Machine, patch: str, number: int) -> Path:
    if not is_remote(patch):
        return machine.path(patch).absolute()
    file = machine.scratch / f"patch-{number}"
    file.unlink(missing_ok=True)
    await machine.fetch(patch, file)
    return file


def _replace(folder: Path, rule: str) -> None:
    match = _REPLACE.match(rule)
    if match is None:
        raise StageFailed(f'git: {rule!r} is not file: "from" --> "to"')
    path = folder / match["file"]
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        raise StageFailed(f"git: there is no file {match['file']} to replace text in")
    text = path.read_text(encoding="utf-8")
    try:
        changed, count = re.subn(match["old"], match["new"], text)
    except re.error as error:
        raise StageFailed(f"git: {rule!r}: {error}") from None
    if not count:
        raise StageFailed(f"git: nothing in {match['file']} is {match['old']!r}")
    path.write_text(changed, encoding="utf-8")
