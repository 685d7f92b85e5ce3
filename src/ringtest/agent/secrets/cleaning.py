"""Files on their way out: texts without their secrets, and what cannot be cleaned is found.

A text is copied without its secrets, if it has any. In other files values are looked for as they
are, also within archives: what holds one cannot be changed, and is kept back.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from ringtest.agent.secrets.archives import PIECE, Holds, Looking, TooMuch, kind_of
from ringtest.agent.secrets.forms import all_forms
from ringtest.language.redaction import Held, Redactor
from ringtest.language.secret_rules import Literals

_LOOK = 8 * 1024
"""Bytes at a file's beginning that say whether it is a text."""


class Cleaned(Struct, frozen=True):
    """A file that may leave. `found` counts what was replaced; `kept` says why it may not.
    `unread`: what of it could not be looked into; then it is as it was, and size and digest are
    not told."""

    size: int = 0
    sha256: str = ""
    found: dict[str, int] = {}
    kept: str = ""
    unread: str = ""


class Cleaner:
    """Knows the names and values of a lab's secrets, and what secrets look like."""

    def __init__(self, values: Iterable[tuple[str, str]]) -> None:
        self._forms = all_forms(values)
        self._literals = Literals(self._forms)
        self.redactor = Redactor(words=self._forms, least=1)

    def clean(self, source: Path, target: Path) -> Cleaned | None:
        """None when the file may leave as it is. Else it may not, or `target` has what may.

        OSError when one of them cannot be read or written.
        """
        with source.open("rb") as file:
            beginning = file.read(_LOOK)
        if is_text(beginning):
            return self._clean_text(source, target)
        most = max(map(len, self._forms), default=1) - 1
        looking = Looking(self._name_in, most, target.parent)
        try:
            looking.file(source)
        except Holds as found:
            return Cleaned(kept=f"it is no text and holds the secret {found}")
        except TooMuch as error:
            return Cleaned(kept=str(error))
        return Cleaned(unread="; ".join(looking.unread)) if looking.unread else None

    def _clean_text(self, source: Path, target: Path) -> Cleaned | None:
        found: Counter[str] = Counter()

        def tell(kind: str) -> None:
            found[kind] += 1

        for _ in self._redacted(source, tell):
            if found:
                break
        else:
            return None
        found.clear()
        digest, size = hashlib.sha256(), 0
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for piece in self._redacted(source, tell):
                file.write(piece)
                digest.update(piece)
                size += len(piece)
        return Cleaned(size, digest.hexdigest(), dict(found))

    def _redacted(self, source: Path, tell: Callable[[str], None]) -> Iterator[bytes]:
        held = Held()
        with source.open("rb") as file:
            while piece := file.read(PIECE):
                out, held = self.redactor.feed(piece, held, tell)
                yield out
        yield self.redactor.close(held, tell)

    def _name_in(self, data: bytes) -> str:
        """The first secret whose value is there as it is; empty when there is none."""
        found = self._literals.over(data, 0, len(data))(0)
        return self._forms[found[1]] if found else ""


def is_text(beginning: bytes) -> bool:
    r"""By its first bytes: no NUL among them, and no archive.

    >>> is_text(b"a log\n"), is_text(b"\x7fELF\x02\x00"), is_text(b"\x1f\x8b\x08")
    (True, False, False)
    """
    return b"\0" not in beginning and kind_of(beginning[:512]) is None
