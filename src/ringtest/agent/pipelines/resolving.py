"""From the words of a pipeline file to the topic and the components of the server."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from ringtest.agent.pipelines.queries import ComponentQuery, accepted_tags, read_query
from ringtest.client import AsyncClient

Found = dict[str, Any]
"""A component as the server shows it."""


class NothingFits(Exception):
    """There is no such topic or component; the message says which."""


async def find_topic(client: AsyncClient, name: str) -> str:
    """The id of a topic."""
    answer = await client.get("/topics", {"where": _part("name", name), **_ONE})
    for topic in answer["topics"]:
        return str(topic["id"])
    raise NothingFits(f"there is no topic {name}, or this lab may not see it")


async def find_components(
    client: AsyncClient, topic_id: str, items: Sequence[object], *, now: datetime | None = None
) -> list[Found]:
    """The component that each item means. NothingFits names the item that has none."""
    moment = now or datetime.now(UTC).replace(tzinfo=None)
    found = []
    for item in items:
        query = read_query(item)
        component = await find_component(client, topic_id, query, now=moment)
        if component is None:
            words = item if isinstance(item, str) else query
            raise NothingFits(f"the topic has no component for {words}")
        found.append(component)
    return found


async def find_component(
    client: AsyncClient, topic_id: str, query: ComponentQuery, *, now: datetime
) -> Found | None:
    """The newest active one by its release that fits; of `priority_tags` the first that has one."""
    for tag in query.priority_tags or (None,):
        wanted = (*query.tags, tag) if tag else query.tags
        found = await _newest(client, topic_id, replace(query, tags=wanted, priority_tags=()), now)
        if found:
            return found
    return None


async def _newest(
    client: AsyncClient, topic_id: str, query: ComponentQuery, now: datetime
) -> Found | None:
    async for component in _candidates(client, topic_id, query):
        if _fits(component, query, now):
            return component
    return None


async def _candidates(
    client: AsyncClient, topic_id: str, query: ComponentQuery
) -> AsyncIterator[Found]:
    parts = [_part("type", query.type.lower()), "state:active"]
    parts += [_part(name, value) for name, value in query.fields.items()]
    parts += [_part("tags", tag) for tag in query.tags if len(accepted_tags(tag)) == 1]
    where = {"where": ",".join(parts), "sort": "-released_at"}
    async for component in client.pages(f"/topics/{topic_id}/components", "components", where):
        yield component


def _fits(component: Found, query: ComponentQuery, now: datetime) -> bool:
    """What a list cannot be asked for: beginnings, one of several tags, the age."""
    begins = all(
        str(component.get(name) or "").lower().startswith(value.lower())
        for name, value in query.prefixes.items()
    )
    tags = set(component.get("tags") or [])
    tagged = all(tags & set(accepted_tags(tag)) for tag in query.tags)
    if not (begins and tagged):
        return False
    if query.max_age_days is None:
        return True
    released = datetime.fromisoformat(component["released_at"] or component["created_at"])
    return released >= now - timedelta(days=query.max_age_days)


def fallback_items(items: Sequence[object], tags: Sequence[str]) -> list[object] | None:
    """The items once more, with the tags of `fallback_last_success`: `tag` for all of them,
    `type?tag` for those of a type. None when all are pinned: there is nothing to fall back to.

    >>> [q.tags for q in fallback_items(["ocp", "rpm=1"], ["ok", "ocp?good"])]
    [('ok', 'good'), ()]
    >>> fallback_items(["rpm=1"], ["ok"]) is None
    True
    """
    queries = [read_query(item) for item in items]
    if all(query.is_pinned for query in queries):
        return None
    return [
        query if query.is_pinned else replace(query, tags=(*query.tags, *_tags_for(query, tags)))
        for query in queries
    ]


def _tags_for(query: ComponentQuery, tags: Sequence[str]) -> list[str]:
    parts = [tag.partition("?") for tag in tags]
    return [rest or kind for kind, sign, rest in parts if not sign or kind == query.type]


def _part(column: str, value: str) -> str:
    """A part of a `where`, quoted where it holds a sign of the list.

    >>> print(_part("type", "ocp"), _part("tags", "a,b"))
    type:ocp "tags:a,b"
    """
    text = f"{column}:{value}"
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n') else text


_ONE = {"limit": "1", "offset": "0"}
