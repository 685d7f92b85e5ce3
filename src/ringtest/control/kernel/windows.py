"""What questions over many results have in common: days, a lab, a team, a page of the answer."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.paging import DEFAULT_LIMIT, MAX_LIMIT, refuse_unknown

DAYS = 30
"""Days that a question is about when nobody says which."""
MAX_DAYS = 400
MAX_OFFSET = 1_000_000
_PARAMETERS = ("from", "to", "remoteci_id", "team_id", "limit", "offset")


@dataclass(frozen=True, slots=True)
class Window:
    """Days `first` to `last` (UTC, both included), maybe of one lab or team, and a page."""

    first: date
    last: date
    remoteci_id: UUID | None = None
    team_id: UUID | None = None
    limit: int = DEFAULT_LIMIT
    offset: int = 0
    is_given: bool = False  # somebody said which days

    @property
    def since(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.first, time())

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last, time()) + timedelta(days=1)


def read_window(params: Mapping[str, str], today: date, *, extra: Collection[str] = ()) -> Window:
    """The window of a request: 30 days up to today if it names none; 400 for anything unknown
    beside `extra`.

    >>> window = read_window({"to": "2026-03-30", "limit": "500"}, date(2026, 1, 1))
    >>> str(window.first), str(window.until), window.limit
    ('2026-03-01', '2026-03-31 00:00:00', 200)
    """
    refuse_unknown(params, (*_PARAMETERS, *extra))
    last = read_day("to", params["to"]) if "to" in params else None
    first = read_day("from", params["from"]) if "from" in params else None
    if last is None:
        last = max(today, first) if first else today
    if first is None:
        first = last - timedelta(days=DAYS - 1)
    check_days(first, last)
    return Window(
        first,
        last,
        remoteci_id=parse_id(params["remoteci_id"], "remoteci")
        if "remoteci_id" in params
        else None,
        team_id=parse_id(params["team_id"], "team") if "team_id" in params else None,
        limit=min(_whole("limit", params.get("limit", str(DEFAULT_LIMIT)), 1), MAX_LIMIT),
        offset=_whole("offset", params.get("offset", "0"), 0),
        is_given="from" in params or "to" in params,
    )


def read_day(name: str, text: str) -> date:
    """A date, 2000 to 2999; anything else is a 400.

    >>> read_day("from", "2026-10-01")
    datetime.date(2026, 10, 1)
    """
    try:
        if re.fullmatch(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadRequest(f"{name}: expected a date such as 2026-10-31, not {text[:40]!r}")


def check_days(first: date, last: date) -> None:
    """400 for days that end before they begin, or are more than anybody is answered about."""
    if first > last:
        raise BadRequest(f"from {first} is after to {last}")
    if (last - first).days >= MAX_DAYS:
        raise BadRequest(f"at most {MAX_DAYS} days at once: narrow it down by from and to")


def _whole(name: str, text: str, least: int) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= MAX_OFFSET:
        raise BadRequest(f"{name} must be a whole number from {least} to {MAX_OFFSET}")
    return int(text)
