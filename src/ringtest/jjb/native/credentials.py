"""Secrets of a lab, by the ids that job files name: a YAML file that says where each part is.

`deploy: {username: ci, password: {env: LAB_PASSWORD}}`, `token: {text: {file: ~/token}}`,
`key: {key_file: ~/.ssh/id_lab, username: git}`, `settings: {file: /etc/lab.conf}`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ringtest.jjb.problems import Failure

_PATHS = ("file", "key_file")
PARTS = ("username", "password", "text", "passphrase", *_PATHS)
PAIR = "pair"
"""User name and password in one, as `user:password`."""
SECRET = ("password", "text", "passphrase", PAIR)


class Credentials:
    """What a file holds. Raises Failure for one that cannot be used."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known: dict[str, dict[str, Any]] = {}
        if path is None:
            return
        try:
            read = yaml.safe_load(path.read_bytes()) or {}
        except (OSError, yaml.YAMLError) as error:
            raise Failure("credentials", f"{path}: {error}") from None
        if not isinstance(read, dict) or not all(isinstance(one, dict) for one in read.values()):
            raise Failure("credentials", f"{path} must hold ids, and the parts of each")
        for name, parts in read.items():
            for part in parts:
                if part not in PARTS:
                    known = ", ".join(PARTS)
                    raise Failure("credentials", f"{path}: {name}: {part} is none of {known}")
            self._known[str(name)] = parts

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def missing(self, name: str, parts: tuple[str, ...]) -> str:
        """What a job cannot have of a credential, in words; empty when all is there."""
        if self._path is None:
            return f"needs the credential {name}: name a file with --credentials-file"
        if name not in self._known:
            return f"needs the credential {name}, which {self._path} has not"
        for part in parts:
            try:
                self.part(name, part)
            except Failure as failure:
                return failure.message
        return ""

    def part(self, name: str, part: str) -> str:
        """A user name, a secret, or the path of a file. Raises Failure."""
        if part == PAIR:
            return f"{self.part(name, 'username')}:{self.part(name, 'password')}"
        given = self._known.get(name, {}).get(part)
        where = f"{self._path}: {name}: {part}"
        if given is None and part == "passphrase":
            return ""
        if isinstance(given, str):
            return str(Path(given).expanduser()) if part in _PATHS else given
        if isinstance(given, Mapping) and len(given) == 1:
            return _read(given, where)
        raise Failure("credentials", f"{where} must be text, {{env: NAME}} or {{file: PATH}}")

    def variables(self) -> set[str]:
        """Variables of the environment that secrets come from: commands do not see them."""
        return {
            str(given["env"])
            for parts in self._known.values()
            for given in parts.values()
            if isinstance(given, Mapping) and "env" in given
        }


def _read(given: Mapping[str, Any], where: str) -> str:
    kind, name = next(iter(given.items()))
    if kind == "env":
        if str(name) not in os.environ:
            raise Failure("credentials", f"{where}: the variable {name} is not set")
        return os.environ[str(name)]
    if kind == "file":
        try:
            return Path(str(name)).expanduser().read_text(encoding="utf-8").rstrip("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise Failure("credentials", f"{where}: {error}") from None
    raise Failure("credentials", f"{where}: {kind} is neither env nor file")
