"""A server of which an agent's doctor asks what it asks first."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ringtest import __version__

LAB_ID = "remoteci/11111111-2222-4333-8444-555555555555"


class Answers(BaseHTTPRequestHandler):
    """What a server says; the test changes it."""

    identity: tuple[int, bytes] = (200, b'{"identity": {"name": null, "id": "7"}}')
    lab: tuple[int, bytes] = (200, b'{"remoteci": {"name": "west"}}')
    hello = f'event: hello\ndata: {{"version": "{__version__}"}}\n\n'
    ahead = timedelta()

    def do_GET(self) -> None:
        is_stream = self.path.endswith("/agent/stream")
        about = self.lab if self.path.endswith("/remotecis/7") else self.identity
        status, body = (200, self.hello.encode()) if is_stream else about
        self.send_response_only(status)
        self.send_header("Date", format_datetime(datetime.now(UTC) + self.ahead, usegmt=True))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *ignored: object) -> None:
        """Nobody reads it."""


@contextmanager
def server(**more: Any) -> Iterator[str]:
    listening = ThreadingHTTPServer(("127.0.0.1", 0), type("These", (Answers,), more))
    serving = threading.Thread(target=listening.serve_forever, args=(0.05,))
    serving.start()
    try:
        yield f"http://127.0.0.1:{listening.server_port}"
    finally:
        listening.shutdown()
        serving.join()
        listening.server_close()
