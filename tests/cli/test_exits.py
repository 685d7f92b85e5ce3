"""Exit codes and messages: one line on stderr, a documented number."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import Result

Run = Callable[..., Result]
ID = "11111111-2222-3333-4444-555555555555"


def test_refused_is_one_with_the_servers_reasons(api: Any, run: Run) -> None:
    body = {"message": "Request malformed", "payload": {"errors": ["name: is required"]}}
    api.on("GET", "/topics", body, status=400)
    result = run("topic", "list")
    assert result.exit_code == 1
    assert result.stderr == "ringtest: Request malformed (400): name: is required\n"


def test_not_allowed_is_one_and_hints_at_the_login(api: Any, run: Run) -> None:
    api.on("GET", "/topics", {"message": "Operation not authorized."}, status=401)
    result = run("topic", "list")
    assert result.exit_code == 1
    assert "ringtest login" in result.stderr


@pytest.mark.parametrize("which", [ID, "no-such-name"])
def test_not_found_is_three(api: Any, run: Run, which: str) -> None:
    api.on("GET", "/topics", {"topics": [], "_meta": {"count": 0}})
    result = run("topic", "show", which)
    assert result.exit_code == 3
    assert result.stderr == f"ringtest: there is no topic {which!r}\n"


def test_an_ambiguous_name_is_two(api: Any, run: Run) -> None:
    api.on("GET", "/labs", {})
    api.on("GET", "/remotecis", {"remotecis": [{"id": 1}, {"id": 2}], "_meta": {"count": 2}})
    result = run("lab", "show", "west")
    assert result.exit_code == 2
    assert "several labs" in result.stderr


def test_unreachable_is_four(api: Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Any, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    monkeypatch.setattr(type(api), "__call__", refuse)
    result = run("topic", "list")
    assert result.exit_code == 4
    assert result.stderr == "ringtest: http://ci.example does not answer: refused\n"


@pytest.mark.parametrize(
    "command",
    [
        ("topic", "list", "--no-such-option"),
        ("topic", "list", "--limit", "0"),
        ("topic", "list", "--where", "nocolon"),
        ("topic", "create", "x"),
        ("topic", "create", "x", "--product", ID, "--data", "{"),
        ("topic", "create", "x", "--product", ID, "--data", "@/no/such/file"),
        ("job", "show", "not-an-id"),
        ("nonsense",),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_two(api: Any, run: Run, command: tuple[str, ...]) -> None:
    result = run(*command)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output


def test_without_server_it_says_how_to_name_one(
    api: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RINGTEST_SERVER")
    result = run("topic", "list")
    assert result.exit_code == 2
    assert "--server" in result.stderr


def test_without_the_servers_libraries_up_says_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError("No module named 'asyncpg'", name="asyncpg")

    monkeypatch.setattr(importlib, "import_module", missing)
    result = run("up")
    assert result.exit_code == 2
    assert "pip install 'ringtest[server]'" in result.stderr


def test_login_keeps_the_session_and_not_the_password(
    api: Any, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cookie = {"Set-Cookie": "ringtest_session=token; HttpOnly; Path=/"}
    api.on("POST", "/session", {"identity": {}}, status=201, headers=cookie)
    result = run("login", "--user", "alex", "--server", "http://ci.example/")
    assert result.exit_code == 0, result.output
    config = tmp_path / "config.toml"
    assert config.stat().st_mode & 0o777 == 0o600
    assert "password" not in config.read_text()

    for name in ("RINGTEST_USER", "RINGTEST_PASSWORD", "RINGTEST_SERVER"):
        monkeypatch.delenv(name)
    api.on("GET", "/topics", {"topics": [], "_meta": {"count": 0}})
    assert run("topic", "list").exit_code == 0
    assert api.requests[-1].headers["cookie"] == "ringtest_session=token"

    api.on("DELETE", "/session", b"", status=204)
    assert run("logout").exit_code == 0
    assert run("topic", "list").exit_code == 2
    assert "ci.example" in config.read_text()


def test_a_wrong_password_is_told_and_nothing_is_kept(api: Any, run: Run, tmp_path: Path) -> None:
    api.on("POST", "/session", {"message": "wrong name or password"}, status=401)
    result = run("login", "--user", "alex")
    assert result.exit_code == 1
    assert not (tmp_path / "config.toml").exists()


def test_a_lab_may_speak_with_its_key(api: Any, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RINGTEST_USER")
    monkeypatch.setenv("DCI_CLIENT_ID", f"remoteci/{ID}")
    monkeypatch.setenv("DCI_API_SECRET", "secret")
    api.on("GET", "/topics", {"topics": [], "_meta": {"count": 0}})
    assert run("topic", "list").exit_code == 0
    assert api.requests[-1].headers["authorization"].startswith("DCI2-HMAC-SHA256 ")
