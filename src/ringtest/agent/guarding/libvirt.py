"""Domains, networks and pools of a libvirt, read and put back through `virsh`.

Two processes read everything: one lists, one describes. No binding is needed, and any address
that virsh knows can be watched.
"""

import re
import tempfile
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import ParseError

from ringtest.agent.control import StageFailed
from ringtest.agent.guarding.commands import output_of
from ringtest.agent.guarding.things import Problem, Thing
from ringtest.agent.guarding.xml import comparable

_PREFIX = {"network": "net-", "pool": "pool-", "domain": ""}
_LIST = {"network": "net-list", "pool": "pool-list", "domain": "list"}
_UNDEFINE = (
    ("--managed-save", "--snapshots-metadata", "--checkpoints-metadata", "--nvram"),
    ("--managed-save", "--snapshots-metadata"),
    (),
)
"""Of a domain: with all that belongs to it, as far as its driver knows of that."""
_MARK = re.compile(r"^@(\w+) (\S+) (\w+)$", re.MULTILINE)


class Libvirt:
    """One libvirt."""

    kinds: Sequence[str] = ("network", "pool", "domain")

    def __init__(self, address: str) -> None:
        self._address = address

    async def read(self) -> Sequence[Thing]:
        """See `Watcher`."""
        lists = [f"echo @{kind} all ids; {_LIST[kind]} --all --uuid" for kind in self.kinds]
        found = await self._ask("; ".join(lists))
        wanted = []
        for (kind, _, _), text in found.items():
            for uuid in text.split():
                wanted += self._describing(kind, uuid)
        if not wanted:
            return []
        parts = await self._ask("; ".join(wanted))
        uuids = dict.fromkeys((kind, uuid) for kind, uuid, _ in parts)
        things = (self._thing(kind, uuid, parts) for kind, uuid in uuids)
        return [thing for thing in things if thing]

    def _describing(self, kind: str, uuid: str) -> list[str]:
        prefix = _PREFIX[kind]
        wanted = [
            f"echo @{kind} {uuid} info", f"{prefix}{'dom' if kind == 'domain' else ''}info {uuid}",
            f"echo @{kind} {uuid} live", f"{prefix}dumpxml {uuid}",
            f"echo @{kind} {uuid} inactive", f"{prefix}dumpxml --inactive {uuid}",
        ]  # fmt: skip
        if kind == "pool":
            wanted += [f"echo @pool {uuid} volumes", f"vol-list {uuid}"]
        return wanted

    async def _ask(self, script: str) -> dict[tuple[str, str, str], str]:
        """Several commands in one process; what each printed, by the mark in front of it."""
        code, out, errors = await output_of(["virsh", "-c", self._address, script])
        pieces = _MARK.split(out)
        if len(pieces) < 2:
            why = errors.strip().splitlines()
            raise StageFailed(f"guard: {self._address}: {why[-1] if why else f'exit code {code}'}")
        return {
            (pieces[at], pieces[at + 1], pieces[at + 2]): pieces[at + 3].strip()
            for at in range(1, len(pieces), 4)
        }

    def _thing(self, kind: str, uuid: str, parts: dict[tuple[str, str, str], str]) -> Thing | None:
        lines = (line.partition(":") for line in parts[kind, uuid, "info"].splitlines())
        info = {name.strip(): value.strip() for name, colon, value in lines if colon}
        live = parts[kind, uuid, "live"]
        if "Name" not in info or not live:
            return None  # it went away between the two questions
        # Some drivers know one description only.
        inactive = parts[kind, uuid, "inactive"] or live
        state = info.get("State") or {"yes": "running"}.get(info.get("Active", ""), "inactive")
        autostart = info.get("Autostart", "no")
        facts = {
            "uuid": uuid,
            "state": state,
            "persistent": info.get("Persistent", "yes"),
            "autostart": {"enable": "yes", "disable": "no"}.get(autostart, autostart),
        }
        try:
            facts["definition"] = comparable(inactive)
            facts["running"] = comparable(live) if _is_active(state) else ""
        except ParseError as error:
            raise StageFailed(f"guard: {self._address}: {kind} {info['Name']}: {error}") from None
        if kind == "pool":
            facts["volumes"] = _volumes(parts.get((kind, uuid, "volumes"), ""))
        return Thing(self._address, kind, info["Name"], facts, inactive)

    async def restore(self, before: Thing | None, after: Thing | None) -> None:
        """See `Watcher`."""
        if after and (before is None or before.facts["uuid"] != after.facts["uuid"]):
            await self._remove(after)
            after = None
        if before is None:
            return
        facts = before.facts
        now = after.facts if after else {"state": "inactive", "persistent": "no"}
        if facts["persistent"] == "yes" and now.get("definition") != facts["definition"]:
            await self._do_with(before, "define")
        await self._restore_state(before, now)
        if before.kind == "pool" and _is_active(facts["state"]):
            await self._remove_volumes(before, facts["volumes"], now.get("volumes", ""))
        if facts["persistent"] == "yes" and facts["autostart"] != now.get("autostart", "no"):
            off = [] if facts["autostart"] == "yes" else ["--disable"]
            await self._do(before.kind, "autostart", facts["uuid"], *off)
        if facts["persistent"] == "no" and now["persistent"] == "yes":
            await self._undefine(before)

    async def _remove(self, thing: Thing) -> None:
        if _is_active(thing.facts["state"]):
            await self._do(thing.kind, "destroy", thing.facts["uuid"])
        if thing.facts["persistent"] == "yes":
            await self._undefine(thing)

    async def _undefine(self, thing: Thing) -> None:
        ways = _UNDEFINE if thing.kind == "domain" else ((),)
        for way in ways[:-1]:
            try:
                await self._do(thing.kind, "undefine", thing.facts["uuid"], *way)
                return
            except Problem:
                continue
        await self._do(thing.kind, "undefine", thing.facts["uuid"], *ways[-1])

    async def _restore_state(self, before: Thing, now: Mapping[str, str]) -> None:
        """Running, paused or not, with the devices that it had."""
        kind, facts = before.kind, before.facts
        was, state = _is_active(facts["state"]), now["state"]
        if _is_active(state) and (not was or now.get("running") != facts["running"]):
            await self._do(kind, "destroy", facts["uuid"])
            state = "inactive"
        if was and not _is_active(state):
            if facts["persistent"] == "yes":
                await self._do(kind, "start", facts["uuid"])
            else:
                await self._do_with(before, "create")
            state = "running"
        if kind == "domain" and "paused" in (state, facts["state"]) and state != facts["state"]:
            verb = "suspend" if facts["state"] == "paused" else "resume"
            await self._do(kind, verb, facts["uuid"])

    async def _remove_volumes(self, pool: Thing, before: str, after: str) -> None:
        kept = before.split(", ")
        for name in filter(None, after.split(", ")):
            if name not in kept:
                await self._call("vol-delete", "--pool", pool.facts["uuid"], name)
        if gone := [name for name in kept if name and name not in after.split(", ")]:
            raise Problem(f"the volumes {', '.join(gone)} are lost")

    async def _do_with(self, thing: Thing, verb: str) -> None:
        """A verb that takes a description."""
        with tempfile.NamedTemporaryFile("w", suffix=".xml", encoding="utf-8") as file:
            file.write(thing.kept)
            file.flush()
            await self._do(thing.kind, verb, file.name)

    async def _do(self, kind: str, verb: str, *words: str) -> None:
        await self._call(f"{_PREFIX[kind]}{verb}", *words)

    async def _call(self, *words: str) -> None:
        code, _, errors = await output_of(["virsh", "-c", self._address, *words])
        if code:
            lines = [line.removeprefix("error: ") for line in errors.splitlines() if line.strip()]
            raise Problem(f"virsh {words[0]}: {'; '.join(lines) or f'exit code {code}'}")


def _is_active(state: str) -> bool:
    return state not in ("inactive", "shut off", "crashed")


def _volumes(table: str) -> str:
    """Names of a table with two lines as its head."""
    rows = [line.split(maxsplit=1) for line in table.splitlines()[2:]]
    return ", ".join(sorted(row[0] for row in rows if row))
