"""All runners, by name."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ringtest.agent.ansible.runner import Ansible
from ringtest.agent.control import StageFailed
from ringtest.agent.runners.avocado import Avocado
from ringtest.agent.runners.command import Command
from ringtest.agent.runners.libvirt_test_api import LibvirtTestApi
from ringtest.agent.runners.make_check import MakeCheck
from ringtest.agent.runners.meson import Meson
from ringtest.agent.runners.pytest import Pytest
from ringtest.agent.runners.robot import Robot
from ringtest.agent.runners.runner import Runner
from ringtest.agent.runners.selection import RunnerOptions
from ringtest.agent.runners.stestr import Stestr
from ringtest.agent.runners.tmt import Tmt

RUNNERS: Mapping[str, Any] = {
    kind.name: kind
    for kind in (
        Pytest,
        Avocado,
        Command,
        LibvirtTestApi,
        MakeCheck,
        Meson,
        Tmt,
        Robot,
        Stestr,
        Ansible,
    )
}

OPTIONS: Mapping[str, type[Any]] = {name: kind.options for name, kind in RUNNERS.items()}


def make_runner(name: str, given: Mapping[str, Any]) -> tuple[Runner, RunnerOptions]:
    """A runner with the options of a step; StageFailed when it is unknown or they are wrong."""
    if name not in RUNNERS:
        raise StageFailed(f"there is no runner {name}; there are {', '.join(RUNNERS)}")
    kind = RUNNERS[name]
    faults = wrong_options(name, given)
    if faults:
        raise StageFailed(f"{name}: {faults[0]}")
    options: RunnerOptions = msgspec.convert(given, kind.options)
    runner: Runner = kind(options)
    return runner, options


def wrong_options(name: str, given: Mapping[str, Any]) -> list[str]:
    """What is wrong with the options of a step."""
    kind = RUNNERS[name].options
    known = [field.encode_name for field in msgspec.structs.fields(kind)]
    faults = [
        f"there is no option {key}; there are {', '.join(known)}"
        for key in given
        if key not in known
    ]
    try:
        msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        faults.append(str(error))
    return faults
