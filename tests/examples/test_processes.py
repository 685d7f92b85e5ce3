"""The demo's children: started again when they die, ended with all their family."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from examples.jinja2 import processes
from examples.jinja2.processes import Child, Household, wait_for_line


def child(folder: Path, code: str, *, once: bool = False) -> Child:
    """A Python program as a child."""
    return Child("it", [sys.executable, "-u", "-c", code], folder / "it.log", once=once)


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that is about to be true."""
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never became true")


def is_alive(pid: int) -> bool:
    """True for a process that runs; a zombie waits for its parent only."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_child_that_dies_is_told_and_started_again(tmp_path: Path) -> None:
    told: list[str] = []
    household = Household(told.append)
    one = child(tmp_path, "print('ready 1'); import time; time.sleep(60)")
    await household.start(one)
    await wait_for_line(one, r"ready (\d)", seconds=20)
    assert one.process
    first = one.process.pid
    os.kill(first, signal.SIGKILL)
    await until(lambda: one.restarts == 1)
    await wait_for_line(one, r"ready (\d)", seconds=20)
    assert one.process.pid != first
    assert told == [f"it ended with code -9: starting it again ({one.log})"]
    await household.end()


async def test_child_that_is_done_stays_done(tmp_path: Path) -> None:
    household = Household(lambda line: None)
    one = child(tmp_path, "pass", once=True)
    await household.start(one)
    await until(lambda: one.state == "done")
    await household.end()
    assert one.restarts == 0


async def test_child_that_never_gets_ready_is_shown_with_its_last_words(tmp_path: Path) -> None:
    household = Household(lambda line: None)
    one = child(tmp_path, "print('no disk left')", once=True)
    await household.start(one)
    with pytest.raises(RuntimeError, match="no disk left"):
        await wait_for_line(one, "ready", seconds=20)
    await household.end()


async def test_end_reaches_the_family_and_those_who_do_not_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_GRACE_SECONDS", 0.2)
    household = Household(lambda line: None)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    family = (
        f"{deaf} import subprocess, sys, time;"
        f"one = subprocess.Popen([sys.executable, '-c', '{deaf} import time; time.sleep(60)']);"
        "print('child', one.pid); time.sleep(60)"
    )
    one = child(tmp_path, family)
    await household.start(one)
    grandchild = int((await wait_for_line(one, r"child (\d+)\n", seconds=20)).group(1))
    await household.end()
    await until(lambda: not is_alive(grandchild))
    assert one.process and one.process.returncode == -signal.SIGKILL
