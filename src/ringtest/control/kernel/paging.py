"""List parameters of the wire format: a closed set, parsed into a `ListQuery`."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.query import Node
from ringtest.control.kernel.query_words import parse_query

DEFAULT_LIMIT = 20
MAX_LIMIT = 200
MAX_FILTERS = 100
_ALLOWED = frozenset({
    "limit", "offset", "sort", "where", "query", "embed", "created_after", "updated_after",
    "after", "fields",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What a caller wants of a list. `where` pairs are ANDed; names are checked by db.listing."""

    limit: int = DEFAULT_LIMIT
    offset: int = 0
    sort: tuple[str, ...] = ()
    where: tuple[tuple[str, str], ...] = ()
    created_after: datetime | None = None
    updated_after: datetime | None = None
    after: str | None = None  # opaque cursor of keyset paging
    query: Node | None = None  # the filter language, used when there is no `where`
    fields: tuple[str, ...] = ()  # what to show of each row; empty: everything
    more: Mapping[str, str] = field(default_factory=dict)  # a list's own parameters
    now: datetime | None = field(default=None, repr=False, compare=False)  # of `since:7d`

    @property
    def is_filtered(self) -> bool:
        """Whether an edit of a row may move it in or out of the list."""
        moments = self.created_after or self.updated_after
        return bool(self.where or self.query or moments or self.more)


def refuse_unknown(params: Mapping[str, str], allowed: Iterable[str]) -> None:
    """A parameter that nobody reads is a mistake that nobody would notice: 400."""
    known = sorted(allowed)
    unknown = sorted(name[:80] for name in params if name not in known)
    if unknown:
        raise BadRequest(f"unknown parameter {unknown[0]}", allowed=known, unknown=unknown[:20])


def parse_list_query(
    params: Mapping[str, str],
    *,
    extra: frozenset[str] = frozenset(),
    default: int = DEFAULT_LIMIT,
    now: datetime | None = None,
) -> ListQuery:
    """Read query parameters; anything outside the closed set and `extra` is a 400.

    `default` is the limit of who asks for none, `now` what times like 7d count back from.

    >>> parse_list_query({"limit": "500", "offset": "0", "where": "name:a:b"})
    ListQuery(limit=200, offset=0, sort=(), where=(('name', 'a:b'),), created_after=None, \
updated_after=None, after=None, query=None, fields=(), more={})
    """
    refuse_unknown(params, _ALLOWED | extra)
    if ("offset" in params) and ("limit" not in params):
        raise BadRequest("offset requires limit")
    if ("limit" in params) and ("offset" not in params) and ("after" not in params):
        raise BadRequest("limit requires offset or after")
    if params.get("offset", "0").strip("0") and "after" in params:
        raise BadRequest("after says where to go on: offset must be 0 with it, or left out")
    where = params.get("where", "")
    text = "" if where else params.get("query", "")
    return ListQuery(
        limit=min(_number("limit", params["limit"], least=1), MAX_LIMIT)
        if "limit" in params
        else default,
        offset=_number("offset", params.get("offset", "0"), least=0),
        sort=tuple(part.strip() for part in params.get("sort", "").split(",") if part.strip()),
        where=_parse_where(where),
        created_after=read_moment("created_after", params.get("created_after")),
        updated_after=read_moment("updated_after", params.get("updated_after")),
        after=params.get("after"),
        query=parse_query(text) if text.strip() else None,
        fields=parse_fields(params.get("fields")),
        more={name: params[name] for name in extra if name in params},
        now=now,
    )


def parse_fields(text: str | None) -> tuple[str, ...]:
    """Names in `fields=id,name`, each once; empty when everything is wanted.

    >>> parse_fields("id, name,id")
    ('id', 'name')
    """
    if text is None:
        return ()
    named = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not named or len(named) > MAX_FILTERS:
        raise BadRequest(f"fields: name 1 to {MAX_FILTERS} of them, separated by commas")
    return named


def _number(name: str, text: str, *, least: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 18 or int(text) < least:
        raise BadRequest(f"{name} must be a whole number of at least {least}, not {text[:40]!r}")
    return int(text)


def _parse_where(text: str) -> tuple[tuple[str, str], ...]:
    if not text:
        return ()
    if "\0" in text:
        raise BadRequest("where: nothing holds a NUL character")
    try:
        parts = next(csv.reader([text]))
    except csv.Error:
        raise BadRequest('where: values with line ends go in quotes, "column:value"') from None
    if len(parts) > MAX_FILTERS:
        raise BadRequest(f"where: at most {MAX_FILTERS} filters at once")
    pairs = []
    for part in parts:
        name, colon, value = part.partition(":")
        if not colon:
            raise BadRequest(f"where: expected column:value, got {part[:80]!r}")
        pairs.append((name.strip(), value))
    return tuple(pairs)


def read_moment(name: str, text: str | None) -> datetime | None:
    """A time as naive UTC, written in ISO or as milliseconds since 1970; BadRequest."""
    if text is None:
        return None
    try:
        if text.isascii() and text.isdigit():
            return datetime.fromtimestamp(int(text) / 1000, UTC).replace(tzinfo=None)
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError, OSError):
        raise BadRequest(f"{name}: expected an ISO date or epoch milliseconds") from None
