"""How a run is kept apart from its machine, its limits, and how long it may be looked at. Pure.

`control.definitions.model` checks the same shape on the server.
"""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

Kind = Literal["none", "venv", "bubblewrap", "podman", "ssh"]

Size = (
    Annotated[int, Meta(ge=1)]
    | Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)? ?([KMGT]i?)?B?$", min_length=1)]
)
"""Bytes, or a number with a unit: 2GiB, 500 MB."""
Path = Annotated[str, Meta(pattern="^/")]
_UNITS = {"": 1} | {
    unit: base**power
    for power, letter in enumerate("KMGT", start=1)
    for unit, base in ((letter, 1000), (f"{letter}i", 1024))
}


class Isolation(Struct, frozen=True, omit_defaults=True):
    """The kind, what each kind needs to know, and limits of the whole run."""

    kind: Kind
    network: bool = False
    """bubblewrap, podman: the machine's network instead of none."""
    readable: list[Path] = []
    """bubblewrap, podman: more of the machine that may be read."""
    rootfs: str = ""
    """podman: folder of the root filesystem."""
    writable: bool = False
    """podman: the root filesystem may be changed, and stays changed."""
    host: str = ""
    """ssh: the machine under test."""
    user: str = ""
    port: Annotated[int, Meta(ge=1, le=65535)] = 22
    identity: str = ""
    """ssh: file of the private key, in the lab."""
    host_key: str = ""
    """ssh: the machine's public key as known_hosts has it after the name; empty: one of those
    that the agent's account knows."""
    memory: Size | None = None
    cpus: Annotated[float, Meta(gt=0)] | None = None
    processes: Annotated[int, Meta(ge=1)] | None = None
    open_files: Annotated[int, Meta(ge=8)] | None = None
    file_size: Size | None = None
    """Largest file that may be written."""
    seconds: Annotated[float, Meta(gt=0)] | None = None
    """Longest time of the run, but for `collect` and `teardown`."""

    def __post_init__(self) -> None:
        if self.kind == "podman" and not self.rootfs.startswith("/"):
            raise ValueError("podman needs rootfs, the folder of a root filesystem")
        if self.kind == "ssh" and not re.fullmatch(r"[A-Za-z0-9_.:][A-Za-z0-9_.:-]*", self.host):
            raise ValueError("ssh needs host, the machine under test")
        if self.user and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*", self.user):
            raise ValueError("user is the name of an account")
        if "\n" in self.host_key:
            raise ValueError("host_key is one line")


class Hold(Struct, frozen=True, omit_defaults=True):
    """When what a run leaves is kept for people to look at, and how long at first.

    The key is not `on`: to YAML that is a truth value.
    """

    after: Literal["failure", "always"] = "failure"
    hours: Annotated[float, Meta(gt=0, le=168)] = 4


def parse_bytes(size: int | str) -> int:
    """A size in bytes.

    >>> parse_bytes("2GiB"), parse_bytes("1.5 KB"), parse_bytes(7)
    (2147483648, 1500, 7)
    """
    if isinstance(size, int):
        return size
    size = size.strip()
    number = size.rstrip("KMGTiB ")
    return int(float(number) * _UNITS[size[len(number) :].strip().removesuffix("B")])
