"""What a job has to tell its server, on disk in its order: a server that is away holds up nothing.

The run appends and goes on; a sender delivers one after the other, and goes on where it was,
also in another process. Every entry has a key of its own, so that one that is sent twice counts
once.
"""

import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import msgspec
from msgspec import Struct

from ringtest.agent.ansible.commits import attach
from ringtest.agent.ansible.files import Commit
from ringtest.agent.lab_api import HEADER_SAFE, is_temporary
from ringtest.client import ApiError, AsyncClient, Backoff, Unreachable
from ringtest.client.files import LocalFile
from ringtest.client.requests import Call

Kind = Literal["state", "text", "file", "commit", "end"]


class Entry(Struct, frozen=True, omit_defaults=True):
    """One thing to tell. `end` is the last: how the job came out, in the words of DCI."""

    kind: Kind
    name: str = ""
    """Of a file; of a state its word."""
    text: str = ""
    """A text file's content; a state's comment."""
    mime: str = "text/plain"
    path: str = ""
    """Of a file that is too large for here."""
    commit: Commit | None = None
    pinned: str = ""
    """Where its commit is from, for who runs it again."""


class Position(Struct):
    """How far the sender is: a place in the file, and the jobstate that files belong to."""

    offset: int = 0
    jobstate_id: str = ""


class Outbox:
    """The entries of one job, in its folder. `hide` takes secrets out of a text."""

    def __init__(self, folder: Path, hide: Callable[[str], str] = str) -> None:
        self._path = folder / "outbox.jsonl"
        self._position = folder / "outbox-position.json"
        self._hide = hide
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._file = os.open(self._path, flags, 0o600)
        self._more = asyncio.Event()

    def put(self, entry: Entry) -> None:
        """Add one; it is on disk when this returns."""
        hidden = msgspec.structs.replace(
            entry, name=self._hide(entry.name), text=self._hide(entry.text)
        )
        os.write(self._file, msgspec.json.encode(hidden) + b"\n")
        self._more.set()

    def close(self) -> None:
        """Nothing more comes."""
        os.fsync(self._file)
        os.close(self._file)

    @property
    def position(self) -> Position:
        try:
            return msgspec.json.decode(self._position.read_bytes(), type=Position)
        except (OSError, msgspec.MsgspecError):
            return Position()

    @position.setter
    def position(self, position: Position) -> None:
        fresh = self._position.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(position))
        fresh.replace(self._position)

    async def wait(self) -> None:
        """Return when something was added since this was last asked."""
        await self._more.wait()
        self._more.clear()

    def read(self, offset: int) -> tuple[Entry, int] | None:
        """The entry at a place and the place behind it; None while there is none."""
        with self._path.open("rb") as file:
            file.seek(offset)
            line = file.readline()
        if not line.endswith(b"\n"):
            return None
        return msgspec.json.decode(line, type=Entry), offset + len(line)

    @property
    def waiting(self) -> int:
        """Entries that are still to be delivered."""
        with self._path.open("rb") as file:
            file.seek(self.position.offset)
            return sum(1 for _ in file)

    @property
    def is_ended(self) -> bool:
        """Whether its last entry is an end."""
        with self._path.open("rb") as file:
            return any(b'"kind":"end"' in line[:40] for line in file)


class Sender:
    """Delivers an outbox. What the server refuses for good is said, and left behind."""

    def __init__(
        self,
        outbox: Outbox,
        client: AsyncClient,
        job: dict[str, Any],
        say: Callable[[str], None],
    ) -> None:
        self._outbox = outbox
        self._client = client
        self._job = job
        self._say = say
        self.is_away = False
        """Whether the server was not to be reached at the last try."""

    async def run(self) -> None:
        """Until the end is delivered."""
        at = self._outbox.position
        while True:
            found = self._outbox.read(at.offset)
            if found is None:
                await self._outbox.wait()
                continue
            entry, behind = found
            at.jobstate_id = await self._persist(entry, at) or at.jobstate_id
            at.offset = behind
            self._outbox.position = at
            if entry.kind == "end":
                return

    async def _persist(self, entry: Entry, at: Position) -> str | None:
        """Send one, however long that takes; the id of a jobstate when it is one."""
        backoff = Backoff(most=30.0)
        while True:
            try:
                sent = await self._send(entry, at)
                self._tell_of_absence(away=False)
                return sent
            except ApiError as error:
                if not is_temporary(error) or (entry.kind == "commit" and error.status < 429):
                    self._say(f"the server refuses {entry.kind} {entry.name!r}: {error}")
                    return None
                self._tell_of_absence(away=True, why=str(error))
            except Unreachable as error:
                self._tell_of_absence(away=True, why=str(error))
            except OSError as error:
                self._say(f"{entry.name}: {error}")
                return None
            await asyncio.sleep(backoff.next())

    def _tell_of_absence(self, *, away: bool, why: str = "") -> None:
        if away != self.is_away:
            self._say(f"{why}; the run goes on" if away else "the server is back")
        self.is_away = away

    async def _send(self, entry: Entry, at: Position) -> str | None:
        words = f"{self._job['id']}/{at.offset}"
        key = hashlib.sha256(words.encode()).hexdigest()[:32]
        if entry.kind in ("state", "end"):
            return await self._state(entry, key)
        if entry.kind == "commit" and entry.commit:
            await attach(self._client, self._job, entry.commit, pinned=entry.pinned, key=key)
        elif entry.kind == "text":
            await self._text(entry, at.jobstate_id, key)
        elif entry.kind == "file":
            file = await asyncio.to_thread(LocalFile.measure, Path(entry.path))
            await self._client.upload("/files", file, self._headers(entry, "", key))
        return None

    async def _state(self, entry: Entry, key: str) -> str | None:
        if entry.kind == "end":
            job = (await self._client.get(f"/jobs/{self._job['id']}"))["job"]
            if job["status"] == entry.name:
                return None  # the playbook has said it already
        body = {"job_id": self._job["id"], "status": entry.name, "comment": entry.text or None}
        answer = await self._client.post("/jobstates", body, key=key)
        return str(answer["jobstate"]["id"])

    async def _text(self, entry: Entry, jobstate_id: str, key: str) -> None:
        headers = self._headers(entry, jobstate_id, key)
        content = entry.text.encode("utf-8", "replace")
        await self._client.call(Call("POST", "/files", headers=headers, content=content))

    def _headers(self, entry: Entry, jobstate_id: str, key: str) -> dict[str, str]:
        headers = {
            "DCI-NAME": quote(entry.name, safe=HEADER_SAFE),
            "DCI-JOB-ID": str(self._job["id"]),
            "DCI-MIME": entry.mime,
            "Idempotency-Key": key,
        }
        if jobstate_id:
            headers["DCI-JOBSTATE-ID"] = jobstate_id
        return headers
