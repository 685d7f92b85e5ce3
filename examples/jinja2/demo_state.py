"""What a demo keeps between two runs: passwords, keys and ports, readable by its owner only."""

import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path

from examples.jinja2.free_port import free_ports


@dataclass(slots=True)
class Key:
    """Identity (`remoteci/<uuid>` or `feeder/<uuid>`) and secret of a program."""

    identity: str
    secret: str


@dataclass(slots=True)
class DemoState:
    """The file `demo.json` of a data folder."""

    path: Path
    admin_password: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    partner_password: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    webhook_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    ports: dict[str, int] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> "DemoState":
        """What was kept in `folder`, or a fresh state."""
        path = folder / "demo.json"
        if not path.exists():
            return cls(path)
        kept = json.loads(path.read_text())
        kept["keys"] = {name: Key(**key) for name, key in kept["keys"].items()}
        return cls(path, **kept)

    def save(self) -> None:
        """Write the file whole or not at all, mode 0600."""
        content = asdict(self)
        del content["path"]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(content, file, indent=1)
        draft.replace(self.path)

    def choose_ports(self, wanted: dict[str, int | None]) -> None:
        """Given ports as given; others as in the last run, or free ones if those are taken."""
        for (name, port), free in zip(wanted.items(), free_ports(len(wanted)), strict=True):
            kept = port or self.ports.get(name)
            self.ports[name] = kept if kept and (port or _is_free(kept)) else free


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        # as servers do: a port whose last connections still linger is free
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
