"""The same small suite for every test program: what passes, fails, hangs, kills the program."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.agent.runners import libvirt_test_api_standin
from tests.agent.runners.conftest import variables

HANGS = "sleep 300 & echo $! > hung.pid; wait"
"""A test that waits for a process it has started; its number is in `hung.pid`."""
FLAKY = "test -e been-here || { touch been-here; exit 1; }"
UNWANTED = "touch unwanted"
ODD = "odd <ü> & $(touch pwned)"
HOSTILE = "printf '\\377\\000\\033[31m<![CDATA[]]>\\n'"
"""Prints what is neither UTF-8 nor fit for XML."""
SLAY = """#!/bin/sh
# kills the nearest ancestor of this name
p=$$
while [ "$p" -gt 1 ]; do
    p=$(cut -d')' -f2 /proc/$p/stat | cut -d' ' -f3)
    [ "$(cat /proc/$p/comm)" = "$1" ] && kill -9 "$p" && break
done
sleep 60
"""


@dataclass(frozen=True)
class Sample:
    """A suite of one program."""

    runner: str
    write: Callable[[Path], None]
    options: Mapping[str, Any]
    test: str = "{}"
    """How a test of a name is called."""
    outcomes: Mapping[str, str] = field(default_factory=dict)
    """Where they differ from those of `EXPECTED`."""
    reruns: int = 1
    limit: float = 3
    """Seconds that a test may take: what starts slowly is given more."""

    def expected(self) -> dict[str, str]:
        """Outcomes by the tests' names in the runner."""
        odd = {} if self.runner in _PLAIN_NAMES else {ODD: "passed"}
        words = {**EXPECTED, **odd, **self.outcomes}
        return {self.test.format(name): word for name, word in words.items() if word}


_PLAIN_NAMES = ("make-check", "tmt", "stestr", "avocado", "libvirt-test-api")
EXPECTED = {
    "good": "passed",
    "bad": "failed",
    "broken": "errored",
    "left_out": "skipped",
    "hangs": "errored",
    "flaky": "passed",
    "dies": "errored",
    "late": "passed",
}

_UNITTEST = f"""
import os, subprocess, sys, unittest
class Case(unittest.TestCase):
    def test_good(self): subprocess.run(["sh", "-c", {HOSTILE!r}])
    def test_bad(self): self.fail("bad text")
    def test_broken(self): raise RuntimeError("broken text")
    @unittest.skip("not here")
    def test_left_out(self): pass
    def test_hangs(self): subprocess.run(["sh", "-c", {HANGS!r}])
    def test_flaky(self): subprocess.run(["sh", "-ec", {FLAKY!r}], check=True)
    def test_dies(self): os._exit(7)
    def test_late(self): pass
    def test_unwanted(self): subprocess.run(["sh", "-c", {UNWANTED!r}])
"""


def _write(path: Path, text: str, *, program: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if program:
        path.chmod(0o755)


def _pytest(work: Path) -> None:
    text = _UNITTEST + f"import pytest\n@pytest.mark.parametrize('n', [1], ids=[{ODD!r}])\n"
    _write(work / "test_it.py", text + "def test_odd(n): pass\n")


def _stestr(work: Path) -> None:
    _write(work / "suite" / "__init__.py", "")
    _write(work / "suite" / "test_it.py", _UNITTEST)


def _avocado(work: Path) -> None:
    text = _UNITTEST.replace("import os", "from avocado import Test\nimport os")
    text = text.replace("unittest.TestCase", "Test").replace('    @unittest.skip("not here")\n', "")
    text = text.replace(
        "def test_left_out(self): pass", "def test_left_out(self): self.cancel('x')"
    )
    _write(work / "it.py", text.replace("os._exit(7)", "subprocess.run(['./slay', 'avocado'])"))
    _write(work / "slay", SLAY, program=True)


def _shell(dies: str) -> dict[str, str]:
    return {
        "good": HOSTILE,
        "bad": "echo no; exit 1",
        "broken": "exit 99",
        "left_out": "exit 77",
        "hangs": HANGS,
        "flaky": FLAKY,
        "dies": dies,
        "late": "true",
        "unwanted": UNWANTED,
    }


def _command(work: Path) -> None:
    for name, script in {**_shell("kill -9 $PPID"), ODD: "true"}.items():
        _write(work / "cases" / name, f"{script}\n")


def _libvirt_test_api(work: Path) -> None:
    for name, script in _shell("kill -9 $PPID; sleep 60").items():
        _write(work / "steps" / name, f"{script}\n")
    _write(work / "all.conf", "".join(f"shell:{name}\n" for name in _shell("")))


def _make_check(work: Path) -> None:
    _write(
        work / "configure.ac",
        "AC_INIT([it], [1])\nAM_INIT_AUTOMAKE([foreign])\n"
        "AC_CONFIG_FILES([Makefile inner/Makefile])\nAC_OUTPUT\n",
    )
    names = [name for name in _shell("") if name != "late"]
    _write(work / "Makefile.am", f"SUBDIRS = . inner\nTESTS = {' '.join(names)}\n")
    _write(work / "inner" / "Makefile.am", "TESTS = late\n")
    for name, script in _shell("kill -9 0").items():
        folder = work / "inner" if name == "late" else work
        _write(folder / name, f"#!/bin/sh\n{script}\n", program=True)
    assert shutil.which("automake"), "automake is missing: make setup-tests"
    for argv in (["autoreconf", "-i"], ["./configure"]):
        subprocess.run(argv, cwd=work, check=True, capture_output=True)


def _meson(work: Path) -> None:
    tests = "".join(
        f"test({_quoted(name)}, sh, args: ['-c', {_quoted('cd ..; ' + script)}], suite: 'unit')\n"
        for name, script in {**_shell("./slay meson"), ODD: "true"}.items()
    )
    _write(work / "slay", SLAY, program=True)
    _write(work / "meson.build", f"project('it')\nsh = find_program('sh')\n{tests}")
    subprocess.run(
        ["meson", "setup", "build"], cwd=work, check=True, capture_output=True, env=variables(work)
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _robot(work: Path) -> None:
    lines = ["*** Settings ***", "Library    Process", "Library    own.py", "*** Test Cases ***"]
    shell = {name: script for name, script in _shell("").items() if name != "hangs"}
    for name, script in {**shell, ODD: "true"}.items():
        keyword = {"left_out": "Skip    not here", "dies": "Die"}.get(name, f"Shell    {name}")
        lines += [name, f"    {keyword}"]
        _write(work / "scripts" / name, script)
    lines += ["hangs", "    Shell    hangs"]
    _write(work / "scripts" / "hangs", HANGS)
    _write(work / "it.robot", "\n".join(lines) + "\n")
    _write(
        work / "own.py",
        "import os, subprocess\n"
        "def die(): os._exit(7)\n"
        "def shell(name): subprocess.run(['sh', '-e', 'scripts/' + name], check=True)\n",
    )


def _tmt(work: Path) -> None:
    _write(work / ".fmf" / "version", "1\n")
    tests = {**_shell(f"{work}/slay tmt"), "broken": "exit 7"}
    for name in ("flaky", "left_out"):
        del tests[name]
    lines = [f"/{name}:\n    test: {script!r}\n    order: {number}\n"
             for number, (name, script) in enumerate(tests.items())]  # fmt: skip
    _write(work / "it.fmf", "".join(lines).replace("hung.pid", f"{work}/hung.pid"))
    _write(work / "slay", SLAY, program=True)


SAMPLES = {
    one.runner: one
    for one in (
        Sample(
            "pytest", _pytest, {"paths": ["test_it.py"]}, "test_it.py::Case::test_{}",
            {"broken": "failed", ODD: ""},
        ),
        Sample("stestr", _stestr, {"arguments": ["--test-path", "suite"]},
               "suite.test_it.Case.test_{}", {"broken": "failed", "flaky": ""}, reruns=0, limit=4),
        Sample("avocado", _avocado, {"paths": ["it.py"]}, "it.py:Case.test_{}", reruns=0,
               limit=5, outcomes={"flaky": ""}),
        Sample("command", _command, {"listing": "ls cases", "each": 'sh -e "cases/$RINGTEST_TEST"'},
               outcomes={"broken": "failed"}),
        Sample("libvirt-test-api", _libvirt_test_api,
               {"cases": ["all.conf"],
                "program": f"{sys.executable} {libvirt_test_api_standin.__file__}"},
               "all:shell:{}", {"broken": "failed"}),
        Sample("make-check", _make_check, {}, outcomes={"late": ""}),
        Sample("meson", _meson, {}, "it:{}", {"flaky": ""}, reruns=0),
        Sample("robot", _robot, {"paths": ["it.robot"]}, "It.{}",
               {"broken": "failed", "flaky": ""}, reruns=0),
        Sample("tmt", _tmt, {}, "/it/{}", {"flaky": "", "left_out": ""}, reruns=0, limit=5),
    )
}  # fmt: skip
