"""Builds are started once, followed to their end, and leave what they leave."""

from pathlib import Path

import pytest

from ringtest.client.jenkins import Controller, JenkinsError, Unsure, builds
from tests.jenkins_server import JenkinsServer, Outcome

TEXT = "hudson.model.StringParameterDefinition"
ONE = f"<{TEXT}><name>{{}}</name></{TEXT}>"
PROPERTY = "hudson.model.ParametersDefinitionProperty"
FINDABLE = (
    f"<project><properties><{PROPERTY}><parameterDefinitions>"
    f"{ONE.format('RINGTEST_ID')}{ONE.format('COLOUR')}"
    f"</parameterDefinitions></{PROPERTY}></properties></project>"
).encode()


def no_pause() -> None:
    """The stand-in goes on at each look."""


@pytest.fixture
def job(server: JenkinsServer) -> str:
    server.controller.create(server.controller.top, "paint", FINDABLE)
    return "paint"


def test_one_correlation_id_is_one_build(
    server: JenkinsServer, controller: Controller, job: str
) -> None:
    first = builds.start(controller, job, {"COLOUR": "red"}, correlation="a-1")
    again = builds.start(controller, job, {"COLOUR": "red"}, correlation="a-1")
    assert first.queue_id == again.queue_id
    built = builds.wait_for_build(controller, first, pause=no_pause)
    later = builds.start(controller, job, {"COLOUR": "red"}, correlation="a-1")
    assert (built.number, later.number) == (1, 1)
    other = builds.start(controller, job, {"COLOUR": "red"}, correlation="a-2")
    assert other.queue_id != first.queue_id
    assert len(server.controller.queue) == 2


@pytest.mark.parametrize("how", ["unanswered", "unheard", "503"])
def test_start_whose_answer_is_lost_builds_once(
    server: JenkinsServer, controller: Controller, job: str, how: str
) -> None:
    server.fail("POST", "buildWithParameters", how)
    started = builds.start(controller, job, {}, correlation="a-1")
    assert list(server.controller.queue) == [started.queue_id]


def test_lost_answer_without_a_correlation_parameter_is_said_to_be_unsure(
    server: JenkinsServer, controller: Controller
) -> None:
    server.controller.create(server.controller.top, "plain", b"<project/>")
    server.fail("POST", "plain/build", "unanswered")
    with pytest.raises(Unsure):
        builds.start(controller, "plain", {}, correlation="a-1")
    assert len(server.controller.queue) == 1


def test_parameter_that_the_job_does_not_declare_is_refused(
    controller: Controller, job: str
) -> None:
    with pytest.raises(JenkinsError, match="no parameter SIZE"):
        builds.start(controller, job, {"SIZE": "1"}, correlation="a-1")


def test_build_is_found_when_its_queue_item_is_gone(
    server: JenkinsServer, controller: Controller, job: str
) -> None:
    started = builds.start(controller, job, {}, correlation="a-1")
    builds.wait_for_build(controller, started, pause=no_pause)
    server.controller.forget_queue()
    assert builds.wait_for_build(controller, started, pause=no_pause).number == 1


def test_cancelled_wish_is_told(server: JenkinsServer, controller: Controller, job: str) -> None:
    started = builds.start(controller, job, {}, correlation="a-1")
    server.controller.queue[started.queue_id].cancelled = True
    with pytest.raises(builds.Cancelled):
        builds.wait_for_build(controller, started, pause=no_pause)


def test_log_is_followed_through_a_lost_answer(
    server: JenkinsServer, controller: Controller, job: str
) -> None:
    item = server.controller.item(job)
    item.outcome = Outcome(("größer\n", "2\n", "3\n"), result="FAILURE")
    started = builds.start(controller, job, {}, correlation="a-1")
    number = builds.wait_for_build(controller, started, pause=no_pause).number or 0
    server.fail("GET", "progressiveText", "unanswered")
    parts = list(builds.follow_log(controller, job, number, pause=no_pause))
    assert "".join(text for _, text in parts) == "größer\n2\n3\nFinished: FAILURE\n"
    assert parts[-1][0] == len("größer\n2\n3\nFinished: FAILURE\n".encode())
    assert builds.build(controller, job, number)["result"] == "FAILURE"


def test_report_and_artifacts_are_read(
    server: JenkinsServer, controller: Controller, job: str, tmp_path: Path
) -> None:
    report = {"suites": [{"name": "s", "cases": [{"name": "t", "status": "PASSED"}]}]}
    content = b"x" * 100_000
    server.controller.item(job).outcome = Outcome(
        ("1\n",), report=dict(report), artifacts={"out/a b.bin": content}
    )
    started = builds.start(controller, job, {}, correlation="a-1")
    builds.wait_for_build(controller, started, pause=no_pause)
    assert builds.report(controller, job, 1) is None  # it runs
    list(builds.follow_log(controller, job, 1, pause=no_pause))
    shown = builds.report(controller, job, 1)
    assert shown is not None
    assert shown["suites"][0]["cases"][0]["status"] == "PASSED"
    assert builds.artifacts(controller, job, 1) == ["out/a b.bin"]
    server.fail("GET", "artifact", "unheard")
    target = tmp_path / "a.bin"
    assert builds.download(controller, job, 1, "out/a b.bin", target) == len(content)
    assert target.read_bytes() == content


def test_running_build_is_stopped(server: JenkinsServer, controller: Controller, job: str) -> None:
    started = builds.start(controller, job, {}, correlation="a-1")
    builds.wait_for_build(controller, started, pause=no_pause)
    builds.stop(controller, job, 1)
    assert builds.build(controller, job, 1)["result"] == "ABORTED"
