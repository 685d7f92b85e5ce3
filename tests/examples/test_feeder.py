"""The feeder against a small catalogue: publishes once, completes what was interrupted."""

import hashlib
import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from examples.jinja2.feeder import WANTED, Source, Wanted, publish, publish_one
from examples.jinja2.package_index import Archive
from ringtest.client import Client, Connection, Unreachable

TOPIC = "0c9e2dc4-0000-4000-8000-000000000000"


class Catalogue:
    """The part of the API that a feeder uses, in memory; may break down at a given call."""

    def __init__(self) -> None:
        self.components: dict[str, dict[str, Any]] = {}
        self.files: dict[str, list[dict[str, Any]]] = {}
        self.calls: Counter[str] = Counter()
        self.published: list[str] = []
        self.break_at = ""

    def answer(self, request: httpx.Request) -> httpx.Response:
        """One request; `break_at` names the call that gets no answer."""
        parts = request.url.path.removeprefix("/api/v1/").split("/")
        call = f"{request.method} {parts[-1] if parts[-1] in ('components', 'files') else 'one'}"
        self.calls[call] += 1
        if call == self.break_at:
            raise httpx.ConnectError("gone")
        if parts[0] == "topics":
            where = dict(part.split(":") for part in request.url.params["where"].split(","))
            found = [one for one in self.components.values() if where.items() <= one.items()]
            return httpx.Response(200, json={"components": found, "_meta": {"count": len(found)}})
        return self._components(request, parts, call)

    def _components(self, request: httpx.Request, parts: list[str], call: str) -> httpx.Response:
        if call == "POST components":
            body = json.loads(request.content)
            one = {**body, "id": f"c{len(self.components)}", "etag": "e"}
            self.components[one["id"]] = one
            self.files[one["id"]] = []
            return httpx.Response(201, json={"component": one})
        files = self.files[parts[1]]
        if call == "POST files":
            digest = hashlib.sha256(request.read()).hexdigest()
            assert digest == request.headers["DCI-SHA256"]
            files.append({"id": "f", "name": request.headers["DCI-NAME"], "sha256": digest})
            return httpx.Response(201, json={"component_file": files[-1]})
        if call == "GET files":
            return httpx.Response(200, json={"component_files": files, "_meta": {"count": 1}})
        if request.method == "PUT":
            assert files, "active before its file is there"
            self.components[parts[1]].update(json.loads(request.content))
            self.published.append(self.components[parts[1]]["version"])
        return httpx.Response(200, json={"component": self.components[parts[1]]})

    def client(self) -> Client:
        """A client that talks to this catalogue."""
        transport = httpx.MockTransport(self.answer)
        return Client(Connection.for_key("http://here", "feeder/1", "key"), transport=transport)


class Archives(Source):
    """Archives without a network."""

    def fetch(self, wanted: Wanted) -> tuple[Archive, Path]:
        path = self._cache / f"{wanted.project}-{wanted.version}.tar.gz"
        path.write_text(wanted.version)
        released = datetime(2021, 1, 31, 16, 33)
        url = "http://name:word@index/a.tar.gz"
        archive = Archive(wanted.project, wanted.version, path.name, url, None, None, released)
        return archive, path


def test_product_comes_first_then_the_library_oldest_first(tmp_path: Path) -> None:
    catalogue = Catalogue()
    assert all(new for _, new in publish(catalogue.client(), TOPIC, Archives(tmp_path)))
    assert catalogue.published == ["2.11.3", "1.1.1", "2.0.1", "2.1.0"]
    first = catalogue.components["c0"]
    assert first["data"]["sha256"] == hashlib.sha256(b"2.11.3").hexdigest()
    assert first["released_at"] == "2021-01-31T16:33:00"
    assert first["url"] == "http://index/a.tar.gz"


def test_running_again_publishes_nothing_new(tmp_path: Path) -> None:
    catalogue = Catalogue()
    list(publish(catalogue.client(), TOPIC, Archives(tmp_path)))
    before = catalogue.calls.copy()
    assert not any(new for _, new in publish(catalogue.client(), TOPIC, Archives(tmp_path)))
    assert catalogue.calls - before == Counter({"GET components": len(WANTED)})


@pytest.mark.parametrize("call", ["POST components", "POST files", "PUT one", "GET files"])
def test_interrupted_publication_is_completed_without_a_second_copy(
    tmp_path: Path, call: str
) -> None:
    catalogue = Catalogue()
    catalogue.break_at = call
    source = Archives(tmp_path)
    with pytest.raises(Unreachable):
        publish_one(catalogue.client(), TOPIC, WANTED[0], source)
    catalogue.break_at = ""
    assert publish_one(catalogue.client(), TOPIC, WANTED[0], source)
    assert len(catalogue.components) == 1
    assert [len(files) for files in catalogue.files.values()] == [1]
    assert catalogue.published == ["2.11.3"]
