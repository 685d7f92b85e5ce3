"""What `ringtest jenkins nodes`, `create-node`, `drain-node` and `delete-node` do."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from ringtest.cli.calls import NotFound
from ringtest.cli.config import UsageError
from ringtest.cli.jenkins_options import Where
from ringtest.cli.jenkins_site import controller
from ringtest.cli.output import Format, write_many
from ringtest.client.jenkins import agents

_COLUMNS = ("name", "description", "online", "draining", "idle")


def show(where: Where, form: Format) -> None:
    """Every node."""
    with controller(where) as found:
        rows = [asdict(each) for each in agents.agents(found)]
    write_many(rows, _COLUMNS, form)


def create(
    where: Where,
    name: str,
    *,
    labels: Sequence[str],
    executors: int,
    folder: str,
    fresh: bool,
    owner: str,
    secret_file: Path | None,
) -> None:
    """A node; its secret goes into a file that nobody else reads, or to the screen."""
    with controller(where) as found:
        file = _opened(secret_file) if secret_file is not None else None
        made = agents.create_inbound(
            found,
            agents.fresh_name(name) if fresh else name,
            labels=labels,
            executors=executors,
            remote_folder=folder,
            owner=owner,
        )
    secret = made.secret
    if file is not None:
        with file:
            file.write(made.secret + "\n")
        secret = f"@{secret_file}"
    print(
        f"java -jar agent.jar -webSocket -url {made.url} -name {made.name} -secret {secret}"
        f" -workDir {folder}"
    )


def _opened(path: Path) -> TextIO:
    """To write, for its owner alone; before there is a node whose secret would be lost."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.fchmod(handle, 0o600)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    return os.fdopen(handle, "w", encoding="utf-8")


def drain(where: Where, name: str, reason: str) -> None:
    """Returns when no build runs there any more."""
    with controller(where) as found:
        if agents.look(found, name) is None:
            raise NotFound(f"there is no node {name!r}")
        agents.drain(found, name, reason)
    print(f"{name} takes no more builds, and runs none")


def delete(
    where: Where, name: str | None, *, orphans: bool, keep: Sequence[str], owner: str
) -> None:
    """One node, or an owner's that are not to be kept."""
    with controller(where) as found:
        if (name is None) is not orphans:
            raise UsageError("give the name of a node, or --orphans")
        gone = agents.orphans(found, set(keep), owner=owner) if name is None else [name]
        for each in gone:
            agents.delete(found, each)
            print(f"{each} is gone")
