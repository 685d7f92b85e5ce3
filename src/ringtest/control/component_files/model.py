"""Names of files within their component, where a request for one is sent, and permits. Pure."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote
from uuid import UUID

from ringtest.control.kernel.errors import BadRequest

LIST_SUFFIX = ".chunks"
"""The list of an object's chunks is the object of its key and this."""
_NAME_LIMIT = 500
_RHDL_TAG = "rhdl"
_LISTS = {"dci_files_list.json": "rhdl_files_list.json"}
"""What RHDL calls the lists that DCI's clients ask for."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What the uploader says of a file. `sha256` and `md5`, if given, must be the bytes'."""

    name: str | None
    mime: str
    sha256: str | None = None
    md5: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """Where the bytes of a file are, and what they are."""

    name: str
    mime: str | None
    size: int
    sha256: str
    object_key: str


def parse_file_name(text: str) -> str:
    """A file's name within its component: a plain relative path; 400.

    >>> parse_file_name("rpms/a 1.rpm")
    'rpms/a 1.rpm'
    >>> parse_file_name("a/../../b")
    Traceback (most recent call last):
    ringtest.control.kernel.errors.BadRequest: not a plain relative path: 'a/../../b'
    >>> parse_file_name("a/%2e%2e/b")
    Traceback (most recent call last):
    ringtest.control.kernel.errors.BadRequest: not a plain relative path: 'a/%2e%2e/b'
    """
    parts = text.split("/")
    # what we only pass on may be decoded once more by whoever gets it
    further = {part for form in _decoded(text) for part in form.split("/")}
    if (
        len(text) > _NAME_LIMIT
        or "" in parts
        or not further.isdisjoint({".", ".."})
        or "\\" in text
        or not text.isprintable()
        or as_id(parts[0])
    ):
        raise BadRequest(f"not a plain relative path: {text[:80]!r}")
    return text


def _decoded(text: str) -> list[str]:
    """The text, and what it becomes when it is decoded again and again."""
    forms = [text]
    while (further := unquote(forms[-1])) != forms[-1]:
        forms.append(further)
    return forms


def as_id(text: str) -> UUID | None:
    """The id that the text is, if it is one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def rhdl_address(base: str, display_name: str, path: str) -> str:
    """Where the RHDL service has a file of a component.

    >>> rhdl_address("https://rhdl.example.com/", "RHEL-9.4", "dci_files_list.json")
    'https://rhdl.example.com/components/RHEL-9.4/files/rhdl_files_list.json'
    """
    folder, slash, name = path.rpartition("/")
    there = f"{folder}{slash}{_LISTS.get(name, name)}"
    return f"{base.rstrip('/')}/components/{quote(display_name, safe='')}/files/{quote(there)}"


def goes_to_rhdl(base: str, tags: list[str], *, is_v2: bool) -> bool:
    """Is a component's file fetched from RHDL? With v2 always, else when tagged so."""
    return bool(base) and (is_v2 or _RHDL_TAG in tags)


def permit_window(now: datetime) -> datetime:
    """The hour within which a permit counts.

    >>> permit_window(datetime(2026, 3, 1, 10, 59, 7)).isoformat()
    '2026-03-01T10:00:00'
    """
    return now.replace(minute=0, second=0, microsecond=0)


def permit_key(secret: bytes, sha256: str, team_id: UUID) -> str:
    """What agents of a team that may read a file know of it for an hour, and nobody else."""
    return hmac.new(secret, f"{sha256}\n{team_id}".encode(), hashlib.sha256).hexdigest()
