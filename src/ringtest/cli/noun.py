"""The commands that every noun has: list, show, create, update, delete, from a declaration."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

import typer

from ringtest.cli.calls import connected
from ringtest.cli.completion import names_here
from ringtest.cli.fields import Field, body
from ringtest.cli.kinds import KINDS, find_id, list_parameters, read_one
from ringtest.cli.output import Format, FormatOption, console, write_many, write_one
from ringtest.client import Client

VERBS = ("list", "show", "create", "update", "delete")

WhichArgument = Annotated[
    str,
    typer.Argument(
        help="Id, or name; `latest` of what has no name.", metavar="ID", autocompletion=names_here
    ),
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option("--where", "-w", help="column:value; may be given several times."),
]
QueryOption = Annotated[
    str | None,
    typer.Option("--query", "-q", help="A filter in words: 'status:failure since:7d'."),
]
SortOption = Annotated[str | None, typer.Option("--sort", help="Columns, -column for descending.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many at most.")]
AllOption = Annotated[bool, typer.Option("--all", help="All of them, however many.")]


@dataclass(frozen=True, slots=True)
class Noun:
    """A resource on the command line. `columns` are dotted paths: the table and the CSV.

    `sample` is one of them by name, in the examples that every command has.
    """

    name: str
    help: str
    columns: tuple[str, ...]
    fields: tuple[Field, ...] = ()
    verbs: tuple[str, ...] = VERBS
    example: str = ""
    sample: str = "latest"


def article(noun: str) -> str:
    """
    >>> article("issue"), article("user"), article("topic")
    ('an', 'a', 'a')
    """
    return "an" if noun[:1] in "aeio" else "a"


def new_app(help_text: str) -> typer.Typer:
    """An empty group of commands."""
    return typer.Typer(
        help=help_text, no_args_is_help=True, rich_markup_mode="markdown", add_completion=False
    )


def noun_app(noun: Noun) -> typer.Typer:
    """The noun's commands; further ones can be added to the result."""
    makers: dict[str, Callable[[Noun], Callable[..., None]]] = {
        "list": _list_command,
        "show": _show_command,
        "create": _create_command,
        "add": _create_command,
        "update": _update_command,
        "edit": _update_command,
        "delete": _delete_command,
    }
    app = new_app(f"{noun.help}\n\n{noun.example}")
    for verb in noun.verbs:
        app.command(verb)(makers[verb](noun))
    return app


def show_list(
    client: Client,
    path: str,
    key: str,
    columns: Sequence[str],
    form: Format,
    *,
    parameters: dict[str, str] | None = None,
    limit: int | None = None,
) -> None:
    """Write a list of the server; None: all of it."""
    size = min(limit or 200, 200)
    items = list(islice(client.pages(path, key, parameters or {}, size=size), limit))
    write_many(items, columns, form)
    if limit and len(items) == limit and form is Format.TABLE and console().is_terminal:
        console().print(f"[dim]The first {limit}; --limit or --all for more.[/dim]")


def _list_command(noun: Noun) -> Callable[..., None]:
    kind = KINDS[noun.name]

    def list_(
        client: Client,
        where: WhereOption = None,
        query: QueryOption = None,
        sort: SortOption = None,
        limit: LimitOption = 20,
        all_: AllOption = False,
        form: FormatOption = Format.TABLE,
    ) -> None:
        parameters = dict(list_parameters(where or [], query=query, sort=sort))
        wanted = None if all_ else limit
        show_list(
            client, kind.path, kind.many, noun.columns, form, parameters=parameters, limit=wanted
        )

    many = kind.many.replace("_", " ")
    list_.__doc__ = f"List {many}.\n\nExample: `ringtest {noun.name} list --limit 5 -f json`"
    return connected(list_)


def _show_command(noun: Noun) -> Callable[..., None]:
    def show(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
        write_one(read_one(client, noun.name, which), form)

    show.__doc__ = (
        f"Show one {noun.name} with all its fields.\n\n"
        f"Example: `ringtest {noun.name} show {noun.sample} -f yaml`"
    )
    return connected(show)


def _create_command(noun: Noun) -> Callable[..., None]:
    kind = KINDS[noun.name]

    def create(client: Client, form: Format, **given: Any) -> None:
        write_one(client.post(kind.path, body(client, noun.fields, given))[kind.one], form)

    create.__doc__ = f"Create {article(noun.name)} {noun.name}.\n\n{noun.example}"
    fields = tuple(field for field in noun.fields if field.creates)
    return connected(_with_fields(create, fields, updating=False))


def _update_command(noun: Noun) -> Callable[..., None]:
    kind = KINDS[noun.name]
    fields = tuple(field for field in noun.fields if field.updates)

    def update(client: Client, which: str, form: Format, **given: Any) -> None:
        item = read_one(client, noun.name, which)
        changes = body(client, fields, given)
        answer = client.put(f"{kind.path}/{item['id']}", changes, etag=item["etag"])
        write_one(answer[kind.one], form)

    verb = "edit" if "edit" in noun.verbs else "update"
    update.__doc__ = (
        f"Change {article(noun.name)} {noun.name}; what is not given stays as it is.\n\n"
        f"Example: `ringtest {noun.name} {verb} {noun.sample} --state inactive`"
    )
    return connected(_with_fields(update, fields, updating=True))


def _delete_command(noun: Noun) -> Callable[..., None]:
    kind = KINDS[noun.name]

    def delete(client: Client, which: WhichArgument) -> None:
        item = client.get(f"{kind.path}/{find_id(client, noun.name, which)}")[kind.one]
        client.delete(f"{kind.path}/{item['id']}", etag=item.get("etag"))

    delete.__doc__ = (
        f"Delete {article(noun.name)} {noun.name}.\n\n"
        f"Example: `ringtest {noun.name} delete {noun.sample}`"
    )
    return connected(delete)


def _with_fields(
    function: Callable[..., None], fields: tuple[Field, ...], *, updating: bool
) -> Callable[..., None]:
    """Give a command with **given the parameters of the fields."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("client", inspect.Parameter.POSITIONAL_ONLY)]
    if updating:
        parameters.append(inspect.Parameter("which", keyword, annotation=WhichArgument))
        fields = (*fields, Field("state", "active or inactive."))
    parameters += [field.parameter(updating=updating) for field in fields]
    parameters.append(
        inspect.Parameter("form", keyword, default=Format.TABLE, annotation=FormatOption)
    )
    function.__dict__["__signature__"] = inspect.Signature(parameters)
    return function
