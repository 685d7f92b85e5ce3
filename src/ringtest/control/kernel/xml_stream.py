"""XML of others as events, by expat: never in memory as a whole, and going on behind
places that are no XML.

Document types, and so entities that explode, are refused; depth and the length of a tag
are limited.
"""

import re
from typing import Protocol
from xml.parsers import expat

from ringtest.control.kernel.incoming_text import Decoder, Tell, clean

MAX_DEPTH = 1_000
"""Elements inside one another."""
MAX_TOKEN = 4 * 1024 * 1024
"""Bytes of one tag with its attributes, or of one comment."""
MAX_REPAIRS = 1_000
"""Places that are no XML after which reading goes on."""

_MISMATCHED_TAG = 7
_LONGEST_LANDMARK = 64
_LONGEST_COLOUR = 64
_SLICE = 1 << 18


class Refused(Exception):
    """Going on is not safe."""


class _Stop(Exception):
    """A limit was reached."""


class Events(Protocol):
    """Who understands what is read."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """Text inside of the innermost element; it may come in pieces."""

    def broken(self, why: str) -> list[str]:
        """No XML here: names of the elements, outermost first, in which reading goes on."""


class XmlStream:
    """One document. After a broken place reading goes on where `landmark` matches."""

    def __init__(self, events: Events, landmark: re.Pattern[bytes], tell: Tell) -> None:
        self._events = events
        self._landmark = landmark
        self._tell = tell
        self._decoder = Decoder(tell)
        self._colour = ""  # what may be the beginning of a terminal's colour
        self._seeking = False
        self._held = b""
        self._repairs = 0
        self.is_stopped = False
        self.is_complete = False
        """The outermost element has ended."""
        self.depth = 0
        self._begin([])

    def feed(self, chunk: bytes) -> None:
        """Read on; Refused when that is not safe."""
        for at in range(0, len(chunk), _SLICE):
            self._clean(self._decoder.feed(chunk[at : at + _SLICE]))

    def close(self) -> str | None:
        """Why the document is not complete; None when it is."""
        self._clean(self._decoder.feed(b"", final=True), final=True)
        if self.is_stopped or self._seeking:
            return None
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            return None if self.is_complete else str(error)
        except _Stop:
            return None
        return None

    def _begin(self, opening: list[str]) -> None:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse
        start = "".join(f"<{name}>" for name in opening).encode()
        parser.Parse(start, False)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._events.text
        self._parser, self._fed, self._pending = parser, len(start), b""
        self.depth = len(opening)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _Stop(f"more than {MAX_DEPTH} elements inside one another")
        self._events.start(name, attributes)

    def _end(self, name: str) -> None:
        self.depth -= 1
        self._events.end(name)
        self.is_complete |= self.depth == 0

    def _clean(self, text: str, *, final: bool = False) -> None:
        text, self._colour = self._colour + text, ""
        escape = text.rfind("\x1b", -_LONGEST_COLOUR)
        if escape >= 0 and not final:
            text, self._colour = text[:escape], text[escape:]
        tidy = clean(text)
        if tidy != text:
            self._tell("control_characters", "characters that XML forbids were replaced")
        data = tidy.encode()
        while data and not self.is_stopped:
            data = self._seek(data) if self._seeking else self._parse(data)

    def _parse(self, data: bytes) -> bytes:
        """What is left to read behind an error."""
        try:
            self._parser.Parse(data, False)
        except expat.ExpatError as error:
            known = self._pending + data
            place = self._parser.ErrorByteIndex - (self._fed - len(self._pending))
            if error.code == _MISMATCHED_TAG:
                place -= 2  # expat points behind the `</`
            if self.is_complete:
                self._stop("trailing_text", "text behind the end of the document")
                return b""
            self._break(str(error))
            return known[max(0, place) :]
        except _Stop as stop:
            self._stop("too_deep", str(stop))
            return b""
        self._fed += len(data)
        waiting = self._fed - self._parser.CurrentByteIndex
        self._pending = (self._pending + data)[-waiting:] if waiting > 0 else b""
        if waiting > MAX_TOKEN:
            self._break(f"a tag of more than {MAX_TOKEN} bytes")
        return b""

    def _stop(self, code: str, why: str) -> None:
        self._tell(code, f"{why}: reading stopped there")
        self.is_stopped = True

    def _break(self, why: str) -> None:
        self._repairs += 1
        if self._repairs > MAX_REPAIRS:
            self._stop("malformed", f"more than {MAX_REPAIRS} broken places")
            return
        self._opening = self._events.broken(why)
        self._seeking, self._held = True, b""

    def _seek(self, data: bytes) -> bytes:
        data = self._held + data
        found = self._landmark.search(data)
        if found is None:
            self._held = data[-_LONGEST_LANDMARK:]
            return b""
        self._seeking = False
        self._begin(self._opening)
        return data[found.start() :]


def _refuse(*_: object) -> None:
    raise Refused("document type declarations are refused")


_FIRST_ELEMENT = re.compile(r"\s*(?>(?:<\?.*?\?>|<!--.*?-->)\s*)*+<([A-Za-z_][\w.-]*)", re.S)


def first_element(text: str) -> str:
    """The name of the outermost element of a document that begins so; "" when it is none.

    >>> first_element("<?xml version='1.0'?><!-- x --><robot a='1'>")
    'robot'
    """
    found = _FIRST_ELEMENT.match(text)
    return found[1] if found else ""
