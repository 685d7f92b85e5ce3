"""`framework`: the test program, from an index of packages or from a checkout."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from ringtest.agent.control import StageFailed
from ringtest.agent.preparation.machine import Machine
from ringtest.agent.preparation.packages import PIP

KNOWN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    # name: package, how it is asked for its version
    "avocado": ("avocado-framework", ("avocado", "--version")),
    "avocado-vt": ("avocado-framework-plugin-vt", ("avocado", "--version")),
    "tmt": ("tmt", ("tmt", "--version")),
    "pytest": ("pytest", ("python", "-m", "pytest", "--version")),
    "stestr": ("stestr", ("stestr", "--version")),
    "robot": ("robotframework", ("python", "-c", "import robot")),
}
_NEEDED: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    ("avocado", "avocado-vt"), ("setuptools<82",)
)
"""What a program needs and does not say: avocado 113 wants pkg_resources."""


class Framework(Struct, frozen=True, forbid_unknown_fields=True):
    """One test program."""

    version: str = ""
    """Exactly this one; otherwise any that is there."""
    path: str = ""
    """A folder with its source, such as one that `git` has checked out: installed from there."""
    plugins: list[str] = []
    """Further packages, installed with it."""
    bootstrap: str = ""
    """A shell command, once it is installed."""
    rests_on: Any = None


async def install_framework(machine: Machine, old: Any, new: Any) -> None:
    """`new` is a name, or `{name: Framework or version}`. What is wanted no more is uninstalled."""
    before, wanted = read_frameworks(old), read_frameworks(new)
    for name, framework in wanted.items():
        if before.get(name) == framework:
            continue
        package, asking = KNOWN[name]
        pinned = f"{package}=={framework.version}" if framework.version else package
        source = str(machine.path(framework.path).absolute()) if framework.path else pinned
        install = ("install", "--progress-bar", "off", source)
        is_any = not (framework.version or framework.path or framework.plugins)
        if not (is_any and await machine.succeeds(*asking)):
            await machine.run(*PIP, *install, *_NEEDED.get(name, ()), *framework.plugins)
        if not await machine.succeeds(*asking):
            raise StageFailed(f"framework: {name} is installed and {' '.join(asking)} fails")
        if framework.bootstrap:
            await machine.run("/bin/sh", "-e", "-c", framework.bootstrap)
        machine.say(f"  {name} is there")
    for name in before.keys() - wanted.keys():
        await machine.run(*PIP, "uninstall", "-y", KNOWN[name][0], *before[name].plugins)


def read_frameworks(said: Any) -> dict[str, Framework]:
    """A name, `{name: version}` or `{name: Framework}`; StageFailed for anything else."""
    if isinstance(said, str):
        said = {said: {}}
    if said is not None and not isinstance(said, Mapping):
        raise StageFailed("framework: a name, or a mapping of names to versions")
    found = {}
    for name, one in (said or {}).items():
        if name not in KNOWN:
            raise StageFailed(f"framework: there is no {name}; there are {', '.join(KNOWN)}")
        try:
            whole = one if isinstance(one, Mapping) else {"version": str(one or "")}
            found[name] = msgspec.convert(whole, Framework)
        except msgspec.ValidationError as error:
            raise StageFailed(f"framework: {name}: {error}") from None
    return found
