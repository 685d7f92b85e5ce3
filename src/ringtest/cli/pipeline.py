"""`ringtest pipeline`: files of dci-pipeline, checked and planned before anything runs."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ringtest.agent.pipelines.model import stages_of
from ringtest.agent.pipelines.overrides import read_override
from ringtest.agent.pipelines.reading import Pipeline, read_pipeline
from ringtest.cli.exits import EXIT_USAGE
from ringtest.cli.output import Format, FormatOption, write_many

app = typer.Typer(rich_markup_mode="markdown", add_completion=False, no_args_is_help=True)

_COLUMNS = ("stage", "name", "after", "topic", "components", "playbook", "gives", "needs")
Words = Annotated[
    list[str],
    typer.Argument(help="Pipeline files, and changes such as `install:topic=OCP-4.20`."),
]


@app.command()
def check(words: Words) -> None:
    """Say what is wrong, with file, line and column; exit code 2 when something is.

    Example: `ringtest pipeline check pipeline.yml`
    """
    pipeline = _read(words)
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


def _read(words: list[str]) -> Pipeline:
    overrides = [found for word in words if (found := read_override(word))]
    files = [Path(word) for word in words if read_override(word) is None]
    try:
        texts = [(file, file.read_text(encoding="utf-8")) for file in files]
        return read_pipeline(texts, overrides)
    except (OSError, ValueError) as error:
        print(f"ringtest pipeline: {error}", file=sys.stderr)
        raise typer.Exit(EXIT_USAGE) from None


def _rows(pipeline: Pipeline) -> list[dict[str, Any]]:
    return [
        {
            "stage": stage,
            "name": job.name,
            "after": list(job.previous),
            "topic": job.values.get("topic") or ("previous" if job.previous else ""),
            "components": [one if isinstance(one, str) else one["type"] for one in job.components],
            "playbook": str(job.path("ansible_playbook")),
            "gives": list(job.values.get("outputs") or {}),
            "needs": list(job.values.get("inputs") or {}),
        }
        for stage, jobs in stages_of(pipeline.jobs)
        for job in jobs
    ]
