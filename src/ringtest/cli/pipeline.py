"""`ringtest pipeline`: files of dci-pipeline, checked, planned and run."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ringtest.agent.pipelines.context import Options
from ringtest.agent.pipelines.credentials import CredentialsError
from ringtest.agent.pipelines.missing import missing_files
from ringtest.agent.pipelines.model import stages_of
from ringtest.agent.pipelines.overrides import read_override
from ringtest.agent.pipelines.reading import Pipeline, read_pipeline
from ringtest.agent.pipelines.running import EXIT_SYNTAX, run_pipeline
from ringtest.agent.pipelines.sending import send_rest
from ringtest.cli.calls import end
from ringtest.cli.exits import EXIT_UNREACHABLE, EXIT_USAGE
from ringtest.cli.output import Format, FormatOption, write_many

app = typer.Typer(rich_markup_mode="markdown", add_completion=False, no_args_is_help=True)

_COLUMNS = ("stage", "name", "after", "topic", "components", "playbook", "gives", "needs")
Words = Annotated[
    list[str],
    typer.Argument(help="Pipeline files, and changes such as `install:topic=OCP-4.20`."),
]

DataOption = Annotated[
    Path,
    typer.Option(
        help="Folder of the jobs' files: logs, inputs, outputs, results.",
        envvar=["RINGTEST_PIPELINE_DATA", "DCI_PIPELINE_DATADIR"],
    ),
]
ParallelOption = Annotated[
    int,
    typer.Option(
        min=1, help="Jobs of one stage that run at once.", envvar="RINGTEST_PIPELINE_PARALLEL"
    ),
]
PatienceOption = Annotated[
    float,
    typer.Option(min=0, help="Seconds that a server may be away before and after a job."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Only what ringtest says.")]
FolderArgument = Annotated[Path, typer.Argument(help="The folder of a job.")]


@app.command()
def check(words: Words) -> None:
    """Say what is wrong, with file, line and column; exit code 2 when something is. Files that
    jobs name are looked for too.

    Example: `ringtest pipeline check pipeline.yml`
    """
    pipeline = _read(words)
    pipeline.faults += missing_files(pipeline)
    for warning in pipeline.warnings:
        print(f"{warning} (warning)")
    if not pipeline.faults:
        print(f"nothing is wrong: {len(pipeline.jobs)} jobs")
        return
    print("\n".join(str(fault) for fault in pipeline.faults), file=sys.stderr)
    raise typer.Exit(EXIT_USAGE)


@app.command()
def plan(words: Words, form: FormatOption = Format.TABLE) -> None:
    """What would run, stage by stage: components, playbooks, what goes from job to job.

    Example: `ringtest pipeline plan pipeline.yml install:components=ocp=4.19.3,`
    """
    pipeline = _read(words)
    if pipeline.faults:
        print("\n".join(str(fault) for fault in pipeline.faults), file=sys.stderr)
        raise typer.Exit(EXIT_USAGE)
    write_many(_rows(pipeline), _COLUMNS, form)


@app.command()
def run(
    words: Words,
    data: DataOption = Path("ringtest-pipelines"),
    parallel: ParallelOption = 1,
    patience: PatienceOption = 600.0,
    quiet: QuietOption = False,
) -> None:
    """Run the jobs stage by stage, and tell their servers what dci-pipeline tells.

    Keys of labs are those of DCI: `dci_credentials.yml` beside the playbook, the file that
    `dci_credentials` names, or DCI_CLIENT_ID, DCI_API_SECRET and DCI_CS_URL. Exit codes too: 1
    after a failure, 2 an error, 3 a file that is wrong, 4 no data folder, 128 and the signal.

    Example: `ringtest pipeline run pipeline.yml @pipeline:name=nightly install:topic=OCP-4.20`
    """
    pipeline = _read(words, EXIT_SYNTAX)
    for warning in [*pipeline.warnings, *missing_files(pipeline)]:
        print(f"{warning} (warning)", file=sys.stderr)
    if pipeline.faults:
        print("\n".join(str(fault) for fault in pipeline.faults), file=sys.stderr)
        raise typer.Exit(EXIT_SYNTAX)
    options = Options(
        data=data.absolute(),
        environment=os.environ,
        parallel=parallel,
        patience=patience,
        verbosity=_verbosity(),
        say=_say,
        show=_ignore if quiet or parallel > 1 else _show,
    )
    name = Path(pipeline.jobs[0].place.file).stem
    code = asyncio.run(run_pipeline(pipeline, name.removesuffix("-pipeline"), options))
    raise typer.Exit(code)


@app.command()
def send(folder: FolderArgument, patience: PatienceOption = 600.0) -> None:
    """Deliver what a job could not tell while its server was away; a job whose run was killed is
    ended as such.

    Example:
    `ringtest pipeline send ringtest-pipelines/install/5b0f0e4f-4f3c-4d4e-a8d6-4ff0a9b80d5f`
    """
    try:
        left = asyncio.run(send_rest(folder, os.environ, patience=patience, say=_say))
    except (CredentialsError, OSError, ValueError) as error:
        end(str(error), EXIT_USAGE)
    if left:
        end(f"{left} things are still to be told", EXIT_UNREACHABLE)


def _say(text: str) -> None:
    print(f"[ringtest] {text}", flush=True)


def _show(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _ignore(data: bytes) -> None:
    """Several jobs at once would be mixed; each has its log."""


def _verbosity() -> int:
    level = os.environ.get("DCI_PIPELINE_VERBOSE_LEVEL", "")
    return int(level) if level.isdigit() else 2


def _read(words: list[str], code: int = EXIT_USAGE) -> Pipeline:
    overrides = [found for word in words if (found := read_override(word))]
    files = [Path(word) for word in words if read_override(word) is None]
    try:
        texts = [(file, file.read_text(encoding="utf-8")) for file in files]
        return read_pipeline(texts, overrides)
    except OSError as error:
        print(f"{error.filename} cannot be read: {error.strerror}", file=sys.stderr)
        raise typer.Exit(code) from None
    except ValueError as error:
        print(f"ringtest pipeline: {error}", file=sys.stderr)
        raise typer.Exit(code) from None


def _rows(pipeline: Pipeline) -> list[dict[str, Any]]:
    return [
        {
            "stage": stage,
            "name": job.name,
            "after": list(job.previous),
            "topic": job.values.get("topic") or ("previous" if job.previous else ""),
            "components": [one if isinstance(one, str) else one["type"] for one in job.components],
            "playbook": str(job.path("ansible_playbook") or f"hooks of {job.values['hooks']}"),
            "gives": list(job.values.get("outputs") or {}),
            "needs": list(job.values.get("inputs") or {}),
        }
        for stage, jobs in stages_of(pipeline.jobs)
        for job in jobs
    ]
