"""Reading requests: query strings the one way that signatures cover, etags, lists."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request

from ringtest.control.kernel.errors import PreconditionFailed
from ringtest.control.kernel.paging import DEFAULT_LIMIT, ListQuery, parse_fields, parse_list_query


def headers(scope: Mapping[str, Any]) -> dict[str, str]:
    """By their names in lower case; of a repeated one the first counts, as for the framework,
    whose own headers cost three times as much."""
    return {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in reversed(scope["headers"])
    }


def header(request: Request[Any, Any, Any], name: bytes) -> str | None:
    """One of them alone."""
    for key, value in request.scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return None


_SHORT = 200
"""Bytes of a query string that is worth being remembered."""


def query_pairs(request: Request[Any, Any, Any]) -> Sequence[tuple[str, str]]:
    """Every `key=value` of the query string in order, decoded, empty values kept."""
    raw: bytes = request.scope["query_string"]
    return _pairs_of(raw) if len(raw) <= _SHORT else _pairs(raw)


def _pairs(raw: bytes) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(raw.decode("latin-1"), keep_blank_values=True))


_pairs_of = lru_cache(maxsize=2000)(_pairs)  # clients ask the same again and again


def parameters(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Query parameters by name. Of a repeated key the last value counts.

    A signature covers the last value alone: taking the first one would let whoever
    caught a signed request change what it asks for.
    """
    return dict(query_pairs(request))


def list_query(
    request: Request[Any, Any, Any],
    *,
    extra: frozenset[str] = frozenset(),
    default: int = DEFAULT_LIMIT,
    now: datetime | None = None,
) -> ListQuery:
    """The list parameters of the request; anything else is a 400."""
    return parse_list_query(parameters(request), extra=extra, default=default, now=now)


def fields(request: Request[Any, Any, Any]) -> tuple[str, ...]:
    """What to show of a single resource: `fields=id,name`; empty: everything."""
    return parse_fields(parameters(request).get("fields"))


def if_match(request: Request[Any, Any, Any]) -> str:
    """The etag the caller last saw; 412 when it does not say."""
    etag: str | None = request.headers.get("if-match")
    if etag is None:
        raise PreconditionFailed("the header If-match is required")
    return etag.strip().strip('"')
