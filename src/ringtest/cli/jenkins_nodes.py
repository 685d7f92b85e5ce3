"""`ringtest jenkins nodes`, `create-node`, `drain-node`, `delete-node`: commands and options."""

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer

from ringtest.cli import jenkins_options as options
from ringtest.cli.formats import Format, FormatOption
from ringtest.cli.jenkins_options import Where

NameArgument = Annotated[str, typer.Argument(help="Name of the node.")]
OwnerOption = Annotated[str, typer.Option(help="Whose nodes: it is in their descriptions.")]


def add_to(app: typer.Typer) -> None:
    """Give `ringtest jenkins` its verbs of nodes."""
    app.command("nodes")(nodes)
    app.command("create-node")(create_node)
    app.command("drain-node")(drain_node)
    app.command("delete-node")(delete_node)


def _work() -> Any:
    return importlib.import_module("ringtest.cli.jenkins_agents")


def nodes(
    url: options.UrlOption = None,
    user: options.UserOption = None,
    conf: options.ConfOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the controller's nodes: who made them, whether they are online, draining, idle.

    Example: `ringtest jenkins nodes`
    """
    _work().show(Where(url, user, conf), form)


def create_node(
    name: Annotated[
        str, typer.Argument(help="Its name; with --fresh the beginning of a name never used.")
    ],
    label: Annotated[list[str] | None, typer.Option("--label", help="May be repeated.")] = None,
    executors: Annotated[int, typer.Option(min=1, max=1000, help="Builds at once.")] = 1,
    folder: Annotated[str, typer.Option(help="Its folder there.")] = "/var/lib/jenkins",
    fresh: Annotated[bool, typer.Option(help="Add letters that nobody used before.")] = False,
    owner: OwnerOption = "ringtest",
    secret_file: Annotated[
        Path | None, typer.Option(help="Write the secret here, for its owner alone; else shown.")
    ] = None,
    url: options.UrlOption = None,
    user: options.UserOption = None,
    conf: options.ConfOption = None,
) -> None:
    """Make a node that dials in over WebSocket, and say what its machine needs for that.

    A secret belongs to a name for ever: use `--fresh` for machines of others.

    Example: `ringtest jenkins create-node rack-7 --label x86_64 --secret-file rack-7.secret`
    """
    _work().create(
        Where(url, user, conf),
        name,
        labels=label or [],
        executors=executors,
        folder=folder,
        fresh=fresh,
        owner=owner,
        secret_file=secret_file,
    )


def drain_node(
    name: NameArgument,
    reason: Annotated[str, typer.Option(help="Shown in Jenkins.")] = "drained by ringtest",
    url: options.UrlOption = None,
    user: options.UserOption = None,
    conf: options.ConfOption = None,
) -> None:
    """Let a node take no more builds, and wait until its last one has ended.

    Example: `ringtest jenkins drain-node rack-7 --reason 'end of lease'`
    """
    _work().drain(Where(url, user, conf), name, reason)


def delete_node(
    name: Annotated[str | None, typer.Argument(help="Name of the node.")] = None,
    orphans: Annotated[
        bool, typer.Option("--orphans", help="All of the owner's nodes but those of --keep.")
    ] = False,
    keep: Annotated[list[str] | None, typer.Option("--keep", help="May be repeated.")] = None,
    owner: OwnerOption = "ringtest",
    url: options.UrlOption = None,
    user: options.UserOption = None,
    conf: options.ConfOption = None,
) -> None:
    """Delete a node, or all that an owner made and forgot. Fine when it is gone already.

    Example: `ringtest jenkins delete-node rack-7`
    """
    _work().delete(Where(url, user, conf), name, orphans=orphans, keep=keep or [], owner=owner)
