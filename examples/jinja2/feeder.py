"""A feeder: publishes versions of a Python package index as components of a topic.

    python -m examples.jinja2.feeder --server URL --topic ID --cache DIR

Identity and key are read from RINGTEST_CLIENT_ID (`feeder/<uuid>`) and RINGTEST_API_SECRET.
May be run again at any time: what is there is left alone, what was interrupted is completed.
A component is created inactive, gets its file, and only then becomes active, so that no job
can start before its file is there.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from examples.jinja2.package_index import Archive, NotInIndex, PackageIndex, WrongBytes
from examples.jinja2.pip_download import PipFailed, download_with_pip
from examples.jinja2.pip_settings import NoIndex, read_pip_settings
from ringtest.client import Client, ClientError, Connection
from ringtest.client.files import LocalFile


@dataclass(frozen=True, slots=True)
class Wanted:
    """One version to publish; `kind` is the component's type."""

    kind: str
    project: str
    version: str


WANTED = (
    Wanted("jinja2", "Jinja2", "2.11.3"),
    Wanted("markupsafe", "MarkupSafe", "1.1.1"),
    Wanted("markupsafe", "MarkupSafe", "2.0.1"),
    Wanted("markupsafe", "MarkupSafe", "2.1.0"),
)
"""The product first, then the library it stands on, oldest first: in the order of release."""


class Source:
    """Where archives come from: the machine's package index, or pip itself."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._index: PackageIndex | None = None

    def fetch(self, wanted: Wanted) -> tuple[Archive, Path]:
        """The archive and its file. PipFailed when neither way leads to it."""
        try:
            self._index = self._index or PackageIndex(read_pip_settings())
            archive = self._index.source_archive(wanted.project, wanted.version)
            return archive, self._index.download(archive, self._cache)
        except (NoIndex, NotInIndex, httpx.HTTPError) as reason:
            print(f"reading the index failed ({reason}); asking pip", file=sys.stderr, flush=True)
            return download_with_pip(wanted.project, wanted.version, self._cache)


def publish(client: Client, topic: str, source: Source) -> Iterator[tuple[Wanted, bool]]:
    """Publish what is missing; yields each version and whether anything had to be done."""
    for wanted in WANTED:
        yield wanted, publish_one(client, topic, wanted, source)


def publish_one(client: Client, topic: str, wanted: Wanted, source: Source) -> bool:
    """Bring one version to `active` with its file; False when it was there already."""
    component = find_component(client, topic, wanted)
    if component and component["state"] == "active":
        return False
    archive, path = source.fetch(wanted)
    local = LocalFile.measure(path)
    if component is None:
        body = describe_component(topic, wanted, archive, local)
        component = client.post("/components", body)["component"]
    files = f"/components/{component['id']}/files"
    if local.sha256 not in digests(client, files):
        headers = {
            "DCI-NAME": archive.filename,
            "DCI-MIME": "application/gzip",
            "DCI-SHA256": local.sha256,
        }
        client.upload(files, local, headers)
    one = f"/components/{component['id']}"
    fresh = client.get(one)["component"]  # the upload may have changed its etag
    client.put(one, {"state": "active"}, etag=fresh["etag"])
    return True


def find_component(client: Client, topic: str, wanted: Wanted) -> dict[str, Any] | None:
    """The component of this version, active or still inactive."""
    where = {"where": f"type:{wanted.kind},version:{wanted.version}"}
    found = list(client.pages(f"/topics/{topic}/components", "components", where))
    active = [component for component in found if component["state"] == "active"]
    return next(iter(active or found), None)


def describe_component(
    topic: str, wanted: Wanted, archive: Archive, local: LocalFile
) -> dict[str, Any]:
    """The body that creates the component; unknown facts are left out, never invented."""
    body: dict[str, Any] = {
        "type": wanted.kind,
        "topic_id": topic,
        "display_name": f"{wanted.project} {wanted.version}",
        "version": wanted.version,
        "state": "inactive",
        "data": {"sha256": local.sha256, "size": local.size, "filename": archive.filename},
    }
    if archive.url:
        body["url"] = archive.public_url
    if archive.released_at:
        body["released_at"] = archive.released_at.isoformat()
    return body


def digests(client: Client, files: str) -> set[str]:
    """SHA-256 of every file that the component has."""
    return {str(file.get("sha256")) for file in client.get(files)["component_files"]}


def main() -> int:
    """Publish everything once; exit code 1 when something could not be published."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--topic", required=True, help="id of the topic")
    parser.add_argument("--cache", type=Path, required=True, help="folder for archives")
    options = parser.parse_args()
    identity, secret = os.environ["RINGTEST_CLIENT_ID"], os.environ["RINGTEST_API_SECRET"]
    connection = Connection.for_key(options.server, identity, secret)
    try:
        with Client(connection) as client:
            for wanted, new in publish(client, options.topic, Source(options.cache)):
                done = "published" if new else "is there"
                print(f"{wanted.project} {wanted.version} {done}", flush=True)
    except (ClientError, PipFailed, WrongBytes, OSError) as error:
        print(f"feeder: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
