"""HMAC request signatures: the wire format's twin of AWS SigV4. Pure.

Source: docs of the wire format, section "HMAC v2". Client and server compute the same
text from method, path, query, signed headers and the body's SHA-256, and sign it with
a key derived from the secret, the day, region, service and request type.
"""

import hashlib
import hmac
import re
from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from ringtest.control.kernel.errors import BadRequest

_AUTHORIZATION = re.compile(
    r"(?P<algorithm>[A-Z0-9]+-HMAC-SHA256) +"
    r"Credential=(?P<credential>[^\s,]+), *"
    r"SignedHeaders=(?P<headers>[a-z0-9;_-]+), *"
    r"Signature=(?P<digest>[0-9a-f]{64})"
)
_TIMESTAMP = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_DATE_HEADERS = {"aws4_request": "x-amz-date", "dci2_request": "x-dci-date"}


@dataclass(frozen=True, slots=True)
class Signature:
    """What the headers of a signed request claim."""

    algorithm: str
    kind: str  # remoteci | feeder
    holder: str
    date: str
    region: str
    service: str
    request_type: str
    signed_headers: tuple[str, ...]
    timestamp: str
    moment: datetime  # of `timestamp`, naive UTC
    digest: str  # 64 hex digits

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{self.request_type}"


def _refuse(reason: str) -> BadRequest:
    return BadRequest(f"HmacMechanism failed: {reason}")


def read(headers: Mapping[str, str]) -> Signature:
    """The claim in `headers` (looked up by lower-case name); BadRequest when it is unusable."""
    match = _AUTHORIZATION.fullmatch(headers.get("authorization", "").strip())
    if match is None:
        raise _refuse("the Authorization header is malformed")
    credential = match["credential"].split("/")
    if len(credential) != 6 or credential[5] not in _DATE_HEADERS:
        raise _refuse("Credential must be <type>/<id>/<yyyymmdd>/<region>/<service>/<request type>")
    kind, holder, date, region, service, request_type = credential
    timestamp = headers.get(_DATE_HEADERS[request_type], "")
    try:
        if not _TIMESTAMP.fullmatch(timestamp):
            raise ValueError(timestamp)
        moment = datetime.fromisoformat(timestamp.removesuffix("Z"))
    except ValueError:
        raise _refuse(f"{_DATE_HEADERS[request_type]} must look like 20260115T093012Z") from None
    signed = tuple(match["headers"].split(";"))
    absent = [name for name in signed if name not in headers]
    if absent:
        raise _refuse(f"the signed header {absent[0]} is missing")
    return Signature(
        match["algorithm"], kind, holder, date, region, service, request_type,
        signed, timestamp, moment, match["digest"],
    )  # fmt: skip


def require_fresh(claim: Signature, now: datetime, tolerance: timedelta) -> None:
    """BadRequest when the request was signed further away from `now` than `tolerance`."""
    if abs(now - claim.moment) > tolerance:
        raise _refuse("signature is expired")


def require_valid(
    claim: Signature,
    secrets: Iterable[str],
    *,
    method: str,
    path: str,
    query: Iterable[tuple[str, str]],
    headers: Mapping[str, str],
    body_digest: str,
    public_host: str = "",
) -> None:
    """BadRequest unless one of `secrets` made this signature.

    The host is what the request came with, or `public_host`: clients sign the name that they
    know, and a proxy may have put another one in its place. `path` is decoded once; of a
    repeated query key the last value counts, as it does for `requests.parameters`;
    `body_digest` is the hex SHA-256 of the body.
    """
    pairs = list(query)
    seen: list[Mapping[str, str]] = [headers]
    if public_host and "host" in claim.signed_headers and headers["host"] != public_host:
        seen.append(ChainMap({"host": public_host}, dict(headers)))
    texts = [_string_to_sign(claim, method, path, pairs, h, body_digest).encode() for h in seen]
    for secret in secrets:
        key = _signing_key(claim, secret)
        for text in texts:
            expected = hmac.new(key, text, hashlib.sha256).hexdigest()
            if hmac.compare_digest(expected, claim.digest):
                return
    raise _refuse("signature is invalid")


def _string_to_sign(
    claim: Signature,
    method: str,
    path: str,
    query: Iterable[tuple[str, str]],
    headers: Mapping[str, str],
    body_digest: str,
) -> str:
    pairs = sorted((_quote(key), _quote(value)) for key, value in dict(query).items())
    canonical = "\n".join(
        [
            method.upper(),
            path,
            "&".join(f"{key}={value}" for key, value in pairs),
            *(f"{name}:{' '.join(headers[name].split())}" for name in claim.signed_headers),
            "",
            ";".join(claim.signed_headers),
            body_digest,
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return "\n".join([claim.algorithm, claim.timestamp, claim.scope, digest])


def _quote(text: str) -> str:
    return quote(text, safe="_.-~")


def _signing_key(claim: Signature, secret: str) -> bytes:
    key = (claim.algorithm.removesuffix("-HMAC-SHA256") + secret).encode()
    for part in (claim.date, claim.region, claim.service, claim.request_type):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
