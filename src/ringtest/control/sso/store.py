"""SQL of single sign-on: functions that work before the caller, and so a tenant, is known."""

from datetime import datetime
from uuid import UUID

import msgspec

from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import new_etag, new_id
from ringtest.control.sso.model import Known, Person


async def find(db: Database, name: str) -> Known | None:
    """The user of that name at the provider, of whatever state."""
    text = await db.ask("SELECT rt_person_of_sso($1)", name)
    return None if text is None else msgspec.json.decode(text, type=Known)


async def add_user(db: Database, person: Person, now: datetime) -> bool:
    """Make a user without a password; True when there is one of that sign-on afterwards."""
    return bool(
        await db.ask(
            "SELECT rt_sso_add($1, $2, $3, $4, $5, $6, $7, $8)",
            new_id(),
            person.name,
            person.fullname,
            person.email,
            person.sub,
            new_etag(),
            now,
            list(person.teams),
        )
    )


async def update_user(db: Database, user_id: UUID, person: Person, now: datetime) -> bool:
    """Note the provider's address and id of a user; False when somebody else has them."""
    return bool(
        await db.ask(
            "SELECT rt_sso_update($1, $2, $3, $4, $5)",
            user_id,
            person.email,
            person.sub,
            new_etag(),
            now,
        )
    )
