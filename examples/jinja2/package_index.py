"""Source archives of a Python package index: what they are, and their verified bytes.

Reads the simple API, in JSON (which tells size, digest and date of upload) or, from an
older index, in HTML (digest in the link; size and date from the file's own headers).
"""

import hashlib
import os
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit, urlunsplit

import httpx

from examples.jinja2.pip_settings import PipSettings

_JSON = "application/vnd.pypi.simple.v1+json"
_ACCEPT = f"{_JSON}, text/html;q=0.2"


class NotInIndex(Exception):
    """No index has the source archive of this version."""


class WrongBytes(Exception):
    """The index announced another digest than its bytes have."""


@dataclass(frozen=True, slots=True)
class Archive:
    """One source archive as an index describes it."""

    project: str
    version: str
    filename: str
    url: str
    sha256: str | None
    size: int | None
    released_at: datetime | None
    """Naive UTC; None when the index does not say."""

    @property
    def public_url(self) -> str:
        """The address without the credentials that the index may be configured with."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class PackageIndex:
    """The indexes of one machine, asked in pip's order."""

    def __init__(
        self, settings: PipSettings, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._settings = settings
        self._transport = transport

    def source_archive(self, project: str, version: str) -> Archive:
        """The archive of a version; NotInIndex, or httpx.HTTPError when no index answers."""
        for index in self._settings.indexes:
            page = f"{index}/{normal_name(project)}/"
            with self._client(page) as client:
                answer = client.get(page, headers={"Accept": _ACCEPT})
                if answer.status_code == 404:
                    continue
                answer.raise_for_status()
                found = read_page(answer, project, version)
                if found:
                    return found if found.size else with_headers(found, client.head(found.url))
        raise NotInIndex(f"no index has a source archive of {project} {version}")

    def download(self, archive: Archive, folder: Path) -> Path:
        """The archive's file in `folder`, complete and verified; kept over runs."""
        target = folder / archive.filename
        if target.exists() and archive.sha256 == sha256_of(target):
            return target
        folder.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f"{target.name}.{os.getpid()}.part")
        with (
            self._client(archive.url) as client,
            client.stream("GET", archive.url) as answer,
            draft.open("wb") as file,
        ):
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                file.write(chunk)
        if archive.sha256 and sha256_of(draft) != archive.sha256:
            draft.unlink()
            raise WrongBytes(f"{archive.filename} is not what the index announced")
        return draft.replace(target)

    def _client(self, url: str) -> httpx.Client:
        return httpx.Client(
            verify=self._settings.verify(url),
            proxy=self._settings.proxy,
            timeout=self._settings.timeout_seconds,
            follow_redirects=True,
            transport=self._transport,
        )


def read_page(answer: httpx.Response, project: str, version: str) -> Archive | None:
    """The source archive of a version on a project's page of the simple API, if it is there."""
    if answer.headers.get("content-type", "").startswith(_JSON):
        files = answer.json()["files"]
    else:
        links = _Links()
        links.feed(answer.text)
        files = links.files
    wanted = f"{normal_name(project)}-{version}.tar.gz"
    for file in files:
        name = str(file["filename"])
        stem, dash, rest = name.rpartition("-")
        if f"{normal_name(stem)}{dash}{rest}" == wanted:
            uploaded = file.get("upload-time")
            return Archive(
                project=project,
                version=version,
                filename=name,
                url=urljoin(str(answer.url), file["url"]),
                sha256=file.get("hashes", {}).get("sha256"),
                size=file.get("size"),
                released_at=_naive(datetime.fromisoformat(uploaded)) if uploaded else None,
            )
    return None


def with_headers(archive: Archive, answer: httpx.Response) -> Archive:
    """Size and date from the file's own headers, where the page did not tell them."""
    length = answer.headers.get("content-length", "")
    modified = answer.headers.get("last-modified")
    return replace(
        archive,
        size=int(length) if length.isdigit() else None,
        released_at=_naive(parsedate_to_datetime(modified)) if modified else None,
    )


def normal_name(project: str) -> str:
    """The name as indexes write it in addresses.

    >>> normal_name("Foo_.Bar")
    'foo-bar'
    """
    return re.sub(r"[-_.]+", "-", project).lower()


def sha256_of(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


class _Links(HTMLParser):
    """The links of an HTML page of the simple API, in the shape of the JSON one."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href") if tag == "a" else None
        if href:
            url, fragment = urldefrag(href)
            kind, _, digest = fragment.partition("=")
            hashes = {"sha256": digest} if kind == "sha256" else {}
            name = urlsplit(url).path.rpartition("/")[2]
            self.files.append({"filename": name, "url": url, "hashes": hashes})
