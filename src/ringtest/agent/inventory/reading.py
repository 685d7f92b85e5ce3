"""The hardware and the system, from /proc and /sys. What cannot be read is left out."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ringtest.agent.inventory.firmware import nic_firmware
from ringtest.agent.inventory.places import bus_id
from ringtest.language.redaction import Redactor

Inventory = dict[str, Any]
"""Names and values, in groups: cpu, memory, disks and nics by bus id, bios, kernel, os."""

_BIOS = ("bios_vendor", "bios_version", "bios_date", "sys_vendor", "product_name", "board_name")
_CHANGES_WITH_THE_KERNEL = {"BOOT_IMAGE", "initrd"}
_SECTOR = 512
_MEMORY_STEP_MIB = 128
"""Where blocks are not told: kernels keep a part for themselves, which differs between them."""


def read_inventory(root: Path = Path("/"), *, arch: str = "") -> Inventory:
    """Everything, in a fixed order. `root` has `proc`, `sys` and `etc`.

    >>> sorted(read_inventory(Path("/nowhere"), arch="x86_64"))
    ['cpu']
    """
    found = {
        "cpu": {"arch": arch or os.uname().machine, **_cpu(root)},
        "memory": _memory(root),
        "disks": dict(_disks(root)),
        "nics": dict(_nics(root)),
        "bios": _plain({name: _text(root / "sys/class/dmi/id" / name) for name in _BIOS}),
        "kernel": _kernel(root),
        "os": _os(root),
    }
    return {group: dict(sorted(values.items())) for group, values in found.items() if values}


def _cpu(root: Path) -> Inventory:
    text = _text(root / "proc/cpuinfo")
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip().lower(), value.strip())
    flags = fields.get("flags") or fields.get("features") or ""
    topology = list((root / "sys/devices/system/cpu").glob("cpu[0-9]*/topology"))
    sockets = {_text(one / "physical_package_id") for one in topology}
    cores = {_text(one / "core_cpus_list") or one.parent.name for one in topology}
    return _plain(
        {
            "vendor": fields.get("vendor_id") or fields.get("cpu implementer"),
            "model": fields.get("model name") or fields.get("cpu part"),
            "microcode": fields.get("microcode"),
            "sockets": len(sockets),
            "cores": len(cores),
            "threads": len(topology) or len(re.findall(r"(?m)^processor\s*:", text)),
            "flags": {flag: True for flag in sorted(flags.split())},
        }
    )


def _memory(root: Path) -> Inventory:
    blocks = root / "sys/devices/system/memory"
    size = _text(blocks / "block_size_bytes")
    if size:
        online = [one for one in blocks.glob("memory[0-9]*") if _text(one / "online") != "0"]
        if online:
            return {"mib": int(size, 16) * len(online) // 2**20}
    told = re.search(r"(?m)^MemTotal:\s+(\d+) kB", _text(root / "proc/meminfo"))
    if not told:
        return {}
    steps = -(-int(told[1]) // (1024 * _MEMORY_STEP_MIB))
    return {"mib": steps * _MEMORY_STEP_MIB}


def _disks(root: Path) -> Iterator[tuple[str, Inventory]]:
    for entry in _entries(root / "sys/block"):
        device = _resolved(entry / "device")
        if device is None or not _text(entry / "size").isdigit():
            continue  # made by software: loop devices, memory, volumes
        about = {
            "model": _text(device / "model"),
            "vendor": _text(device / "vendor"),
            "firmware": _text(device / "firmware_rev") or _text(device / "rev"),
            "bytes": int(_text(entry / "size")) * _SECTOR,
            "rotates": _text(entry / "queue/rotational") == "1",
        }
        if not about["bytes"]:
            continue  # a drive without a medium
        yield bus_id(entry.resolve()), _plain(about)


def _nics(root: Path) -> Iterator[tuple[str, Inventory]]:
    for entry in _entries(root / "sys/class/net"):
        device = _resolved(entry / "device")
        if device is None:
            continue
        driver = _resolved(device / "driver")
        at_home = root == Path("/")
        about = {
            "vendor": _text(device / "vendor"),
            "device": _text(device / "device"),
            "driver": driver.name if driver else "",
            "firmware": nic_firmware(entry.name) if at_home else "",
        }
        port = _text(entry / "dev_port")
        place = bus_id(entry.resolve())
        yield place if port in ("", "0") else f"{place} port-{port}", _plain(about)


def _kernel(root: Path) -> Inventory:
    """Parameters by name: those that stand there twice, such as consoles, in their order."""
    parameters: dict[str, str] = {}
    redact = Redactor()
    for word in _text(root / "proc/cmdline").split():
        if word == "--":
            break  # what follows is not the kernel's
        name, equals, value = redact.text(word).partition("=")
        if name in _CHANGES_WITH_THE_KERNEL:
            continue
        value = value if equals else "on"
        parameters[name] = f"{parameters[name]} {value}" if name in parameters else value
    release = _text(root / "proc/sys/kernel/osrelease")
    return _plain({"release": release, "parameters": dict(sorted(parameters.items()))})


def _os(root: Path) -> Inventory:
    fields = {}
    for line in _text(root / "etc/os-release").splitlines():
        name, equals, value = line.partition("=")
        if equals:
            fields[name.strip()] = value.strip().strip("\"'")
    return _plain(
        {
            "id": fields.get("ID"),
            "version": fields.get("VERSION_ID"),
            "name": fields.get("PRETTY_NAME"),
        }
    )


def _plain(values: Inventory) -> Inventory:
    """Without what is empty, spaces made one."""
    clean = {
        name: re.sub(r"\s+", " ", value).strip() if isinstance(value, str) else value
        for name, value in values.items()
    }
    return {
        name: value
        for name, value in clean.items()
        if value is False or value not in ("", None, 0, {})
    }


def _text(path: Path) -> str:
    """What a file says, empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").replace("\0", "").strip()
    except (OSError, ValueError):
        return ""


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _resolved(link: Path) -> Path | None:
    try:
        return link.resolve(strict=True)
    except OSError:
        return None
