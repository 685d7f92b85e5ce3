"""The transaction of a request with an Idempotency-Key: key, change and answer commit together.

It opens with the key's row. Whoever comes second with the same key waits at that row: when
the first commits, it gets the first's answer; when the first is undone, it goes on itself.
So the effect happens once, also when the server is killed between commit and answer.
"""

import hashlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

import asyncpg

from ringtest.control.kernel.errors import Conflict
from ringtest.control.kernel.tenant import Tenant
from ringtest.control.wire.claims import Claim, Replayed

log = logging.getLogger(__name__)

_BROKEN = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
_COMMIT = "COMMIT"
_WAIT = "5s"
"""How long a keyed request waits for a row that another one holds."""

Release = Callable[[asyncpg.Connection], Awaitable[None]]


class Keyed:
    """One open transaction, used by every part of its request in turn.

    No savepoints: a part that fails undoes all of it, and the request goes on without a
    key's row, as if it had just come.
    """

    def __init__(
        self, connection: asyncpg.Connection, release: Release, claim: Claim, tenant: Tenant
    ) -> None:
        self.connection = connection
        self.tenant = tenant
        self.writes: frozenset[str] = frozenset()
        """What its parts changed, as `db.changes` names it."""
        self._notes = ""
        self._release = release
        self._claim = claim
        self._open = True

    async def begin(self, now: datetime) -> None:
        """Take the key. Raises Replayed with the answer when the request was answered before,
        Conflict when the key was used for another request, or with other rights."""
        claim = self._claim
        key, digest = claim.key_hash(), await self._digest()
        taken = await self.connection.execute(
            f"{self.tenant.begin_sql()};SET LOCAL ringtest.actor='{claim.actor}'"
            f";SET LOCAL lock_timeout='{_WAIT}'"
            ";INSERT INTO request_keys (actor, key_hash, request_hash, created_at)"
            f" VALUES ('{claim.actor}','\\x{key.hex()}','\\x{digest.hex()}','{now.isoformat()}')"
            " ON CONFLICT (actor, key_hash) DO NOTHING"
        )
        if not taken.endswith(" 0"):
            return
        row = await self.connection.fetchrow(
            "SELECT request_hash, answer FROM request_keys WHERE actor = $1 AND key_hash = $2",
            claim.actor,
            key,
        )
        if row is None or row["answer"] is None:  # swept away just now
            raise Conflict("a request with this Idempotency-Key is being answered; try again")
        if row["request_hash"] != digest:
            raise Conflict(
                "this Idempotency-Key was used for another request, or with other rights: send a"
                " fresh key with each new request, and the same body with the same key"
            )
        raise Replayed(claim.open(row["answer"]))

    async def _digest(self) -> bytes:
        """What must be the same for an answer to be told again: the request, and the rights of
        who sent it. A token narrowed to one team is the same person, and may see less."""
        rights = f"{self.tenant.settings_sql()};{self.tenant.may_write}"
        return hashlib.sha256(await self._claim.digest() + rights.encode()).digest()

    async def become(self, tenant: Tenant) -> None:
        """Go on for another tenant."""
        await self.connection.execute(tenant.settings_sql())
        self.tenant = tenant

    def note(self, sql: str) -> None:
        """Keep the INSERT of a part's notes; the last part that has any speaks for all."""
        self._notes = sql or self._notes

    async def finish(self, sealed: bytes) -> bool:
        """Commit what was done, the notes of it, and its answer; False when it is not sure
        that this happened: the caller asks again with the same key, and learns."""
        claim = self._claim
        try:
            await self.connection.execute(
                f"{self._notes}UPDATE request_keys SET answer='\\x{sealed.hex()}'"
                f" WHERE actor='{claim.actor}' AND key_hash='\\x{claim.key_hash().hex()}';{_COMMIT}"
            )
        except _BROKEN:
            log.warning("keyed.commit_failed", exc_info=True)
            await self.abandon()
            return False
        await self._leave()
        return True

    async def abandon(self) -> bool:
        """Undo everything; False when the connection is gone, and it was undone anyway."""
        if not self._open:
            return True
        try:
            await self.connection.execute("ROLLBACK")
            there = True
        except _BROKEN:
            there = False
        await self._leave()
        return there

    async def _leave(self) -> None:
        self._open = False
        self._claim.held = None
        await self._release(self.connection)
