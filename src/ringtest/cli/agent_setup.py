"""`ringtest agent init` and `ringtest agent systemd`: a lab's first minutes."""

import json
import os
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any, NoReturn, cast, get_args

import msgspec
import typer

from ringtest.agent.credentials import CredentialsError, read_credentials
from ringtest.agent.definitions.isolated import Kind
from ringtest.agent.doctor import connection, credentials
from ringtest.agent.doctor.examining import examine
from ringtest.agent.doctor.floor import OPEN, why_not
from ringtest.agent.doctor.model import Lab
from ringtest.agent.isolation.floor import Floor, Limits
from ringtest.agent.settings import AgentSettings, SettingsError, read_settings
from ringtest.agent.unit import CONFIG, PROGRAM, USER, unit
from ringtest.cli.agent_doctor import show
from ringtest.cli.exits import EXIT_REFUSED, EXIT_USAGE

_MARK = "# Written by ringtest agent init"
_WRITTEN = ("server", "client_id", "api_secret", "label", "data", "ca_file", "proxy")
LabelsOption = Annotated[
    list[str] | None,
    typer.Option(help="name=value by which jobs choose this machine; may be repeated."),
]


def add_to(app: typer.Typer) -> None:
    """Hang the commands below `ringtest agent`."""
    app.command("init")(init)
    app.command("systemd")(systemd)


def init(
    to: Annotated[Path, typer.Option(help="Settings file to write.")] = Path("agent.toml"),
    server: Annotated[str | None, typer.Option(help="Address of the server.")] = None,
    identity: Annotated[str | None, typer.Option("--id", help="The lab: remoteci/UUID.")] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="File with the lab's key. Else it is asked for.")
    ] = None,
    from_file: Annotated[
        Path | None,
        typer.Option("--from", help="dcirc.sh, dci_credentials.yml or a settings file."),
    ] = None,
    label: Annotated[str | None, typer.Option(help="Name of this agent.")] = None,
    labels: LabelsOption = None,
    data: Annotated[Path | None, typer.Option(help="Folder for jobs and downloads.")] = None,
    ca_file: Annotated[
        Path | None, typer.Option(help="Certificates of your authority (PEM).")
    ] = None,
    proxy: Annotated[str | None, typer.Option(help="Address of an HTTP proxy.")] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            help="Kind of isolation in which a server's jobs may run (repeat), or all. Else "
            "bubblewrap where it works."
        ),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Write it without asking the server.")
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Remove a file that this command has written.")
    ] = False,
) -> None:
    """Write the settings of an agent, after the server has known its key.

    What is not given is taken from `--from`, then from the environment (`DCI_CLIENT_ID` and so
    on), then asked for on the terminal. The file is its owner's alone, and one that is there is
    never replaced. The key is never an option: command lines are visible to others.

    A server's jobs are kept apart from the machine by bubblewrap where that works; `--accept all`
    lets them run on the machine itself, as definitions say.

    Example: `ringtest agent init --from dcirc.sh --to agent.toml --labels rack=7`
    """
    if undo:
        _undo(to)
        return
    if to.exists():
        _refuse(f"{to} is there already: name another with --to, or take it away with --undo")
    given = {
        "server": server, "client_id": identity, "api_secret_file": key_file and str(key_file),
        "label": label, "data": data and str(data.absolute()),
        "ca_file": ca_file and str(ca_file.absolute()), "proxy": proxy, "labels": _pairs(labels),
    }  # fmt: skip
    settings = _settings(given, from_file)
    if not offline and not _is_known(settings):
        print(f"nothing was written; --offline writes {to} all the same", file=sys.stderr)
        raise typer.Exit(EXIT_REFUSED)
    _write(to, settings, given, _floor(settings, accept))
    _tell_rest(from_file)
    print(f"{to}: settings of an agent. Start it: ringtest agent --config {to}")


def _pairs(words: list[str] | None) -> dict[str, str] | None:
    pairs = dict(word.partition("=")[::2] for word in words or ())
    if not all(pairs.values()) or "" in pairs:
        _refuse("--labels is name=value")
    return pairs or None


def _tell_rest(from_file: Path | None) -> None:
    """Which settings of another file this command does not write."""
    if from_file is None or from_file.suffix != ".toml":
        return
    known = {*_WRITTEN, "api_secret_file", "accepts", "limits", "labels"}
    rest = tomllib.loads(from_file.read_text(encoding="utf-8")).keys() - known
    if rest:
        print(f"not taken over from {from_file}: {', '.join(sorted(rest))}")


def _settings(given: dict[str, Any], from_file: Path | None) -> AgentSettings:
    """From options, the file, the environment and the terminal, in this order."""
    environment = dict(os.environ)
    try:
        if from_file and from_file.suffix != ".toml":
            environment |= read_credentials(from_file)
            from_file = None
        options = dict(given)
        if sys.stdin.isatty():
            options |= _asked(options, environment, from_file)
        return read_settings(options, environment, from_file)
    except (CredentialsError, SettingsError) as error:
        _refuse(str(error))


def _asked(
    given: dict[str, Any], environment: dict[str, str], from_file: Path | None
) -> dict[str, Any]:
    """What nobody has said yet."""
    if from_file:
        return {}
    questions = (
        ("server", ("RINGTEST_SERVER", "DCI_CS_URL"), "Address of the server"),
        ("client_id", ("RINGTEST_CLIENT_ID", "DCI_CLIENT_ID"), "Id of the lab (remoteci/…)"),
    )
    asked: dict[str, Any] = {
        name: typer.prompt(question)
        for name, variables, question in questions
        if not given.get(name) and not any(map(environment.get, variables))
    }
    secrets = ("RINGTEST_API_SECRET", "DCI_API_SECRET", "RINGTEST_API_SECRET_FILE")
    if not given.get("api_secret_file") and not any(map(environment.get, secrets)):
        asked["api_secret"] = typer.prompt("Its key (is not shown)", hide_input=True)
    return asked


def _is_known(settings: AgentSettings) -> bool:
    lab = Lab(settings, "", None, [], os.environ)
    found = examine(lab, checks=(credentials.settings, connection.server))
    show(found)
    return all(one.state != "bad" for one in found)


def _floor(settings: AgentSettings, accept: list[str] | None) -> list[str]:
    """What the file says of isolation: what is asked for, else what the named file had, else
    bubblewrap where it works. Said on the terminal, plainly where nothing is kept apart."""
    kinds: list[str] = list(settings.accepts)
    problem = why_not("bubblewrap", os.environ)
    if accept is not None:
        kinds = [] if accept == ["all"] else accept
        unknown = [kind for kind in kinds if kind not in get_args(Kind)]
        if unknown:
            known = ", ".join(get_args(Kind))
            _refuse(f"--accept {unknown[0]}: there are {known}, and all alone")
    elif not kinds and not problem and _wants_it_apart():
        kinds = ["bubblewrap"]
    floor = Floor(tuple(cast(list[Kind], kinds)), settings.limits)
    print(f"a server's jobs run in: {floor.text}")
    if not floor.is_apart:
        print(OPEN)
        if problem:
            print(f"bubblewrap does not work here: {problem}")
    return kinds


def _wants_it_apart() -> bool:
    question = "Keep the server's jobs apart from this machine, by bubblewrap"
    return not sys.stdin.isatty() or typer.confirm(question, default=True)


def _write(to: Path, settings: AgentSettings, given: dict[str, Any], accepts: list[str]) -> None:
    defaults = AgentSettings(server="", client_id="", api_secret="")
    lines = [f"{_MARK}: it holds the lab's key.\n"]
    for name in _WRITTEN:
        value = getattr(settings, name)
        if given.get(name) or (value != getattr(defaults, name) and name != "data"):
            lines.append(f"{name} = {_text(value)}\n")
    if accepts:
        lines.append(f"accepts = {json.dumps(accepts)}\n")
    limits = msgspec.to_builtins(settings.limits)
    kept = {key: limit for key, limit in limits.items() if limit != getattr(Limits(), key)}
    if kept:
        lines += ["[limits]\n", *(f"{key} = {json.dumps(one)}\n" for key, one in kept.items())]
    if settings.labels:
        lines += ["[labels]\n", *(f"{_text(k)} = {_text(v)}\n" for k, v in settings.labels.items())]
    try:
        fd = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        _refuse(f"{to} cannot be written: {error.strerror}")
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.writelines(lines)
    try:
        read_settings({}, {}, to)
    except SettingsError as error:
        to.unlink()
        _refuse(str(error))


def _text(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False)


def _undo(to: Path) -> None:
    try:
        is_ours = to.read_text(encoding="utf-8").startswith(_MARK)
    except (OSError, UnicodeDecodeError) as error:
        _refuse(f"{to} cannot be read: {getattr(error, 'strerror', None) or error}")
    if not is_ours:
        _refuse(f"{to} was not written by ringtest agent init: it stays")
    to.unlink()
    print(f"{to} is gone")


def systemd(
    config: Annotated[Path, typer.Option(help="The agent's settings file.")] = Path(CONFIG),
    user: Annotated[str, typer.Option(help="As whom it runs.")] = USER,
    install: Annotated[
        Path | None,
        typer.Option(help="Folder to write the unit into, as ringtest-agent.service."),
    ] = None,
) -> None:
    """Print the unit with which systemd keeps an agent running, or write it.

    Example: `ringtest agent systemd --config /etc/ringtest/agent.toml`
    """
    program = shutil.which("ringtest") or PROGRAM
    try:
        text = unit(program, str(config.absolute()), user)
    except ValueError as error:
        _refuse(str(error))
    if install is None:
        print(text, end="")
        return
    target = install / "ringtest-agent.service"
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        _refuse(f"{target} cannot be written: {error.strerror}")
    print(f"{target}\nStart it: systemctl daemon-reload && systemctl enable --now ringtest-agent")


def _refuse(message: str) -> NoReturn:
    print(f"ringtest agent: {message}", file=sys.stderr)
    raise typer.Exit(EXIT_USAGE)
