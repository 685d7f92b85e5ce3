"""How a receiver checks a report: the Standard Webhooks signature, in twenty lines."""

import base64
import hmac
import time
from collections.abc import Mapping

TOLERANCE_SECONDS = 300


def is_genuine(
    headers: Mapping[str, str], body: bytes, secret: str, *, now: float | None = None
) -> bool:
    """True when `body` was signed with `secret` within the last five minutes.

    Headers (any case): webhook-id, webhook-timestamp (seconds), webhook-signature
    (`v1,<base64 of HMAC-SHA256 over "id.timestamp.body">`, several with blanks between).
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, sent = given["webhook-id"], int(given["webhook-timestamp"])
        signatures = given["webhook-signature"].split()
    except (KeyError, ValueError):
        return False
    if abs((time.time() if now is None else now) - sent) > TOLERANCE_SECONDS:
        return False
    signed = f"{message_id}.{sent}.".encode() + body
    expected = base64.b64encode(hmac.digest(key_of(secret), signed, "sha256")).decode()
    return any(hmac.compare_digest(one, f"v1,{expected}") for one in signatures)


def key_of(secret: str) -> bytes:
    """The key in a secret: base64 after `whsec_`, else the text itself.

    >>> key_of("whsec_a2V5"), key_of("key")
    (b'key', b'key')
    """
    if secret.startswith("whsec_"):
        return base64.b64decode(secret.removeprefix("whsec_"))
    return secret.encode()
