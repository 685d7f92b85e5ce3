"""What an upload claims in its headers. Pure."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote
from uuid import UUID

from ringtest.control.kernel.errors import BadRequest

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NAME_LIMIT = 1024
_KEY_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Upload:
    """What the headers of `POST /files` say. One of `job_id` and `jobstate_id` is there."""

    name: str
    mime: str | None
    job_id: UUID | None
    jobstate_id: UUID | None
    attempt: int | None = None
    sha256: str | None = None
    md5: str | None = None
    key: str | None = None

    def require_digests(self, *, sha256: str, md5: str | None) -> None:
        """400 unless the body has the digests that its sender says it has. `md5` is None when
        the sender says nothing of it: then nobody computes it."""
        if self.sha256 not in (None, sha256):
            raise BadRequest("DCI-SHA256 is not that of the body", sha256=sha256)
        if self.md5 not in (None, md5):
            raise BadRequest("DCI-MD5 is not that of the body", md5=md5)


def read_upload(headers: Mapping[str, str], *, job_id: UUID | None = None) -> Upload:
    """The upload that `headers` (looked up by lower-case name) describe, or BadRequest.

    `job_id` is the job that the address names, if it does. Names may be UTF-8 or
    percent-encoded, because headers are neither.

    >>> read_upload({"dci-name": "a%20b", "dci-job-id": "0" * 32}).name
    'a b'
    """
    upload = Upload(
        name=_name(headers.get("dci-name", "")),
        mime=headers.get("dci-mime", "").strip()[:200] or None,
        job_id=job_id or _id(headers, "dci-job-id"),
        jobstate_id=_id(headers, "dci-jobstate-id"),
        attempt=_attempt(headers.get("x-ringtest-attempt")),
        sha256=_digest(headers, "DCI-SHA256", 64),
        md5=_digest(headers, "DCI-MD5", 32),
        key=headers.get("idempotency-key") or None,
    )
    if upload.job_id is None and upload.jobstate_id is None:
        raise BadRequest("one of the headers DCI-JOB-ID and DCI-JOBSTATE-ID is required")
    if upload.key and len(upload.key) > _KEY_LIMIT:
        raise BadRequest(f"Idempotency-Key may have at most {_KEY_LIMIT} characters")
    return upload


def _name(text: str) -> str:
    try:
        name = text.encode("latin-1").decode()
    except (UnicodeEncodeError, UnicodeDecodeError):
        name = text
    with suppress(UnicodeDecodeError):  # a percent sign that means itself
        name = unquote(name, errors="strict")
    name = name.strip()
    if not name:
        raise BadRequest("the header DCI-NAME is required")
    if _CONTROL.search(name) or len(name.encode(errors="replace")) > _NAME_LIMIT:
        raise BadRequest(f"DCI-NAME must be at most {_NAME_LIMIT} bytes without control characters")
    return name


def _id(headers: Mapping[str, str], header: str) -> UUID | None:
    text = headers.get(header, "").strip()
    try:
        return UUID(text) if text else None
    except ValueError:
        raise BadRequest(f"{header} must be an id, not {text[:80]!r}") from None


def _attempt(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise BadRequest(f"X-Ringtest-Attempt must be a number, not {text[:20]!r}")
    return int(text)


def _digest(headers: Mapping[str, str], header: str, digits: int) -> str | None:
    text = headers.get(header.lower(), "").strip().lower()
    if not text:
        return None
    if not re.fullmatch(rf"[0-9a-f]{{{digits}}}", text):
        raise BadRequest(f"{header} must be {digits} hex digits")
    return text
