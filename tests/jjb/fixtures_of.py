"""Fixtures: a YAML file each, with options and a plugin list in comments at its top."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from os import chdir
from pathlib import Path
from typing import Any

import yaml

from ringtest.jjb.settings import Settings

HERE = Path(__file__).parent / "fixtures"
_FLAGS = {item.name for item in fields(Settings) if item.type == "bool"}


@dataclass(frozen=True, slots=True)
class Fixture:
    """One file.

    options: of the section [job_builder], in the types that the original gives them.
    plugins: as in a plugin list on disk.
    """

    path: Path
    options: dict[str, Any]
    plugins: list[dict[str, Any]]

    def settings(self) -> Settings:
        """The same options for the engine."""
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in self.options.items()
        }
        return Settings(**given)


def fixtures(folder: str) -> list[Fixture]:
    """All of a folder, by name."""
    return [_read(path) for path in sorted((HERE / folder).glob("*.yaml"))]


def _read(path: Path) -> Fixture:
    options: dict[str, Any] = {}
    plugins: list[dict[str, Any]] = []
    for line in path.read_bytes().decode("utf-8", "replace").splitlines()[:3]:
        if line.startswith("# options: "):
            for option in line.removeprefix("# options: ").split():
                name, _, value = option.partition("=")
                options[name] = value == "true" if name in _FLAGS else value.split(":")
        if line.startswith("# plugins: "):
            plugins = yaml.safe_load(line.removeprefix("# plugins: "))
    return Fixture(path, options, plugins)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """The working folder, where includes are looked for, is that one."""
    before = Path.cwd()
    chdir(folder)
    try:
        yield
    finally:
        chdir(before)
