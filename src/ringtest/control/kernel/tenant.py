"""For whom a transaction runs: what row-level security lets it see and write."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

Scope = Literal["all", "read", "catalog", "team"]

SETTINGS = ("scope", "teams", "component_teams", "pre_release", "user_id")
"""What policies read, in the order of `Tenant.settings`."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """What policies read (db/migrations/0002_policies.sql), and whether it may write at all."""

    scope: Scope = "team"
    teams: frozenset[UUID] = frozenset()
    component_teams: frozenset[UUID] = field(default=frozenset())
    pre_release: bool = False
    user: UUID | None = None
    may_write: bool = True

    def begin_sql(self) -> str:
        """BEGIN and the settings as one simple query: one round trip.

        >>> Tenant(scope="all").begin_sql().split(";")[0]
        'BEGIN'
        """
        return f"BEGIN{'' if self.may_write else ' READ ONLY'};{self.settings_sql()}"

    def settings_sql(self) -> str:
        """The settings alone, until the transaction ends or others are set.

        Safe to splice: every value is a UUID or one of our own words.
        """
        pairs = zip(SETTINGS, self.settings(), strict=True)
        return ";".join([f"SET LOCAL ringtest.{name}='{value}'" for name, value in pairs])

    def settings(self) -> list[str]:
        """Their values, for a statement that sets them itself."""
        return [
            self.scope,
            ",".join(sorted(map(str, self.teams))),
            ",".join(sorted(map(str, self.teams | self.component_teams))),
            "on" if self.pre_release else "",
            str(self.user or ""),
        ]


SYSTEM = Tenant(scope="all")
"""The server itself: loops, migrations, first start."""
