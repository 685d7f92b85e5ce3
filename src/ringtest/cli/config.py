"""Which server, and as whom: options, environment, then what `ringtest login` saved."""

import json
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ringtest.client import Connection


class UsageError(Exception):
    """The command line or the environment lacks something; the message says what."""


@dataclass(frozen=True, slots=True)
class Saved:
    """The contents of the configuration file."""

    server: str = ""
    user: str = ""
    session: str = ""


def config_path(environment: Mapping[str, str]) -> Path:
    """`RINGTEST_CONFIG`, else `ringtest/config.toml` in the user's configuration folder."""
    if environment.get("RINGTEST_CONFIG"):
        return Path(environment["RINGTEST_CONFIG"])
    base = environment.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "ringtest" / "config.toml"


def load(path: Path) -> Saved:
    """What was saved; nothing when there is no file."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Saved()
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
    return Saved(*(str(values.get(name, "")) for name in ("server", "user", "session")))


def save(path: Path, saved: Saved) -> None:
    """Write the file so that nobody but its owner can read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = (("server", saved.server), ("user", saved.user), ("session", saved.session))
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values if value)
    fresh = path.with_suffix(".new")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def find_server(server: str | None, environment: Mapping[str, str], saved: Saved) -> str:
    """The server's address. UsageError when none is given anywhere."""
    found = server or _first(environment, "RINGTEST_SERVER", "DCI_CS_URL") or saved.server
    if not found:
        raise UsageError(
            "which server? Give --server, set RINGTEST_SERVER, or run `ringtest login` once"
        )
    return found


def find_connection(
    server: str | None,
    user: str | None,
    *,
    environment: Mapping[str, str],
    saved: Saved,
    ask: Callable[[str], str],
) -> Connection:
    """Who speaks: a named user, else a token or a key in the environment, else the saved session.

    `ask` is shown a question and returns a password; it may raise UsageError.
    """
    address = find_server(server, environment, saved)
    token = environment.get("RINGTEST_TOKEN", "")
    if token and not user:
        return Connection.for_token(address, token)
    name = user or _first(environment, "RINGTEST_USER", "DCI_LOGIN")
    if name:
        password = _first(environment, "RINGTEST_PASSWORD", "DCI_PASSWORD")
        return Connection.for_user(address, name, password or ask(f"Password of {name}"))
    identity = _first(environment, "RINGTEST_CLIENT_ID", "DCI_CLIENT_ID")
    secret = _first(environment, "RINGTEST_API_SECRET", "DCI_API_SECRET")
    if identity and secret:
        return Connection.for_key(address, identity, secret)
    if saved.session and address == saved.server:
        return Connection.for_session(address, saved.session)
    raise UsageError(
        "as whom? Run `ringtest login`, set RINGTEST_TOKEN, RINGTEST_USER and RINGTEST_PASSWORD, "
        "or DCI_CLIENT_ID and DCI_API_SECRET"
    )


def _first(environment: Mapping[str, str], *names: str) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")
