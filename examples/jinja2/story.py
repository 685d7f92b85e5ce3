"""How far the story is: read through the public API, judged here, drawn in `screen`."""

from dataclasses import dataclass, field
from typing import Any

from examples.jinja2.seed import LABS, Seeded
from ringtest.client import Client

_TARGETS = 2  # a webhook and a mail
SETS = 3
"""Component sets that the feeder's versions make."""


@dataclass(frozen=True, slots=True)
class Story:
    """One look at the server."""

    health: dict[str, Any] = field(default_factory=dict)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    grouped_jobs: frozenset[str] = frozenset()
    """Ids of the jobs whose failures have been grouped."""

    @property
    def labs(self) -> list[dict[str, Any]]:
        """The labs that work on the topic."""
        return list(self.health.get("labs", []))

    @property
    def sets(self) -> list[dict[str, Any]]:
        """Component sets, newest first, each with a cell per lab."""
        return list(self.health.get("sets", []))

    @property
    def groups(self) -> list[dict[str, Any]]:
        """Groups of failures that are the same."""
        return list(self.health.get("groups", []))

    @property
    def jobs(self) -> list[dict[str, Any]]:
        """The cells of all sets."""
        return [cell for one in self.sets for cell in one["cells"].values()]

    @property
    def delivered(self) -> int:
        """Reports that have reached their receiver."""
        return sum(delivery["status"] == "delivered" for delivery in self.deliveries)

    def is_complete(self) -> bool:
        """Every job has ended, every failure is grouped, every group is reported."""
        jobs = self.jobs
        if len(jobs) < SETS * len(LABS) or any(job["phase"] != "finished" for job in jobs):
            return False
        failing = {job["job_id"] for job in jobs if job["result"] in ("failed", "errored")}
        reports = len(self.groups) * _TARGETS
        return failing <= self.grouped_jobs and len(self.deliveries) >= reports == self.delivered


def look(client: Client, seeded: Seeded) -> Story:
    """One look. ClientError when the server does not answer."""
    topic = {"topic_id": seeded.topic_id}
    events = client.get("/events", {"types": "failure.grouped", "limit": "200", "offset": "0"})
    return Story(
        health=client.get(f"/products/{seeded.product_id}/health", topic)["health"],
        deliveries=list(client.pages("/deliveries", "deliveries")),
        grouped_jobs=frozenset(str(event["payload"]["job_id"]) for event in events["events"]),
    )


def version_of(component_set: dict[str, Any], kind: str) -> str:
    """The version of a component type in a set."""
    versions = (c["version"] for c in component_set["components"] if c["type"] == kind)
    return next(iter(versions), "–")


def cell_text(cell: dict[str, Any] | None) -> str:
    """What a job has to say in a few words.

    >>> cell_text({"phase": "queued"})
    'waits'
    >>> cell_text({"phase": "finished", "result": "failed", "failed_stage": "test", "tests":
    ...     {"total": 750, "success": 745, "failures": 2, "errors": 0, "skips": 3}})
    '745 passed, 2 failed'
    >>> cell_text({"phase": "finished", "result": "failed", "failed_stage": "test"})
    'failed: stage test'
    """
    if cell is None:
        return "–"
    if cell["phase"] == "queued":
        return "waits"
    tests = cell.get("tests") if cell["phase"] == "finished" else None
    progress = cell.get("progress") if cell["phase"] == "running" else None
    counts = tests or progress
    words = []
    if counts and counts.get("total"):
        passed = counts.get("success", counts.get("passed", 0))
        failed = counts.get("failures", counts.get("failed", 0))
        errors = counts.get("errors", counts.get("errored", 0))
        words = [f"{passed} passed", *([f"{failed} failed"] if failed else [])]
        words += [f"{errors} errors"] if errors else []
    if cell["phase"] == "running":
        return ", ".join([str(cell.get("stage") or "starts"), *words])
    stage = cell.get("failed_stage")
    return ", ".join(words) or (f"{cell['result']}: stage {stage}" if stage else cell["result"])


def group_text(group: dict[str, Any]) -> tuple[str, str, str]:
    """A group as (what, whom it hits, since when)."""
    count = group.get("tests_count") or 0
    what = str(group["title"])
    if count:
        what = f"{count} test{'s' if count > 1 else ''}: {what}"
    if group.get("known_since_first_run"):
        since = "known since the first run"
    else:
        since = "; ".join(map(_difference_text, group.get("difference") or [])) or "–"
    return what, str(group["verdict"]["text"]), since


def _difference_text(difference: dict[str, Any]) -> str:
    versions = (difference["before"], difference["after"])
    before, after = (one["version"] if one else "none" for one in versions)
    return f"{difference['type']} {before} → {after}"
