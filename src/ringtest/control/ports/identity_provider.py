"""Whom the server believes about people: the keys of a single sign-on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Published:
    """What a provider says of itself: its name in `iss`, and its keys as JSON Web Keys."""

    issuer: str | None
    keys: Sequence[Mapping[str, Any]]


class ProviderUnreachable(Exception):
    """No usable answer; the message says why, for the server's log."""


class IdentityProvider(Protocol):
    """An OpenID Connect provider, seen from a server that is shown its tokens."""

    configured: bool
    """Is there a provider at all?"""

    async def fetch(self) -> Published:
        """Its keys as they are now, or ProviderUnreachable; takes ten seconds at most."""
        ...
