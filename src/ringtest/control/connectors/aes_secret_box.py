"""SecretBox with AES-256-GCM: port `secret_box`, needs the package cryptography.

Sealed form: version byte 1, nonce (12 bytes), ciphertext with tag. The AES key is made
from the server's secret key with HKDF-SHA256, so that the setting may be any text.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = b"\x01"
_NONCE_BYTES = 12
_PURPOSE = b"ringtest secret box 1"


class AesSecretBox:
    """Seals with one key. A new key makes every sealed secret unreadable: labs need new ones."""

    def __init__(self, secret_key: str) -> None:
        if len(secret_key) < 16:
            raise ValueError("the secret key must have at least 16 characters")
        key = HKDF(SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret_key.encode())
        self._cipher = AESGCM(key)

    def seal(self, secret: str) -> bytes:
        """Encrypt; the same secret looks different every time."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, secret.encode(), _VERSION)

    def open(self, sealed: bytes) -> str:
        """Decrypt what `seal` made; ValueError when the key is another one or a bit changed."""
        if sealed[:1] != _VERSION:
            raise ValueError("sealed in an unknown form")
        nonce, text = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, text, _VERSION).decode()
        except InvalidTag:
            raise ValueError("sealed with another key, or damaged") from None
