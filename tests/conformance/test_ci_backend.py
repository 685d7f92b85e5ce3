"""What every connector of builds owes: one build per correlation id, a whole log, no secrets."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ringtest.client.retry import Retries
from ringtest.control import registry
from ringtest.control.connectors.jenkins import Jenkins
from ringtest.control.kernel.errors import Unavailable
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.ci_backend import (
    BuildCancelled,
    BuildGone,
    BuildRefused,
    CiBackend,
    CiSite,
    Ticket,
)
from tests.jenkins_server import JenkinsServer, Outcome, jenkins_server
from tests.jenkins_server.jobs import add_job


@dataclass
class Case:
    """A connector and a controller that has the job `team/smoke`."""

    backend: CiBackend
    site: CiSite
    server: JenkinsServer

    async def run(self, correlation: str = "one") -> Ticket:
        """A build that has begun."""
        ticket = await self.backend.start(self.site, "team/smoke", {}, correlation=correlation)
        return await self.begun(ticket)

    async def begun(self, ticket: Ticket) -> Ticket:
        number = ticket.number
        while number is None:
            number = await self.backend.number(self.site, ticket)
        return replace(ticket, number=number)

    def builds(self) -> int:
        return len(self.server.controller.item("team/smoke").builds)


@pytest.fixture
def server() -> Iterator[JenkinsServer]:
    with jenkins_server() as running:
        add_job(running, "team/smoke", "COLOUR")
        yield running


@pytest.fixture
async def case(server: JenkinsServer) -> AsyncIterator[Case]:
    backend = Jenkins(retries=Retries(attempts=8, first=0.001, most=0.005))
    yield Case(backend, CiSite(server.url, "admin", "token-of-admin"), server)
    await backend.close()


def test_every_backend_is_in_this_suite() -> None:
    found = {name for name in registry.find_connectors() if name.startswith("ci_backend.")}
    assert found == {"ci_backend.jenkins"}
    assert set(registry.ci_backends(Settings())) == {"jenkins"}


@pytest.mark.parametrize("fault", ["", "unanswered", "unheard", "503"])
async def test_correlation_id_builds_once(case: Case, fault: str) -> None:
    if fault:
        case.server.fail("POST", "buildWithParameters", fault)
    first = await case.run()
    again = await case.backend.start(case.site, "team/smoke", {}, correlation="one")
    assert again.number == first.number == 1
    assert await case.backend.find(case.site, "team/smoke", correlation="one") == again
    assert await case.backend.find(case.site, "team/smoke", correlation="two") is None
    await case.run("two")
    assert case.builds() == 2


async def test_parameters_arrive_and_what_is_only_offered_may_be_left_out(case: Case) -> None:
    with pytest.raises(BuildRefused, match="no parameter SIZE"):
        await case.backend.start(case.site, "team/smoke", {"SIZE": "1"}, correlation="one")
    ticket = await case.backend.start(
        case.site,
        "team/smoke",
        {"COLOUR": "blue"},
        correlation="one",
        offered={"SIZE": "1", "COLOUR": "red"},
    )
    await case.begun(ticket)
    [build] = case.server.controller.item("team/smoke").builds
    assert build.parameters == {"COLOUR": "blue", "RINGTEST_ID": "one"}


async def test_job_that_is_not_there_or_cannot_be_found_again_is_refused(case: Case) -> None:
    with pytest.raises(BuildRefused, match="nobody"):
        await case.backend.start(case.site, "nobody", {}, correlation="one")
    add_job(case.server, "plain", correlated=False)
    with pytest.raises(BuildRefused, match="declares no parameter RINGTEST_ID"):
        await case.backend.start(case.site, "plain", {}, correlation="one")
    assert not case.server.controller.item("plain").builds


async def test_log_is_whole_in_pieces_whatever_is_lost(case: Case) -> None:
    lines = [f"line {number} ü\n" for number in range(9)]
    case.server.controller.item("team/smoke").outcome = Outcome(pieces=tuple(lines))
    ticket = await case.run()
    assert ticket.number
    case.server.fail("GET", "progressiveText", "unanswered", 2)
    text, start, more = b"", 0, True
    while more:
        piece = await case.backend.log(case.site, ticket.job, ticket.number, start=start)
        text, start, more = text + piece.data, piece.next, piece.more
    assert text.decode() == "".join(lines) + "Finished: SUCCESS\n"
    assert await case.backend.result(case.site, ticket.job, ticket.number) == "SUCCESS"


async def test_running_build_has_no_result_and_is_stopped(case: Case) -> None:
    ticket = await case.run()
    assert ticket.number
    assert await case.backend.result(case.site, ticket.job, ticket.number) is None
    await case.backend.stop(case.site, ticket)
    await case.backend.stop(case.site, ticket)
    assert await case.backend.result(case.site, ticket.job, ticket.number) == "ABORTED"


async def test_waiting_wish_is_taken_out_of_the_queue(case: Case) -> None:
    case.server.controller.queue_polls = 1000
    ticket = await case.backend.start(case.site, "team/smoke", {}, correlation="one")
    await case.backend.stop(case.site, ticket)
    with pytest.raises(BuildCancelled):
        await case.backend.number(case.site, ticket)
    assert case.builds() == 0


async def test_wish_that_nobody_knows_is_gone(case: Case) -> None:
    with pytest.raises(BuildGone):
        await case.backend.number(case.site, Ticket("team/smoke", 4711))
    with pytest.raises(BuildGone):
        await case.backend.log(case.site, "team/smoke", 4711, start=0)
    await case.backend.stop(case.site, Ticket("team/smoke", 4711))


async def test_report_and_artifacts_are_fetched(case: Case, tmp_path: Path) -> None:
    report: dict[str, object] = {"suites": [{"name": "ring", "cases": []}], "passCount": 0}
    kept = {"out/a b.txt": b"a" * 100_000, "c": b""}
    item = case.server.controller.item("team/smoke")
    item.outcome = Outcome(pieces=(), report=report, artifacts=kept)
    ticket = await case.run()
    assert ticket.number
    assert await case.backend.report(case.site, ticket.job, ticket.number) == report
    names = await case.backend.artifacts(case.site, ticket.job, ticket.number)
    assert names == list(kept)
    case.server.fail("GET", "artifact", "503")
    for name, content in kept.items():
        to = tmp_path / "kept"
        size = await case.backend.fetch(case.site, ticket.job, ticket.number, name, to)
        assert (size, to.read_bytes()) == (len(content), content)


async def test_build_without_report_has_none(case: Case) -> None:
    ticket = await case.run()
    assert ticket.number
    assert await case.backend.report(case.site, ticket.job, ticket.number) is None


async def test_silent_controller_is_unavailable_and_secrets_stay_out(case: Case) -> None:
    for site in (
        replace(case.site, url="http://127.0.0.1:9/"),
        replace(case.site, secret="wrong but secret"),
    ):
        with pytest.raises(Unavailable) as failure:
            await case.backend.result(site, "team/smoke", 1)
        assert "secret" not in str(failure.value)
        assert "secret" not in repr(site).partition("url=")[0] + repr(failure.value)
    assert "wrong" not in repr(replace(case.site, secret="wrong"))


async def test_restart_is_survived(case: Case) -> None:
    ticket = await case.run()
    case.server.restart()
    assert ticket.number
    assert await case.backend.result(case.site, ticket.job, ticket.number) == "ABORTED"
    assert (await case.backend.start(case.site, "team/smoke", {}, correlation="one")).number == 1
