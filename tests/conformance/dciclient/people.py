"""Who calls, with what, and how the server's state is asked for."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from tests.architecture.sources import ROOT
from tests.conformance.dciclient.forks import ENTRIES

PASSWORD = "admin password"
ADMIN = {"DCI_LOGIN": "admin", "DCI_PASSWORD": PASSWORD}
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Done:
    """A command that ran."""

    code: int
    text: str

    @property
    def json(self) -> Any:
        """What it printed, with `--format json`."""
        return json.loads(self.text)


class Forks:
    """The program of `forks`, and orders to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.conformance.dciclient.forks"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, words: tuple[str, ...], env: dict[str, str]) -> Done:
        """Run a console script with these arguments and nothing else in its environment."""
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        out = self._folder / f"out-{next(_numbers)}"
        order = {
            "entry": ENTRIES[words[0]], "argv": list(words), "cwd": str(self._folder),
            "out": str(out),
            "env": {"HOME": str(self._folder), "PATH": os.environ["PATH"], **env},
        }  # fmt: skip
        self._program.stdin.write(json.dumps(order) + "\n")
        self._program.stdin.flush()
        return Done(int(self._program.stdout.readline()), out.read_text())

    def stop(self) -> None:
        """End the program."""
        assert self._program.stdin is not None
        self._program.stdin.close()
        self._program.wait()


@dataclass(slots=True)
class Server:
    """A running server, commands for it, and the API to look at what they did."""

    url: str
    forks: Forks
    folder: Path
    things: dict[str, Any] = field(default_factory=dict)

    def run(self, *words: str, who: dict[str, str] | None = None) -> Done:
        """Any console script."""
        env = {"DCI_CS_URL": self.url, **(ADMIN if who is None else who)}
        return self.forks.run(words, env)

    def dcictl(self, *words: str, who: dict[str, str] | None = None) -> Any:
        """`dcictl --format json …`: what it printed, or the text when that is no JSON."""
        done = self.run("dcictl", "--format", "json", *words, who=who)
        assert done.code == 0, (words, done.text)
        try:
            return done.json
        except ValueError:
            return done.text.strip()

    def get(self, path: str, **params: str) -> httpx.Response:
        """Look at something as the administrator."""
        return httpx.get(
            f"{self.url}/api/v1{path}", params=params, auth=("admin", PASSWORD), timeout=30
        )

    def one(self, path: str) -> dict[str, Any]:
        """The object at an address."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        (found,) = answer.json().values()
        assert isinstance(found, dict)
        return found

    def make(self, path: str, **body: Any) -> dict[str, Any]:
        """Create something as the administrator."""
        answer = httpx.post(
            f"{self.url}/api/v1{path}", json=body, auth=("admin", PASSWORD), timeout=30
        )
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = next(iter(answer.json().values()))
        return found


def key_of(kind: str, machine: dict[str, Any]) -> dict[str, str]:
    """The environment of a lab or a feeder."""
    return {"DCI_CLIENT_ID": f"{kind}/{machine['id']}", "DCI_API_SECRET": machine["api_secret"]}
