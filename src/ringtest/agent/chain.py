"""The chain that runs through a journal: every line ends with a digest over all before it.

A line is a JSON object whose last field is `chain`: SHA-256, in hexadecimal, over the digest
of the line before and the object without that field. Who changes, drops or swaps a line breaks
it at that place; who has the last digest can tell whether he has the same journal. It is no
signature: whoever may write the file can make a new chain.
"""

import hashlib
import itertools
from collections.abc import Iterable

import msgspec

_FIELD = b',"chain":"'
_END = b'"}\n'
_TAIL = len(_FIELD) + 64 + len(_END)


class Head(msgspec.Struct):
    """What is read of a line to walk along a journal."""

    seq: int
    kind: str


_decoder = msgspec.json.Decoder(Head)


def start(origin: str) -> str:
    """The digest that the first line goes on from: a journal belongs to one attempt.

    >>> start("job 1.1") == start("job 1.2")
    False
    """
    return hashlib.sha256(b"ringtest journal of " + origin.encode()).hexdigest()


def seal(before: str, body: bytes) -> tuple[bytes, str]:
    """The line of a record's JSON object, and its digest.

    >>> line, digest = seal(start(""), b'{"seq":1,"kind":"finish"}')
    >>> line.endswith(digest.encode() + b'"}\\n'), check(start(""), line) == digest
    (True, True)
    """
    digest = _digest(before, body)
    return b"".join((body[:-1], _FIELD, digest.encode(), _END)), digest


def check(before: str, line: bytes) -> str | None:
    """The digest of a line that goes on from `before`, None when it does not."""
    body, field, digest = line[:-_TAIL], line[-_TAIL : -_TAIL + len(_FIELD)], line[-67:-3]
    if field != _FIELD or not line.endswith(_END):
        return None
    right = _digest(before, body + b"}")
    return right if digest == right.encode() else None


def head(line: bytes) -> Head | None:
    """Number and kind of a line, None for what is no line."""
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError:
        return None


class Walk:
    """Along the lines of a journal, from its first to the first that does not fit."""

    def __init__(self, origin: str) -> None:
        self.digest = start(origin)
        self.last_seq = 0
        self.problem = ""
        """What is wrong with the line that did not fit."""

    def fits(self, line: bytes) -> Head | None:
        """The head of the next line; None, and `problem`, when it does not go on from here."""
        whole = line.endswith(b"\n")
        found = head(line) if whole else None
        if found is None:
            self.problem = "is not a whole record"
        elif (digest := check(self.digest, line)) is None:
            self.problem = "does not go on from the record before it: one of them was changed"
        elif found.seq <= self.last_seq:
            self.problem = f"has number {found.seq}, after {self.last_seq}"
        else:
            self.digest, self.last_seq = digest, found.seq
            return found
        return None


def whole_lines(lines: Iterable[bytes]) -> int:
    """How many of the lines are whole records, whatever their digests say."""
    return sum(1 for line in lines if line.endswith(b"\n") and head(line) is not None)


def replay(origin: str, lines: Iterable[bytes]) -> tuple[Walk, int]:
    """Walk along all lines: the walk as far as it came, and how many lines fitted."""
    walk = Walk(origin)
    fitting = sum(1 for _ in itertools.takewhile(walk.fits, lines))
    return walk, fitting


def _digest(before: str, body: bytes) -> str:
    digest = hashlib.sha256(before.encode())
    digest.update(body)
    return digest.hexdigest()
