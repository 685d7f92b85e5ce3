"""The command line against an API in memory: every request is recorded, answers are given."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from ringtest.cli import calls, completion, job, login, logout
from ringtest.cli.main import app
from ringtest.client import AsyncClient, Client, Retries

PREFIX = "/api/v1"


@dataclass
class FakeApi:
    """Answers by method and path; a list of answers is given out one by one."""

    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)

    def on(self, method: str, path: str, body: Any, *, status: int = 200, **more: Any) -> None:
        """Say what a request gets; bytes as they are, everything else as JSON."""
        self.answers[method, path] = (status, body, more)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        path = request.url.path.removeprefix(PREFIX)
        if (request.method, path) not in self.answers:
            return httpx.Response(404, json={"message": f"{path} not found", "payload": {}})
        status, body, more = self.answers[request.method, path]
        if isinstance(body, list) and request.method == "GET":
            body = body.pop(0) if len(body) > 1 else body[0]
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.Response(status, content=content, **more)

    def sent(self, number: int = -1) -> tuple[str, str, Any]:
        """Method, path and JSON body of a request."""
        request = self.requests[number]
        path = request.url.path.removeprefix(PREFIX)
        return request.method, path, json.loads(request.content) if request.content else None

    def parameters(self, number: int = -1) -> dict[str, str]:
        """Query parameters of a request."""
        return dict(self.requests[number].url.params)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeApi:
    """An API in memory that every command talks to, as a user with a password."""
    fake = FakeApi()
    transport = httpx.MockTransport(fake)
    blocking = partial(Client, retries=Retries(attempts=1), transport=transport)
    following = partial(AsyncClient, retries=Retries(attempts=1), transport=transport)
    for module in (calls, completion, job, login, logout):
        monkeypatch.setattr(module, "Client", blocking)
    monkeypatch.setattr(job, "AsyncClient", following)
    monkeypatch.setenv("RINGTEST_SERVER", "http://ci.example")
    monkeypatch.setenv("RINGTEST_USER", "alex")
    monkeypatch.setenv("RINGTEST_PASSWORD", "password")
    monkeypatch.setenv("RINGTEST_CONFIG", str(tmp_path / "config.toml"))
    for name in ("DCI_CLIENT_ID", "DCI_API_SECRET", "DCI_CS_URL", "DCI_LOGIN", "DCI_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return fake


@pytest.fixture
def run() -> Callable[..., Result]:
    """`run("topic", "list")`: the result of a command."""

    def invoke(*arguments: str, text: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=text)

    return invoke
