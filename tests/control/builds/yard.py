"""A lab that is a Jenkins controller, and what follows its builds, turn by turn."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ringtest.client.retry import Retries
from ringtest.control import registry
from ringtest.control.builds import api as builds_api
from ringtest.control.builds import service
from ringtest.control.builds.service import Shop
from ringtest.control.connectors.jenkins import Jenkins
from ringtest.control.controllers import api as controllers_api
from ringtest.control.db.pool import Database
from ringtest.control.files import api as files_api
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.settings import Settings
from ringtest.control.results import api as results_api
from tests.control.jobs.bench import Bench, open_bench
from tests.jenkins_server import JenkinsServer, Outcome
from tests.jenkins_server.jobs import add_job
from tests.jenkins_server.state import Item

TURNS = 40


def step(**given: Any) -> dict[str, Any]:
    """The stages of a definition for a controller."""
    wanted = {"job": "team/smoke", **given}
    return {"test": [{"runner": "jenkins", "with": wanted}]}


@dataclass(slots=True)
class Yard:
    """A controller with the job `team/smoke`, the lab that it stands for, and the loops."""

    bench: Bench
    server: JenkinsServer
    shop: Shop
    item: Item

    async def queued(self, **spec: Any) -> str:
        """A job for the controller; its id."""
        plain: dict[str, Any] = {"isolation": "none", "artifacts": [], "progress": None}
        return await self.bench.queued(**{**plain, "stages": step(), **spec})

    async def turn(self) -> int:
        """Every loop once, some seconds later; how much was done."""
        self.later(11)
        done = await service.take_jobs(self.shop)
        await service.beat(self.shop)
        for is_over in (False, True):
            done += await service.follow(self.shop, is_over=is_over)
        return done

    def later(self, seconds: float) -> None:
        """Time passes, and nothing happens."""
        clock = self.bench.world.db.clock
        assert isinstance(clock, VirtualClock)
        clock.advance(seconds)

    async def finished(self, job_id: str) -> dict[str, Any]:
        """The job, once it is finished."""
        for _ in range(TURNS):
            job = await self.bench.job(job_id)
            if job["phase"] == "finished":
                return job
            await self.turn()
        raise AssertionError(job)

    async def until(self, job_id: str, **wanted: Any) -> dict[str, Any]:
        """The job's build, once it has these fields."""
        for _ in range(TURNS):
            for build in await self.builds(job_id):
                if wanted.items() <= build.items():
                    return build
            await self.turn()
        raise AssertionError(await self.builds(job_id))

    async def builds(self, job_id: str, who: str = "red user") -> list[dict[str, Any]]:
        """A job's builds."""
        answer = await self.bench.world.get(who, f"/jobs/{job_id}/builds")
        found: list[dict[str, Any]] = answer["builds"]
        return found

    async def log(self, job_id: str) -> list[str]:
        """Lines of the job's log."""
        answer = await self.bench.world.get("red user", f"/jobs/{job_id}/log")
        lines: list[str] = answer["log"]["lines"]
        return lines

    async def files(self, job_id: str) -> dict[str, dict[str, Any]]:
        """The job's files by name; a name is there once."""
        found = (await self.bench.world.get("red user", f"/jobs/{job_id}/files"))["files"]
        named = {file["name"]: file for file in found}
        assert len(named) == len(found)
        return named

    def with_backend(self, backend: Any) -> None:
        """Another connector."""
        self.shop = replace(self.shop, backends={"jenkins": backend})


def outcome(lines: int = 3, **more: Any) -> Outcome:
    """A build that prints numbered lines."""
    return Outcome(pieces=tuple(f"line {number}\n" for number in range(lines)), **more)


@asynccontextmanager
async def open_yard(db: Database, server: JenkinsServer) -> AsyncIterator[Yard]:
    """A red lab that is a controller."""
    item = add_job(server, "team/smoke", "COLOUR", "RINGTEST_COMPONENT_COMPOSE_VERSION")
    item.outcome = outcome()
    settings = Settings(data=Path("/nonexistent"), max_body=1024 * 1024)
    parsers = registry.result_parsers(settings)
    rooms = [files_api, results_api, controllers_api, builds_api]
    async with open_bench(db, settings=settings, rooms=rooms, parsers=parsers) as bench:
        backend = Jenkins(retries=Retries(attempts=2, first=0.001, most=0.005))
        shop = Shop(db, settings, bench.world.secrets, bench.objects, parsers, {"jenkins": backend})
        body = {
            "name": "ci",
            "url": server.url,
            "username": "admin",
            "secret": "token-of-admin",
            "remoteci_id": str(bench.world.machines["red lab"]),
        }
        answer = await bench.world["super admin"].post("/ci_controllers", json=body)
        assert answer.status_code == 201, answer.text
        yield Yard(bench, server, shop, item)
        await backend.close()
