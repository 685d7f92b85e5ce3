"""A job's log: all of it, some of it, and as it grows."""

import re
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ringtest.cli.config import UsageError
from ringtest.cli.terminal import for_people
from ringtest.client import AsyncClient, Client
from ringtest.client.sse import read_events


async def follow_log(
    client: AsyncClient, job: str, parameters: Mapping[str, str]
) -> AsyncIterator[list[str]]:
    """Lines of one attempt as they come, until it is over; resumes behind what it has."""
    have = int(parameters.get("from_line", 0))

    def where() -> dict[str, str]:
        return {**parameters, "from_line": str(have)}

    async for event in read_events(client, f"/jobs/{job}/log/stream", params=where):
        if event.type == "end":
            return
        if event.type == "lines":
            data = event.json()
            new = data["lines"][max(0, have - data["from_line"]) :]
            have = max(have, data["from_line"] + len(data["lines"]))
            if new:
                yield new


_AGO = re.compile(r"([0-9]{1,6})\s*(s|m|h|d)(?:\s+ago)?")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def read_moment(option: str, text: str) -> str:
    """A moment as the server takes it: ISO (without a zone: UTC), or so long ago.

    >>> read_moment("--since", "2026-10-01T12:00")
    '2026-10-01T12:00:00'
    """
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            moment = datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        else:
            moment = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        said = f"{option}: expected a time such as 2026-10-01T12:00, or 10m, 2h, 1d ago"
        raise UsageError(said) from None
    moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return moment.isoformat()


def print_lines(client: Client, job: str, parameters: Mapping[str, str]) -> None:
    """The lines that came within `from_time` and `to_time`, page by page."""
    wanted = {**parameters, "limit": "5000"}
    while True:
        log = client.get(f"/jobs/{job}/log", wanted)["log"]
        sys.stdout.write(for_people("".join(f"{line}\n" for line in log["lines"])))
        following = log["from_line"] + len(log["lines"])
        if not log["lines"] or following >= min(
            log.get("to_line", following + 1), log["total_lines"]
        ):
            return
        wanted["from_line"] = str(following)


def print_matches(client: Client, job: str, parameters: Mapping[str, str]) -> None:
    """Lines that fit, with their numbers; others around them with a dash, as grep does."""
    found = client.get(f"/jobs/{job}/log/search", dict(parameters))
    for line in grep_lines(found["matches"]):
        print(for_people(line))
    meta = found["_meta"]
    if not meta["complete"]:
        reason = {"bytes": "it is too long", "time": "it takes too long"}.get(meta.get("stopped"))
        said = f"not all of the log was searched: {reason}" if reason else "there are more"
        print(f"[{said}]", file=sys.stderr)


def grep_lines(matches: Iterable[Mapping[str, Any]]) -> list[str]:
    """Matches as grep prints them; what two of them have around them is told once.

    >>> grep_lines([{"line": 4, "text": "b", "before": ["a"], "after": ["c"]}])
    ['3- a', '4: b', '5- c']
    """
    shown: dict[int, str] = {}
    for match in matches:
        at = match["line"]
        before, after = match.get("before", []), match.get("after", [])
        for number, text in enumerate(before, at - len(before)):
            shown.setdefault(number, f"{number}- {text}")
        for number, text in enumerate(after, at + 1):
            shown.setdefault(number, f"{number}- {text}")
        shown[at] = f"{at}: {match['text']}"
    lines: list[str] = []
    last = None
    for number in sorted(shown):
        if last is not None and number > last + 1 and any("before" in one for one in matches):
            lines.append("--")
        lines.append(shown[number])
        last = number
    return lines
