"""An agent behind a proxy: its stream, its records and its files go through it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ringtest.agent.settings import AgentSettings
from tests.proxies import tinyproxy


@pytest.fixture
def settings(settings: AgentSettings, tmp_path: Path) -> Iterator[AgentSettings]:
    with tinyproxy(tmp_path) as proxy:
        yield replace(settings, proxy=proxy)


async def test_a_job_is_run_through_a_proxy(
    server: Any, agent: Any, spec: Callable[..., Any], tmp_path: Path
) -> None:
    job = server.add_job(spec("echo one; echo x > a.log") | {"artifacts": [{"path": "a.log"}]})
    await server.until(lambda: job.phase == "finished")
    assert job.printed() == b"one\n"
    assert "a.log" in {file["name"] for file in job.files.values()}
    log = (tmp_path / "proxy.log").read_text()
    assert f"{server.url}/api/v1/agent/stream" in log and "/records" in log and "/files" in log
