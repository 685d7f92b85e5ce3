"""The story with kills: server, labs and the demo itself die, a receiver is down; same end."""

import os
import signal
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.conftest import reachable_folder
from tests.examples.running_demo import (
    STORY_SECONDS,
    RunningDemo,
    descendants_of,
    is_alive,
    run_demo,
    until,
)

pytestmark = pytest.mark.demo


def test_story_is_the_same_when_everything_is_killed_on_the_way() -> None:
    with reachable_folder() as data:
        with run_demo(data) as demo:
            until(lambda: running_job(demo), what="the first running job")
            for name in ("ringtest up", "lab-a.toml", "lab-b.toml"):
                os.kill(demo.pid_of(name), signal.SIGKILL)
            until(lambda: running_job(demo), what="a running job after the kills")
            family = descendants_of(demo.process.pid)
            demo.process.kill()  # no good-bye at all: its children end by themselves
            demo.process.wait()
            until(lambda: not any(map(is_alive, family)), seconds=60, what="the family's end")
        with run_demo(data) as demo:
            until(lambda: httpx.put(f"{demo.sink}/down", json={"down": True}).is_success)
            until(lambda: refused_delivery(demo), seconds=240, what="a refused report")
            demo.end()
        with run_demo(data, "--once", f"--timeout={STORY_SECONDS}") as demo:
            assert demo.process.wait(STORY_SECONDS + 60) == 0, (data / "demo.log").read_text()
        subjects = Counter((message["channel"], message["subject"]) for message in demo.messages())
        assert set(subjects.values()) == {1}
        assert "6 jobs finished" in (data / "demo.log").read_text()


def refused_delivery(demo: RunningDemo) -> dict[str, Any] | None:
    """A report that was tried and waits for the next try."""
    with demo.admin() as client:
        deliveries = client.pages("/deliveries", "deliveries")
        return next(
            (one for one in deliveries if one["attempts"] and not one["delivered_at"]), None
        )


def running_job(demo: RunningDemo) -> dict[str, Any] | None:
    """A job that an agent works on now."""
    if not (demo.data / "demo.json").exists():
        return None
    with demo.admin() as client:
        jobs = client.get("/jobs", {"limit": "20", "offset": "0"})["jobs"]
    return next((job for job in jobs if job["phase"] == "running"), None)
