"""One server for all of these tests, with a product, a topic, a lab and a feeder in it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ringtest.control.kernel.ids import new_id
from tests.conformance.dciclient.people import PASSWORD, Forks, Server, key_of
from tests.scenario.programs import Program


@pytest.fixture(scope="session")
async def server(
    fresh_database: Callable[[], AbstractAsyncContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Server]:
    folder = tmp_path_factory.mktemp("dciclient")
    async with fresh_database() as url:
        program = Program(
            ("up", "--data", str(folder / "data"), "--listen", "127.0.0.1:0"),
            {"RINGTEST_DATABASE_URL": url, "RINGTEST_ADMIN_PASSWORD": PASSWORD},
            folder / "server.log",
            ready="ready",
        )
        await program.start()
        forks = Forks(folder)
        try:
            yield Server(program.address, forks, folder)
        finally:
            forks.stop()
            await program.stop()


@dataclass(frozen=True, slots=True)
class Ground:
    """Things that most tests need; `tag` makes names of the test's own."""

    tag: str
    team: dict[str, Any]
    product: dict[str, Any]
    topic: dict[str, Any]
    lab: dict[str, Any]
    feeder: dict[str, Any]
    component: dict[str, Any]

    @property
    def as_lab(self) -> dict[str, str]:
        """The lab's environment."""
        return key_of("remoteci", self.lab)

    @property
    def as_feeder(self) -> dict[str, str]:
        """The feeder's environment."""
        return key_of("feeder", self.feeder)


@pytest.fixture
def ground(server: Server) -> Ground:
    tag = new_id().hex[:8]
    team = server.make("/teams", name=f"team {tag}")
    product = server.make("/products", name=f"product-{tag}", label=f"P{tag}")
    server.make(f"/products/{product['id']}/teams", team_id=team["id"])
    topic = server.make(
        "/topics", name=f"topic-{tag}", product_id=product["id"], component_types=["compose"],
        export_control=True, data={"pull_secret": {"auths": {"registry": "x"}}},
    )  # fmt: skip
    return Ground(
        tag=tag,
        team=team,
        product=product,
        topic=topic,
        lab=server.make("/remotecis", name=f"lab-{tag}", team_id=team["id"]),
        feeder=server.make("/feeders", name=f"feeder-{tag}", team_id=team["id"]),
        component=server.make(
            "/components", name=f"build-{tag}", type="compose", topic_id=topic["id"],
            tags=["build:nightly", "kernel:5.14.0"],
        ),
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of the test's own, for what commands read and write."""
    return tmp_path
