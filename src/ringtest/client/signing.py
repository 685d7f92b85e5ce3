"""DCI2-HMAC-SHA256: how remote CIs and feeders sign their requests. Pure.

The algorithm is AWS signature version 4 under another name. A signature covers
method, path, query, host, time and body, and is good for 15 minutes.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote

ALGORITHM = "DCI2-HMAC-SHA256"
REGION = "BHS3"
SERVICE = "api"
REQUEST_TYPE = "dci2_request"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Signable:
    """What is signed of a request. `path` may be percent-encoded; `query` is decoded pairs."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    host: str
    body_sha256: str = EMPTY_SHA256


def signature_headers(
    request: Signable, *, identity: str, secret: str, now: datetime
) -> dict[str, str]:
    """The headers to add. `identity` is `remoteci/<uuid>` or `feeder/<uuid>`; `now` is UTC.

    >>> headers = signature_headers(
    ...     Signable("GET", "/api/v1/jobs", (), "localhost"),
    ...     identity="remoteci/1", secret="s", now=datetime(2026, 1, 15, 9, 30))
    >>> headers["X-DCI-Date"]
    '20260115T093000Z'
    >>> headers["Authorization"].split(", ")[:2]
    ['DCI2-HMAC-SHA256 Credential=remoteci/1/20260115/BHS3/api/dci2_request', \
'SignedHeaders=host;x-dci-date']
    """
    timestamp = now.strftime("%Y%m%dT%H%M%SZ")
    date = timestamp[:8]
    scope = f"{date}/{REGION}/{SERVICE}/{REQUEST_TYPE}"
    canonical = hashlib.sha256(_canonical(request, timestamp).encode()).hexdigest()
    to_sign = f"{ALGORITHM}\n{timestamp}\n{scope}\n{canonical}"
    signature = hmac.new(_key(secret, date), to_sign.encode(), hashlib.sha256).hexdigest()
    return {
        "X-DCI-Date": timestamp,
        "Authorization": f"{ALGORITHM} Credential={identity}/{scope}, "
        f"SignedHeaders=host;x-dci-date, Signature={signature}",
    }


def _canonical(request: Signable, timestamp: str) -> str:
    return "\n".join(
        [
            request.method,
            unquote(request.path),
            _canonical_query(request.query),
            f"host:{request.host}",
            f"x-dci-date:{timestamp}",
            "",
            "host;x-dci-date",
            request.body_sha256,
        ]
    )


def _canonical_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Sorted, encoded pairs; of a repeated key only the last value counts, as verifiers read it."""
    last = dict(pairs)
    encoded = sorted((quote(k, safe="_.-~"), quote(v, safe="_.-~")) for k, v in last.items())
    return "&".join(f"{key}={value}" for key, value in encoded)


def _key(secret: str, date: str) -> bytes:
    key = (ALGORITHM.removesuffix("-HMAC-SHA256") + secret).encode()
    for part in (date, REGION, SERVICE, REQUEST_TYPE):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
