"""The gate of one attempt: all that a server is to hear passes here and loses its secrets."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from ringtest.agent.attempt import Attempt, OutcomeFile
from ringtest.agent.secrets.cleaning import Cleaner
from ringtest.agent.secrets.left import Line, note
from ringtest.agent.secrets.resolving import Resolver, SecretError
from ringtest.agent.settings import HOLD_BACK, AgentSettings
from ringtest.language.redaction import Held
from ringtest.language.secret_reference import Secret

EVIDENCE_LINES = 40
EVIDENCE_BYTES = 8 * 1024

Text = TypeVar("Text", str, None)


class Leaving:
    """Knows the secrets of an attempt.

    `own` are values that no job gets and that must not leave all the same, such as the lab's key.
    """

    def __init__(self, attempt: Attempt, own: Mapping[str, str]) -> None:
        self._given: dict[str, str] = {}
        self._hidden: set[str] = set()
        self._is_open = False
        self._attempt = attempt
        self._own = [(name, value) for name, value in own.items() if value]
        self._cleaner = Cleaner(self._own)
        self._held = Held()
        self._tail = b""
        self._found: Counter[str] = Counter()
        self._holds_unread = False

    async def open(self, wanted: Mapping[str, Secret], settings: AgentSettings) -> None:
        """Get the values that the definition wants; SecretError when one cannot be had.

        What the lab's settings name is known too, as far as no command has to be run for it.
        Doing it again does nothing.
        """
        if self._is_open:
            return
        self._holds_unread = settings.unreadable_archives == HOLD_BACK
        lab = settings.secrets
        resolver = Resolver(
            lab, settings.job_secrets, folder=self._attempt.work, environment=os.environ
        )
        self._hidden = {one.env for one in (*wanted.values(), *lab.values()) if one.env}
        known = list(self._own)
        for name, secret in lab.items():
            if not secret.command:
                try:
                    known += (await resolver.resolve({name: Secret(lab=name)})).items()
                except SecretError:
                    continue  # who wants it is told
        self._given = await resolver.resolve(wanted)
        self._cleaner = Cleaner([*self._given.items(), *known])
        self._is_open = True

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The agent's variables without those that hold secrets, and with what steps are given."""
        kept = {name: value for name, value in environment.items() if name not in self._hidden}
        return {**kept, **self._given}

    def log(self, data: bytes) -> bytes:
        """What may leave of the bytes held and those that came, perhaps nothing yet."""
        out, held = self._cleaner.redactor.feed(data, self._held, self._tell)
        if not data.endswith(b"\n"):
            early, held = self._cleaner.redactor.let_out(held)
            out += early
        self._held = held
        self._tail = (self._tail + out)[-2 * EVIDENCE_BYTES :]
        return out

    def rest_of_log(self) -> bytes:
        """What is held: nothing follows it."""
        out = self._cleaner.redactor.close(self._held, self._tell)
        self._held = Held()
        self._tail = (self._tail + out)[-2 * EVIDENCE_BYTES :]
        return out

    def begin_stage(self) -> None:
        """Evidence is a stage's own output only."""
        self._tail = b""

    def end_stage(self, stage: str) -> None:
        """Note what was redacted in it."""
        if self._found:
            note(self._attempt, Line("stage", stage, redacted=dict(self._found)))
            self._found.clear()

    def text(self, text: Text) -> Text:
        """A message that is there as a whole, None stays None."""
        return text and self._cleaner.redactor.text(text, self._tell)

    def evidence(self) -> str:
        """The last 40 lines that left, at most 8 KiB, fit for a database: no NUL, valid UTF-8."""
        lines = self._tail[-EVIDENCE_BYTES:].splitlines()[-EVIDENCE_LINES:]
        text = b"\n".join(lines).decode(errors="replace").replace("\x00", "")
        while len(text.encode()) > EVIDENCE_BYTES:
            text = text[64:]
        return text

    def files(self, files: Sequence[OutcomeFile]) -> tuple[list[OutcomeFile], list[str]]:
        """The files that may leave, as they may leave, and what is to be said: why others may
        not, and what leaves although it could not be looked into.

        Reads them all: for a thread.
        """
        leaving, said = [], []
        for file in files:
            cleaned, why = self._file(file)
            if cleaned:
                leaving.append(cleaned)
                if cleaned.unread:
                    name = self.text(cleaned.name)
                    said.append(f"{name} leaves without being looked into: {cleaned.unread}")
            else:
                name = self.text(file.name)
                said.append(f"{name} stays in the lab: {why}")
                line = Line("kept", name, size=file.size, sha256=file.sha256, why=why)
                note(self._attempt, line)
        return leaving, said

    def _file(self, file: OutcomeFile) -> tuple[OutcomeFile | None, str]:
        if self._cleaner.redactor.text(file.name) != file.name:
            return None, "its name holds a secret"
        target = self._attempt.cleaned / file.name
        try:
            found = self._cleaner.clean(self._attempt.work / file.name, target)
        except OSError as error:
            return None, f"it cannot be looked through: {error.strerror}"
        if found is None:
            return file, ""
        if found.kept:
            return None, found.kept
        if found.unread:
            if self._holds_unread:
                return None, f"{found.unread}, and this lab sends no such files"
            return msgspec.structs.replace(file, unread=found.unread), ""
        count = sum(found.found.values())
        return msgspec.structs.replace(
            file, size=found.size, sha256=found.sha256, redacted=count
        ), ""

    def clean_folder(self, *names: str) -> None:
        """Clean texts of the attempt's folder in their places; what is no text is left."""
        for name in names:
            top = self._attempt.folder / name
            for path in [top] if top.is_file() else sorted(top.rglob("*")):
                if path.is_file() and not path.is_symlink():
                    fresh = path.with_name(path.name + ".cleaned")
                    found = self._cleaner.clean(path, fresh)
                    if found and found.sha256:
                        fresh.replace(path)

    def _tell(self, kind: str) -> None:
        self._found[kind] += 1
