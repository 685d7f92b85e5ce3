"""Kept files for the other agents of the lab: `GET /files/<sha256>`, whole or a span.

Who asks shows with a permit of the server that it may read the file. This agent asks the server
for its own permit of the same file and hour, and compares: the server gives the same to every lab
of the team that may read the file, and to nobody else. Whatever is wrong is answered 404, so that
nobody learns what is here.
"""

import hmac
import logging
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ringtest.agent.components.shelf import Note, Shelf
from ringtest.agent.components.sources import SCHEME, proof
from ringtest.agent.protocol import Permit

_PATH = re.compile(r"/files/([0-9a-f]{64})")
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")
_WINDOW = re.compile(rf"{SCHEME} window=([0-9T:-]{{19}}), proof=[0-9a-f]{{64}}")
_SECONDS = 30.0
_MOST = 32
"""Connections at a time."""
_ASK_AGAIN = 5.0
"""For a window that is not the server's nobody is asked more often than this."""

log = logging.getLogger("ringtest.agent")

AskPermit = Callable[[Note], Permit]
"""The server's permit for a kept file; any exception: there is none."""


class Permits:
    """This agent's own permits, asked for once a window and file."""

    def __init__(self, ask: AskPermit) -> None:
        self._ask = ask
        self._known: dict[str, tuple[Permit, float]] = {}
        self._lock = threading.Lock()

    def of(self, note: Note, window: str) -> Permit | None:
        """The permit of a file for that window; None when the server gives another or none."""
        with self._lock:
            known, asked = self._known.get(note.sha256, (None, 0.0))
        if known and (known.window == window or time.monotonic() - asked < _ASK_AGAIN):
            return known if known.window == window else None
        try:
            given = self._ask(note)
        except Exception as error:
            log.info("no permit for %s: %s", note.name, error)
            return None
        with self._lock:
            self._known[note.sha256] = (given, time.monotonic())
        return given if given.window == window else None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], shelf: Shelf, permits: Permits) -> None:
        self.shelf, self.permits = shelf, permits
        self.room = threading.BoundedSemaphore(_MOST)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """A thread for it, or none when there are too many."""
        if not self.room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Runs in the thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked went away, or spoke no HTTP."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _SECONDS
    server_version, sys_version = "ringtest", ""
    server: _Server

    def do_GET(self) -> None:
        """A kept file, for who may read it."""
        path = self._allowed()
        if path is None:
            self._refuse(404)
            return
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            span = _span(self.headers.get("Range"), size)
            if span is None:
                self._refuse(416)
                return
            start, end = span
            is_part = "Range" in self.headers
            self.send_response(206 if is_part else 200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(end - start))
            if is_part:
                self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
            self.end_headers()
            self.wfile.flush()
            self.connection.sendfile(file, start, end - start)

    def log_message(self, format: str, *arguments: Any) -> None:
        """One line in the agent's log, no address of ours in it."""
        log.debug("cache: " + format, *arguments)

    def _allowed(self) -> Path | None:
        asked = _PATH.fullmatch(self.path)
        shown = self.headers.get("Authorization", "")
        window = _WINDOW.fullmatch(shown)
        if not asked or not window:
            return None
        shelf, key = self.server.shelf, asked[1]
        note = shelf.note(key)
        if note is None or note.sha256 != key or not shelf.is_untouched(key):
            return None
        host = self.headers.get("Host", "")
        permit = self.server.permits.of(note, window[1]) if self._is_ours(host) else None
        if permit is None:
            return None
        right = proof(permit, f"http://{host}{self.path}", self.headers.get("Range", ""))
        return shelf.path(key) if hmac.compare_digest(shown, right) else None

    def _is_ours(self, host: str) -> bool:
        """Is this address the one that was connected to? Else a proof that another machine was
        shown could be used here."""
        own = self.connection.getsockname()
        there = urlsplit(f"//{host}")
        try:
            if (there.port or 80) != own[1]:
                return False
            found = socket.getaddrinfo(there.hostname, own[1], type=socket.SOCK_STREAM)
        except (OSError, ValueError):
            return False
        return own[0] in {each[4][0] for each in found}

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _span(text: str | None, size: int) -> tuple[int, int] | None:
    """First place and the one after the last; None when the file has no such bytes.

    >>> _span(None, 10), _span("bytes=2-4", 10), _span("bytes=8-", 10), _span("bytes=10-", 10)
    ((0, 10), (2, 5), (8, 10), None)
    """
    if text is None:
        return 0, size
    found = _RANGE.fullmatch(text)
    if not found:
        return None
    start = int(found[1])
    end = min(int(found[2]) + 1, size) if found[2] else size
    return (start, end) if start < end else None


class CacheServer:
    """Serves a shelf in threads of its own."""

    def __init__(self, shelf: Shelf, ask: AskPermit, listen: str) -> None:
        """OSError when the address is taken, ValueError when it is none."""
        host, _, port = listen.rpartition(":")
        self._server = _Server((host.strip("[]"), int(port)), shelf, Permits(ask))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Answer from here on."""
        self._thread.start()
        log.info("files of components for other agents on port %d", self.port)

    def stop(self) -> None:
        """No more answers."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
