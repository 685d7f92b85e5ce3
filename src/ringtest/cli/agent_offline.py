"""`ringtest agent verify|export|import`: what a lab has on its disk, and its way by hand."""

import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ringtest.agent.attempt import Attempt
from ringtest.agent.bundles.carrying import alone_with, carry
from ringtest.agent.bundles.manifest import BundleError, Manifest
from ringtest.agent.bundles.packing import export
from ringtest.agent.bundles.unpacking import check, unpack
from ringtest.agent.settings import AgentSettings, SettingsError, read_settings
from ringtest.agent.verifying import verify
from ringtest.cli.exits import EXIT_REFUSED, EXIT_USAGE
from ringtest.cli.output import Format, FormatOption, write_many

ConfigOption = Annotated[
    Path | None, typer.Option(help="Settings file of the agent (TOML).", exists=True)
]
DataOption = Annotated[Path | None, typer.Option(help="The agent's data folder.")]
_FOUND = ("attempt", "state", "records", "digest", "problems")
_PACKED = ("name", "records", "files", "digest")
_CARRIED = ("name", "ended")


def add_to(app: typer.Typer) -> None:
    """Hang the commands below `ringtest agent`."""
    app.command("verify")(verify_folder)
    app.command("export")(export_attempts)
    app.command("import")(import_attempts)


def verify_folder(
    folder: Annotated[Path, typer.Argument(help="Data folder of an agent, or of one attempt.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Check that journals and collected files are as they were written.

    Every record of a journal goes on from the digest of the one before; the digest of the last
    stands for all. The end of a record that is just being written is nothing wrong. Exit code 1
    when something is.

    Example: `ringtest agent verify /var/lib/ringtest`
    """
    with _told("verify"):
        found = verify(folder)
    write_many([_plain(one) for one in found], _FOUND, form)
    if any(one.problems for one in found):
        raise typer.Exit(EXIT_REFUSED)


def export_attempts(
    file: Annotated[Path, typer.Argument(help="The bundle to write.")],
    config: ConfigOption = None,
    data: DataOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write what the server has not heard yet into one file, to be carried there by hand.

    Attempts that are over: journal, outcome and collected files. The agent may go on meanwhile;
    what it is still running stays. Nothing is removed here: when the network is back the agent
    reports as well, and nothing counts twice. The file is signed with the lab's key, and not
    encrypted: it holds logs.

    Example: `ringtest agent export /media/usb/west.ringtest --config west.toml`
    """
    with _told("export"):
        settings = _settings(config, data)
        done = export(settings, file)
    for name in done.running:
        print(f"ringtest agent export: {name} is still running and stays", file=sys.stderr)
    for name in done.left_out:
        print(f"ringtest agent export: {name} is not as it was collected: left out",
              file=sys.stderr)  # fmt: skip
    rows = [
        {"name": one.name, "records": one.records, "files": len(one.items), "digest": one.digest}
        for one in done.packed
    ]
    write_many(rows, _PACKED, form)


def import_attempts(
    file: Annotated[Path, typer.Argument(help="The bundle.", dir_okay=False)],
    config: ConfigOption = None,
    data: DataOption = None,
    only_check: Annotated[
        bool, typer.Option("--check", help="Only look whether it is whole; needs no network.")
    ] = False,
    other_key: Annotated[
        bool,
        typer.Option("--other-key", help="The lab's key was changed since: ask no signature."),
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Bring a bundle of `ringtest agent export` to the server, from any machine that reaches it.

    It needs the lab's settings. All of the bundle is checked before anything is sent; what was
    changed is named. A bundle that is brought twice, or that the agent reports as well, counts
    once. When the server is away it waits; what is broken off goes on when it is typed again.

    Example: `ringtest agent import /media/usb/west.ringtest --config west.toml`
    """
    with _told("import"):
        settings = _settings(config, data)
        if only_check:
            _only_check(file, settings, other_key=other_key)
            return
        with alone_with(settings.data):
            manifest, attempts = unpack(
                file, settings.data, secret=settings.api_secret, other_key=other_key
            )
            _warn_of_server(manifest, settings)
            ended = _carry(attempts, settings)
    write_many([{"name": name, "ended": how} for name, how in ended.items()], _CARRIED, form)
    if any(how.startswith(("lost", "unreported")) for how in ended.values()):
        raise typer.Exit(EXIT_REFUSED)


def _only_check(file: Path, settings: AgentSettings, *, other_key: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="ringtest-") as scratch:
        manifest = check(file, Path(scratch), secret=settings.api_secret, other_key=other_key)
    print(
        f"{file}: whole: {len(manifest.attempts)} attempts of {manifest.lab},"
        f" made {manifest.made_at} for {manifest.server}"
    )


def _carry(attempts: list[Attempt], settings: AgentSettings) -> dict[str, str]:
    ended: dict[str, str] = {}
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("ringtest agent import: %(message)s"))
    log = logging.getLogger("ringtest.agent")
    log.addHandler(handler)
    try:
        asyncio.run(
            carry(attempts, settings, tell=lambda one, how: ended.update({one.origin: how}))
        )
    finally:
        log.removeHandler(handler)
    return ended


def _warn_of_server(manifest: Manifest, settings: AgentSettings) -> None:
    if manifest.server != settings.server:
        print(
            f"ringtest agent import: made for {manifest.server}, brought to {settings.server}",
            file=sys.stderr,
        )


def _settings(config: Path | None, data: Path | None) -> AgentSettings:
    return read_settings({"data": data}, os.environ, config)


def _plain(finding: object) -> dict[str, object]:
    return {name: getattr(finding, name) for name in _FOUND}


@contextmanager
def _told(command: str) -> Iterator[None]:
    """What is wrong with a bundle or a folder ends the command with one line."""
    try:
        yield
    except SettingsError as error:
        print(f"ringtest agent {command}: {error}", file=sys.stderr)
        raise typer.Exit(EXIT_USAGE) from None
    except (BundleError, OSError) as error:
        print(f"ringtest agent {command}: {error}", file=sys.stderr)
        raise typer.Exit(EXIT_REFUSED) from None
