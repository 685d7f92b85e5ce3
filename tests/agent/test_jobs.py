"""What a job is to the server: stages, results, evidence, artifacts, time limits."""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

Spec = Callable[..., dict[str, Any]]


async def test_a_job_that_passes_tells_its_stages_and_its_log(
    server: Any, agent: Any, spec: Spec
) -> None:
    job = server.add_job(spec("echo one", "echo two >&2; echo three"))
    await server.until(lambda: job.phase == "finished")
    assert job.stages() == [("prepare", "passed"), ("test", "passed"), ("collect", "passed")]
    assert job.printed() == b"one\ntwo\nthree\n"
    assert job.end()["result"] == "passed"


async def test_parameters_of_narrower_scopes_win_and_the_log_says_where_they_are_from(
    server: Any, agent: Any, spec: Spec
) -> None:
    wanted = spec(
        'echo "$RINGTEST_PARAMETER_ARCH $RINGTEST_PARAMETER_DISK $RINGTEST_PARAMETER_LEVEL"',
        parameters={"arch": "x86_64", "disk": "sda", "level": 1},
        stages={"prepare": [{"run": "echo never", "when": "level == 1"}]},
    )
    scopes = {
        "job": {"level": 3}, "lab": {"disk": "vdb", "level": 2}, "topic": {"disk": "nvme0"},
        "planet": {"arch": "z80"},
    }  # fmt: skip
    job = server.add_job(wanted, parameters=scopes)
    await server.until(lambda: job.phase == "finished")
    printed = job.printed().decode()
    assert printed == "x86_64 vdb 3\n"
    said = [line for line in job.log().decode().splitlines() if "parameter " in line]
    assert said == [
        "[ringtest] parameter disk = vdb: lab (before topic: nvme0, definition: sda)",
        "[ringtest] parameter level = 3: job (before lab: 2, definition: 1)",
    ]


async def test_a_failing_test_stage_fails_the_job_with_evidence(
    server: Any, agent: Any, spec: Spec
) -> None:
    job = server.add_job(spec("seq 100; exit 3", "echo never"))
    await server.until(lambda: job.phase == "finished")
    test = job.kinds("stage")[-3]
    assert (test["stage"], test["status"], test["exit_code"]) == ("test", "failed", 3)
    assert test["evidence"].splitlines() == [str(n) for n in range(61, 101)]
    assert job.end()["result"] == "failed"
    assert b"never" not in job.printed()
    assert job.stages()[-1] == ("collect", "passed")


async def test_a_failing_prepare_stage_errs_the_job_and_skips_the_tests(
    server: Any, agent: Any, spec: Spec
) -> None:
    job = server.add_job(spec("echo never", stages={"prepare": [{"run": "false"}]}))
    await server.until(lambda: job.phase == "finished")
    assert job.stages() == [("prepare", "errored"), ("test", "skipped"), ("collect", "passed")]
    assert job.end()["result"] == "errored"


async def test_a_job_without_definition_errs_and_says_so(server: Any, agent: Any) -> None:
    job = server.add_job(None)
    await server.until(lambda: job.phase == "finished")
    assert job.end()["result"] == "errored"
    assert "no definition" in job.end()["reason"]


async def test_a_failing_collect_stage_shows_and_leaves_the_verdict(
    server: Any, agent: Any, spec: Spec
) -> None:
    job = server.add_job(spec("true", stages={"collect": [{"run": "exit 4"}]}))
    await server.until(lambda: job.phase == "finished")
    assert job.stages()[-1] == ("collect", "errored")
    assert job.end()["result"] == "passed"


async def test_a_command_killed_by_a_signal_is_told_as_shells_do(
    server: Any, agent: Any, spec: Spec
) -> None:
    job = server.add_job(spec("kill -SEGV $$"))
    await server.until(lambda: job.phase == "finished")
    test = job.kinds("stage")[-3]
    assert test["exit_code"] == 139
    assert "SIGSEGV" in test["message"]


async def test_a_slow_step_is_killed_with_its_children(
    server: Any, agent: Any, spec: Spec, settings: Any
) -> None:
    step = {"name": "slow", "run": "sleep 1000 & wait", "timeout_seconds": 0.2}
    job = server.add_job(spec(stages={"test": [step]}))
    await server.until(lambda: job.phase == "finished")
    assert job.stages()[1] == ("test", "failed")
    assert "not done after its 0.2 s" in job.kinds("stage")[-3]["message"]


async def test_a_job_that_is_out_of_time_errs_and_is_collected(
    server: Any, agent: Any, spec: Spec
) -> None:
    job = server.add_job(
        spec(
            "echo begun; sleep 1000",
            artifacts=[{"path": "f"}],
            stages={"prepare": [{"run": "echo x > f"}]},
        ),
        timeout_seconds=0.5,
    )
    await server.until(lambda: job.phase == "finished")
    assert job.stages() == [("prepare", "passed"), ("test", "errored"), ("collect", "passed")]
    assert job.end()["result"] == "errored"
    assert job.end()["reason"] == "timed out after 0.5 s"
    assert [file["content"] for file in job.collected()] == [b"x\n"]


async def test_artifacts_arrive_before_the_finish_and_never_from_outside_the_work_folder(
    server: Any, agent: Any, spec: Spec
) -> None:
    commands = (
        "mkdir -p reports/a; echo '<testsuite/>' > reports/a/junit-ü.xml; echo log > run.log",
        "ln -s /etc/passwd passwd.log; ln -s run.log link.log; mkdir dir.log; mkfifo pipe.log",
    )
    rules = [
        {"path": "**/junit*.xml", "mime": "application/junit"},
        {"path": "*.log", "mime": "text/plain"},
        {"path": "run.*", "mime": "other/second"},
        {"path": "../*", "mime": None},
        {"path": "/etc/hostname", "mime": None},
    ]
    job = server.add_job(spec(*commands, artifacts=rules))
    await server.until(lambda: job.phase == "finished")
    assert sorted((file["name"], file["mime"]) for file in job.collected()) == [
        ("link.log", "text/plain"),
        ("reports/a/junit-%C3%BC.xml", "application/junit"),
        ("run.log", "text/plain"),
    ]
    assert b"artifact run.log, 4 B" in job.log()


async def test_a_refused_artifact_is_noted_and_the_job_finishes(
    server: Any, agent: Any, spec: Spec
) -> None:
    server.fault = lambda method, path: 413 if path.endswith("/files") else None
    job = server.add_job(spec("echo x > big", artifacts=[{"path": "big"}]))
    await server.until(lambda: job.phase == "finished")
    assert b"artifact big was not stored: fault (413)" in job.log()
    assert job.end()["result"] == "passed"


async def test_commands_get_variables_and_never_the_labs_key(
    server: Any, agent: Any, spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DCI_API_SECRET", "hidden")
    monkeypatch.setenv("RINGTEST_PASSWORD", "hidden")
    job = server.add_job(spec("env; pwd"))
    await server.until(lambda: job.phase == "finished")
    text = job.printed().decode()
    assert f"RINGTEST_JOB_ID={job.id}\n" in text
    assert "RINGTEST_ATTEMPT=1\n" in text
    work = next(line for line in text.splitlines() if line.startswith("RINGTEST_WORK="))
    assert text.endswith(work.removeprefix("RINGTEST_WORK=") + "\n")
    assert "hidden" not in text


async def test_a_silent_job_keeps_its_lease_with_heartbeats(
    server: Any, agent: Any, spec: Spec, tmp_path: Any
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    job = server.add_job(spec(f"cat {gate}"), heartbeat_seconds=0.1)
    await server.until(lambda: job.heartbeats >= 3)
    await asyncio.to_thread(gate.write_text, "")
    await server.until(lambda: job.phase == "finished")


@pytest.mark.parametrize("options", ["", "-p xdist -n 2"], ids=["alone", "distributed"])
async def test_pytest_progress_is_told_and_disturbs_no_test(
    server: Any, agent: Any, spec: Spec, options: str
) -> None:
    tests = (
        "import pytest, warnings\n"
        "def test_a(): pass\n"
        "def test_b(): assert 0\n"
        "@pytest.mark.skip\n"
        "def test_c(): pass\n"
        "@pytest.fixture\n"
        "def bad(): raise OSError\n"
        "def test_d(bad): pass\n"
    )
    write = f"cat > test_x.py <<'E'\n{tests}E"
    variables = "PYTHONWARNINGS=error PYTEST_DISABLE_PLUGIN_AUTOLOAD=1"
    run = f"{variables} {sys.executable} -m pytest -q {options} test_x.py"
    job = server.add_job(spec(write, run, progress="pytest"))
    await server.until(lambda: job.phase == "finished")
    assert job.end()["result"] == "failed"
    last = job.kinds("progress")[-1]
    counts = {name: last[name] for name in ("total", "passed", "failed", "errored", "skipped")}
    assert counts == {"total": 4, "passed": 1, "failed": 1, "errored": 1, "skipped": 1}
    assert b"Warning" not in job.printed()


async def test_two_jobs_run_one_after_the_other_in_one_slot(
    server: Any, agent: Any, spec: Spec
) -> None:
    jobs = [server.add_job(spec(f"echo {n}")) for n in range(3)]
    await server.until(lambda: all(job.phase == "finished" for job in jobs))
    claims = [request for request in server.requests if request.endswith("/claim")]
    assert claims == [f"POST /jobs/{job.id}/claim" for job in jobs]
