"""Texts of others on their way in: bytes of any encoding become clean lines.

Nothing depends on how the bytes were cut into chunks, and nothing is lost silently: what
was replaced or left out is told under a code.
"""

import codecs
import re
from collections.abc import Callable

MAX_LINE = 1024 * 1024
"""Characters kept of one line."""

Tell = Callable[[str, str], None]
"""Takes a code for programs and words for people."""

_COLOUR = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MARKS = (
    (codecs.BOM_UTF8, "utf_8"),
    (codecs.BOM_UTF16_LE, "utf_16_le"),
    (codecs.BOM_UTF16_BE, "utf_16_be"),
)
_ERRORS = "ringtest.as_latin_1"


def _as_latin_1(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error(_ERRORS, _as_latin_1)


def clean(text: str) -> str:
    """Without colours of terminals; other control characters become their pictures.

    >>> clean("\\x1b[31mbad\\x1b[0m\\x00")
    'bad␀'
    """
    if text.isascii() and text.isprintable():
        return text
    text = _CONTROL.sub(lambda found: _picture(found[0]), _COLOUR.sub("", text))
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _picture(control: str) -> str:
    return "\u2421" if control == "\x7f" else chr(0x2400 + ord(control))


class Decoder:
    """UTF-8, or UTF-16 with a mark or with the zeros of ASCII; bad bytes are Latin-1."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._decoder: codecs.IncrementalDecoder | None = None
        self._codec = ""
        self._head = b""

    def feed(self, chunk: bytes, *, final: bool = False) -> str:
        """The characters that are complete."""
        if self._decoder is None:
            self._head += chunk
            if len(self._head) < 4 and not final:
                return ""
            chunk = self._begin()
        assert self._decoder is not None
        state = self._decoder.getstate()
        try:
            return self._decoder.decode(chunk, final)
        except UnicodeDecodeError:
            self._tell("encoding", f"bytes that are not {self._codec} were read as Latin-1")
            self._decoder = codecs.getincrementaldecoder(self._codec)(_ERRORS)
            self._decoder.setstate(state)
            return self._decoder.decode(chunk, final)

    def _begin(self) -> bytes:
        head = self._head
        mark, self._codec = next(
            (one for one in _MARKS if head.startswith(one[0])), (b"", _without_mark(head))
        )
        self._decoder = codecs.getincrementaldecoder(self._codec)("strict")
        return head[len(mark) :]


def _without_mark(head: bytes) -> str:
    """
    >>> _without_mark(b"o\\0k\\0"), _without_mark(b"\\0o\\0k"), _without_mark(b"ok 1")
    ('utf_16_le', 'utf_16_be', 'utf_8')
    """
    if len(head) > 3 and head[0] and head[2] and not head[1] and not head[3]:
        return "utf_16_le"
    if len(head) > 3 and head[1] and head[3] and not head[0] and not head[2]:
        return "utf_16_be"
    return "utf_8"


def beginning(head: bytes) -> str:
    """The first bytes of a file as text, for a look at them; never raises."""
    return clean(Decoder(lambda code, text: None).feed(head)).lstrip("\ufeff")


class Lines:
    """Lines without their ends, clean, each of at most MAX_LINE characters."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._decoder = Decoder(tell)
        self._parts: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[str]:
        """The lines that this chunk ended."""
        return self._split(self._decoder.feed(chunk))

    def close(self) -> tuple[list[str], str]:
        """The rest: lines, and what follows the last end of a line."""
        lines = self._split(self._decoder.feed(b"", final=True))
        return lines, self._join("")

    def _split(self, text: str) -> list[str]:
        if "\n" not in text:
            self._hold(text)
            return []
        first, *rest = text.split("\n")
        lines = [self._join(first), *map(self._short, rest[:-1])]
        self._hold(rest[-1])
        return lines

    def _hold(self, text: str) -> None:
        if text and self._size <= MAX_LINE:
            self._parts.append(text[: MAX_LINE + 1 - self._size])
        self._size += len(text)

    def _join(self, end: str) -> str:
        self._hold(end)
        line, self._parts, self._size = "".join(self._parts), [], 0
        return self._short(line)

    def _short(self, line: str) -> str:
        if len(line) > MAX_LINE:
            self._tell("line_cut", f"lines of more than {MAX_LINE} characters were cut")
            line = line[:MAX_LINE]
        if line.isascii() and line.isprintable():
            return line
        tidy = clean(line.removesuffix("\r"))
        if tidy != line.removesuffix("\r"):
            self._tell("control_characters", "control characters were replaced")
        return tidy
