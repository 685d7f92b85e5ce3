"""ClickHouse in a process of its own behind a little HTTP server that takes what its HTTP
interface takes: the engine is the real one (chdb), the port is not."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

PASSWORD = "of the warehouse"
"""Of the user jo."""
PROGRAM = """
import sys, tempfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from chdb.session import Session

folder = tempfile.TemporaryDirectory()
engine = Session(folder.name + "/data")

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def do_POST(self):
        asked = {name: one[0] for name, one in parse_qs(urlsplit(self.path).query).items()}
        body = self.body()
        who = (self.headers.get("X-ClickHouse-User"), self.headers.get("X-ClickHouse-Key"))
        if who != ("jo", sys.argv[1]):
            return self.tell(403, b"Code: 516. DB::Exception: jo: Authentication failed")
        try:
            engine.query("USE " + asked.get("database", "default"))
            if "query" in asked:
                file = Path(folder.name) / "body.parquet"
                file.write_bytes(body)
                sql = asked["query"].removesuffix(" FORMAT Parquet")
                sql = sql.replace("input('", f"file('{file}', 'Parquet', '", 1)
                if sql == asked["query"]:
                    raise RuntimeError("Code: 62. DB::Exception: Syntax error")
            else:
                sql = body.decode()
            answer = str(engine.query(sql, asked.get("default_format", "TabSeparated")) or "")
        except RuntimeError as error:
            return self.tell(400, str(error).encode())
        self.tell(200, answer.encode())

    def tell(self, status, content):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", int(sys.argv[2])), Handler)
print("ready", server.server_port, flush=True)
server.serve_forever()
"""


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Where it is."""

    port: int

    @property
    def address(self) -> str:
        """What `--to` takes."""
        return f"http://jo@127.0.0.1:{self.port}/tests"

    def ask(self, sql: str) -> list[list[str]]:
        """Rows of an answer, as texts."""
        answer = httpx.post(
            f"http://127.0.0.1:{self.port}/",
            params={"database": "tests"},
            content=sql,
            headers={"X-ClickHouse-User": "jo", "X-ClickHouse-Key": PASSWORD},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        return [line.split("\t") for line in answer.text.splitlines()]


@contextmanager
def clickhouse_server() -> Iterator[Warehouse]:
    """A server on a free port with an empty engine, gone at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, PASSWORD, "0"], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield Warehouse(int(process.stdout.readline().split()[1]))
    finally:
        process.terminate()
        process.wait()
