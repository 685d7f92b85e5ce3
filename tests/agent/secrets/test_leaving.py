"""What reaches a server, or the folder of a run, holds no secret of the lab."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ringtest.agent.attempt import Attempt, read_attempts
from ringtest.agent.secrets.leaving import EVIDENCE_BYTES, Leaving
from ringtest.agent.secrets.left import KEPT, SENT, WAITING, what_left
from ringtest.agent.settings import AgentSettings
from ringtest.language.secret_reference import Secret
from tests.scenario.programs import until

Spec = Callable[..., dict[str, Any]]
TOKEN = "s3cr3t-of-the-lab"
ENCODED = base64.b64encode(TOKEN.encode()).decode()


@pytest.fixture
def settings(settings: AgentSettings, monkeypatch: pytest.MonkeyPatch) -> AgentSettings:
    monkeypatch.setenv("LAB_TOKEN", TOKEN)
    return replace(settings, secrets={"WEST": Secret(env="LAB_TOKEN")})


@pytest.fixture
def leaving(tmp_path: Path, settings: AgentSettings) -> Leaving:
    attempt = Attempt(tmp_path, None)  # type: ignore[arg-type]
    return Leaving(attempt, {"api secret": settings.api_secret})


async def test_nothing_of_a_job_holds_its_secret(
    server: Any, agent: Any, spec: Spec, settings: AgentSettings
) -> None:
    lines = (
        "echo token is $TOKEN; printf ${TOKEN%??}; sleep 0; echo ${TOKEN#???????????????}",
        "echo $TOKEN | base64; env | grep -v ^TOKEN= | grep -c LAB_TOKEN || true",
        f"echo the key is {settings.api_secret}",
        "echo $TOKEN > out.log; printf '\\000%s' $TOKEN > core; echo x > $TOKEN.log",
        "echo fine > a.log",
        "echo last words: $TOKEN; exit 3",
    )
    job = server.add_job(
        spec("\n".join(lines), secrets={"TOKEN": {"lab": "WEST"}})
        | {"artifacts": [{"path": "*.log"}, {"path": "core"}]}
    )
    await server.until(lambda: job.phase == "finished")
    assert job.end()["result"] == "failed"
    told = json.dumps(job.records).encode() + job.log() + repr(job.files).encode()
    for secret in (TOKEN, ENCODED, settings.api_secret):
        assert secret.encode() not in told, secret
    printed = job.printed().decode().splitlines()
    assert printed[:2] == ["token is [redacted TOKEN]", "[redacted TOKEN]"]
    assert printed[2] == "[redacted TOKEN]K", "the line's end that base64 encoded with it"
    assert printed[3] == "0", "the lab's variable is not the job's"
    assert job.kinds("stage")[-3]["evidence"].endswith("last words: [redacted TOKEN]")
    ours = ("out.log", "a.log", "core", f"{TOKEN}.log", "[redacted TOKEN].log")
    arrived = {file["name"]: file["content"] for file in job.files.values()}
    files = {name: content for name, content in arrived.items() if name in ours}
    assert files == {"out.log": b"[redacted TOKEN]\n", "a.log": b"fine\n"}
    assert b"core stays in the lab: it is no text and holds the secret TOKEN" in job.log()
    assert b"[redacted TOKEN].log stays in the lab: its name holds a secret" in job.log()

    [attempt] = read_attempts(settings.data / "jobs")

    async def is_done() -> bool:
        return attempt.done is not None

    await until(is_done, "the server's receipt")
    left = {(one.what, one.name): one for one in what_left(attempt)}
    out = left["file", "out.log"]
    assert (out.state, out.size, out.redacted) == (SENT, len(files["out.log"]), 1)
    assert left["file", "core"].state == KEPT and TOKEN not in str(left)
    log = left["log", "test"]
    test_log = [record for record in job.kinds("log") if record["stage"] == "test"]
    data = b"".join(base64.b64decode(record["data"]) for record in test_log)
    assert (log.state, log.size, log.redacted) == (SENT, len(data), data.count(b"[redacted "))
    assert left["finish", ""].state == SENT


async def test_what_the_server_has_not_acknowledged_waits(
    server: Any, agent: Any, spec: Spec, settings: AgentSettings
) -> None:
    server.fault = lambda method, path: 503 if path.endswith("/records") else None
    job = server.add_job(spec("echo one; echo done > a.log") | {"artifacts": [{"path": "a.log"}]})
    await server.until(lambda: bool(job.files))
    [attempt] = read_attempts(settings.data / "jobs")
    states = {one.what: one.state for one in what_left(attempt)}
    assert states["log"] == WAITING
    server.fault = lambda method, path: None
    await server.until(lambda: job.phase == "finished")


async def test_a_secret_that_cannot_be_had_errs_the_job(
    server: Any, agent: Any, spec: Spec
) -> None:
    job = server.add_job(spec("echo never", secrets={"TOKEN": {"env": "LAB_TOKEN"}}))
    await server.until(lambda: job.phase == "finished")
    assert job.end()["result"] == "errored"
    assert "secret TOKEN: this lab gives jobs of a server no secret" in job.end()["reason"]
    assert b"never" not in job.printed()


def test_evidence_is_short_clean_text(leaving: Leaving) -> None:
    leaving.log(b"\xff\x00" * 5000 + b"\n" + b"\n".join(b"%d" % n for n in range(100)) + b"\n")
    assert leaving.evidence().splitlines() == [str(n) for n in range(60, 100)]
    leaving.begin_stage()
    leaving.log(b"\xff\x00" * 9000)
    evidence = leaving.evidence()
    assert "\x00" not in evidence
    assert 0 < len(evidence.encode()) <= EVIDENCE_BYTES


def test_an_unended_line_is_shown_as_far_as_it_may(leaving: Leaving) -> None:
    assert leaving.log(b"tests " + b"." * 60) == b"tests " + b"." * 44
    assert leaving.log(b" lab-sec") == b"." * 8, "the last bytes may be a secret's beginning"
    assert leaving.log(b"ret\n") == b"." * 8 + b" [redacted api secret]\n"
    assert leaving.rest_of_log() == b""
