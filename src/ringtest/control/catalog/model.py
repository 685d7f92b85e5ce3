"""Bodies of the catalog's requests; names that are derived, names that are refused. Pure."""

import re
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from ringtest.control.accounts.model import Caller
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.texts import Line, Name, Names, Note, Tags

State = Literal["active", "inactive", "archived"]
Object = dict[str, Any]


class CreateProduct(Struct):
    """Body of POST /products; the label's default is the name in capitals."""

    name: Name
    label: Name | None = None
    description: Note | None = None
    data: Object = {}
    state: State = "active"


class UpdateProduct(Struct):
    """Body of PUT /products/:id."""

    name: Name | UnsetType = UNSET
    label: Name | UnsetType = UNSET
    description: Note | UnsetType | None = UNSET
    data: Object | UnsetType = UNSET
    state: State | UnsetType = UNSET


class LinkTeam(Struct):
    """Body of POST /products/:id/teams."""

    team_id: UUID


class CreateTopic(Struct):
    """Body of POST /topics."""

    name: Name
    product_id: UUID
    data: Object = {}
    next_topic_id: UUID | None = None
    component_types: Names = []
    component_types_optional: Names = []
    export_control: bool = False
    state: State = "active"


class UpdateTopic(Struct):
    """Body of PUT /topics/:id."""

    name: Name | UnsetType = UNSET
    product_id: UUID | UnsetType = UNSET
    data: Object | UnsetType = UNSET
    next_topic_id: UUID | UnsetType | None = UNSET
    component_types: Names | UnsetType = UNSET
    component_types_optional: Names | UnsetType = UNSET
    export_control: bool | UnsetType = UNSET
    state: State | UnsetType = UNSET


class CreateComponent(Struct):
    """Body of POST /components: exactly one of name and display_name."""

    type: Name
    topic_id: UUID
    name: Name | None = None
    display_name: Name | None = None
    version: Note | None = None
    uid: Note | None = None
    canonical_project_name: Note | None = None
    title: Note | None = None
    message: Note | None = None
    url: Note | None = None
    team_id: UUID | None = None
    state: State = "active"
    data: Object | None = None
    tags: Tags | None = None
    released_at: Line | None = None


class UpdateComponent(Struct):
    """Body of PUT /components/:id."""

    type: Name | UnsetType = UNSET
    topic_id: UUID | UnsetType = UNSET
    name: Name | UnsetType | None = UNSET
    display_name: Name | UnsetType = UNSET
    version: Note | UnsetType | None = UNSET
    uid: Note | UnsetType | None = UNSET
    canonical_project_name: Note | UnsetType | None = UNSET
    title: Note | UnsetType | None = UNSET
    message: Note | UnsetType | None = UNSET
    url: Note | UnsetType | None = UNSET
    team_id: UUID | UnsetType | None = UNSET
    state: State | UnsetType = UNSET
    data: Object | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    released_at: Line | UnsetType = UNSET


class Component(Struct, frozen=True):
    """What decisions about a component need."""

    id: UUID
    topic_id: UUID
    team_id: UUID | None
    type: str
    state: State
    display_name: str
    tags: list[str]


def may_write(caller: Caller, team_id: UUID | None) -> bool:
    """A team's components are its members' to change; the others administrators' and feeders'."""
    return caller.writes_catalog if team_id is None else caller.is_member(team_id)


JOBS_SHOWN, JOBS_AT_MOST = 100, 200
"""Of the jobs that used a component: how many its answer shows, and how many it may."""

_HASH = re.compile(r"[0-9a-f]{40}")
_RELEASE = re.compile(r"(?:RHEL|RHOS)-(.+)")
_LAST_PART = re.compile(r".*[:@ ](.+)")


def derive_names(
    *,
    name: str | None,
    display_name: str | None,
    version: str | None,
    uid: str | None,
    canonical_project_name: str | None,
) -> dict[str, str | None]:
    """All names of a component from those that are given; 400 unless one of two is.

    >>> def show(**given):
    ...     every = dict.fromkeys(
    ...         ["name", "display_name", "version", "uid", "canonical_project_name"])
    ...     made = derive_names(**every | given)
    ...     return made["name"], made["display_name"], made["version"], made["uid"]
    >>> show(name="RHEL-9.4.0-20240101.0")
    ('RHEL-9.4.0-20240101.0', 'RHEL-9.4.0-20240101.0', '9.4.0-20240101.0', None)
    >>> show(name="quay.io/a/b:1.2")
    ('quay.io/a/b:1.2', 'quay.io/a/b:1.2', '1.2', None)
    >>> show(name="ab" * 20, canonical_project_name="owl abababa")
    ('abababababababababababababababababababab', 'owl abababa', 'abababa', \
'abababababababababababababababababababab')
    >>> show(name="4.14.0-rc.1", canonical_project_name="OpenShift 4.14.0-rc.1")
    ('4.14.0-rc.1', 'OpenShift 4.14.0-rc.1', '4.14.0-rc.1', None)
    >>> show(display_name="owl", version="2")
    ('owl 2', 'owl', '2', None)
    """
    if (name is None) == (display_name is None):
        raise BadRequest("exactly one of name and display_name is required")
    if name is None:
        name = display_name if not version or version in (display_name or "") else None
        name = name or f"{display_name} {version}"
    else:
        canonical = canonical_project_name or name
        display_name = canonical
        if uid is None and _HASH.fullmatch(name):
            uid = name
        if version is None:
            version = _version_of(name, canonical)
    return {"name": name, "display_name": display_name, "version": version, "uid": uid}


def _version_of(name: str, canonical: str) -> str:
    if canonical.startswith("OpenShift "):
        return name
    for text in (canonical, name):
        found = _RELEASE.search(text) or _LAST_PART.fullmatch(text)
        if found:
            return found[1]
    return "" if name == canonical or _HASH.fullmatch(name) else name


def clean_tags(tags: list[str]) -> list[str]:
    """Each tag once, blank ones dropped, order kept.

    >>> clean_tags(["build:ga", " ", "build:ga", "x"])
    ['build:ga', 'x']
    """
    return list(dict.fromkeys(tag for tag in tags if tag.strip()))


def lower_all(types: list[str]) -> list[str]:
    """Component types are compared in lower case.

    >>> lower_all(["RPM", "Compose"])
    ['rpm', 'compose']
    """
    return [kind.lower() for kind in types]


def parse_moment(text: str) -> datetime:
    """An ISO time as naive UTC; 400.

    >>> parse_moment("2026-01-15T10:30:00+01:00")
    datetime.datetime(2026, 1, 15, 9, 30)
    """
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        raise BadRequest("released_at: expected an ISO 8601 time") from None
