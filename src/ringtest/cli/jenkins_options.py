"""Options that several `ringtest jenkins` commands share. Light: help needs nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

_CONNECTION = "Connection"
_FILES = "Job files"

UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="Address of Jenkins (JENKINS_URL).", rich_help_panel=_CONNECTION),
]
UserOption = Annotated[
    str | None,
    typer.Option(
        "--user",
        help="Name of the user (JENKINS_USER); the token is in JENKINS_TOKEN.",
        rich_help_panel=_CONNECTION,
    ),
]
ConfOption = Annotated[
    Path | None,
    typer.Option(
        "--conf",
        envvar="JJB_CONF",
        help="An ini file of jenkins-jobs; found where jenkins-jobs finds it.",
        rich_help_panel=_CONNECTION,
    ),
]
PathsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH… [NAME…]",
        help="Files and folders joined with ':', then names or patterns of jobs.",
    ),
]
RecursiveOption = Annotated[
    bool, typer.Option("--recursive", "-r", help="Read sub-folders.", rich_help_panel=_FILES)
]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude", "-x", help="Leave out such paths; may be repeated.", rich_help_panel=_FILES
    ),
]
PluginsOption = Annotated[
    Path | None,
    typer.Option(
        "--plugin-info",
        "--plugins-info",
        "-p",
        help="A list of plugins; without it, and `query_plugins_info` in the ini file, the newest.",
        rich_help_panel=_FILES,
    ),
]
MatrixOption = Annotated[
    list[Path] | None,
    typer.Option("--matrix", help="A matrix file; may be repeated.", rich_help_panel=_FILES),
]
SetOption = Annotated[
    str, typer.Option("--set", help="Whose jobs these are: sets do not touch each other's.")
]
DeleteOption = Annotated[
    bool, typer.Option("--delete", help="Delete jobs and views of the set that nobody wants.")
]
DeleteOldOption = Annotated[
    bool,
    typer.Option("--delete-old", help="The same, and those that jenkins-jobs manages."),
]
TakeOverOption = Annotated[bool, typer.Option(help="Also take jobs of other sets.")]
KeepDriftOption = Annotated[bool, typer.Option(help="Leave jobs that were changed by hand.")]
MakeFoldersOption = Annotated[bool, typer.Option(help="Create folders that are missing.")]
VerifyOption = Annotated[
    bool, typer.Option(help="Read every configuration: finds edits that keep the mark.")
]
ExistingOption = Annotated[bool, typer.Option("--existing-only", help="Create nothing.")]
JobsOnlyOption = Annotated[bool, typer.Option("--jobs-only", "-j", help="No views.")]
ViewsOnlyOption = Annotated[bool, typer.Option("--views-only", "-v", help="No jobs.")]
WorkersOption = Annotated[int, typer.Option(min=1, max=64, help="Requests at once.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
AuditOption = Annotated[
    Path | None, typer.Option(help="File of JSON lines, one for each change.", show_default=False)
]

ParameterOption = Annotated[
    list[str] | None,
    typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="May be repeated."),
]
RunPluginsOption = Annotated[
    Path | None,
    typer.Option("--plugins-info", help="A list of plugins.", rich_help_panel=_FILES),
]
HomeOption = Annotated[
    Path, typer.Option(help="Folder of workspaces and builds, as Jenkins has one.")
]
CredentialsOption = Annotated[
    Path | None,
    typer.Option(
        "--credentials-file",
        help="A YAML file that says where the secrets of this lab are, by their ids.",
    ),
]
ManagedOption = Annotated[
    Path | None,
    typer.Option("--managed-files", help="A folder with the files that Jenkins would hand out."),
]
NodeOption = Annotated[
    str | None, typer.Option(help="NODE_NAME of this machine.", show_default="its host name")
]
CellOption = Annotated[
    list[str] | None,
    typer.Option("--cell", metavar="AXIS=VALUE,…", help="Only this cell; may be repeated."),
]
UncoveredOption = Annotated[
    bool,
    typer.Option("--allow-uncovered", help="Leave out what cannot be done here, and tell of it."),
]

SelectOption = Annotated[
    list[str] | None,
    typer.Option("--select", metavar="RULE", help="Only these: names or patterns; repeat."),
]
IgnoreOption = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="RULE", help="Not these: names or patterns; repeat."),
]


class Report(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


class FailOn(StrEnum):
    """How bad a finding must be to be one."""

    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Where:
    """How the controller is found."""

    url: str | None
    user: str | None
    conf: Path | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan is asked for, as the options say it."""

    where: Where
    paths: list[str]
    matrix: list[Path]
    recursive: bool = False
    exclude: Sequence[str] = ()
    plugins: Path | None = None
    jobs_only: bool = False
    views_only: bool = False
    workers: int = 8
    choices: dict[str, Any] | None = None
