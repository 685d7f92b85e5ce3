"""`ringtest rerun`: a recorded run once more, here, and what was different."""

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ringtest.agent.alone.again import only_bad
from ringtest.agent.alone.run import run_alone
from ringtest.agent.attempt import RESULTS, Outcome
from ringtest.agent.capsule import (
    NAME,
    Capsule,
    Difference,
    NoCapsule,
    compare,
    describe_machine,
    differences,
    outcomes,
    read_capsule,
)
from ringtest.agent.components.names import safe_path
from ringtest.agent.definitions.model import Definition
from ringtest.agent.protocol import Component
from ringtest.agent.runners.runner import BAD
from ringtest.cli.calls import ServerOption, UserOption, end, find_connection, problems
from ringtest.cli.config import UsageError
from ringtest.cli.definition_files import cache_folder, result_folder, show
from ringtest.cli.downloads import place_below
from ringtest.cli.exits import EXIT_OF_RESULT, EXIT_OK, EXIT_USAGE
from ringtest.cli.kinds import find_id
from ringtest.cli.output import Format, FormatOption, write_many
from ringtest.client import ApiError, Client

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)

_COLUMNS = ("what", "recorded", "here")


@app.command()
def rerun(
    which: Annotated[
        str, typer.Argument(help="A job, `latest` too, or the folder of `ringtest run`.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder for the result; else runs/NAME.")] = None,
    work: Annotated[
        Path | None,
        typer.Option(help="Where commands start. Else a fresh folder, or here for a run's folder."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only list what is different here; run nothing.")
    ] = False,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only the tests that were bad in the recorded run.")
    ] = False,
    form: FormatOption = Format.TABLE,
    server: ServerOption = None,
    user: UserOption = None,
) -> None:
    """Do a recorded run again with its definition, parameters and components, byte by byte.

    Lists what is different here (machine, agent, commit, components) before, and afterwards
    each test case that did not end as it had.

    With `--failed` each runner takes only the tests that were bad: one without any is left out, one
    that cannot tell its tests does all. Other commands run as they did.

    Exit codes: 0 passed, 10 failed, 11 errored, 12 cancelled, 2 wrong usage.

    Example: `ringtest rerun latest --check`, `ringtest rerun runs/smoke --work . --failed`
    """
    with problems():
        folder = _folder(which, out)
        recorded = folder / "recorded"
        try:
            capsule, placed = _fetch(which, recorded, server, user)
        except NoCapsule as error:
            shutil.rmtree(folder, ignore_errors=True)
            end(f"{error}: only a run with a capsule can be done again", EXIT_USAGE)
        definition = _only_bad(capsule, recorded, folder) if failed else capsule.definition
    place = (work or (Path() if Path(which).is_dir() else folder / "work")).absolute()
    place.mkdir(parents=True, exist_ok=True)
    _list(
        list(differences(capsule, describe_machine(place), placed)),
        form,
        "different here",
        "nothing different here",
    )
    if check:
        shutil.rmtree(folder)
        return
    outcome = asyncio.run(_run(definition, capsule, placed, place, folder))
    _list(
        _changed(recorded, folder / "junit", failed),
        form,
        "did not end as before",
        "every test ended as before",
    )
    print(f"{capsule.name}: {outcome.result}\n{folder / 'report.html'}")
    raise typer.Exit(EXIT_OF_RESULT.get(outcome.result, EXIT_OK))


async def _run(
    definition: Definition, capsule: Capsule, placed: Mapping[str, Path], work: Path, folder: Path
) -> Outcome:
    return await run_alone(
        msgspec.structs.replace(definition, name=capsule.name or folder.name),
        work=work,
        folder=folder,
        cache=cache_folder(),
        show=show,
        components=capsule.components,
        provide=_provider(placed),
    )


def _folder(which: str, out: Path | None) -> Path:
    """Where the result goes."""
    return result_folder(out, f"{Path(which).absolute().name}-again").absolute()


def _changed(recorded: Path, junit: Path, failed: bool) -> list[Difference]:
    """Tests that did not end as they had; with `failed` of those that were to be run."""
    before, after = outcomes(recorded), outcomes(junit)
    if failed:
        before = {name: how for name, how in before.items() if name in after or how in BAD}
    return compare(before, after)


def _only_bad(capsule: Capsule, recorded: Path, folder: Path) -> Definition:
    """The definition for what was bad; ends the program when nothing was."""
    try:
        again = only_bad(capsule.definition, recorded)
    except ValueError as error:
        raise UsageError(str(error)) from None
    for line in again.left_out:
        print(f"left out: {line}")
    if again.is_nothing:
        shutil.rmtree(folder)
        print("no test was bad: there is nothing to do again")
        raise typer.Exit(EXIT_OK)
    print(f"{again.bad} bad in the recorded run")
    return again.definition


def _fetch(
    which: str, recorded: Path, server: str | None, user: str | None
) -> tuple[Capsule, dict[str, Path]]:
    """The capsule and results of a run into `recorded`, its components beside: their files."""
    if Path(which).is_dir():
        junit = Path(which) / "junit"
        capsule = read_capsule(junit / NAME)
        shutil.copytree(junit, recorded)
        if not capsule.components:
            return capsule, {}
    with Client(find_connection(server, user)) as client:
        if not recorded.exists():
            capsule = _download_results(client, which, recorded)
        return capsule, _download_components(client, capsule, recorded.parent / "downloads")


def _download_results(client: Client, which: str, recorded: Path) -> Capsule:
    job_id = find_id(client, "job", which)
    recorded.mkdir(parents=True)
    for file in client.pages(f"/jobs/{job_id}/files", "files"):
        folder, _, name = str(file["name"]).rpartition("/")
        if folder == RESULTS and (name == NAME or name.endswith(".xml")):
            client.download(f"/files/{file['id']}/content", place_below(recorded, name))
    return read_capsule(recorded / NAME)


def _download_components(client: Client, capsule: Capsule, folder: Path) -> dict[str, Path]:
    placed = {}
    for component in capsule.components:
        for file in component.files:
            target = folder / component.id / safe_path(file.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            path = f"/components/{component.id}/files/{file.id}/content"
            try:
                client.download(path, target)
            except ApiError as error:
                if error.status not in (401, 404):
                    raise
                continue  # what is gone is told as a difference
            placed[file.id] = target
    return placed


def _provider(placed: Mapping[str, Path]) -> Any:
    async def provide(component: Component, target: Path, say: Callable[[str], None]) -> list[Path]:
        files = []
        for file in component.files:
            path = target / safe_path(file.name)
            path.parent.mkdir(parents=True, exist_ok=True)
            if file.id in placed:
                shutil.copyfile(placed[file.id], path)
                files.append(path)
        say(f"{component.type}: {len(files)} of {len(component.files)} files")
        return files

    return provide


def _list(found: Sequence[Difference], form: Format, what: str, none: str) -> None:
    if form is Format.TABLE:
        print(f"{len(found)} {what}" if found else none)
    if found or form is not Format.TABLE:
        write_many([msgspec.to_builtins(one) for one in found], _COLUMNS, form)
