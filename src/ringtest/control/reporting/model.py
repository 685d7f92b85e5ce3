"""What a report says, when it is due, and when it is given up. Pure."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.events import CONSUMERS
from ringtest.control.kernel.texts import Line, Name, one_line
from ringtest.control.notifications.model import Told
from ringtest.control.triage.model import Change, Component, Group

Channel = Literal["webhook", "mail"]
State = Literal["active", "inactive"]

SETTLE = timedelta(seconds=5)
"""A report waits so long after its group appeared, so that other labs can have their say,"""
SETTLE_STEP = timedelta(seconds=5)
"""and on, step by step, while labs are running the same component set,"""
SETTLE_LIMIT = timedelta(seconds=60)
"""but no longer than this: a failure that one lab has proved must not wait for a slow one."""

GROUPED = "failure.grouped"
EVENTS = tuple(sorted(event.value for event in CONSUMERS["reporting"]))
"""What a target may choose to hear of."""
PING = "ping"
"""The type of a delivery that somebody asked for, to see whether it arrives."""
KEPT = timedelta(days=30)
"""Deliveries of events, pings and mails to people are records for so long."""
STALE = timedelta(days=3)
"""What could not be sent for so long, because its receiver was down, is given up."""
Events = Annotated[list[str], Meta(min_length=1, max_length=50)]

MAX_ATTEMPTS = 30
"""With the delays below: about a day."""
_FIRST_DELAY = 5.0
_LONGEST_DELAY = 3600.0
SUBJECT = 180
"""Characters of a subject: what mail programs and chats still show."""
_MAIL = re.compile(r"[^@\s<>,;:\"()\[\]\\]+@[^@\s<>,;:\"()\[\]\\]+")


class CreateTarget(Struct, kw_only=True):
    """Body of `POST /report_targets`. No topic means every topic."""

    name: Name
    channel: Channel
    address: Line
    team_id: UUID
    topic_id: UUID | None = None
    secret: Line | None = None
    state: State = "active"
    events: Events = msgspec.field(default_factory=lambda: [GROUPED])


class UpdateTarget(Struct, kw_only=True):
    """Body of `PUT /report_targets/:id`."""

    name: Name | UnsetType = UNSET
    address: Line | UnsetType = UNSET
    topic_id: UUID | UnsetType | None = UNSET
    secret: Line | UnsetType | None = UNSET
    state: State | UnsetType = UNSET
    events: Events | UnsetType = UNSET


def clean_events(names: Sequence[str]) -> list[str]:
    """Each event type once; 400 for one that is not told outside.

    >>> clean_events(["job.finished", "job.finished"])
    ['job.finished']
    """
    unknown = sorted(name[:80] for name in names if name not in EVENTS)
    if unknown:
        raise BadRequest(f"events: {unknown[0]!r} is not told", allowed=EVENTS)
    return sorted(set(names))


def check_address(channel: str, address: str) -> None:
    """400 for an address that the channel cannot use."""
    if channel == "mail":
        if not _MAIL.fullmatch(address) or not address.isprintable():
            raise BadRequest("address: expected one mail address, as in lab@example.com")
        return
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or not address.isprintable() or " " in address:
        raise BadRequest("address: expected a URL, as in https://example.com/hook")
    if "@" in parts.netloc:
        raise BadRequest("address: no password in a URL, which people can read; use a secret")


def read_networks(text: str) -> tuple[str, ...]:
    """The setting `webhook_networks`, each part a network.

    >>> read_networks("10.1.0.0/16, fd00::/8")
    ('10.1.0.0/16', 'fd00::/8')
    """
    try:
        return tuple(str(ip_network(part.strip())) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise BadRequest(f"RINGTEST_WEBHOOK_NETWORKS: {error}") from None


def refuse_inner_address(address: str, networks: Sequence[str]) -> None:
    """400 for a URL of a member of a team that names an address inside; a host name is
    looked up when it is sent to."""
    host = urlsplit(address).hostname or ""
    try:
        ip = ip_address(host)
    except ValueError:
        is_inside = host.rstrip(".") == "localhost" or host.endswith(".localhost")
    else:
        is_inside = not ip.is_global and not any(ip in ip_network(one) for one in networks)
    if is_inside:
        raise BadRequest("address: only public addresses; an administrator may allow networks")


def retry_delay(delivery_id: UUID, attempts: int) -> timedelta:
    """How long a delivery rests after `attempts` failed tries: doubling, up to an hour.

    Jitter of up to a half comes from the id, so that many deliveries that failed together
    do not come back together, and a test can tell when one does.

    >>> [round(retry_delay(UUID(int=1), n).total_seconds()) for n in (1, 2, 3, 30)]
    [3, 8, 11, 2922]
    """
    longest = min(_FIRST_DELAY * 2.0 ** min(attempts - 1, 20), _LONGEST_DELAY)
    digest = hashlib.blake2b(f"{delivery_id} {attempts}".encode(), digest_size=4).digest()
    return timedelta(seconds=longest * (1 - int.from_bytes(digest) / 2**33))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a group was seen: names and ids for people and links."""

    topic_id: UUID
    topic: str
    product_id: UUID
    product: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A report, ready for any channel."""

    subject: str
    text: str
    body: dict[str, Any]


def render_event(told: Told, *, public_url: str) -> Rendered:
    """An event for a target that chose its type."""
    base, link = public_url.rstrip("/"), ""
    if told.job:
        where = f"{told.job['remoteci']['name']} ({told.job['topic']['name']})"
        what = f"{told.job['name'] or 'job'} in {where}: {told.job['status']}"
        link = f"{base}/jobs/{told.job['id']}"
    elif told.component:
        name = told.component["display_name"]
        what = f"{told.component['type']} {name} in {told.component['topic']['name']}"
        link = f"{base}/components/{told.component['id']}"
    elif told.remoteci:
        is_here = told.payload.get("connected")
        what = f"{told.remoteci['name']} {'connected' if is_here else 'left'}"
    else:
        what = ", ".join(f"{name} {value}" for name, value in sorted(told.payload.items()))
    link = link if base else ""
    summary = one_line(f"{told.type}: {what}", SUBJECT)
    body = {
        "type": told.type,
        "event_id": told.id,
        "created_at": told.created_at.isoformat(),
        "link": link or None,
        "text": f"{summary}\n{link}".rstrip() + "\n",
        "summary": summary,
        "payload": told.payload,
        "job": told.job,
        "component": told.component,
        "remoteci": told.remoteci,
    }
    shown = {name: value for name, value in body.items() if value is not None or name == "link"}
    return Rendered(subject=f"[Ringtest] {summary}", text=str(body["text"]), body=shown)


def render_ping(target: str, at: datetime) -> Rendered:
    """What a target gets when somebody asks whether it works."""
    text = f"This is a test of the report target {one_line(target, 80)}. Nothing failed.\n"
    body = {"type": PING, "link": None, "text": text, "summary": text.strip()}
    return Rendered(
        subject="[Ringtest] a test of this receiver",
        text=text,
        body={**body, "created_at": at.isoformat()},
    )


def render(group: Group, place: Place, *, public_url: str) -> Rendered:
    """Subject, plain text and JSON: what failed, whom, since when, the last good, what changed."""
    link = ""
    if public_url:
        page = f"{public_url.rstrip('/')}/products/{place.product_id}"
        link = f"{page}?topic={place.topic_id}#{group.id}"
    whom = verdict_words(group)
    since = since_words(group)
    tests = [" ".join(filter(None, (t.classname, t.name))) for t in group.tests]
    more = group.tests_count - len(tests)
    lines = [
        f"What fails:  {group.title}",
        f"Where:       {place.product}, {place.topic}",
        f"Hits:        {whom}",
        f"Since:       {since}",
        *([f"Last good:   {_versions(group.last_good.components)}"] if group.last_good else []),
        *(f"Changed:     {_change(change)}" for change in group.difference),
        *(f"Test:        {name}" for name in tests),
        *([f"             and {more} more"] if more > 0 else []),
        *([f"Details:     {link}"] if link else []),
        "",
        (group.sample.text or "")[:2000],
    ]
    shown = msgspec.to_builtins(group)
    shown.pop("reports")
    text = "\n".join(lines).rstrip() + "\n"
    return Rendered(
        subject=one_line(
            f"[{one_line(place.topic, 40)}] {one_line(group.title, 100)}: {whom}, since {since}",
            SUBJECT,
        ),
        text=text,
        body={
            "type": "failure.grouped",
            "link": link or None,
            "text": text,
            "summary": f"{group.title}: {whom}, since {since}",
            "product": {"id": str(place.product_id), "name": place.product},
            "topic": {"id": str(place.topic_id), "name": place.topic},
            "group": shown,
        },
    )


def verdict_words(group: Group) -> str:
    """The verdict with its base: how many labs have run it."""
    verdict = group.verdict
    hit, run = verdict.hit, verdict.run
    names = ", ".join(lab.name for lab in verdict.labs_hit[:10])
    match verdict.scope:
        case "everyone":
            return f"everyone ({hit} of {run} labs that have run it)"
        case "one_lab":
            return f"only {names} (1 of {run} labs that have run it)"
        case "some_labs":
            return f"{hit} of {run} labs that have run it ({names})"
        case _:
            return f"{names}, the only lab that has run it"


def since_words(group: Group) -> str:
    """The component versions that the failure came with."""
    came = [change.after for change in group.difference if change.after]
    if came:
        return ", ".join(
            f"{change.type} {change.after.version}" for change in group.difference if change.after
        )
    first = _versions(group.first_seen.components)
    return f"the first run ({first})" if group.known_since_first_run else first


def _versions(components: Sequence[Component]) -> str:
    words = [f"{c.type} {c.version or c.display_name}" for c in components]
    return ", ".join(words) or "an unknown component set"


def _change(change: Change) -> str:
    before = change.before.version if change.before else "nothing"
    after = change.after.version if change.after else "nothing"
    return f"{change.type} {before} -> {after}"
