"""`ringtest file`."""

from pathlib import Path
from typing import Annotated

import typer

from ringtest.cli.calls import connected
from ringtest.cli.config import UsageError
from ringtest.cli.downloads import fetch, progress_bar
from ringtest.cli.kinds import find_id
from ringtest.cli.output import Format, FormatOption, write_many
from ringtest.client import Client
from ringtest.client.files import LocalFile
from ringtest.client.uploads import upload_resumable

COLUMNS = ("id", "name", "size", "sha256", "mime")

app = typer.Typer(no_args_is_help=True, help="Files of jobs and components, however large.")


@app.callback()
def _files() -> None:
    """Keeps `upload` a subcommand of its own."""


@app.command()
@connected
def upload(
    client: Client,
    files: Annotated[list[Path], typer.Argument(help="Files to upload.", exists=True)],
    job: Annotated[str | None, typer.Option("--job", help="Job they are of.")] = None,
    component: Annotated[
        str | None, typer.Option("--component", help="Component they are of.")
    ] = None,
    mime: Annotated[str, typer.Option("--mime", help="Their type.")] = "application/octet-stream",
    form: FormatOption = Format.TABLE,
) -> None:
    """Upload files piece by piece. What was cut goes on when the same command runs again.

    Example: `ringtest file upload console.log --job latest --mime text/plain`
    """
    if (job is None) == (component is None):
        raise UsageError("say either --job or --component")
    if job is not None:
        place, path, key = {"job_id": find_id(client, "job", job)}, "/files", "file"
    else:
        found = find_id(client, "component", component or "")
        place, key = {"component_id": found}, "component_file"
        path = f"/components/{found}/files"
    stored = []
    for file in files:
        metadata = {"filename": file.name, "filetype": mime, **place}
        file_id = _with_progress(client, LocalFile.measure(file), metadata)
        stored.append(client.get(f"{path}/{file_id}")[key])
    write_many(stored, COLUMNS, form)


@app.command()
@connected
def download(
    client: Client,
    which: Annotated[list[str], typer.Argument(help="Ids of files.", metavar="ID…")],
    to: Annotated[Path, typer.Option("--to", help="Folder to write to.")] = Path(),
    component: Annotated[
        str | None, typer.Option("--component", help="Component they are of; else of jobs.")
    ] = None,
) -> None:
    """Download files. What was cut goes on when the same command runs again.

    Example: `ringtest file download ID --to files`
    """
    path, key = "/files", "file"
    if component is not None:
        path = f"/components/{find_id(client, 'component', component)}/files"
        key = "component_file"
    for one in which:
        print(fetch(client, path, client.get(f"{path}/{one}")[key], to))


def _with_progress(client: Client, file: LocalFile, metadata: dict[str, str]) -> str:
    with progress_bar() as shown:
        task = shown.add_task(file.path.name, total=file.size)

        def tell(done: int, size: int) -> None:
            shown.update(task, completed=done, total=size)

        return upload_resumable(client, file, metadata, progress=tell)
