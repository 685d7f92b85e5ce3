"""Secrets stay where they belong: canaries are put everywhere a secret may be, every route is
driven, and then all answers, logs, measures, objects and rows are searched for them."""

import base64
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from ringtest.cli.main import COMMANDS, load_command
from ringtest.client.auth import HmacAuth
from ringtest.control.app import all_loops, create_app
from ringtest.control.db.pool import Database
from tests.isolation.addresses import body_of, fill, handlers
from tests.isolation.neighbours import Neighbours
from tests.isolation.two_teams import SECRET, build_estate, post, run_job, run_loops
from tests.parts import ADMIN, connect, first_start, make_parts

_SETTINGS = {
    "smtp_url": "smtps://mailer:canary-of-smtp@127.0.0.1:9",
    "secret_key": "canary-of-the-servers-key-0123456789",
    "metrics": "canary-of-the-measures",
}
_ENVIRONMENT = {"AWS_SECRET_ACCESS_KEY": "canary-of-s3", "AWS_SESSION_TOKEN": "canary-of-sts"}


@dataclass(slots=True)
class Watch:
    """What went out, and what must not have."""

    secrets: dict[str, str]
    answers: list[tuple[str, str]] = field(default_factory=list)

    def add(self, name: str, secret: str) -> str:
        """One more secret."""
        self.secrets[name] = secret
        return secret

    def found_in(self, text: str) -> list[str]:
        """Names of the secrets that stand in a text, also as bytes in hex or base64."""
        low = text.lower()
        return [
            name
            for name, secret in self.secrets.items()
            if secret in text
            or secret.encode().hex() in low
            or base64.b64encode(secret.encode()).decode().rstrip("=") in text
        ]

    async def ask(
        self, client: httpx.AsyncClient, method: str, url: str, **more: Any
    ) -> httpx.Response:
        """Ask, and keep the answer."""
        answer = await client.request(method, url, **more)
        # what arrived as bytes that are no text is searched with the objects
        self.answers.append((f"{method} {url} {answer.status_code}", self._seen(answer)))
        return answer

    @staticmethod
    def _seen(answer: httpx.Response) -> str:
        return f"{answer.headers} {answer.content.decode('utf-8', 'replace')}"


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    secrets = {"the webhook's": SECRET, "the admin's": "admin password"} | {
        name: value.partition("mailer:")[2].partition("@")[0] or value
        for name, value in _SETTINGS.items()
    }
    for name, value in _ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    yield Watch(secrets | _ENVIRONMENT)


async def test_no_secret_comes_out_anywhere(
    db: Database,
    database_url: str,
    tmp_path: Path,
    watch: Watch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    for ours in ("httpx", "httpcore"):
        logging.getLogger(ours).setLevel(logging.WARNING)
    parts = make_parts(db, tmp_path, notifiers={})
    parts.settings = replace(parts.settings, access_log="json", **_SETTINGS)  # type: ignore[arg-type]
    await first_start(parts)
    app = httpx.ASGITransport(app=create_app(parts))
    admin = connect(parts, ADMIN, app)
    estate = await build_estate(admin, "one", "mark")
    watch.add("the lab's", estate.machine[1])
    watch.add("the user's", "pass word")
    await run_loops(all_loops(parts))
    lab = connect(parts, HmacAuth(*estate.machine), app)
    await run_job(lab, estate, "mark")
    await run_loops(all_loops(parts))
    estate.ids |= {"group_id": estate.ids["job_id"], "delivery_id": estate.ids["job_id"]}
    clients = {"admin": admin, "user": connect(parts, estate.user, app), "lab": lab,
               "nobody": connect(parts, None, app)}  # fmt: skip
    await _make_secrets(watch, clients, estate.ids)
    await _drive(watch, clients, estate.ids)
    await run_loops(all_loops(parts))
    told = [f"{name}: {found}" for name, text in watch.answers if (found := watch.found_in(text))]
    assert told == []
    assert len(watch.answers) > 500
    assert watch.found_in(caplog.text) == []
    assert '"route"' in caplog.text, "the access log was on"
    key = {"Authorization": f"Bearer {_SETTINGS['metrics']}"}
    measures = await clients["nobody"].get("http://ringtest/metrics", headers=key)
    assert (measures.status_code, watch.found_in(measures.text)) == (200, [])
    assert await _rows_with(watch, database_url) == []
    assert [str(path) for path in _files(tmp_path) if watch.found_in(_text(path))] == []


async def _make_secrets(
    watch: Watch, clients: dict[str, httpx.AsyncClient], ids: dict[str, str]
) -> None:
    """Secrets that are told once, by the answer that makes them, also to a repeated request."""
    admin, user = clients["admin"], clients["user"]
    once = {"Idempotency-Key": watch.add("the request's key", "canary-of-the-idempotency-key")}
    lab = {"name": "keyed", "team_id": ids["team_id"]}
    for _ in range(2):
        made = await user.post("/remotecis", json=lab, headers=once)
        watch.add("the keyed lab's", made.json()["remoteci"]["api_secret"])
    end = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    token = await post(user, "/tokens", {"name": "t", "scopes": ["all"], "expires_at": end})
    watch.add("the token", token["token"])
    address = f"/remotecis/{made.json()['remoteci']['id']}"
    fresh = await user.put(f"{address}/api_secret", headers={"If-Match": "*"})
    watch.add("the lab's next", fresh.json()["remoteci"]["api_secret"])
    session = await clients["nobody"].post(
        "/session", json={"name": "mark-user-one", "password": "pass word"}
    )
    watch.add("the session's", session.cookies["ringtest_session"])
    clients["nobody"].cookies.clear()
    person = {"name": "p", "email": "p@example.org",
              "password": watch.add("a new user's", "canary-of-a-new-user")}  # fmt: skip
    someone = (await admin.post("/users", json=person)).json()["user"]
    changed = {"password": watch.add("a changed", "canary-of-a-changed-user")}
    answer = await watch.ask(
        admin, "PUT", f"/users/{someone['id']}", json=changed,
        headers={"If-Match": someone["etag"]},
    )  # fmt: skip
    assert answer.status_code == 200
    own = (await user.get("/users/me")).json()["user"]
    mine = {"current_password": "pass word", "new_password": "pass word", "timezone": "UTC"}
    answer = await watch.ask(user, "PUT", "/users/me", json=mine, headers={"If-Match": own["etag"]})
    assert answer.status_code == 200
    target = {"name": "w", "channel": "webhook", "address": "https://192.0.2.1/",
              "team_id": ids["team_id"], "secret": watch.add("w", "canary-of-a-hook")}  # fmt: skip
    assert (await watch.ask(admin, "POST", "/report_targets", json=target)).status_code == 201
    claimed = f"sha256={watch.add('a wrong password', 'canary-of-a-wrong-password')}"
    await watch.ask(clients["nobody"], "GET", "/jobs", auth=("mark-user-one", claimed))
    await watch.ask(
        clients["nobody"], "GET", "/jobs",
        headers={"Authorization": f"Bearer rt_{watch.add('no token', 'canary-of-no-token')}"},
    )  # fmt: skip


async def _drive(watch: Watch, clients: dict[str, httpx.AsyncClient], ids: dict[str, str]) -> None:
    """Every route, by everybody: with a secret in the query, in the body, in odd headers."""
    slip = watch.add("a slip", "canary-that-slipped-into-a-request")
    ends = ("DELETE", "POST", "PUT", "PATCH", "GET", "HEAD")
    found = [
        (method, path)
        for handler in handlers()
        for path in sorted(handler.paths)
        for method in sorted(handler.http_methods)
        if not path.endswith("/stream") and not path.startswith("/session")
    ]
    for method, path in sorted(found, key=lambda one: -ends.index(one[0])):
        url = fill(path, ids) or path
        headers = {"If-Match": "0" * 32, "X-Secret": slip, "Cookie": f"x={slip}",
                   "Idempotency-Key": f"{slip} {path}"}  # fmt: skip
        for who, client in clients.items():
            if method in ("GET", "HEAD"):
                await watch.ask(client, method, url, headers=headers)
                await watch.ask(client, method, f"{url}?limit=5&offset=0&where=api_secret:{slip}")
                continue
            is_harmless = who == "nobody" or method != "DELETE"
            body = body_of(path, ids) | {"password": slip}
            if not path.endswith("/certifications"):  # which takes a password, and no more
                body |= {"api_secret": slip, "secret": slip}
            # content of files is kept as it came
            left_out = ("/purge", "/api_secret", "/tokens", "/files", "{file_path:path}")
            if is_harmless and not path.endswith(left_out):
                await watch.ask(client, method, url, json=body, headers=headers)
                await watch.ask(client, method, url, content=f"{{{slip}", headers=headers)


async def _rows_with(watch: Watch, url: str) -> list[str]:
    """Tables whose rows hold a secret as text, in whatever column."""
    owner = await asyncpg.connect(url)
    tables = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    found = []
    for (table,) in tables:
        for (text,) in await owner.fetch(f"SELECT t::text FROM {table} t"):
            found += [f"{table}: {name} in {text[:200]}" for name in watch.found_in(text)]
    await owner.close()
    return found


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def test_no_command_takes_a_secret_as_an_argument() -> None:
    """What stands on a command line, everybody on the machine can read."""
    options = [
        f"{name} {option}"
        for word in COMMANDS
        for name, parameter in _parameters(load_command(word), word)
        for option in parameter.opts
        if not getattr(parameter, "is_flag", False)
    ]
    assert len(options) > 150
    words = ("password", "secret", "api-key", "api_key", "credential")
    secrets = [one for one in options if any(word in one.split()[-1] for word in words)]
    assert [one for one in secrets if not one.endswith("-file")] == []  # a path is none


def _parameters(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Parameters of a command and of those below it."""
    for parameter in command.params:
        yield name, parameter
    for word, inner in getattr(command, "commands", {}).items():
        yield from _parameters(inner, f"{name} {word}")


async def test_a_failure_of_the_server_tells_nothing_of_the_request(
    street: Neighbours, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("ringtest.control.accounts.service.create_user", broken)
    body = {"name": "x", "email": "x@example.org", "password": "canary-of-a-failure"}
    answer = await street.admin.post("/users?x=canary-of-a-failure", json=body)
    assert answer.status_code == 500
    # what the client says of its own request is no word of the server
    ours = "\n".join(one.getMessage() for one in caplog.records if one.name != "httpx")
    assert "canary-of-a-failure" not in answer.text + ours
    assert "RuntimeError" not in answer.text and "RuntimeError" in caplog.text
