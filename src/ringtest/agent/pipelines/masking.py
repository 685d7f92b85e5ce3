"""Secrets of a run, taken out of what leaves it: the same gate that jobs of an agent have."""

from collections.abc import Mapping
from pathlib import Path

from ringtest.agent.secrets.cleaning import Cleaner
from ringtest.language.redaction import Held


class Mask:
    """Knows values that are shown nowhere, by their names, and what secrets look like."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        self._cleaner = Cleaner(self._values.items())
        self._held = Held()

    def add(self, name: str, value: str) -> None:
        """One more."""
        self._values[name] = value
        self._cleaner = Cleaner(self._values.items())

    def text(self, text: str) -> str:
        """A text that is there as a whole."""
        return self._cleaner.redactor.text(text)

    def log(self, data: bytes) -> bytes:
        """What may be shown of what was held back and what has come, perhaps nothing yet."""
        out, held = self._cleaner.redactor.feed(data, self._held)
        if not data.endswith(b"\n"):
            early, held = self._cleaner.redactor.let_out(held)
            out += early
        self._held = held
        return out

    def rest_of_log(self) -> bytes:
        """What was held back: nothing follows it."""
        out = self._cleaner.redactor.close(self._held)
        self._held = Held()
        return out

    def file(self, path: Path) -> str:
        """Clean a file in its place; why it may not leave at all, else nothing."""
        target = path.with_name(path.name + ".clean")
        cleaned = self._cleaner.clean(path, target)
        if cleaned is None:
            return ""
        if cleaned.sha256:
            target.replace(path)
        return cleaned.kept
