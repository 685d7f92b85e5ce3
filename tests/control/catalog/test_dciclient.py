"""The clients that partners have, unchanged: dciclient with a password and with a key."""

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from dciclient.v1.api import component as dci_component
from dciclient.v1.api import feeder as dci_feeder
from dciclient.v1.api import identity as dci_identity
from dciclient.v1.api import product as dci_product
from dciclient.v1.api import remoteci as dci_remoteci
from dciclient.v1.api import team as dci_team
from dciclient.v1.api import topic as dci_topic
from dciclient.v1.api import user as dci_user
from dciclient.v1.api.context import build_dci_context, build_signature_context

from ringtest.control.accounts import api as accounts_api
from ringtest.control.catalog import api as catalog_api
from ringtest.control.component_files import api as component_files_api
from ringtest.control.connectors.disk import DiskStore
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.labs import api as labs_api
from tests.control.people import PASSWORD, open_world


class Quiet(uvicorn.Server):
    """Leaves the test run's signal handlers alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@pytest.fixture
async def url(db: Database, tmp_path: Path) -> AsyncIterator[str]:
    """Address of a server that listens."""
    rooms = [identity_api, accounts_api, labs_api, catalog_api, component_files_api]
    async with open_world(db, rooms, objects=DiskStore(tmp_path / "objects")) as world:
        listening = socket.create_server(("127.0.0.1", 0))
        server = Quiet(uvicorn.Config(world.app, log_level="warning", lifespan="off"))
        serving = asyncio.create_task(server.serve([listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await serving


def made(answer: Any, noun: str) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()[noun]
    return found


def walk(url: str, folder: Path) -> None:
    """What dcictl, the Ansible modules and a feeder do, in one go."""
    admin = build_dci_context(url, "super admin", PASSWORD)
    team = made(dci_team.create(admin, "partner"), "team")
    team = made(dci_team.update(admin, id=team["id"], etag=team["etag"], country="FR"), "team")
    user = made(dci_user.create(admin, "pat", "word", "pat@ring", "Pat"), "user")
    assert (
        admin.session.post(f"{admin.dci_cs_api}/teams/{team['id']}/users/{user['id']}").status_code
        == 201
    )
    product = made(dci_product.create(admin, "owl"), "product")
    assert dci_product.attach_team(admin, product["id"], team["id"]).status_code == 201
    topic = made(
        dci_topic.create(admin, "owl 1", ["rpm"], product_id=product["id"], export_control=True),
        "topic",
    )
    feeder = made(dci_feeder.create(admin, "feeder", team["id"]), "feeder")

    partner = build_dci_context(url, "pat", "word")
    assert dci_identity.my_team_id(partner) == team["id"]
    lab = made(dci_remoteci.create(partner, "lab", team["id"], data={"a": 1}), "remoteci")
    assert dci_remoteci.get_data(partner, lab["id"], keys=["a"]).json() == {"a": 1}
    assert dci_remoteci.add_user(partner, lab["id"], user["id"]).status_code == 201
    assert len(dci_remoteci.list_users(partner, lab["id"]).json()["users"]) == 1

    signed = build_signature_context(url, f"feeder/{feeder['id']}", feeder["api_secret"])
    component = made(
        dci_component.create(signed, "owl 1.2", "RPM", topic["id"], tags=["build:ga"]), "component"
    )
    content = b"package" * 300_000
    (folder / "a.rpm").write_bytes(content)
    file = made(
        dci_component.file_upload(signed, component["id"], str(folder / "a.rpm")), "component_file"
    )
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    tagged = made(dci_component.add_tag(signed, component["id"], "x"), "component")
    assert tagged["tags"] == ["build:ga", "x"]

    agent = build_signature_context(url, lab["id"], lab["api_secret"])
    where = "name:owl 1,state:active"
    (found,) = dci_topic.list(agent, where=where).json()["topics"]
    listed = dci_topic.list_components(agent, found["id"], where="type:rpm", limit=1, offset=0)
    assert [one["id"] for one in listed.json()["components"]] == [component["id"]]
    dci_component.file_download(agent, component["id"], file["id"], str(folder / "b.rpm"))
    assert (folder / "b.rpm").read_bytes() == content
    new = made(dci_remoteci.reset_api_secret(agent, lab["id"], lab["etag"]), "remoteci")
    assert new["api_secret"] != lab["api_secret"]

    assert (
        dci_component.file_delete(signed, component["id"], file["id"], file["etag"]).status_code
        == 204
    )
    assert dci_component.delete(signed, component["id"], tagged["etag"]).status_code == 204
    assert dci_component.get(signed, component["id"]).status_code == 404


async def test_dciclient_works_unchanged(url: str, tmp_path: Path) -> None:
    await asyncio.to_thread(walk, url, tmp_path)
