"""`ringtest component mirror`: the newest versions of a topic's components in a folder."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ringtest.agent.components.file_lists import BadFileList
from ringtest.agent.components.mirroring import (
    STORE,
    Mirrored,
    mirror,
    mirror_address,
    place_of,
    taken,
)
from ringtest.agent.components.sources import Gone
from ringtest.agent.components.storing import ComponentStore
from ringtest.agent.control import StageFailed
from ringtest.agent.lab_api import LabApi
from ringtest.agent.protocol import Component
from ringtest.cli.calls import NotFound, end, find_connection, problems
from ringtest.cli.config import UsageError
from ringtest.cli.exits import EXIT_REFUSED
from ringtest.cli.kinds import read_one
from ringtest.client import AsyncClient, Client, Connection


def mirror_command(
    source: Annotated[str, typer.Argument(help="Topic, or address of a mirror.")],
    to: Annotated[Path, typer.Option("--to", help="Folder of the mirror.")],
    kinds: Annotated[
        list[str] | None, typer.Option("--type", help="Type of component; repeat. Else all.")
    ] = None,
    keep: Annotated[int, typer.Option(help="Versions of each type that stay.", min=1)] = 2,
    mirrors: Annotated[
        list[str] | None,
        typer.Option("--mirror", help="Address to ask for files before the server; repeat."),
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="Name of the version that is at an address.")
    ] = None,
    server: Annotated[
        str | None,
        typer.Option("--server", help="Address of the server.", rich_help_panel="Connection"),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option("--user", help="Name of a user.", rich_help_panel="Connection"),
    ] = None,
) -> None:
    """Keep the newest components of a topic in a folder, version by version.

    Files are below TO/TOPIC/TYPE/VERSION, and TO/TOPIC/TYPE/current is the latest version, which
    is there from one moment to the next. Equal files of all versions are on disk once. What was
    cut goes on, and of a new version of a file only what differs is fetched. An address is that
    of a folder with a dci_files_list.json; no server is asked then.

    Example: `ringtest component mirror rhel-9 --to mirror --keep 3`
    """
    with problems(), taken(to):
        try:
            if source.startswith(("http://", "https://")):
                done = [asyncio.run(_from_address(source, to, version, keep))]
            else:
                connection = find_connection(server, user)
                with Client(connection) as client:
                    topic, wanted = _newest(client, source, kinds or [])
                done = asyncio.run(_from_server(connection, topic, wanted, to, keep, mirrors or []))
        except (StageFailed, Gone, BadFileList) as error:
            end(error.message if isinstance(error, StageFailed) else str(error), EXIT_REFUSED)
    for each in done:
        for gone in each.gone:
            print(f"{gone}: removed", file=sys.stderr)
        print(each.folder)


def _newest(client: Client, name: str, kinds: list[str]) -> tuple[str, list[Component]]:
    """The topic's name, and its newest component of each type with all files."""
    topic = read_one(client, "topic", name)
    wanted = []
    for kind in kinds or topic.get("component_types") or []:
        if kind not in topic.get("component_types", []):
            raise UsageError(f"{topic['name']} has no components of type {kind!r}")
        where = {
            "where": f"type:{kind},state:active",
            "sort": "-released_at",
            "limit": "1",
            "offset": "0",
        }
        for found in client.get(f"/topics/{topic['id']}/components", where)["components"]:
            files = list(client.pages(f"/components/{found['id']}/files", "component_files"))
            wanted.append(_component(found, files))
    if not wanted:
        raise NotFound(f"{topic['name']} has no components yet")
    return topic["name"], wanted


def _component(found: dict[str, Any], files: list[dict[str, Any]]) -> Component:
    return msgspec.convert({**found, "files": files}, type=Component)


async def _from_server(
    connection: Connection,
    topic: str,
    wanted: list[Component],
    to: Path,
    keep: int,
    mirrors: list[str],
) -> list[Mirrored]:
    async with AsyncClient(connection) as client:
        store = ComponentStore(to / STORE, LabApi(client), limit_bytes=0, mirrors=mirrors)
        try:
            return [
                await mirror(store, one, place_of(to, topic, one.type), keep=keep, say=_say)
                for one in wanted
            ]
        finally:
            await store.close()


async def _from_address(address: str, to: Path, version: str | None, keep: int) -> Mirrored:
    store = ComponentStore(to / STORE, None, limit_bytes=0, mirrors=[address])
    folder = place_of(to, "mirrors", address.rstrip("/").rpartition("/")[2])
    try:
        return await mirror_address(store, address, folder, version=version, keep=keep, say=_say)
    finally:
        await store.close()


def _say(text: str) -> None:
    print(text, file=sys.stderr)
