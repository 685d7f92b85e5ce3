"""Real dnf, apt and rpm in trees of the test's own; repositories that the test builds."""

import hashlib
import shutil
from pathlib import Path

import pytest

from tests.agent.preparation.machines import Lab, call

SPEC = """
Name: ringtest-probe
Version: 1.0
Release: {release}
Summary: Probe
License: Apache-2.0
BuildArch: noarch
%description
Probe.
%install
mkdir -p %{{buildroot}}/etc
echo {release} > %{{buildroot}}/etc/probe
%files
/etc/probe
"""
CONTROL = """\
Package: ringtest-probe
Version: 1.0
Architecture: all
Maintainer: lab <lab@example.org>
Description: Probe
"""


def needs(*programs: str) -> None:
    missing = [one for one in programs if not shutil.which(one)]
    assert not missing, f"{', '.join(missing)} is missing: make setup-tests installs it"


@pytest.fixture
def rpms(tmp_path: Path) -> Path:
    """A repository for dnf with one package."""
    needs("dnf", "rpmbuild", "createrepo_c")
    folder = tmp_path / "rpms"
    folder.mkdir()
    (tmp_path / "probe.spec").write_text(SPEC.format(release=1))
    call("rpmbuild", "-bb", "--define", f"_topdir {tmp_path}/build",
         "--define", f"_rpmdir {folder}", "probe.spec", cwd=tmp_path)  # fmt: skip
    call("createrepo_c", "-q", ".", cwd=folder)
    return folder


@pytest.fixture
def debs(tmp_path: Path) -> Path:
    """A flat repository for apt with one package."""
    needs("apt-get", "dpkg-deb")
    tree, folder = tmp_path / "deb", tmp_path / "debs"
    for part in (tree / "DEBIAN", tree / "etc", folder):
        part.mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(CONTROL)
    (tree / "etc/probe").write_text("1\n")
    call("dpkg-deb", "-b", str(tree), "probe.deb", cwd=folder)
    data = (folder / "probe.deb").read_bytes()
    (folder / "Packages").write_text(
        f"{CONTROL}Filename: ./probe.deb\nSize: {len(data)}\n"
        f"SHA256: {hashlib.sha256(data).hexdigest()}\n"
    )
    return folder


async def test_dnf_installs_from_a_repository_and_takes_both_away(
    machine: Lab, rpms: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    (root / "var/lib/rpm").mkdir(parents=True)
    machine.variables["RINGTEST_PARAMETER_REPO"] = "rpms"
    wanted = {
        "root": str(root),
        "repositories": {"product": {"url": f"file://{tmp_path}/{{{{REPO}}}}"}},
        "packages": {"system": ["ringtest-probe"], "apt": ["not-on-this-machine"]},
    }
    assert await machine.prepare(**wanted) == "environment: 2 steps"
    assert (root / "etc/probe").read_text() == "1\n"
    home = f"HOME={machine.variables['HOME']}"  # where Debian's rpm has its database
    known = call("env", home, "rpm", "--root", str(root), "-qa", cwd=tmp_path)
    assert known == "ringtest-probe-1.0-1.noarch\n"
    machine.commands.clear()
    assert await machine.prepare(**wanted) == "environment: nothing has changed"
    assert machine.commands == []
    await machine.take_back(root=str(root))
    assert not (root / "etc/probe").exists()
    assert list((root / "etc/yum.repos.d").iterdir()) == []


async def test_apt_installs_from_a_repository_and_takes_both_away(
    machine: Lab, debs: Path, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    wanted = {
        "root": str(root),
        "repositories": {"product": f"file:{debs}"},
        "packages": {"apt": ["ringtest-probe"], "dnf": ["not-on-this-machine"]},
    }
    await machine.prepare(**wanted)
    assert (root / "etc/probe").read_text() == "1\n"
    assert await machine.prepare(**wanted) == "environment: nothing has changed"
    await machine.take_back(root=str(root))
    assert not (root / "etc/probe").exists()
    assert list((root / "etc/apt/sources.list.d").iterdir()) == []


async def test_another_tree_is_prepared_anew(machine: Lab, debs: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        root = tmp_path / name
        (root / "var/lib/dpkg").mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        await machine.prepare(
            root=str(root),
            repositories={"product": f"file:{debs}"},
            packages=["ringtest-probe"],
            files={"seen": name},
        )
        assert (root / "etc/probe").exists()


async def test_a_repository_that_cannot_be_read_is_told_and_not_left_behind(
    machine: Lab, tmp_path: Path
) -> None:
    needs("apt-get")
    root = tmp_path / "root"
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    why = await machine.failing(root=str(root), repositories={"gone": f"file:{tmp_path}/gone"})
    assert why == "repositories: gone cannot be read"
    assert list((root / "etc/apt/sources.list.d").iterdir()) == []


async def test_a_repository_that_is_there_is_switched_and_switched_back(
    machine: Lab, tmp_path: Path
) -> None:
    needs("dnf")
    root = tmp_path / "root"
    folder = root / "etc/yum.repos.d"
    folder.mkdir(parents=True)
    (root / "var/lib/rpm").mkdir(parents=True)
    text = "[base]\nname=base\nenabled=1\n# kept\n[extra]\nname=extra\nenabled=0\n"
    (folder / "all.repo").write_text(text)
    await machine.prepare(root=str(root), repositories={"extra": {"enabled": True}})
    assert (folder / "all.repo").read_text() == text.replace("enabled=0", "enabled=1")
    await machine.prepare(root=str(root), repositories={})
    assert (folder / "all.repo").read_text() == text
    why = await machine.failing(root=str(root), repositories={"none": {"enabled": False}})
    assert why.startswith("repositories: there is no none to switch in ")


async def test_a_list_of_apt_is_switched_stanza_by_stanza(machine: Lab, tmp_path: Path) -> None:
    needs("apt-get")
    root = tmp_path / "root"
    folder = root / "etc/apt/sources.list.d"
    folder.mkdir(parents=True)
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    (folder / "lab.sources").write_text("Types: deb\nURIs: file:/a\n\nTypes: deb\nEnabled: no\n")
    await machine.prepare(root=str(root), repositories={"lab": {"enabled": False}})
    text = (folder / "lab.sources").read_text()
    assert text == "Enabled: no\nTypes: deb\nURIs: file:/a\n\nEnabled: no\nTypes: deb\n"


async def test_a_repository_of_dnf_names_its_key_and_one_of_apt_keeps_it(
    machine: Lab, debs: Path, tmp_path: Path
) -> None:
    (machine.work / "lab.asc").write_text("-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    for mark, name in (("var/lib/rpm/x", "repo"), ("var/lib/dpkg/status", "sources")):
        root = tmp_path / name
        (root / mark).parent.mkdir(parents=True)
        (root / mark).touch()
        source = {"url": f"file:{debs}", "key": "lab.asc", "enabled": False, "priority": 5}
        await machine.prepare(root=str(root), repositories={"signed": source})
    repo = (tmp_path / "repo/etc/yum.repos.d/ringtest-signed.repo").read_text()
    assert f"gpgcheck=1\ngpgkey=file://{machine.work}/lab.asc\npriority=5\n" in repo
    sources = (tmp_path / "sources/etc/apt/sources.list.d/ringtest-signed.sources").read_text()
    key = tmp_path / "sources/etc/apt/sources.list.d/ringtest-signed.asc"
    assert f"Signed-By: {key}\n" in sources and key.read_text().startswith("-----BEGIN")


async def test_a_virtual_environment_gets_its_packages_though_another_one_had_them(
    machine: Lab, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    for name in ("one", "two"):
        venv = tmp_path / name / "bin"
        venv.mkdir(parents=True)
        (venv / "python").write_text(f'#!/bin/sh\necho {name} "$@" >> {calls}\n')
        (venv / "python").chmod(0o755)
        machine.variables |= {"VIRTUAL_ENV": str(venv.parent), "PATH": f"{venv}:/usr/bin:/bin"}
        await machine.prepare(packages={"pip": ["probe"]})
        await machine.prepare(packages={"pip": ["probe"]})
    assert [line.split()[0] for line in calls.read_text().splitlines()] == ["one", "two"]
