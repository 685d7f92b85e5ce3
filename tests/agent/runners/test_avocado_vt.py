"""avocado-vt with the real plug-in: variants of a cartesian configuration are tests, under names
that stay, run against libvirt's own test driver."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ringtest.agent.runners.earlier import bad_before
from ringtest.agent.runners.registry import make_runner
from tests.agent.runners.conftest import Done, run_step, variables

_VARIANTS = """\
variants:
    - ring_pool:
        type = ring_pool
        provider = ring
        virt_test_type = libvirt
        vms = ""
        main_vm = ""
        start_vm = no
        variants:
            - listed:
                pools = default-pool
            - missing:
                pools = no-such-pool
            - broken:
                only active
                broken = yes
            - hung:
                only logical
                hung = yes
        variants:
            - active:
                flags = ""
            - logical:
                flags = "--type logical"
"""
_SOURCE = """\
import time
from avocado.utils import process
def run(test, params, env):
    if params.get("broken"):
        raise RuntimeError("broken text")
    if params.get("hung"):
        process.run("sleep 300")
    found = process.run("virsh -c test:///default pool-list " + params["flags"]).stdout_text
    test.log.info("pools: %s", found)
    if params["flags"]:
        test.cancel("the test driver has none")
    if params["pools"] not in found:
        test.fail("no pool " + params["pools"])
"""
_ALL = {
    "ring_pool.active.listed": "passed",
    "ring_pool.active.missing": "failed",
    "ring_pool.active.broken": "errored",
    "ring_pool.logical.listed": "skipped",
    "ring_pool.logical.missing": "skipped",
    "ring_pool.logical.hung": "errored",
}
_LOOKED_FOR = ("tcpdump", "nc", "arping", "kvm")
"""Programs that the plug-in asks for, and tests without a guest do not use."""


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder with a test provider, and avocado-vt as it is once it was set up; `avocado` in
    it is the real one with that set-up."""
    assert shutil.which("virsh"), "virsh is missing: make setup-tests"
    work = tmp_path_factory.mktemp("vt")
    for program in _LOOKED_FOR:
        if not shutil.which(program):
            _write(work / "bin" / program, "#!/bin/sh\n").chmod(0o755)
    _write(work / "tp" / "libvirt" / "tests" / "src" / "ring_pool.py", _SOURCE)
    # what stands in subtests.cfg is what names are made of
    _write(work / "cfg" / "subtests.cfg", _VARIANTS)
    _write(work / "cfg" / "tests.cfg", "include subtests.cfg\n")
    env = variables(work)
    env["PATH"] = f"{work / 'bin'}{os.pathsep}{env['PATH']}"
    words = f'export HOME="{work}" PATH="{env["PATH"]}"'
    real = shutil.which("avocado", path=env["PATH"])
    _write(work / "vt-avocado", f'#!/bin/sh\n{words}\nexec "{real}" "$@"\n').chmod(0o755)
    providers = work / "avocado" / "data" / "avocado-vt" / "virttest" / "test-providers.d"
    provider = f"[provider]\nuri: file://{work / 'tp'}\n[libvirt]\nsubdir: libvirt/\n"
    _write(providers / "ring.ini", provider)
    (providers / "downloads" / "ring").mkdir(parents=True)  # else the plug-in wants to be set up
    argv = ["avocado", "vt-bootstrap", "--vt-type", "libvirt", "--vt-no-downloads"]
    argv += ["--vt-skip-verify-download-assets", "--yes-to-all"]
    done = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert "VT-BOOTSTRAP FINISHED" in done.stdout + done.stderr, done.stdout + done.stderr
    return work


async def run(lab: Path, out: str, *arguments: str, **given: Any) -> Done:
    more = ["--vt-config", str(lab / "cfg" / "tests.cfg"), *arguments]
    options: Mapping[str, Any] = {"program": str(lab / "vt-avocado"), "arguments": more, **given}
    return await run_step(lab, lab / out, "avocado", dict(options))


async def test_variants_are_tests_and_one_that_hangs_is_killed(lab: Path) -> None:
    done = await run(lab, "all", timeout_seconds=8)
    assert done.outcomes() == _ALL, done.log
    cases = {case.test: case for case in done.cases}
    missing = cases["ring_pool.active.missing"]
    assert missing.message == "no pool no-such-pool"
    assert "pools: " in missing.stdout and "default-pool" in missing.stdout
    assert "broken text" in cases["ring_pool.active.broken"].message
    assert cases["ring_pool.logical.hung"].message == "not done after 8 s, killed"
    runner, _ = make_runner("avocado", {})
    bad = bad_before(lab / "all", list(_ALL), runner)
    assert bad == {name for name, word in _ALL.items() if word in ("failed", "errored")}


async def test_filters_of_both_leave_the_names_as_they_are(lab: Path) -> None:
    left = ["ring_pool.active.missing", "ring_pool.active.listed"]
    filters = ("--vt-no-filter", "logical", "--vt-only-filter", "ring_pool..listed,missing")
    done = await run(lab, "some", *filters, tests=left, no=["*.broken"])
    assert list(done.outcomes().items()) == [(name, _ALL[name]) for name in left], done.log
    assert "avocado: 2 of 2 tests" in done.log
