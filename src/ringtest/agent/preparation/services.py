"""`services`: started, stopped, enabled, and restarted when what they rest on has changed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from ringtest.agent.control import StageFailed
from ringtest.agent.preparation.machine import Machine

State = Literal["started", "restarted", "stopped"]
_SYSTEMD = Path("/run/systemd/system")
_SHELL = ("/bin/sh", "-e", "-c")


class Service(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One service. `start`, `stop` and `status` are shell commands in place of the system's."""

    state: State = "started"
    enabled: bool | None = None
    """Whether systemd starts it with the machine."""
    restart_on: list[str] = []
    """Paths of `files`, or keys of the environment: when these change it is restarted."""
    start: str = ""
    stop: str = ""
    status: str = ""
    """Exits with 0 while it runs."""
    rests_on: dict[str, Any] = {}
    """What `restart_on` names, as it is wanted."""

    def command(self, name: str, verb: str) -> tuple[str, ...]:
        """How it is started, stopped or asked for."""
        own = {"start": self.start, "stop": self.stop, "status": self.status}[verb]
        if own:
            return (*_SHELL, own)
        if _SYSTEMD.exists():
            return ("systemctl", {"status": "is-active"}.get(verb, verb), "--quiet", name)
        return ("service", name, verb)


def read_services(said: Any) -> dict[str, Service]:
    """`{name: Service}`, `{name: state}` or a list of names that are started."""
    if isinstance(said, list):
        said = dict.fromkeys(said, "started")
    if said is not None and not isinstance(said, Mapping):
        raise StageFailed("services: a mapping of names to states")
    found = {}
    for name, one in (said or {}).items():
        try:
            whole = one if isinstance(one, Mapping) else {"state": one}
            found[str(name)] = msgspec.convert(whole, Service)
        except msgspec.ValidationError as error:
            raise StageFailed(f"services: {name}: {error}") from None
        if (found[str(name)].start and not found[str(name)].status) or name == "":
            raise StageFailed(f"services: {name}: one with a start has a status too")
    return found


async def run_services(machine: Machine, old: Any, new: Any) -> None:
    """`new` is what `read_services` reads. One that we have started and that is wanted no more is
    stopped."""
    before, wanted = read_services(old), read_services(new)
    for name, service in wanted.items():
        await _bring(machine, name, before.get(name), service)
    for name in reversed([one for one in before if one not in wanted]):
        if before[name].state != "stopped":
            await _set(machine, name, before[name], "stop")


async def _bring(machine: Machine, name: str, before: Service | None, service: Service) -> None:
    if service.enabled is not None and (before is None or before.enabled != service.enabled):
        verb = "enable" if service.enabled else "disable"
        await machine.run("systemctl", verb, "--quiet", name)
    runs = await machine.succeeds(*service.command(name, "status"))
    if service.state == "stopped":
        if runs:
            await _set(machine, name, service, "stop")
        return
    rests = before is not None and before.rests_on != service.rests_on
    again = service.state == "restarted" and before != service
    if runs and (rests or again or (before is None and service.rests_on)):
        await _set(machine, name, service, "stop")
        runs = False
    if not runs:
        await _set(machine, name, service, "start")


async def _set(machine: Machine, name: str, service: Service, verb: str) -> None:
    """Do it, and see that it is so."""
    await machine.run(*service.command(name, verb))
    runs = await machine.succeeds(*service.command(name, "status"))
    if runs != (verb == "start"):
        state = "does not run after its start" if verb == "start" else "still runs after its stop"
        raise StageFailed(f"services: {name} {state}")
    machine.say(f"  {name}: {'started' if runs else 'stopped'}")
