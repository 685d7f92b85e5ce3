"""Which certificates of servers are trusted."""

import ssl
from functools import lru_cache
from os import environ
from pathlib import Path

import httpx

from ringtest.client.errors import ClientError

VARIABLES = ("RINGTEST_CA_FILE", "REQUESTS_CA_BUNDLE")
"""Variables that name a file of certificates; the second is what DCI's tools read."""


class TrustError(ClientError):
    """A file of certificates cannot be used; the message says which and why."""


def trusted(ca_file: str = "") -> ssl.SSLContext:
    """What httpx verifies with: the usual authorities, and those of a file of one's own.

    The file is the one that is named, else that of the first variable that is set. Files are
    read once, and again when they have changed: to read the usual ones takes as long as many
    a command does altogether.
    """
    path = ca_file or next((environ[name] for name in VARIABLES if environ.get(name)), "")
    usual = environ.get("SSL_CERT_FILE", "")
    return _context(path, _state(path), usual, _state(usual), environ.get("SSL_CERT_DIR"))


def _state(path: str) -> tuple[int, int, int] | None:
    """What changes with the content of a file; None when it cannot be looked at."""
    try:
        found = Path(path).stat() if path else None
    except OSError:
        found = None
    return found and (found.st_mtime_ns, found.st_ino, found.st_size)


@lru_cache(8)
def _context(path: str, *_: object) -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    try:
        if path:
            context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise TrustError(f"{path} holds no certificates in PEM form") from None
    except OSError as error:
        raise TrustError(f"{path} cannot be read: {error.strerror}") from None
    return context
