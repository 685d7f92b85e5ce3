"""A question in SQL as it is asked. Pure."""

from datetime import datetime, time
from uuid import UUID

import msgspec

from ringtest.control.archive.model import EVER
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.windows import Window, read_day

ROWS = 10_000
"""Rows that are answered at most."""
_LONGEST = 100_000


class AskSql(msgspec.Struct):
    """The body of POST /archive/query."""

    sql: str
    topic_id: str | None = None
    team_id: str | None = None
    first: str | None = msgspec.field(name="from", default=None)
    last: str | None = msgspec.field(name="to", default=None)
    limit: int = 1000
    live: bool = True

    def window(self) -> Window:
        """Days, team and number of rows; 400 for what is none of these.

        >>> AskSql("SELECT 1", limit=20_000).window().limit
        10000
        """
        if not self.sql.strip() or len(self.sql) > _LONGEST or "\0" in self.sql:
            raise BadRequest(f"sql: expected a query of at most {_LONGEST} characters")
        if self.limit < 1:
            raise BadRequest("limit must be a whole number of at least 1")
        first = read_day("from", self.first) if self.first is not None else EVER[0]
        last = read_day("to", self.last) if self.last is not None else EVER[1]
        if first > last:
            raise BadRequest(f"from {first} is after to {last}")
        return Window(
            first,
            last,
            team_id=parse_id(self.team_id, "team") if self.team_id is not None else None,
            limit=min(self.limit, ROWS),
            is_given=True,
        )

    def topic(self) -> UUID | None:
        """The one topic that it is about, if any."""
        return parse_id(self.topic_id, "topic") if self.topic_id is not None else None

    def moments(self) -> tuple[datetime | None, datetime | None]:
        """The first moment, and the first one after the last day; None: open."""
        window = self.window()
        since = datetime.combine(window.first, time()) if self.first is not None else None
        until = window.until if self.last is not None else None
        return since, until
