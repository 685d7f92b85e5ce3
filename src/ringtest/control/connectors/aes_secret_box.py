"""SecretBox with AES-256-GCM: port `secret_box`, needs the package cryptography.

Sealed form: version byte 1, nonce (12 bytes), ciphertext with tag. The AES key is made
from the server's secret key with HKDF-SHA256, so that the setting may be any text.
"""

import contextlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ringtest.control.kernel.settings import Settings

PORT = "secret_box"

_VERSION = b"\x01"
_NONCE_BYTES = 12
_PURPOSE = b"ringtest secret box 1"


def create(settings: Settings) -> "AesSecretBox":
    """The box of the setting `secret_key`, else of a key made once in the data folder."""
    return AesSecretBox(settings.secret_key or _kept_key(settings.data / "secret-key"))


def _kept_key(file: Path) -> str:
    """The key in `file`, readable by its owner alone; of two processes that make it, one wins."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as opened:
            opened.write(secrets.token_hex(32) + "\n")
            opened.flush()
            os.fsync(opened.fileno())
        with contextlib.suppress(FileExistsError):
            file.hardlink_to(draft)
        draft.unlink()
    return file.read_text().strip()


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
