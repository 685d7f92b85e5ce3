"""`ringtest group radius` in words: whom a failure hits, topic by topic."""

from collections.abc import Iterator
from typing import Any

COLUMNS = (
    "topic.name", "remoteci.name", "team.name", "hardware", "status", "at", "job_id",
)  # fmt: skip


def lab_rows(radius: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each lab of each topic."""
    return [{"topic": topic["topic"], **lab} for topic in radius["topics"] for lab in topic["labs"]]


def in_short(radius: dict[str, Any]) -> Iterator[str]:
    """A line for each topic and each word for hardware.

    >>> [*in_short({"topics": [], "minimum": 5, "hardware": [
    ...     {"class": "arm", "hit": 1, "passed": 0, "not_run": 2}]})]
    ['hardware arm: 1 hit, 0 passed, 2 not run']
    """
    for topic in radius["topics"]:
        text = f"{topic['topic']['name']}: {_counts(topic)}"
        others = topic["others"]
        if others is not None:
            hit, run = (_number(others[key], radius["minimum"]) for key in _NUMBERS)
            text += f"; of all teams {hit} hit, {run} ran"
        yield text
    for one in radius["hardware"]:
        yield f"hardware {one['class'] or 'unknown'}: {_counts(one)}"


_NUMBERS = ("teams_hit", "teams_run")


def _counts(one: dict[str, Any]) -> str:
    return f"{one['hit']} hit, {one['passed']} passed, {one['not_run']} not run"


def _number(number: int | None, minimum: int) -> str:
    return f"at least {number}" if number is not None else f"too few to tell (under {minimum})"
