"""Which certificates of servers are trusted."""

import ssl
from os import environ

import httpx

from ringtest.client.errors import ClientError

VARIABLES = ("RINGTEST_CA_FILE", "REQUESTS_CA_BUNDLE")
"""Variables that name a file of certificates; the second is what DCI's tools read."""


class TrustError(ClientError):
    """A file of certificates cannot be used; the message says which and why."""


def trusted(ca_file: str = "") -> ssl.SSLContext | bool:
    """What httpx verifies with: the usual authorities, and those of a file of one's own.

    The file is the one that is named, else that of the first variable that is set.
    """
    path = ca_file or next((environ[name] for name in VARIABLES if environ.get(name)), "")
    if not path:
        return True
    context = httpx.create_ssl_context()
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise TrustError(f"{path} holds no certificates in PEM form") from None
    except OSError as error:
        raise TrustError(f"{path} cannot be read: {error.strerror}") from None
    return context
