"""`ringtest run`: a definition file, here and without any server."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ringtest.agent.alone.report import Run, describe
from ringtest.agent.alone.run import run_alone
from ringtest.agent.definitions.isolated import Hold
from ringtest.agent.definitions.model import Definition, schema
from ringtest.agent.definitions.plan import plan
from ringtest.agent.parameters import Value
from ringtest.agent.runners.registry import OPTIONS, RUNNERS
from ringtest.cli.definition_files import (
    cache_folder,
    merge_parameters,
    read_file,
    result_folder,
    show,
)
from ringtest.cli.exits import EXIT_OF_RESULT, EXIT_OK
from ringtest.cli.held_runs import release_run, tell_held
from ringtest.cli.output import Format, FormatOption, write_many

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)

_PLAN = ("stage", "number", "title", "runs", "why", "timeout_seconds", "tries", "does")
_RUNNERS = ("name", "summary", "options")
_PARAMETERS = ("name", "value", "source", "hidden")


@app.command()
def run(
    file: Annotated[Path, typer.Argument(help="The definition.", exists=False)] = Path(
        "ringtest.yaml"
    ),
    parameter: Annotated[
        list[str] | None, typer.Option("-p", "--parameter", help="name=value; may be repeated.")
    ] = None,
    parameters: Annotated[
        Path | None, typer.Option(help="A YAML file of parameters.", exists=True)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the result. Else runs/NAME-TIME.")
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="Where commands start. Else the definition's folder.")
    ] = None,
    hold: Annotated[
        bool, typer.Option("--hold", help="Keep what it leaves, and say how to get in.")
    ] = False,
    release: Annotated[
        Path | None, typer.Option(help="Only let go what the run of this folder kept.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say what is wrong with it.")] = False,
    show_plan: Annotated[bool, typer.Option("--plan", help="Only say what would be done.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Only say where each parameter comes from.")
    ] = False,
    runners: Annotated[bool, typer.Option("--runners", help="List the runners.")] = False,
    show_schema: Annotated[
        bool, typer.Option("--schema", help="JSON Schema of definitions, for editors.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Run a definition from provision to teardown, and write a folder: JUnit, HTML, JSON, log.

    Parameters, from the weakest to the strongest: those of the definition, `-p`, the file
    of `--parameters`, variables such as `RINGTEST_PARAMETER_ARCH`.

    Exit codes: 0 passed, 10 failed, 11 errored, 12 cancelled, 2 wrong usage or definition.

    Example: `ringtest run smoke.yaml -p arch=x86_64 --plan`
    """
    if runners:
        return write_many(_runner_rows(), _RUNNERS, form)
    if show_schema:
        return print(json.dumps(schema(OPTIONS), indent=2))
    if release:
        raise typer.Exit(release_run(release))
    definition = read_file(file, runners=OPTIONS)
    merged = merge_parameters(definition, parameter or [], parameters)
    if check:
        print(f"{file}: nothing is wrong")
    elif explain:
        write_many(_explained(merged), _PARAMETERS, form)
    elif show_plan:
        write_many(msgspec.to_builtins(plan(definition, _values(merged))), _PLAN, form)
    else:
        ready = _ready(definition, merged, hold)
        raise typer.Exit(_run(ready, file, out, work))
    return None


def _ready(definition: Definition, merged: Mapping[str, Value], hold: bool) -> Definition:
    kept = Hold("always") if hold else definition.hold
    return msgspec.structs.replace(definition, parameters=_values(merged), hold=kept)


def _values(merged: Mapping[str, Value]) -> dict[str, Any]:
    return {name: one.value for name, one in merged.items()}


def _explained(merged: Mapping[str, Value]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "value": one.value,
            "source": one.source,
            "hidden": [f"{source}: {value}" for source, value in one.hidden],
        }
        for name, one in sorted(merged.items())
    ]


def _runner_rows() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "summary": kind.summary,
            "options": [field.encode_name for field in msgspec.structs.fields(kind.options)],
        }
        for name, kind in RUNNERS.items()
    ]


def _run(definition: Definition, file: Path, out: Path | None, work: Path | None) -> int:
    name = definition.name or file.stem
    folder = result_folder(out, name)
    outcome = asyncio.run(
        run_alone(
            msgspec.structs.replace(definition, name=name),
            work=(work or file.parent).absolute(),
            folder=folder.absolute(),
            cache=cache_folder(),
            show=show,
        )
    )
    _summarise(describe(folder), folder)
    tell_held(folder)
    return EXIT_OF_RESULT.get(outcome.result, EXIT_OK)


def _summarise(run: Run, folder: Path) -> None:
    for suite in run.suites:
        counts = ", ".join(f"{number} {word}" for word, number in sorted(suite.counts.items()))
        print(f"{suite.name}: {counts or 'no test was told of'}")
        for case in suite.bad:
            first = case.message.partition("\n")[0]
            print(f"  {case.outcome}: {case.test}: {first}")
    reason = f": {run.reason}" if run.reason else ""
    print(f"{run.name}: {run.result}{reason}\n{folder / 'report.html'}")
