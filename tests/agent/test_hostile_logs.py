"""Whatever a job prints arrives as it was printed: filth, lines without end, floods."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ringtest.agent.secrets.leaving import EVIDENCE_BYTES
from ringtest.agent.verifying import verify
from tests.scenario.stories import HOSTILE

Spec = Callable[..., dict[str, Any]]
MIB = 1024 * 1024


async def test_every_byte_of_a_hostile_log_arrives(
    server: Any, agent: Any, spec: Spec, settings: Any, tmp_path: Path
) -> None:
    endless = os.urandom(MIB).replace(b"\n", b"\xff") * 10
    printed = b"".join(HOSTILE) * 2 + endless + b"\n" + b"\r\n" * 50_000 + b"the end, without one"
    (tmp_path / "filth").write_bytes(printed)
    job = server.add_job(spec(f"cat {tmp_path / 'filth'}", "exit 3"))
    await server.until(lambda: job.phase == "finished")
    log = job.log()
    start = log.index(printed[:64])
    assert log[start : start + len(printed)] == printed
    evidence = next(one["evidence"] for one in job.kinds("stage") if one["status"] == "failed")
    assert "\nthe end, without one" in evidence
    assert "\x00" not in evidence and len(evidence.encode()) <= EVIDENCE_BYTES
    assert [problem for one in verify(settings.data) for problem in one.problems] == []
