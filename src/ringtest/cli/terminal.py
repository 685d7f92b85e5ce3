"""Texts of others on a terminal: all of it is shown, and none of it steers the terminal.

Logs and names may hold whatever a job has printed: titles, cursor moves, what fills clipboards,
directions of writing. Colours stay; the rest becomes pictures. Pipes and files get the bytes as
they are.
"""

import codecs
import re
import sys
from collections.abc import Iterable

_COLOUR = "\x1b\\[[0-9;:]{0,64}m"
_STEERING = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
_ANY = re.compile(f"({_COLOUR})|\r(?=\n)|{_STEERING}")
_OPEN = re.compile("(?:\x1b(?:\\[[0-9;:]{0,64})?|\r)$")
"""The end of a piece that may be the beginning of something."""
_RESET = "\x1b[0m"


def harmless(text: str) -> str:
    r"""With its colours, and pictures in the place of what steers a terminal.

    >>> harmless("\x1b[31mbad\x1b[0m\x1b]0;title\x07\r\n")
    '\x1b[31mbad\x1b[0m␛]0;title␇\n'
    """
    return text if text.isprintable() else _ANY.sub(lambda found: found[1] or _picture(found), text)


def plain(text: str) -> str:
    r"""The same without colours, for the cell of a table.

    >>> plain("\x1b[31mbad\x1b[2J\u202e")
    'bad␛[2J\ufffd'
    """
    if text.isprintable():
        return text
    return _ANY.sub(lambda found: "" if found[1] else _picture(found), text)


def for_people(text: str) -> str:
    """A line on its way to standard output: harmless on a terminal, else as it is."""
    return harmless(text) if sys.stdout.isatty() else text


def write_raw(pieces: Iterable[bytes]) -> None:
    """Bytes to standard output as they come: harmless on a terminal, else as they are."""
    if not sys.stdout.isatty():
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        return
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    held = ""
    for piece in pieces:
        text = held + decoder.decode(piece)
        found = _OPEN.search(text)
        end = found.start() if found else len(text)
        held = text[end:]
        sys.stdout.write(harmless(text[:end]))
    sys.stdout.write(harmless(held + decoder.decode(b"", final=True)) + _RESET)


def _picture(found: "re.Match[str]") -> str:
    """What is shown of one control character; of a line's end that has two, nothing."""
    code = ord(found[0])
    if code == 0x0D and found.string[found.end() : found.end() + 1] == "\n":
        return ""
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"
