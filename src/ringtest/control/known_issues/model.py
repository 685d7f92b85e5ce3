"""What a known issue is, and which failures it names. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.patterns import LONGEST, check_pattern, compile_pattern
from ringtest.control.kernel.texts import Line, Name

Kind = Literal["regex", "text", "signature"]
State = Literal["active", "inactive"]
Words = Annotated[str, Meta(max_length=10_000)]

MOST_OF_ALL = 300
"""Rules of everybody that may be active; more would slow down the grouping of every job."""
MOST_OF_A_TEAM = 100


class CreateIssue(Struct, kw_only=True):
    """Body of `POST /known_issues`. Neither topic nor product: for all of them."""

    name: Name
    kind: Kind
    pattern: Name
    owner: Name
    topic_id: UUID | None = None
    product_id: UUID | None = None
    team_id: UUID | None = None
    expires_at: Line | None = None
    link: Line | None = None
    note: Words | None = None
    state: State = "active"


class UpdateIssue(Struct, kw_only=True):
    """Body of `PUT /known_issues/:id`. Whose rule it is stays."""

    name: Name | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    pattern: Name | UnsetType = UNSET
    owner: Name | UnsetType = UNSET
    topic_id: UUID | UnsetType | None = UNSET
    product_id: UUID | UnsetType | None = UNSET
    expires_at: Line | UnsetType | None = UNSET
    link: Line | UnsetType | None = UNSET
    note: Words | UnsetType | None = UNSET
    state: State | UnsetType = UNSET


LABELLING = frozenset({"kind", "pattern", "topic_id", "product_id", "expires_at", "state"})
"""A change of these makes a rule look at everything again."""


def check_issue(values: dict[str, Any], now: datetime) -> None:
    """400 for a rule that could name nothing. `values`: all of it; its end becomes a time."""
    if values.get("topic_id") and values.get("product_id"):
        raise BadRequest("give topic_id or product_id, not both: a topic is of one product")
    pattern = values["pattern"]
    if values["kind"] == "regex":
        check_pattern("pattern", pattern)
    elif values["kind"] == "text" and (len(pattern) > LONGEST or len(pattern.strip()) < 3):
        raise BadRequest(f"pattern: 3 to {LONGEST} characters")
    elif values["kind"] == "signature":
        values["pattern"] = str(group_named(pattern))
    link = values.get("link")
    if link and (urlsplit_or_none(link) is None or not link.isprintable()):
        raise BadRequest("link: expected a URL, as in https://example.com/issues/7")
    values["expires_at"] = read_end(values.get("expires_at"), now)


def urlsplit_or_none(text: str) -> str | None:
    """The host of an http or https URL, else None.

    >>> urlsplit_or_none("https://example.com/7"), urlsplit_or_none("javascript:alert(1)")
    ('example.com', None)
    """
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return parts.hostname if parts.scheme in ("http", "https") else None


def group_named(pattern: str) -> UUID:
    """The failure group that a rule of the kind `signature` names; 400."""
    try:
        return UUID(pattern)
    except ValueError:
        raise BadRequest("pattern: of a signature, the id of a failure group") from None


def read_end(text: str | datetime | None, now: datetime) -> datetime | None:
    """When a rule ends, as naive UTC; 400 for what is no time, or has been.

    >>> read_end("2026-12-01", datetime(2026, 11, 1))
    datetime.datetime(2026, 12, 1, 0, 0)
    """
    if text is None or isinstance(text, datetime):
        return text
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise BadRequest("expires_at: expected an ISO 8601 time") from None
    if moment <= now:
        raise BadRequest("expires_at: is over already")
    return moment


@dataclass(frozen=True, slots=True)
class Rule:
    """What labelling needs of a rule. `shown_id`: the group that a signature's rule names."""

    id: UUID
    kind: Kind
    pattern: str
    shown_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A failure as a job had it: its signature's row, the group that this is shown under, what
    that is called, and the failure in the job's own words."""

    group_id: UUID
    shown_id: UUID
    title: str
    sample: str | None


def named(rule: Rule, seen: Seen) -> bool:
    """Does the rule name the failure? Text counts whatever its case.

    >>> seen = Seen(UUID(int=1), UUID(int=1), "ValueError: <n> rings", "ValueError: 7 Rings")
    >>> one = UUID(int=9)
    >>> [named(Rule(one, *rule), seen) for rule in (("text", "7 rings"), ("regex", "^8"))]
    [True, False]
    """
    if rule.kind == "signature":
        return rule.shown_id == seen.shown_id
    text = f"{seen.title}\n{seen.sample or ''}"
    if rule.kind == "text":
        return rule.pattern.casefold() in text.casefold()
    return compile_pattern(rule.pattern).search(text) is not None


def labels(rules: Sequence[Rule], failures: Sequence[Seen]) -> list[tuple[UUID, UUID]]:
    """Pairs of a rule's id and the signature's row of a failure that it names, in order."""
    return sorted((rule.id, seen.group_id) for seen in failures for rule in rules
                  if named(rule, seen))  # fmt: skip
