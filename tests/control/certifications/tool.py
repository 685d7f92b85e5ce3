"""A certification tool in a process of its own: a real XML-RPC server that tells what it took."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

_PROGRAM = """
import json, sys, xmlrpc.client
from xmlrpc.server import SimpleXMLRPCServer

def upload(log):
    if log["id"] == "unknown":
        raise xmlrpc.client.Fault(7, "no such certification for\\n" + log["password"])
    print(json.dumps(log), flush=True)
    return None

server = SimpleXMLRPCServer(("127.0.0.1", 0), logRequests=False, allow_none=True)
server.register_function(upload, sys.argv[1])
print(server.server_address[1], flush=True)
server.serve_forever()
"""
METHOD = "Cert.uploadTestLog"


@dataclass(slots=True)
class Tool:
    """Where it is, and what it says."""

    url: str
    process: subprocess.Popen[str]
    said: IO[str]

    def taken(self) -> dict[str, Any]:
        """The next log that it took."""
        log: dict[str, Any] = json.loads(self.said.readline())
        return log

    def stop(self) -> None:
        """It is away."""
        self.process.terminate()
        self.process.wait()


@contextmanager
def certification_tool() -> Iterator[Tool]:
    """A tool on a free port, gone at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, METHOD],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    tool = Tool(f"http://127.0.0.1:{int(process.stdout.readline())}/RPC2", process, process.stdout)
    try:
        yield tool
    finally:
        tool.stop()
        process.stdout.close()
