"""`ringtest token`, and what it means to have one in the environment."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from typer.testing import Result

Run = Callable[..., Result]
TOKEN = {
    "id": "9a6e1f1e-0000-4000-8000-000000000001",
    "name": "nightly",
    "scopes": ["jobs:write"],
    "expires_at": "2027-01-01T00:00:00",
    "etag": "e",
    "token": "rt_secret",
}


def test_a_new_token_is_shown(api: Any, run: Run) -> None:
    api.on("POST", "/tokens", {"token": TOKEN}, status=201)
    result = run("token", "create", "nightly", "-s", "jobs:write", "--days", "7", "-f", "json")
    assert result.exit_code == 0, result.output
    assert "rt_secret" in result.stdout
    _, _, body = api.sent()
    assert (body["name"], body["scopes"]) == ("nightly", ["jobs:write"])
    assert datetime.fromisoformat(body["expires_at"]).utcoffset() is not None
    assert set(body) == {"name", "scopes", "expires_at"}


def test_a_token_only_reads_unless_told_otherwise_and_may_be_a_labs(api: Any, run: Run) -> None:
    api.on("POST", "/tokens", {"token": TOKEN}, status=201)
    lab = "7d2c4a52-0000-4000-8000-000000000002"
    assert run("token", "create", "x", "--lab", lab).exit_code == 0
    assert api.sent()[2] | {"expires_at": ""} == {
        "name": "x", "scopes": ["read"], "expires_at": "", "remoteci_id": lab,
    }  # fmt: skip


def test_tokens_are_listed_and_deleted(api: Any, run: Run) -> None:
    shown = {name: value for name, value in TOKEN.items() if name != "token"}
    api.on("GET", "/tokens", {"tokens": [shown], "_meta": {"count": 1}})
    assert "nightly" in run("token", "list", "-f", "csv").stdout
    api.on("GET", f"/tokens/{TOKEN['id']}", {"token": shown})
    api.on("DELETE", f"/tokens/{TOKEN['id']}", b"", status=204)
    assert run("token", "delete", "nightly").exit_code == 0
    assert api.requests[-1].headers["if-match"] == "e"


@pytest.mark.parametrize("user", ["", "alex"])
def test_a_token_of_the_environment_speaks_unless_a_user_is_named(
    api: Any, run: Run, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    monkeypatch.setenv("RINGTEST_TOKEN", "rt_secret")
    api.on("GET", "/teams", {"teams": [], "_meta": {"count": 0}})
    assert run("team", "list", *(("--user", user) if user else ())).exit_code == 0
    sent = api.requests[-1].headers["authorization"]
    assert sent.startswith("Basic ") if user else sent == "Bearer rt_secret"
