"""`ringtest jenkins`: jobs as code. The commands and their options; what they do is loaded late.

Help must be there at once: the modules with the engine and the client are imported by the
command that needs them.
"""

import importlib
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ringtest.cli import jenkins_nodes
from ringtest.cli import jenkins_options as options
from ringtest.cli.formats import Format, FormatOption
from ringtest.cli.jenkins_options import Asked, Where

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)


def work(module: str) -> Any:
    """The module that does it."""
    return importlib.import_module(f"ringtest.cli.jenkins_{module}")


DiffOption = Annotated[bool, typer.Option("--diff", help="Show whole differences.")]


NameOption = Annotated[
    list[str] | None, typer.Option("--name", help="Name or pattern; may be repeated.")
]
IniOption = Annotated[
    Path | None, typer.Option("--conf", envvar="JJB_CONF", help="An ini file of jenkins-jobs.")
]


@app.command()
def test(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH… [NAME…]",
            help="Files and folders joined with ':', then names or patterns of jobs. "
            "[default: standard input]",
        ),
    ] = None,
    recursive: options.RecursiveOption = False,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", "-x", help="Leave out such paths; may be repeated."),
    ] = None,
    plugins: Annotated[
        Path | None,
        typer.Option("--plugin-info", "--plugins-info", "-p", help="A file with a plugin list."),
    ] = None,
    config_xml: Annotated[
        bool, typer.Option("--config-xml", help="Write NAME/config.xml instead of NAME.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A folder; else the screen.")
    ] = None,
    name: NameOption = None,
    conf: IniOption = None,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty-variables", help="Undefined variables are empty.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict-includes", help="Includes may not leave the repository.")
    ] = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither use nor keep what runs found before.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Tell of errors alone.")] = False,
) -> None:
    """Render job files to XML, with the options and the files of `jenkins-jobs test`.

    Exit codes: 0, 1 errors in the files (what has none is written), 2 wrong usage.

    Example: `ringtest jenkins test jobs -o out`
    """
    testing = work("testing")
    asked = testing.Asked(
        words=paths or [],
        names=name or [],
        recursive=recursive,
        exclude=exclude or [],
        plugins=plugins,
        config_xml=config_xml,
        output=output,
        conf=conf,
        allow_empty=allow_empty,
        strict=strict,
        cache=not no_cache,
        quiet=quiet,
    )
    raise typer.Exit(testing.test(asked))


@app.command()
def check(
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH…", help="Files and folders. [default: standard input]"),
    ] = None,
    matrix: options.MatrixOption = None,
    recursive: options.RecursiveOption = False,
    exclude: options.ExcludeOption = None,
    plugins: Annotated[
        Path | None,
        typer.Option(
            "--plugin-info",
            "--plugins-info",
            "-p",
            help="Plugins of the controller: what needs another one is told.",
        ),
    ] = None,
    select: options.SelectOption = None,
    ignore: options.IgnoreOption = None,
    baseline: Annotated[
        Path | None, typer.Option(help="Findings in this file are known, and not told.")
    ] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Write all findings to that file.")
    ] = False,
    fail_on: Annotated[
        options.FailOn, typer.Option(help="How bad a finding must be for exit code 1.")
    ] = options.FailOn.WARNING,
    form: Annotated[
        options.Report, typer.Option("--format", "-f", help="How to write the findings.")
    ] = options.Report.TEXT,
    rules: Annotated[bool, typer.Option("--rules", help="List all rules, and end.")] = False,
    conf: options.ConfOption = None,
) -> None:
    """Find what is wrong, dead, unknown, missing or unsafe in job files, without a controller.

    Exit codes: 0 nothing is found (or all of it is known), 1 something is, 2 wrong usage.

    Example: `ringtest jenkins check jobs --baseline known.json`
    """
    testing, checking = work("testing"), work("checking")
    files = testing.Asked(
        words=paths or [],
        recursive=recursive,
        exclude=exclude or [],
        plugins=plugins,
        conf=conf,
    )
    asked = checking.Asked(
        files=files,
        matrix=matrix or [],
        select=select or [],
        ignore=ignore or [],
        baseline=baseline,
        write_baseline=write_baseline,
        fail_on=fail_on,
        form=form,
        rules=rules,
    )
    raise typer.Exit(checking.check(asked))


@app.command()
def plan(
    paths: options.PathsArgument = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the plan here.")] = None,
    matrix: options.MatrixOption = None,
    recursive: options.RecursiveOption = False,
    exclude: options.ExcludeOption = None,
    plugins: options.PluginsOption = None,
    set_name: options.SetOption = "default",
    delete: options.DeleteOption = False,
    delete_old: options.DeleteOldOption = False,
    take_over: options.TakeOverOption = False,
    keep_drift: options.KeepDriftOption = False,
    make_folders: options.MakeFoldersOption = False,
    verify: options.VerifyOption = False,
    existing_only: options.ExistingOption = False,
    jobs_only: options.JobsOnlyOption = False,
    views_only: options.ViewsOnlyOption = False,
    workers: options.WorkersOption = 8,
    diff: DiffOption = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 20 when there is something to write.")
    ] = False,
    native: Annotated[
        bool, typer.Option("--native", help="Ask no Jenkins: what could `run` do of each job?")
    ] = False,
    url: options.UrlOption = None,
    user: options.UserOption = None,
    conf: options.ConfOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show what `apply` would write: create, update, delete, unchanged, and why.

    Only lists are read, and the configuration of what is not as it should be. A plan's file in
    place of job files is shown. Exit codes: 0, 1 errors in the files or refused, 20 with
    `--exit-code`.

    Example: `ringtest jenkins plan jobs --out plan.json`
    """
    if native:
        files = work("testing").Asked(
            paths or [], recursive=recursive, exclude=exclude or [], plugins=plugins, conf=conf
        )
        done = work("native").plan(files, matrix or [], form, exit_code=exit_code)
        raise typer.Exit(done)
    asked = _asked(locals())
    work("planning").plan(asked, out=out, form=form, diff=diff, exit_code=exit_code)


@app.command()
def apply(
    paths: options.PathsArgument = None,
    matrix: options.MatrixOption = None,
    recursive: options.RecursiveOption = False,
    exclude: options.ExcludeOption = None,
    plugins: options.PluginsOption = None,
    set_name: options.SetOption = "default",
    delete: options.DeleteOption = False,
    delete_old: options.DeleteOldOption = False,
    take_over: options.TakeOverOption = False,
    keep_drift: options.KeepDriftOption = False,
    make_folders: options.MakeFoldersOption = False,
    verify: options.VerifyOption = False,
    existing_only: options.ExistingOption = False,
    jobs_only: options.JobsOnlyOption = False,
    views_only: options.ViewsOnlyOption = False,
    workers: options.WorkersOption = 8,
    diff: DiffOption = False,
    yes: options.YesOption = False,
    audit: options.AuditOption = None,
    url: options.UrlOption = None,
    user: options.UserOption = None,
    conf: options.ConfOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Do what a plan's file says, or plan and do it. Run it again after it was cut short.

    A plan's file is refused when what is live has changed since; with job files behind it also
    when these have. Exit codes: 0 all is done, 1 some failed or were blocked, 21 refused.

    Example: `ringtest jenkins apply plan.json --yes`
    """
    work("planning").apply_words(_asked(locals()), yes=yes, audit=audit, form=form, diff=diff)


@app.command()
def update(
    paths: options.PathsArgument = None,
    matrix: options.MatrixOption = None,
    recursive: options.RecursiveOption = False,
    exclude: options.ExcludeOption = None,
    plugins: options.PluginsOption = None,
    set_name: options.SetOption = "default",
    delete_old: options.DeleteOldOption = False,
    existing_only: options.ExistingOption = False,
    jobs_only: options.JobsOnlyOption = False,
    views_only: options.ViewsOnlyOption = False,
    workers: options.WorkersOption = 8,
    audit: options.AuditOption = None,
    url: options.UrlOption = None,
    user: options.UserOption = None,
    conf: options.ConfOption = None,
) -> None:
    """Plan and apply without asking, with the options of `jenkins-jobs update`.

    Example: `ringtest jenkins update --delete-old jobs`
    """
    asked = _asked(locals())
    work("planning").apply_words(asked, yes=True, audit=audit, form=Format.TABLE, diff=False)


@app.command()
def delete(
    names: Annotated[list[str], typer.Argument(help="Names or patterns of jobs and views.")],
    unmanaged: Annotated[bool, typer.Option(help="Also what nobody manages.")] = False,
    yes: options.YesOption = False,
    audit: options.AuditOption = None,
    workers: options.WorkersOption = 8,
    url: options.UrlOption = None,
    user: options.UserOption = None,
    conf: options.ConfOption = None,
) -> None:
    """Delete jobs and views by name, in any folder.

    Example: `ringtest jenkins delete 'greeter-old-*' --yes`
    """
    where = Where(url, user, conf)
    work("planning").delete(
        where, names, unmanaged=unmanaged, yes=yes, audit=audit, workers=workers
    )


@app.command("list")
def list_items(
    names: Annotated[list[str] | None, typer.Argument(help="Names or patterns.")] = None,
    url: options.UrlOption = None,
    user: options.UserOption = None,
    conf: options.ConfOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List jobs, folders and views of a controller, and who manages them.

    Example: `ringtest jenkins list 'greeter-*'`
    """
    work("looking").list_items(Where(url, user, conf), names or [], form)


@app.command("get-plugins-info")
def get_plugins_info(
    target: Annotated[
        Path, typer.Option("--output-file", "-o", help="The file to write; - is the screen.")
    ] = Path("plugins_info.yaml"),
    url: options.UrlOption = None,
    user: options.UserOption = None,
    conf: options.ConfOption = None,
) -> None:
    """Write the controller's plugins to a file that `-p` reads.

    Example: `ringtest jenkins get-plugins-info -o plugins_info.yaml`
    """
    work("looking").plugins_info(Where(url, user, conf), target)


@app.command()
def trigger(
    job: Annotated[str, typer.Argument(help="Name with its folders.")],
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Repeat.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show the log to its end.")
    ] = False,
    correlation: Annotated[
        str | None,
        typer.Option("--id", help="Start one build for this id, however often it is asked."),
    ] = None,
    url: options.UrlOption = None,
    user: options.UserOption = None,
    conf: options.ConfOption = None,
) -> None:
    """Start a build, once: a job with a parameter RINGTEST_ID is found again after a lost answer.

    Exit codes with `--follow`: 0 success, 10 failed or unstable, 11 not built, 12 aborted.

    Example: `ringtest jenkins trigger greeter-smoke -p COLOUR=blue --follow`
    """
    where = Where(url, user, conf)
    work("looking").trigger(where, job, parameter or [], follow=follow, correlation=correlation)


@app.command()
def explain(
    job: Annotated[str, typer.Argument(help="Name of a cell or a job of it, or a pattern.")],
    matrix: Annotated[list[Path], typer.Option("--matrix", help="A matrix file; may be repeated.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Show every value of a matrix file's job, and the rule that set it, by file and line.

    Example: `ringtest jenkins explain greeter-RHEL-9.5-x86_64-smoke --matrix jobs.yaml`
    """
    work("looking").explain(job, matrix, form)


@app.command()
def run(
    job: Annotated[str, typer.Argument(help="Name with its folders.")],
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Files and folders.")],
    parameter: options.ParameterOption = None,
    matrix: options.MatrixOption = None,
    recursive: options.RecursiveOption = False,
    exclude: options.ExcludeOption = None,
    plugins: options.RunPluginsOption = None,
    conf: options.ConfOption = None,
    home: options.HomeOption = Path("runs"),
    credentials: options.CredentialsOption = None,
    managed: options.ManagedOption = None,
    node: options.NodeOption = None,
    cell: options.CellOption = None,
    allow_uncovered: options.UncoveredOption = False,
) -> None:
    """Run a freestyle or matrix job here, without Jenkins, and write a folder with its report.

    What cannot be done without Jenkins is told, and nothing is run: see `plan --native`.

    Exit codes: 0 success, 10 unstable or failed, 11 nothing could be checked out or prepared,
    12 aborted, 2 wrong usage or not covered, 3 no such job.

    Example: `ringtest jenkins run greeter-smoke jobs -p COLOUR=blue`
    """
    given = locals()
    files = work("testing").Asked(
        [os.pathsep.join(paths)],
        recursive=recursive,
        exclude=exclude or [],
        plugins=plugins,
        conf=conf,
    )
    native = work("native")
    names = ("job", "home", "credentials", "managed", "node", "allow_uncovered")
    asked = native.Asked(
        files=files,
        matrix=matrix or [],
        parameters=parameter or [],
        cells=cell or [],
        **{name: given[name] for name in names},
    )
    raise typer.Exit(native.run(asked))


jenkins_nodes.add_to(app)

_CHOICES = {
    "set_name": "set_name",
    "delete": "delete",
    "delete_old": "delete_builders",
    "take_over": "take_over",
    "keep_drift": "keep_drift",
    "make_folders": "make_folders",
    "verify": "verify",
    "existing_only": "existing_only",
}


def _asked(given: dict[str, Any]) -> Asked:
    """What the options of a command say."""
    choices = {name: given[option] for option, name in _CHOICES.items() if option in given}
    choices["delete"] = bool(given.get("delete") or given.get("delete_old"))
    return Asked(
        where=Where(given["url"], given["user"], given["conf"]),
        paths=given["paths"] or [],
        matrix=given["matrix"] or [],
        recursive=given["recursive"],
        exclude=given["exclude"] or (),
        plugins=given["plugins"],
        jobs_only=given["jobs_only"],
        views_only=given["views_only"],
        workers=given["workers"],
        choices=choices,
    )
