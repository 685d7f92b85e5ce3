"""Test programs: from packages, from a checkout, again when that changes."""

from pathlib import Path

import pytest

from tests.agent.preparation.machines import Lab
from tests.agent.preparation.origin import Origin


@pytest.fixture
def pip(machine: Lab, tmp_path: Path) -> Path:
    """A Python that writes down what it is asked for; the file in which it does."""
    calls = tmp_path / "calls"
    calls.touch()
    (tmp_path / "bin").mkdir()
    for name in ("python", "avocado", "tmt"):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\necho {name} "$@" >> {calls}\n')
        program.chmod(0o755)
    machine.variables["PATH"] = f"{tmp_path}/bin:/usr/bin:/bin"
    return calls


async def test_a_version_is_installed_and_asked_whether_it_runs(machine: Lab, pip: Path) -> None:
    plugins = ["avocado-framework-plugin-varianter-yaml-to-mux"]
    await machine.prepare(framework={"avocado": {"version": "113.0", "plugins": plugins}})
    assert pip.read_text().splitlines() == [
        f"python -m pip install --progress-bar off avocado-framework==113.0 "
        f"setuptools<82 {plugins[0]}",
        "avocado --version",
    ]
    await machine.prepare(framework={})
    assert "uninstall -y avocado-framework " in pip.read_text()


async def test_any_that_is_there_is_left_as_it_is(machine: Lab, pip: Path) -> None:
    await machine.prepare(framework="avocado")
    assert set(pip.read_text().splitlines()) == {"avocado --version"}


async def test_avocado_gets_what_it_needs_and_does_not_say(
    machine: Lab, pip: Path, tmp_path: Path
) -> None:
    (tmp_path / "bin/avocado").write_text("#!/bin/sh\nexit 1\n")
    why = await machine.failing(framework="avocado")
    assert "avocado is installed and avocado --version fails" in why
    asked = "python -m pip install --progress-bar off avocado-framework setuptools<82"
    assert pip.read_text().splitlines() == [asked]


async def test_one_that_is_built_from_a_checkout_is_installed_again_when_that_changes(
    machine: Lab, pip: Path, origin: Origin
) -> None:
    wanted = {"tmt": {"path": "src/tmt", "bootstrap": "echo ready >> $HOME/calls"}}
    plain = {"url": str(origin.folder), "ref": "main"}
    await machine.prepare(framework=wanted, git={"src": plain})
    await machine.prepare(framework=wanted, git={"src": plain, "other": plain})
    await machine.prepare(framework=wanted, git={"src": {**plain, "pull_requests": [7]}})
    install = f"python -m pip install --progress-bar off {machine.work}/src/tmt"
    assert pip.read_text().splitlines() == [install, "tmt --version", "ready"] * 2


async def test_a_test_program_that_nobody_knows_is_named(machine: Lab) -> None:
    why = await machine.failing(framework="avocodo")
    assert why.startswith("framework: there is no avocodo; there are avocado, avocado-vt, tmt")


async def test_one_that_does_not_start_is_an_error(machine: Lab, pip: Path, tmp_path: Path) -> None:
    (tmp_path / "bin/tmt").write_text("#!/bin/sh\nexit 3\n")
    why = await machine.failing(framework="tmt")
    assert why == "framework: tmt is installed and tmt --version fails"
