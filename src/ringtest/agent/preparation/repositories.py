"""`repositories`: where the system's package manager finds packages."""

import asyncio
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from ringtest.agent.control import StageFailed
from ringtest.agent.preparation.edits import Edits, edited
from ringtest.agent.preparation.machine import Machine
from ringtest.agent.preparation.managers import command_of, system_manager
from ringtest.agent.preparation.wishes import is_remote

DNF_FOLDER, APT_FOLDER = "etc/yum.repos.d", "etc/apt/sources.list.d"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """One repository. Without `url` it is one that is there, switched on or off."""

    url: str | list[str] = []
    """Addresses of the same packages; one that ends in `.repo` or `.sources` is placed as it is."""
    key: str = ""
    """File or address of the key that signs it; without one nothing is verified."""
    enabled: bool = True
    priority: Annotated[int, Meta(ge=1, le=99)] | None = None
    """dnf alone: the smallest wins."""
    suite: str = "./"
    """apt alone; `./` is a flat repository."""
    components: list[str] = []
    """apt alone: sections of the suite."""

    @property
    def urls(self) -> list[str]:
        """As a list."""
        return [self.url] if isinstance(self.url, str) else self.url


async def place_repositories(machine: Machine, old: Any, new: Any) -> None:
    """`new` is `{name: Source}` or `{name: address}`. Each is read once, so that a wrong address
    is told here; what is wanted no more goes away, or is switched back."""
    before = read_sources(old)
    wanted = read_sources(new)
    if not before and not wanted:
        return
    manager = system_manager(machine)
    for name, source in wanted.items():
        if before.get(name) != source or not _is_there(machine, manager, name, source):
            await _place(machine, manager, name, source)
            machine.say(f"  {name}: {', '.join(source.urls) or 'switched'}")
    for name in before.keys() - wanted.keys():
        if before[name].urls:
            _remove(machine, manager, name)
        else:
            _switch(machine, manager, name, enabled=not before[name].enabled)
        machine.say(f"  {name} as it was before")


def read_sources(said: Any) -> dict[str, Source]:
    """`{name: Source}` or `{name: address}`; StageFailed for anything else."""
    if said is not None and not isinstance(said, Mapping):
        raise StageFailed("repositories: a mapping of names to addresses")
    found = {}
    for name, one in (said or {}).items():
        if not _NAME.fullmatch(str(name)):
            raise StageFailed(f"repositories: {name!r} is no name of a repository")
        try:
            whole = one if isinstance(one, Mapping) else {"url": one}
            found[str(name)] = msgspec.convert(whole, Source)
        except msgspec.ValidationError as error:
            raise StageFailed(f"repositories: {name}: {error}") from None
    return found


def _folder(machine: Machine, manager: str) -> Path:
    return machine.root / (DNF_FOLDER if manager == "dnf" else APT_FOLDER)


def _is_there(machine: Machine, manager: str, name: str, source: Source) -> bool:
    return not source.urls or _path(machine, manager, name).exists()


def _path(machine: Machine, manager: str, name: str) -> Path:
    ending = "repo" if manager == "dnf" else "sources"
    return _folder(machine, manager) / f"ringtest-{name}.{ending}"


async def _place(machine: Machine, manager: str, name: str, source: Source) -> None:
    if not source.urls:
        _switch(machine, manager, name, enabled=source.enabled)
        return
    call = command_of(machine, manager)
    path = _path(machine, manager, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = machine.scratch / path.name
    fresh.unlink(missing_ok=True)
    if source.urls[0].endswith((".repo", ".sources")):
        await _bring(machine, source.urls[0], fresh)
    else:
        key = await _key(machine, manager, name, source.key)
        text = _repo(name, source, key) if manager == "dnf" else _sources(source, key)
        fresh.write_text(text, encoding="utf-8")
    path.write_bytes(fresh.read_bytes())
    if not source.enabled:
        return
    try:
        if manager == "dnf":
            whole = source.urls[0].endswith(".repo")  # its sections have names of their own
            only = () if whole else ("--repo", name)
            await machine.run(*call, *only, "makecache")
        else:
            await machine.run(
                *call, "-o", f"Dir::Etc::sourcelist={path.absolute()}",
                "-o", "Dir::Etc::sourceparts=-", "-o", "APT::Get::List-Cleanup=0", "update",
                "--error-on=any",
            )  # fmt: skip
    except StageFailed as error:
        path.unlink(missing_ok=True)
        raise StageFailed(f"repositories: {name} cannot be read", error.exit_code) from None


async def _bring(machine: Machine, place: str, target: Path) -> None:
    if is_remote(place):
        await machine.fetch(place, target)
        return
    try:
        await asyncio.to_thread(shutil.copyfile, machine.path(place), target)
    except OSError as error:
        raise StageFailed(f"repositories: {place}: {error.strerror}") from None


async def _key(machine: Machine, manager: str, name: str, place: str) -> str:
    """The place of a key: its own address for dnf, a file beside the list for apt."""
    if not place:
        return ""
    if manager == "dnf":
        return place if is_remote(place) else machine.path(place).absolute().as_uri()
    fresh = machine.scratch / f"{name}.key"
    fresh.unlink(missing_ok=True)
    await _bring(machine, place, fresh)
    armored = fresh.read_bytes().lstrip().startswith(b"-----BEGIN")
    key = _path(machine, manager, name).with_suffix(".asc" if armored else ".gpg")
    key.write_bytes(fresh.read_bytes())
    key.chmod(0o644)
    return str(key.absolute())


def _repo(name: str, source: Source, key: str) -> str:
    lines = [f"[{name}]", f"name={name}", f"baseurl={' '.join(source.urls)}"]
    lines += [f"enabled={int(source.enabled)}", f"gpgcheck={int(bool(key))}"]
    lines += [f"gpgkey={key}"] if key else []
    lines += [f"priority={source.priority}"] if source.priority is not None else []
    return "\n".join(lines) + "\n"


def _sources(source: Source, key: str) -> str:
    lines = ["Types: deb", f"URIs: {' '.join(source.urls)}", f"Suites: {source.suite}"]
    lines += [f"Components: {' '.join(source.components)}"] if source.components else []
    lines += [f"Signed-By: {key}" if key else "Trusted: yes"]
    lines += [f"Enabled: {'yes' if source.enabled else 'no'}"]
    return "\n".join(lines) + "\n"


def _remove(machine: Machine, manager: str, name: str) -> None:
    path = _path(machine, manager, name)
    for one in (path, path.with_suffix(".asc"), path.with_suffix(".gpg")):
        one.unlink(missing_ok=True)


def _switch(machine: Machine, manager: str, name: str, *, enabled: bool) -> None:
    """A repository that somebody else placed."""
    folder = _folder(machine, manager)
    if manager == "dnf":
        for path in sorted(folder.glob("*.repo")):
            text = path.read_text(encoding="utf-8")
            if re.search(rf"^\[{re.escape(name)}\]\s*$", text, re.MULTILINE):
                change = Edits(set={name: {"enabled": str(int(enabled))}})
                path.write_text(edited(text, change, str(path)), encoding="utf-8")
                return
    else:
        path = folder / f"{name}.sources"
        if path.exists():
            text = re.sub(r"^Enabled:.*\n?", "", path.read_text(encoding="utf-8"), flags=re.M)
            word = "yes" if enabled else "no"
            stanzas = [f"Enabled: {word}\n{one}" for one in re.split(r"(?m)^\s*\n", text) if one]
            path.write_text("\n".join(stanzas), encoding="utf-8")
            return
    raise StageFailed(f"repositories: there is no {name} to switch in {folder}")
