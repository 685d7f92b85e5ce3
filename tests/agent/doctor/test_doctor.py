"""Each thing that breaks runs is found before one, with what to do."""

import json
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from typer.testing import CliRunner

from ringtest.agent.attempt import Attempt
from ringtest.agent.doctor import connection, credentials, disk, files, floor, programs, reports
from ringtest.agent.doctor.examining import examine
from ringtest.agent.doctor.model import Check, Found, Lab, ok
from ringtest.agent.isolation.floor import Limits
from ringtest.agent.journal import Journal
from ringtest.agent.protocol import Claim
from ringtest.agent.settings import AgentSettings
from ringtest.cli.main import app
from tests.agent.doctor.answers import LAB_ID, server
from tests.proxies import tls_server


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    settings = AgentSettings("http://127.0.0.1:1", LAB_ID, "secret", data=tmp_path / "data")
    return Lab(settings, "", None, [], {"PATH": "/usr/bin:/bin"})


def at(lab: Lab, address: str, **more: Any) -> Lab:
    assert lab.settings
    return replace(lab, settings=replace(lab.settings, server=address, **more))


def told(check: Check, lab: Lab) -> dict[str, str]:
    """State and message by what was looked at; the worst of several."""
    order = ("ok", "warn", "bad")
    found = sorted(check(lab), key=lambda one: order.index(one.state))
    assert all(one.advice for one in found if one.state != "ok")
    return {one.check: f"{one.state}: {one.message}" for one in found}


def test_a_server_that_knows_the_lab_is_ok(lab: Lab) -> None:
    with server() as address:
        found = list(connection.server(at(lab, address)))
    assert [(one.check, one.state) for one in found] == [
        (name, "ok") for name in ("dns", "server", "clock", "key", "stream", "version")
    ]
    assert [one.message for one in found if one.check == "key"] == [
        "the server knows this lab as west"
    ]


def test_an_address_without_tls_is_to_be_said_so(lab: Lab) -> None:
    with server() as address:
        found = list(connection.server(at(lab, address.replace("http:", "https:"))))
    assert found[-1].state == "bad" and "speaks no TLS" in found[-1].advice


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"ahead": timedelta(minutes=20)}, {"clock": "bad: this clock is 1... s behind"}),
        ({"ahead": timedelta(minutes=-3)}, {"clock": "warn: this clock is 1.. s ahead of"}),
        ({"identity": (401, b'{"message": "unknown lab"}')}, {"key": "bad: the server refuses"}),
        ({"identity": (200, b"<html>hello</html>")}, {"key": "bad: what answers is no Ringtest"}),
        ({"hello": ""}, {"stream": "bad: it ends before it begins"}),
        ({"hello": 'data: {"version": "99.1"}\n\n'}, {"version": "warn: agent"}),
    ],
)
def test_what_a_server_says_is_told(lab: Lab, more: dict[str, Any], expected: Any) -> None:
    with server(**more) as address:
        found = told(connection.server, at(lab, address))
    for check, message in expected.items():
        assert re.match(message, found[check])


def test_the_way_to_the_server_is_told(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(connection.server, lab)["server"].startswith("bad: http://127.0.0.1:1 does not")
    assert told(connection.server, at(lab, "http://no such host"))["dns"].startswith("bad: ")
    with tls_server(tmp_path) as (address, authority):
        [found] = [one for one in connection.server(at(lab, address)) if one.check == "server"]
        assert (found.state, "ca_file" in found.advice) == ("bad", True)
        trusting = at(lab, address, ca_file=str(authority))
        assert told(connection.server, trusting)["server"].startswith("ok: ")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:2")
    found = next(one for one in connection.server(lab) if one.check == "proxy")
    assert found.message == "requests go through 127.0.0.1"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert "proxy" not in told(connection.server, lab)


def test_credentials_are_looked_at(lab: Lab, tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.touch(0o644)
    assert told(credentials.mode, replace(lab, config=config))["credentials"].startswith("warn")
    config.chmod(0o600)
    assert told(credentials.mode, replace(lab, config=config)) == {}
    missing = replace(lab, settings=None, problem="server is missing")
    assert told(credentials.settings, missing) == {"credentials": "bad: server is missing"}
    cut = at(lab, "http://ci", client_id="remoteci/123")
    assert "holds no UUID" in told(credentials.settings, cut)["credentials"]
    assert told(credentials.settings, lab)["credentials"].startswith("ok")


def test_the_disk_is_looked_at(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    on_a_file = at(lab, "http://ci", data=tmp_path / "file" / "data")
    assert "cannot be written" in told(disk.data_folder, on_a_file)["disk"]
    for free, state in ((1, "bad"), (10, "warn"), (100, "ok")):
        usage = type("Usage", (), {"free": free * 2**30})
        monkeypatch.setattr(shutil, "disk_usage", lambda path, usage=usage: usage)
        assert told(disk.data_folder, lab)["disk"].startswith(f"{state}: {free}.0 GiB")


DEFINITION = "isolation: {kind: bubblewrap}\nstages: {test: [echo x]}\n"


def test_programs_that_the_files_need_must_be_there(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(DEFINITION)
    nothing = replace(lab, environment={"PATH": str(tmp_path)})
    assert {one.state for one in programs.programs(nothing)} == {"warn"}
    needed = replace(nothing, files=[tmp_path / "a.yaml"])
    assert [one.message for one in programs.programs(needed) if one.state == "bad"] == [
        "no bwrap: no isolation by bubblewrap"
    ]
    (tmp_path / "git").write_text("#!/bin/sh\necho broken >&2; exit 1\n")
    (tmp_path / "git").chmod(0o755)
    assert any(one.message.endswith("does not work: broken") for one in programs.programs(needed))


def test_the_interpreter_is_looked_at(lab: Lab, tmp_path: Path) -> None:
    assert told(programs.interpreter, lab)["python"].startswith("ok")
    assert (
        "does not start"
        in told(programs.interpreter, at(lab, "http://ci", python=str(tmp_path / "python")))[
            "python"
        ]
    )
    no_venv = tmp_path / "python"
    no_venv.write_text("#!/bin/sh\necho no module named ensurepip >&2; exit 1\n")
    no_venv.chmod(0o755)
    found = told(programs.interpreter, at(lab, "http://ci", python=str(no_venv)))
    assert "no module named ensurepip" in found["python"]


def test_files_are_read_as_a_run_would_read_them(lab: Lab, tmp_path: Path) -> None:
    texts = {
        "good.yaml": DEFINITION,
        "bad.yaml": "stages: {tset: [echo x]}\n",
        "pipeline.yml": "- {name: a, stage: b, ansible_playbook: p, topic: T, components: [c]}\n",
        "broken.yml": "- {name: a}\n",
        "lacks.yml": "- {name: a, stage: b, ansible_playbook: lacked, topic: T}\n",
    }
    for name, text in {**texts, "p": "[]"}.items():
        (tmp_path / name).write_text(text)
    named = replace(lab, files=[*(tmp_path / name for name in texts), tmp_path / "none.yaml"])
    found: dict[str, list[Found]] = {}
    for one in files.named_files(named):
        name = next(name for name in (*texts, "none.yaml") if name in one.message)
        found.setdefault(name, []).append(one)
    assert [one.state for one in found["good.yaml"]] == ["ok"]
    assert any("did you mean test" in one.message for one in found["bad.yaml"])
    assert found["bad.yaml"][0].message.startswith(f"{tmp_path}/bad.yaml:1:")
    assert "ok" in {one.state for one in found["pipeline.yml"]}
    assert {one.state for one in found["broken.yml"]} >= {"bad"}
    assert "there is no " in found["lacks.yml"][0].message
    assert [one.state for one in found["none.yaml"]] == ["bad"]


def test_hooks_must_be_runnable(lab: Lab, tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name, text, mode in (
        ("pre-run.sh", "#!/bin/sh\n", 0o644), ("tests.sh", "#!/bin/sh\n", 0o755),
        ("post-run", "echo\n", 0o755), ("install.yml", "- a: [", 0o644),
        ("success.yml", "- debug:\n", 0o644),
    ):  # fmt: skip
        (hooks / name).write_text(text)
        (hooks / name).chmod(mode)
    wrong = [one for one in files.named_files(replace(lab, files=[hooks])) if one.state == "bad"]
    assert [re.split("[ :]", one.message.rpartition("/hooks/")[2])[0] for one in wrong] == [
        "install.yml", "post-run", "pre-run.sh"
    ]  # fmt: skip
    assert wrong[2].advice == f"chmod +x {hooks}/pre-run.sh"


async def test_reports_that_wait_and_changed_journals_are_told(lab: Lab, tmp_path: Path) -> None:
    assert told(reports.reports, lab)["reports"].startswith("ok: none of 0")
    claim = Claim(job={"id": str(uuid4())}, attempt=1, lease_token="x")
    attempt = Attempt.create(tmp_path / "data" / "jobs", claim, msgspec.json.encode(claim))
    journal = Journal(attempt.journal, origin=attempt.origin)
    for number in range(3):
        journal.append("log", stage="test", data=str(number))
    journal.close()
    assert "1 of 1 attempts are not reported" in told(reports.reports, lab)["reports"]
    text = attempt.journal.read_bytes()
    attempt.journal.write_bytes(text.replace(b'"data":"1"', b'"data":"7"'))
    assert told(reports.reports, lab)["reports"].startswith("bad: ")


def test_a_check_that_hangs_does_not_keep_the_others(lab: Lab) -> None:
    never = threading.Event()

    def hangs(lab: Lab) -> Iterator[Found]:
        yield ok("first", "done")
        never.wait(60)

    def breaks(lab: Lab) -> Iterator[Found]:
        yield ok("second", str(1 // 0))

    found = examine(lab, seconds=0.1, checks=(hangs, breaks))
    never.set()
    assert [(one.state, one.message) for one in found] == [
        ("ok", "done"), ("warn", "not done after 0.1 s"),
        ("bad", "the check failed: ZeroDivisionError: integer division or modulo by zero"),
    ]  # fmt: skip


def test_the_command_tells_all_and_its_exit_code_the_worst(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("stages: {tset: [echo x]}\n")
    with server() as address:
        env = {
            "DCI_CS_URL": address, "DCI_CLIENT_ID": LAB_ID, "DCI_API_SECRET": "secret",
            "RINGTEST_AGENT_DATA": str(tmp_path / "data"),
        }  # fmt: skip
        done = CliRunner().invoke(app, ["agent", "doctor", "-f", "json"], env=env)
        assert done.exit_code == 0, done.output
        found = json.loads(done.stdout)
        assert {"server", "key", "disk", "python", "reports"} <= {one["check"] for one in found}
        words = ["agent", "doctor", str(tmp_path / "bad.yaml")]
        done = CliRunner().invoke(app, words, env=env)
    assert done.exit_code == 1
    assert "bad  files        " in done.stdout and " bad\n" in done.stdout


def test_the_floor_and_whether_its_programs_work_is_told(lab: Lab, tmp_path: Path) -> None:
    assert lab.settings
    opened = list(floor.floor(lab))
    assert [one.state for one in opened] == ["ok", "warn"]
    assert opened[0].message == "a server's jobs run in: every kind of isolation"
    assert "on this machine itself" in opened[1].message and "bubblewrap" in opened[1].advice
    mine = replace(lab.settings, accepts=("bubblewrap", "ssh"), limits=Limits(memory="2GiB"))
    lab = replace(lab, settings=mine, environment={"PATH": str(tmp_path)})
    found = [f"{one.state}: {one.message}" for one in floor.floor(lab)]
    assert found[:2] == [
        "ok: a server's jobs run in: bubblewrap, ssh; at most memory 2GiB",
        "bad: bubblewrap is accepted and there is no program bwrap",
    ]
    assert found[-1] == "warn: ssh is accepted and limits.hosts names none: no such job runs"
