"""The network goes in the middle of a run: the run goes on, and the server has it whole later."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest

from ringtest.agent.pipelines.sending import send_rest
from tests.agent.pipelines.conftest import Bench, Site, one_job
from tests.scenario.programs import until

SLOW = "play running; touch begun; until test -e go; do sleep 0.05; done; passed last"


class Wire:
    """Between a lab and its server; may be cut and mended."""

    def __init__(self, port: int) -> None:
        self._far = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        assert self._server
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        self._open.clear()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._far)
        self._open |= {writer, far_writer}
        await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()
        self._open.discard(writer)


@pytest.fixture
async def wire(site: Site, bench: Bench) -> AsyncIterator[Wire]:
    """All that the bench says goes through it."""
    wire = Wire(int(site.address.rpartition(":")[2]))
    await wire.mend()
    bench.environment["DCI_CS_URL"] = f"http://127.0.0.1:{wire.port}"
    yield wire
    await wire.cut()


def _begun(bench: Bench, task: "asyncio.Task[int]") -> Callable[[], Awaitable[bool]]:
    async def has_begun() -> bool:
        return task.done() or (bench.folder / "begun").exists()

    return has_begun


async def test_a_run_that_loses_its_server_is_whole_when_it_is_back(
    site: Site, bench: Bench, wire: Wire
) -> None:
    bench.write("a.yml", SLOW)
    task = asyncio.create_task(bench.run("cut", one_job("a")))
    await until(_begun(bench, task), "the playbook")
    await wire.cut()

    async def is_over() -> bool:
        return task.done() or any(line == "a: success" for line in bench.said)

    (bench.folder / "go").touch()
    await until(is_over, "the end of the playbook")
    assert not task.done()
    (job,) = await site.jobs("cut")
    assert job["status"] != "success"
    await wire.mend()
    assert await task == 0, bench.said
    (job,) = await site.jobs("cut")
    assert [one["status"] for one in job["jobstates"]] == ["new", "running", "success"]
    assert sorted(one["name"] for one in await site.files(job)) == ["TASK [last]"]


async def test_what_could_not_be_told_is_sent_later_and_once(
    site: Site, bench: Bench, wire: Wire
) -> None:
    bench.write("a.yml", SLOW)
    task = asyncio.create_task(bench.run("later", one_job("a"), patience=0.2))
    await until(_begun(bench, task), "the playbook")
    await wire.cut()
    (bench.folder / "go").touch()
    assert await task == 0, bench.said
    (folder,) = (bench.folder / "data" / "a").iterdir()
    assert bench.said[-1] == f"a: the server is away; later: ringtest pipeline send {folder}"
    await wire.mend()
    for _ in range(2):
        left = await send_rest(folder, bench.environment, patience=30, say=bench.said.append)
        assert left == 0
    (job,) = await site.jobs("later")
    assert [one["status"] for one in job["jobstates"]] == ["new", "running", "success"]
    assert len(await site.files(job)) == 1


async def test_a_job_of_a_killed_run_is_ended_as_killed(site: Site, bench: Bench) -> None:
    bench.write("a.yml", "play running; task first ok; touch begun; sleep 60")
    file = bench.write("dead.yml", one_job("a"))
    words = ("-m", "ringtest.cli.main", "pipeline", "run", str(file), "--data", "data")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, env=bench.environment, cwd=bench.folder
    )

    async def is_told() -> bool:
        jobs = await site.jobs("dead")
        return any([await site.files(job) for job in jobs]) or process.returncode is not None

    await until(is_told, "the first task")
    process.kill()
    await process.wait()
    (folder,) = (bench.folder / "data" / "a").iterdir()
    (folder / "ringtest" / "outbox-position.json").unlink()  # all is told a second time
    left = await send_rest(folder, bench.environment, patience=30, say=bench.said.append)
    assert (left, bench.said) == (0, [])
    (job,) = await site.jobs("dead")
    assert [one["status"] for one in job["jobstates"]] == ["new", "running", "killed"]
    assert len(await site.files(job)) == 1
