"""The agent's settings: options first, then environment, then `agent.toml`."""

import socket
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from ringtest.agent.credentials import CredentialsError, is_credentials, read_credentials
from ringtest.agent.definitions.isolated import Kind
from ringtest.agent.definitions.model import STAGES
from ringtest.agent.isolation.floor import ON_THE_MACHINE, Floor, Limits
from ringtest.client import Connection
from ringtest.client.auth import HmacAuth
from ringtest.client.connection import base_url
from ringtest.language.secret_reference import Secret, fault

_VARIABLES = {
    "server": ("RINGTEST_SERVER", "DCI_CS_URL"),
    "client_id": ("RINGTEST_CLIENT_ID", "DCI_CLIENT_ID"),
    "api_secret": ("RINGTEST_API_SECRET", "DCI_API_SECRET"),
    "api_secret_file": ("RINGTEST_API_SECRET_FILE",),
    "ca_file": ("RINGTEST_CA_FILE",),
    "data": ("RINGTEST_AGENT_DATA",),
}

SEND, HOLD_BACK = "send", "hold back"


class SettingsError(Exception):
    """A setting is missing or cannot be used; the message says which and how to give it."""


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """Everything an agent needs to know."""

    server: str
    """Address of the server."""
    client_id: str
    """`remoteci/<uuid>`, as the server gave it."""
    api_secret: str = field(repr=False)
    """The lab's key. Never given on a command line."""
    ca_file: str = ""
    """Certificates of authorities that are trusted beside the usual ones: a file in PEM form."""
    proxy: str = field(default="", repr=False)
    """Address of an HTTP proxy. Else HTTPS_PROXY, HTTP_PROXY and NO_PROXY decide."""
    data: Path = Path("ringtest-agent")
    """Folder of jobs, journals and the component cache."""
    label: str = field(default_factory=socket.gethostname)
    """Name of this agent in attempts."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What people choose this machine by, beside what it shows by itself: `rack = "7"`."""
    topics: Sequence[str] = ()
    """Topics, by name or id, of which this lab asks for a job itself."""
    topics_every_hours: float = 24.0
    """How often it does."""
    max_jobs: int = 1
    """Jobs that run at the same time."""
    python: str = sys.executable
    """Interpreter that virtual environments are made with."""
    keep_jobs: int = 5
    """Folders of passed jobs that are kept."""
    keep_failed: int = 20
    """Folders of jobs that did not pass that are kept."""
    disk_gib: float = 50.0
    """Size of the folders of jobs, in GiB; 0: no limit. What the server has goes first, then log
    text, with a mark; results and what is unreported stay."""
    cache_gib: float = 20.0
    """Size of the component cache, in GiB; least recently used files go first."""
    cache_days: float = 0
    """Files of components that no job has wanted for so many days go; 0: only for their size."""
    cache_listen: str = ""
    """HOST:PORT where other agents of the lab's team get files of the cache; empty: nowhere."""
    cache_peers: tuple[str, ...] = ()
    """Addresses of agents that are asked for files before the server: http://rack-7:8970."""
    cache_announce: str = ""
    """What the lab's other agents are told of `cache_listen`, through the server: `auto`, or an
    address such as http://rack-7:8970; empty: nothing."""
    cache_find: bool = False
    """Whether files are asked of the lab's agents that announce their cache."""
    mirrors: tuple[str, ...] = ()
    """Addresses of mirrors that are asked before the server, by the file's name."""
    remake_packed: bool = True
    """Is the next version of a tar.gz made of what is in it, where that is fetched in fewer bytes?
    It takes as long as packing it."""
    kill_grace_seconds: float = 5.0
    """Time between the polite signal and the deadly one."""
    stage_environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Extra variables, by the name of a stage."""
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    """Where this lab's secrets are (`env`, `file` or `command`), by name: jobs may have them."""
    job_secrets: Sequence[str] = ()
    """What else a server's jobs may have as secrets: patterns such as `env:LAB_*`."""
    unreadable_archives: str = SEND
    """What becomes of archives that cannot be looked into for secrets (encrypted, or packed in a
    way that this agent does not know): `send`, which is told, or `hold back`."""
    accepts: tuple[Kind, ...] = ()
    """Kinds of isolation in which a server's jobs may run: bubblewrap, ssh; empty: all."""
    limits: Limits = field(default_factory=Limits)
    """The most that a server's jobs get: `memory`, `cpus`, `processes`, `open_files`, `file_size`,
    `seconds`, `network`; and what they may name: `readable`, `rootfs`, `writable`, `hosts`."""

    @property
    def floor(self) -> Floor:
        """What a server's definition cannot lower."""
        return Floor(self.accepts, self.limits)

    @property
    def lab_id(self) -> str:
        """The lab's id on the server."""
        return self.client_id.removeprefix("remoteci/")

    @property
    def connection(self) -> Connection:
        """The server, and the lab's identity there."""
        return Connection(
            base_url(self.server),
            HmacAuth(self.client_id, self.api_secret),
            ca_file=self.ca_file,
            proxy=self.proxy,
        )


def read_settings(
    options: Mapping[str, Any], environment: Mapping[str, str], config: Path | None
) -> AgentSettings:
    """Settings from all sources; None among the options means "not given".

    `config` is our own settings file, or one of DCI's: `dcirc.sh`, `dci_credentials.yml`.

    >>> read_settings({"server": "http://ci", "client_id": "remoteci/1", "api_secret": "s"},
    ...               {}, None).client_id
    'remoteci/1'
    """
    values = dict(_from_file(config)) if config else {}
    for name, variables in _VARIABLES.items():
        given = next((environment[v] for v in variables if environment.get(v)), None)
        if given:
            values[name] = given
    values.update({name: value for name, value in options.items() if value is not None})
    secret_file = values.pop("api_secret_file", None)
    if secret_file and not values.get("api_secret"):
        values["api_secret"] = _read_text(Path(secret_file)).strip()
    return _checked(values)


def _from_credentials(path: Path) -> dict[str, Any]:
    try:
        found = read_credentials(path)
    except CredentialsError as error:
        raise SettingsError(str(error)) from None
    names = {"server": "DCI_CS_URL", "client_id": "DCI_CLIENT_ID", "api_secret": "DCI_API_SECRET"}
    return {ours: found[name] for ours, name in names.items() if found.get(name)}


def _from_file(path: Path) -> dict[str, Any]:
    if is_credentials(path):
        return _from_credentials(path)
    try:
        values = tomllib.loads(_read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: {error}") from error
    known = {*AgentSettings.__dataclass_fields__, "api_secret_file"}
    unknown = sorted(set(values) - known)
    if unknown:
        raise SettingsError(f"{path}: unknown setting {unknown[0]}; known are {sorted(known)}")
    if "api_secret" in values and path.stat().st_mode & 0o077:
        raise SettingsError(f"{path} holds a secret and others may read it: chmod 600 {path}")
    return values


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error


def _checked(values: dict[str, Any]) -> AgentSettings:
    for name, how in (
        ("server", "--server, RINGTEST_SERVER or DCI_CS_URL"),
        ("client_id", "--id or DCI_CLIENT_ID"),
        ("api_secret", "DCI_API_SECRET, RINGTEST_API_SECRET_FILE or api_secret_file in the file"),
    ):
        if not values.get(name):
            raise SettingsError(f"{name} is missing: give it with {how}")
    if not str(values["client_id"]).startswith("remoteci/"):
        raise SettingsError(f"client_id must look like remoteci/<uuid>, not {values['client_id']}")
    stages = values.get("stage_environment", {})
    if not isinstance(stages, dict) or not set(stages) <= set(STAGES):
        raise SettingsError(f"stage_environment may hold the tables {', '.join(STAGES)}")
    values["secrets"] = _secrets(values.get("secrets", {}))
    values |= _floor(values)
    try:
        values["job_secrets"] = tuple(map(str, values.get("job_secrets", ())))
        values["data"] = Path(values.get("data", "ringtest-agent")).absolute()
        for name in ("max_jobs", "keep_jobs", "keep_failed"):
            if name in values:
                values[name] = int(values[name])
        for name in ("cache_peers", "mirrors"):
            if name in values:
                values[name] = _addresses(name, values[name])
        values |= _announced(values)
        topics = values.get("topics", ())
        values["topics"] = (topics,) if isinstance(topics, str) else tuple(map(str, topics))
        values["topics_every_hours"] = float(values.get("topics_every_hours", 24.0))
        values["labels"] = {str(k): str(v) for k, v in values.get("labels", {}).items()}
        values["stage_environment"] = {
            stage: {str(k): str(v) for k, v in table.items()} for stage, table in stages.items()
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise SettingsError(f"a setting has the wrong type: {error}") from error
    if values.get("max_jobs", 1) < 1:
        raise SettingsError("max_jobs must be at least 1")
    if not isinstance(values.get("remake_packed", True), bool):
        raise SettingsError("remake_packed is true or false")
    if values.get("unreadable_archives", SEND) not in (SEND, HOLD_BACK):
        raise SettingsError(f"unreadable_archives is {SEND!r} or {HOLD_BACK!r}")
    if values["topics_every_hours"] <= 0:
        raise SettingsError("topics_every_hours must be more than 0")
    return AgentSettings(**values)


def _announced(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of the cache, and whether others are asked."""
    if not isinstance(values.get("cache_find", False), bool):
        raise SettingsError("cache_find must be true or false")
    announce = str(values.get("cache_announce", ""))
    if announce and not values.get("cache_listen"):
        raise SettingsError("cache_announce needs cache_listen: nothing is given elsewhere")
    if announce not in ("", "auto"):
        [announce] = _addresses("cache_announce", announce)
    return {"cache_announce": announce}


def _secrets(tables: Any) -> dict[str, Secret]:
    try:
        secrets = msgspec.convert(tables, dict[str, Secret])
    except msgspec.ValidationError as error:
        raise SettingsError(f"secrets: {error}") from None
    for name, secret in secrets.items():
        if (
            problem := "a lab's own secret is not from the lab"
            if secret.lab
            else fault(name, secret)
        ):
            raise SettingsError(f"secrets: {problem}")
    return secrets


def _floor(values: Mapping[str, Any]) -> dict[str, Any]:
    """What of a lab's floor is given."""
    kinds: dict[str, Any] = {"accepts": tuple[Kind, ...], "limits": Limits}
    found = {}
    for name in kinds.keys() & values.keys():
        try:
            found[name] = msgspec.convert(values[name], kinds[name])
        except msgspec.ValidationError as error:
            raise SettingsError(f"{name}: {error}") from None
    accepts, limits = found.get("accepts"), found.get("limits")
    if accepts == ():
        raise SettingsError("accepts names no kind of isolation: without it all are accepted")
    if limits and not limits.network and (not accepts or set(accepts) & set(ON_THE_MACHINE)):
        raise SettingsError(
            "limits.network = false needs accepts without none and venv: jobs on the machine "
            "itself have its network"
        )
    return found


def _addresses(name: str, value: Any) -> tuple[str, ...]:
    """Web addresses; a single one need not stand in a list."""
    found = (value,) if isinstance(value, str) else tuple(value)
    for each in found:
        if not str(each).startswith(("http://", "https://")):
            raise SettingsError(f"{name}: {each} does not begin with http:// or https://")
    return tuple(str(each).rstrip("/") for each in found)
