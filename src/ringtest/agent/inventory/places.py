"""Where a device is plugged in: an id that stays when names and probing orders change."""

import re
from pathlib import Path

_PCI = re.compile(r"[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]")
_SCSI = re.compile(r"\d+:(\d+:\d+:\d+)")
_ATA = re.compile(r"ata\d+")
_USB = re.compile(r"\d+-([\d.]+)(?::\S+)?")
_NAMESPACE = re.compile(r"nvme\d+(?:c\d+)?(n\d+)")


def bus_id(device: Path) -> str:
    """The PCI address and what is behind it, without numbers that are given while probing.

    >>> bus_id(Path("/sys/devices/pci0000:00/0000:00:02.0/virtio1/block/vda"))
    '0000:00:02.0'
    >>> bus_id(Path("/sys/devices/pci0000:00/0000:00:1f.2/host3/target3:0:1/3:0:1:0/block/sda"))
    '0000:00:1f.2 0:1:0'
    >>> bus_id(Path("/sys/devices/pci0000:00/0000:01:00.0/nvme/nvme0/nvme0n1"))
    '0000:01:00.0 n1'
    >>> bus_id(Path("/sys/devices/platform/vif-0/net/eth0"))
    'platform vif-0'
    """
    parts = device.parts
    within = parts[parts.index("devices") + 1 :] if "devices" in parts else parts
    found: list[str] = []
    for number, part in enumerate(within):
        if _PCI.fullmatch(part):
            found = [part]
        elif _ATA.fullmatch(part):
            found.append(f"ata-{_ata_port(Path(*parts[: len(parts) - len(within) + number + 1]))}")
        elif scsi := _SCSI.fullmatch(part):
            found.append(scsi[1])
        elif namespace := _NAMESPACE.fullmatch(part):
            found.append(namespace[1])
        elif usb := _USB.fullmatch(part):
            found = [found[0] if found else "", f"usb-{usb[1]}"]
    if found:
        return " ".join(filter(None, found))
    return " ".join(part for part in within[:2] if part not in ("block", "net"))


def _ata_port(link: Path) -> str:
    """The port of the controller; the number in the link's name counts over all controllers."""
    try:
        return (link / "ata_port" / link.name / "port_no").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return link.name.removeprefix("ata")
