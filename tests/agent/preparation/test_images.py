"""Images: verified, converted by real qemu-img, gone on from where a download broke."""

import asyncio
import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.preparation.machines import Lab, call
from tests.agent.preparation.test_packages import needs

DATA = bytes(range(256)) * 4096


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A server that breaks the first answer in its middle, and can go on from there."""
    broken: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            start = int(self.headers.get("Range", "bytes=0-")[6:].split("-")[0])
            part = DATA[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(part)))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(DATA) - 1}/{len(DATA)}")
            self.end_headers()
            first = not broken
            broken.append(self.path)
            self.wfile.write(part[: len(part) // 2] if first else part)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/disk.img"
    server.shutdown()
    server.server_close()


async def test_a_broken_download_is_gone_on_from_and_verified(machine: Lab, address: str) -> None:
    image = {"url": address, "sha256": hashlib.sha256(DATA).hexdigest()}
    why = await machine.failing(images={"guest.img": image})
    assert why == f"images: guest.img: {address} cannot be read"
    assert not (machine.work / "guest.img").exists()
    await machine.prepare(images={"guest.img": image})
    assert (machine.work / "guest.img").read_bytes() == DATA
    assert [path.name for path in machine.work.iterdir()] == ["guest.img"]


async def test_an_image_with_another_digest_is_never_in_its_place(machine: Lab) -> None:
    (machine.work / "source").write_bytes(b"evil")
    why = await machine.failing(images={"guest.img": {"url": "source", "sha256": "0" * 64}})
    assert why.startswith("images: guest.img: its sha256 is ")
    assert [path.name for path in machine.work.iterdir()] == ["source"]


async def test_an_image_is_converted_and_grown_and_goes_away(machine: Lab) -> None:
    needs("qemu-img")
    call("qemu-img", "create", "-q", "-f", "raw", "disk.raw", "1M", cwd=machine.work)
    image = {"url": "disk.raw", "format": "qcow2", "size": "4M"}
    await machine.prepare(images={"guests/a.qcow2": image})
    about = await asyncio.to_thread(
        call, "qemu-img", "info", "--output=json", "guests/a.qcow2", cwd=machine.work
    )
    assert json.loads(about)["format"] == "qcow2"
    assert json.loads(about)["virtual-size"] == 4 << 20
    assert await machine.prepare(images={"guests/a.qcow2": image}) == (
        "environment: nothing has changed"
    )
    await machine.prepare(images={})
    assert list((machine.work / "guests").iterdir()) == []
