"""Verbs of single sign-on: verify a bearer token, find its user, or make one."""

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import Unauthorised, Unavailable
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.identity_provider import IdentityProvider, ProviderUnreachable
from ringtest.control.sso import model, store

log = logging.getLogger(__name__)


class KeyRing:
    """The provider's keys in this process: fetched when needed, by one at a time, seldom."""

    def __init__(self, provider: IdentityProvider | None, settings: Settings) -> None:
        self._provider = provider if provider and provider.configured else None
        self._static = model.read_key(settings.sso_public_key) if settings.sso_public_key else None
        self._issuer: str | None = settings.sso_issuer or None
        self._keys: dict[str, RSAPublicKey] = {}
        self._fetched: datetime | None = None
        self._asked: datetime | None = None
        self._asking: asyncio.Task[bool] | None = None
        self.generation = 0
        """Counts changes of the keys: what was verified with other ones is verified anew."""

    @property
    def exists(self) -> bool:
        """Is any single sign-on believed here?"""
        return self._static is not None or self._provider is not None

    @property
    def issuer(self) -> str | None:
        """Who must have issued tokens, if that is known."""
        return self._issuer

    def is_usable(self, now: datetime) -> bool:
        """Are keys known that count? Those no longer fresh are asked for anew meanwhile."""
        if self._static is not None:
            return True
        if self._fetched is None or now - self._fetched > model.KEYS_USABLE:
            return False
        if now - self._fetched > model.KEYS_FRESH:
            self._begin(now)
        return True

    async def candidates(self, kid: str | None, now: datetime) -> Iterable[RSAPublicKey]:
        """Keys that a token with this `kid` may be signed with; 503 when none are known."""
        if self._static is not None:
            return [self._static]
        if not self.is_usable(now):
            await self.refresh(now)
            if not self.is_usable(now):
                raise Unavailable("the single sign-on cannot be reached; try again")
        if kid is None:
            return self._keys.values()
        return [self._keys[kid]] if kid in self._keys else []

    async def refresh(self, now: datetime) -> bool:
        """Ask for the keys, or join who is asking; False when it was too soon, or in vain."""
        asking = self._begin(now)
        return await asyncio.shield(asking) if asking else False

    def _begin(self, now: datetime) -> asyncio.Task[bool] | None:
        if self._asking is None and self._provider is not None:
            if self._asked is not None and now - self._asked < model.ASK_AGAIN:
                return None
            self._asked = now
            self._asking = asyncio.create_task(self._fetch(self._provider, now))
            self._asking.add_done_callback(self._end)
        return self._asking

    def _end(self, _: asyncio.Task[bool]) -> None:
        self._asking = None

    async def _fetch(self, provider: IdentityProvider, now: datetime) -> bool:
        try:
            published = await provider.fetch()
        except ProviderUnreachable as error:
            log.warning("sso.unreachable %s", error)
            return False
        keys = model.read_keys(published.keys)
        if not keys:
            log.warning("sso.no_keys the provider publishes no RSA key to verify with")
            return False
        if set(keys) != set(self._keys) or any(
            keys[kid].public_numbers() != self._keys[kid].public_numbers() for kid in keys
        ):
            self.generation += 1
        self._keys, self._fetched = keys, now
        self._issuer = self._issuer or published.issuer
        return True


async def verify(
    token: str,
    ring: KeyRing,
    *,
    audiences: frozenset[str],
    rules: tuple[model.TeamRule, ...],
    now: datetime,
) -> model.Person:
    """Whom a bearer token speaks of; 401 when it is not to be believed.

    A key that is not known, or does not fit, may be one that the provider has just begun to
    use: it is asked once more, if it was not asked a moment ago.
    """
    if not ring.exists:
        raise Unauthorised("bearer tokens of a single sign-on are not accepted here")
    kid = model.key_id(token)
    claims = model.signed_claims(token, await ring.candidates(kid, now))
    if claims is None and await ring.refresh(now):
        claims = model.signed_claims(token, await ring.candidates(kid, now))
    if claims is None:
        raise Unauthorised("the bearer token's signature is invalid")
    return model.accept(claims, audiences=audiences, issuer=ring.issuer, rules=rules, now=now)


async def find(db: Database, person: model.Person) -> model.Known | None:
    """Our user of that name at the provider."""
    return await store.find(db, person.name)


async def settle(
    db: Database, person: model.Person, known: model.Known | None, *, create: bool
) -> bool:
    """Bring our user of that name up to date, or make one; True when anything was written.

    401 for a user who is not active, for an unknown one when none are made, and for one
    whose name somebody without single sign-on has here.
    """
    now = db.clock.now()
    if known is None:
        if not create:
            raise Unauthorised(f"the user {person.name} is not known here")
        if not await store.add_user(db, person, now):
            raise Unauthorised(
                f"a user named {person.name} is here already, without single sign-on;"
                " an administrator must rename one of them"
            )
        db.changes.wrote(("users", "users+", "users_teams", "users_teams+"))
        log.info("sso.user_created name=%s", person.name)
        return True
    if known.state != "active":
        raise Unauthorised(f"the user {person.name} is not active")
    wants_email = person.email is not None and person.email != known.email
    wants_sub = person.sub is not None and known.sso_sub is None
    if not (wants_email or wants_sub):
        return False
    if not await store.update_user(db, known.id, person, now):
        log.warning("sso.not_updated user=%s: another user has its address", known.id)
        return False
    db.changes.wrote(("users",))
    return True
