"""Keeping secrets that must be read back (HMAC keys, webhook secrets) unreadable at rest."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class SecretBox(Protocol):
    """Authenticated encryption with the server's key."""

    def seal(self, secret: str) -> bytes:
        """Encrypt."""
        ...

    def open(self, sealed: bytes) -> str:
        """Decrypt what `seal` made; ValueError when the key is another one."""
        ...
