"""What can be purged, in which order, and after how many days by itself. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from ringtest.control.kernel.errors import BadRequest

BATCH = 500
"""Rows of one table that go in one transaction: locks are short, memory stays flat."""


@dataclass(frozen=True, slots=True)
class Step:
    """Rows `x` of `table` that go; `condition` is SQL of ours, $1 the moment of the purge."""

    table: str
    condition: str


def _archived(alias: str = "x") -> str:
    return f"{alias}.state = 'archived' AND {alias}.updated_at <= $1"


def _of(column: str, kind: str) -> str:
    """Rows under an archived row of `kind`, whatever their own state is."""
    return f"x.{column} IN (SELECT a.id FROM {kind} a WHERE {_archived('a')})"


def _under_topics(topics: str) -> tuple[Step, ...]:
    """What stands under topics. `topics` is an SQL condition on x.topic_id."""
    return (
        Step("jobs", topics),
        Step("components", topics),
        Step("failure_groups", topics),
        Step("job_requests", topics),
        Step("trigger_rules", topics),
        Step("job_definitions", topics),
    )


_PRODUCTS_TOPICS = (
    "x.topic_id IN (SELECT t.id FROM topics t"
    f" JOIN products a ON a.id = t.product_id WHERE {_archived('a')})"
)
_TEAMS_LABS = (
    "x.remoteci_id IN (SELECT r.id FROM remotecis r"
    f" JOIN teams a ON a.id = r.team_id WHERE {_archived('a')})"
)

STEPS: Mapping[str, tuple[Step, ...]] = {
    "jobs": (Step("jobs", _archived()),),
    "files": (Step("files", _archived()),),
    "components": (Step("component_files", _archived()), Step("components", _archived())),
    "topics": (*_under_topics(_of("topic_id", "topics")), Step("topics", _archived())),
    "products": (
        *_under_topics(_PRODUCTS_TOPICS),
        Step("jobs", _of("product_id", "products")),
        Step("topics", _of("product_id", "products")),
        Step("products", _archived()),
    ),
    "remotecis": (Step("jobs", _of("remoteci_id", "remotecis")), Step("remotecis", _archived())),
    "feeders": (Step("feeders", _archived()),),
    "teams": (
        Step("jobs", _of("team_id", "teams")),
        Step("jobs", _TEAMS_LABS),
        Step("components", _of("team_id", "teams")),
        Step("pipelines", _of("team_id", "teams")),
        Step("remotecis", _of("team_id", "teams")),
        Step("feeders", _of("team_id", "teams")),
        Step("teams", _archived()),
    ),
    "users": (Step("users", _archived()),),
}
"""By kind: what goes with its archived rows, first what refers to others. What stands under
an archived row goes with it, as the wire format has it: an archived topic takes its jobs."""

KINDS = tuple(STEPS)


def read_retention(text: str) -> dict[str, timedelta]:
    """The setting `retention`: how long archived rows of a kind are kept.

    >>> read_retention("jobs=365, files=90")
    {'jobs': datetime.timedelta(days=365), 'files': datetime.timedelta(days=90)}
    """
    kept: dict[str, timedelta] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        kind, _, days = part.partition("=")
        kind, days = kind.strip(), days.strip()
        if kind not in STEPS or not (days.isascii() and days.isdigit()) or len(days) > 5:
            raise BadRequest(
                f"RINGTEST_RETENTION: expected kind=days, got {part!r}; kinds: {', '.join(KINDS)}"
            )
        kept[kind] = timedelta(days=int(days))
    return kept
