"""What the headers of resumable uploads say, as tus 1.0 has them. Pure."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

from ringtest.control.component_files.model import parse_file_name
from ringtest.control.files.model import Upload, read_upload
from ringtest.control.kernel.errors import BadRequest, PreconditionFailed, RingtestError

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,checksum,termination"
ALGORITHMS = ("sha256", "sha1", "md5")
PATCH_TYPE = "application/offset+octet-stream"

_METADATA_LIMIT = 8192
_KEYS = frozenset({
    "name", "mime", "job_id", "jobstate_id", "component_id", "sha256", "md5", "attempt",
    "idempotency_key",
})  # fmt: skip
_ALIASES = {"filename": "name", "filetype": "mime", "type": "mime"}
"""What tus clients call a file's name and type by themselves."""


class ChecksumMismatch(RingtestError):
    """The bytes of this PATCH are not those that were sent; the offset stays."""

    status_code = 460


@dataclass(frozen=True, slots=True)
class Checksum:
    """Of the bytes of one PATCH."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an upload becomes: a file of a job, or of a component under a path."""

    job_file: Upload | None
    component_id: UUID | None
    name: str
    mime: str | None
    sha256: str | None
    md5: str | None


def check_version(text: str | None) -> None:
    """412 for a client of another protocol version; none means ours."""
    if text not in (None, VERSION):
        raise PreconditionFailed(f"this server speaks tus {VERSION}", version=VERSION)


def read_number(text: str | None, header: str) -> int:
    """Bytes; 400.

    >>> read_number("10", "Upload-Offset")
    10
    """
    if text is None or not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII):
        raise BadRequest(f"the header {header} must be a number of bytes")
    return int(text)


def read_metadata(text: str | None) -> dict[str, str]:
    """Pairs of key and base64 value, comma between; 400.

    >>> read_metadata("filename YSBi,job_id MQ==")
    {'name': 'a b', 'job_id': '1'}
    """
    if not text or len(text) > _METADATA_LIMIT:
        raise BadRequest(f"the header Upload-Metadata is required, {_METADATA_LIMIT} bytes at most")
    found: dict[str, str] = {}
    for pair in text.split(","):
        key, _, value = pair.strip().partition(" ")
        try:
            plain = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise BadRequest(f"Upload-Metadata: {key[:40]!r} must be base64 of UTF-8") from None
        name = _ALIASES.get(key, key)
        if name in _KEYS and plain:
            found[name] = plain
    return found


def wanted(metadata: Mapping[str, str], *, key: str | None) -> Wanted:
    """What the metadata asks for; 400. `key`, or the sender's own idempotency_key, makes the
    job's file once, however often."""
    sha256, md5 = metadata.get("sha256"), metadata.get("md5")
    for name, text, digits in (("sha256", sha256, 64), ("md5", md5, 32)):
        if text is not None and not re.fullmatch(rf"[0-9a-f]{{{digits}}}", text):
            raise BadRequest(f"Upload-Metadata: {name} must be {digits} hex digits in lower case")
    if "component_id" in metadata:
        if not metadata.keys().isdisjoint({"job_id", "jobstate_id"}):
            raise BadRequest("Upload-Metadata: either component_id or job_id, not both")
        if "name" not in metadata:
            raise BadRequest("Upload-Metadata: filename is required")
        component = _id(metadata["component_id"])
        name = parse_file_name(metadata["name"])
        return Wanted(None, component, name, metadata.get("mime"), sha256, md5)
    headers = {
        "dci-name": quote(metadata.get("name", "")),
        "dci-mime": metadata.get("mime", ""),
        "dci-job-id": metadata.get("job_id", ""),
        "dci-jobstate-id": metadata.get("jobstate_id", ""),
        "dci-sha256": sha256 or "",
        "dci-md5": md5 or "",
    }
    if "attempt" in metadata:
        headers["x-ringtest-attempt"] = metadata["attempt"]
    if key := metadata.get("idempotency_key", key):
        headers["idempotency-key"] = key
    upload = read_upload(headers)
    return Wanted(upload, None, upload.name, upload.mime, sha256, md5)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadRequest("Upload-Metadata: component_id must be an id") from None


def read_checksum(text: str | None) -> Checksum | None:
    """`sha256 <base64>`; 400.

    >>> read_checksum("sha1 AAAA").algorithm
    'sha1'
    """
    if not text:
        return None
    algorithm, _, value = text.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadRequest(f"Upload-Checksum: {' or '.join(ALGORITHMS)}, not {algorithm[:20]!r}")
    try:
        return Checksum(algorithm, base64.b64decode(value, validate=True))
    except binascii.Error:
        raise BadRequest("Upload-Checksum must end in base64") from None
