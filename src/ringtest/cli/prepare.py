"""`ringtest prepare`: the environment of a definition, without running anything in it."""

import asyncio
import importlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ringtest.agent.control import StageFailed
from ringtest.agent.definitions.model import Definition, Stages
from ringtest.agent.environment import variable_part
from ringtest.agent.parameters import VARIABLE
from ringtest.agent.preparation.planning import Planned, plan_of
from ringtest.agent.preparation.preparing import Memory, all_back, memory_path
from ringtest.agent.preparation.registry import KEYS, make_handlers
from ringtest.agent.preparation.wishes import resolve
from ringtest.cli.definition_files import cache_folder, merge_parameters, read_file, refuse, show
from ringtest.cli.exits import EXIT_OF_RESULT, EXIT_OK
from ringtest.cli.output import Format, FormatOption, write_many

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)

_PLAN = ("number", "step", "key", "why")
_OF_THE_RUN = ("framework",)
"""What goes into a virtual environment that each run has for itself."""


@app.command()
def prepare(
    file: Annotated[Path, typer.Argument(help="The definition.", exists=False)] = Path(
        "ringtest.yaml"
    ),
    parameter: Annotated[
        list[str] | None, typer.Option("-p", "--parameter", help="name=value; may be repeated.")
    ] = None,
    parameters: Annotated[
        Path | None, typer.Option(help="A YAML file of parameters.", exists=True)
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="Where commands start. Else the definition's folder.")
    ] = None,
    show_plan: Annotated[
        bool, typer.Option("--plan", help="Only say what would be done, and why.")
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take back what is on record, in the opposite order.")
    ] = False,
    forget: Annotated[
        list[str] | None,
        typer.Option(help="A key that is done again, whatever is on record; `all` for each."),
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Bring the environment of a definition about: only what has changed since the last time.

    What was done in a work folder is on record for this account; runs go on from the same
    record. With isolation `venv` packages of pip are the run's: they are left to it.

    Exit codes: 0 it is prepared, 11 a step failed, 12 cancelled, 2 wrong usage or definition.

    Example: `ringtest prepare smoke.yaml --plan`
    """
    definition = read_file(file)
    merged = merge_parameters(definition, parameter or [], parameters)
    values = {name: one.value for name, one in merged.items()}
    folder = (work or file.parent).absolute()
    memory = Memory(memory_path(cache_folder(), folder))
    _forget(memory, forget or [], keep=not show_plan)
    wanted = _taken_back(definition, memory) if undo else _own(definition)
    steps = _plan(memory, wanted, values, folder)
    if show_plan:
        write_many([msgspec.to_builtins(one) for one in steps], _PLAN, form)
    elif steps:
        ready = msgspec.structs.replace(
            definition, parameters=values, environment=wanted, name=definition.name or file.stem
        )
        raise typer.Exit(_bring_about(ready, folder))
    else:
        print("environment: nothing has changed")


def _forget(memory: Memory, keys: list[str], *, keep: bool) -> None:
    for key in keys:
        if key != "all" and key not in KEYS:
            refuse(f"there is no key {key}; there are {', '.join(KEYS)} and all")
        for known in list(memory.values) if key == "all" else [key]:
            memory.known.pop(known, None)
    if keys and keep:
        memory.keep()


def _own(definition: Definition) -> dict[str, Any]:
    """What can be prepared ahead of a run."""
    wanted = dict(definition.environment)
    if definition.isolated.kind != "venv":
        return wanted
    packages = wanted.get("packages")
    if isinstance(packages, Mapping):
        wanted["packages"] = {kind: one for kind, one in packages.items() if kind != "pip"}
    return {key: value for key, value in wanted.items() if key not in _OF_THE_RUN}


def _taken_back(definition: Definition, memory: Memory) -> dict[str, Any]:
    root = definition.environment.get("root")
    return {**({"root": root} if root else {}), **all_back(memory)}


def _plan(
    memory: Memory, wanted: Mapping[str, Any], values: Mapping[str, Any], work: Path
) -> list[Planned]:
    names = {f"{VARIABLE}{variable_part(name)}": str(one) for name, one in values.items()}
    variables = {**os.environ, **names, "RINGTEST_WORK": str(work)}
    try:
        return plan_of(make_handlers(), memory, resolve(wanted, variables, work))
    except (StageFailed, ValueError) as error:
        refuse(str(error))


def _bring_about(definition: Definition, work: Path) -> int:
    """The `prepare` of a run that has nothing else."""
    # When nothing has changed, what runs commands is not even loaded: that is most of the time.
    run_alone = importlib.import_module("ringtest.agent.alone.run").run_alone
    alone = msgspec.structs.replace(definition, stages=Stages(), artifacts=[], isolation="none")
    with tempfile.TemporaryDirectory(prefix="ringtest-prepare-") as folder:
        outcome = asyncio.run(
            run_alone(alone, work=work, folder=Path(folder), cache=cache_folder(), show=show)
        )
    return EXIT_OF_RESULT.get(outcome.result, EXIT_OK)
