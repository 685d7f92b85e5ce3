"""The JUnit reader's first pass: clean UTF-8 of what runners really write.

Wrong or undeclared encodings, byte order marks, text before the first tag, control
characters, references to characters that XML forbids, and ampersands that begin no reference.
"""

import codecs
import re
from typing import Any

from ringtest.control.ports.result_parser import Notes

_CONTROLS = bytes(set(range(32)) - {0x09, 0x0A, 0x0D})
_EACH_CONTROL = [bytes([control]) for control in _CONTROLS]
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_HEAD = 512
"""Bytes looked at for the encoding."""
_HOLD = 48
"""Longest text that must not be split between two pieces: see _REFERENCE, _COLOUR."""
_COLOUR = re.compile(rb"\x1b\[[0-9;]{0,20}m")
_CONTROL = re.compile(b"[" + re.escape(_CONTROLS) + b"]")
_REFERENCE = re.compile(rb"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}));(\[[0-9;]{0,20}m)?")
_NONCHARACTER = re.compile(b"\xef\xbf[\xbe\xbf]")
_REPLACEMENT = "\ufffd".encode()
_OPENING, _CLOSING = b"<![CDATA[", b"]]>"
_BARE = re.compile(rb"&(?!(?:lt|gt|amp|quot|apos|#[0-9]{1,10}|#x[0-9a-fA-F]{1,8});)")
_BARE_OR_CDATA = re.compile(rb"<!\[CDATA\[|\]\]>|" + _BARE.pattern)
_TEXT_CODEC = re.compile(
    r"(ascii|us_ascii|utf_?8|utf_?16|utf_?16_?[bl]e|utf_?32|latin_?1|iso_?8859_?\d+|windows_?\d+"
    r"|cp\d+|koi8_?[ru]|shift_?jis|sjis|euc_?(jp|kr)|gbk|gb2312|gb18030|big5|iso_?ir_?\d+)$"
)


def _as_latin1(error: UnicodeError) -> tuple[str, int]:
    """Undecodable bytes as the characters of the same number.

    Mislabelled files are mostly Latin-1, and names that differ must stay different.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("ringtest.latin1", _as_latin1)


def _sniff(head: bytes) -> tuple[str, int, str | None]:
    """Codec, length of the byte order mark, and a declared encoding that is not true.

    >>> _sniff(b'<?xml version="1.0" encoding="ISO-8859-1"?>')
    ('iso_8859_1', 0, None)
    >>> _sniff('<a/>'.encode('utf-16'))
    ('utf_16_le', 2, None)
    """
    for mark, codec in (
        (codecs.BOM_UTF8, "utf_8"),
        (codecs.BOM_UTF32_LE, "utf_32_le"),
        (codecs.BOM_UTF32_BE, "utf_32_be"),
        (codecs.BOM_UTF16_LE, "utf_16_le"),
        (codecs.BOM_UTF16_BE, "utf_16_be"),
    ):
        if head.startswith(mark):
            return codec, len(mark), None
    if head[:4] in (b"<\0?\0", b"<\0t\0"):
        return "utf_16_le", 0, None
    if head[:4] in (b"\0<\0?", b"\0<\0t"):
        return "utf_16_be", 0, None
    declared = _DECLARED.match(head)
    if not declared:
        return "utf_8", 0, None
    word = declared[1].decode().lower().replace("-", "_").replace(".", "_")
    # readable as ASCII so far: a two-byte encoding is a false claim (.NET makes it)
    if not _TEXT_CODEC.match(word) or word.startswith(("utf_16", "utf16", "utf_32", "utf32")):
        return "utf_8", 0, declared[1].decode()
    try:
        codecs.lookup(word)
    except LookupError:
        return "utf_8", 0, declared[1].decode()
    return ("utf_8" if word in ("utf8", "ascii", "us_ascii") else word), 0, None


_BEFORE_ROOT = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]{0,60})[\s/>]", re.ASCII)


def first_element(head: bytes) -> str:
    """The name of the element that a file begins with; empty when it begins with none.

    >>> first_element(b'<?xml version="1.0"?><!-- of today --> <testsuite name="a">')
    'testsuite'
    """
    codec, mark, _ = _sniff(head[:_HEAD])
    text = head[mark:].decode(codec, "replace")
    place = 0
    while found := _BEFORE_ROOT.match(text, place):
        place = found.end()
    root = _ROOT.match(text, place)
    return root[1].rpartition(":")[2] if root else ""


class Recovery:
    """Bytes of any encoding in, clean UTF-8 out, starting at the first `<`."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._held = b""
        self._started = False
        self._decoder: Any = None  # None while plain ASCII needs no decoding
        self._codec = ""
        self._in_cdata = False
        self._edge = b""
        """The end of what was cleaned last: the beginning or end of CDATA may be split there."""

    def feed(self, chunk: bytes, *, final: bool = False) -> bytes:
        if not self._codec:
            chunk = self._held + chunk
            self._held = b""
            if len(chunk) < _HEAD and not final:
                self._held = chunk
                return b""
            chunk = self._recognise(chunk)
        data = self._decode(chunk)
        if not self._started:
            data = self._skip_to_start(data)
        return self._clean(data, final)

    def _recognise(self, head: bytes) -> bytes:
        self._codec, mark, false_claim = _sniff(head[:_HEAD])
        if false_claim:
            self._notes.add(
                "encoding", f"the file claims to be {false_claim[:40]} and is read as UTF-8"
            )
        return head[mark:]

    def _decode(self, chunk: bytes) -> bytes:
        if self._decoder is None:
            if self._codec == "utf_8" and chunk.isascii():
                return chunk
            self._decoder = codecs.getincrementaldecoder(self._codec)("strict")
        try:
            text: str = self._decoder.decode(chunk)
        except UnicodeDecodeError:
            self._notes.add(
                "encoding", f"bytes that are not {self._codec} were read as Latin-1", once=True
            )
            state = self._decoder.getstate()
            self._decoder = codecs.getincrementaldecoder(self._codec)("ringtest.latin1")
            self._decoder.setstate(state)
            text = self._decoder.decode(chunk)
        data = text.encode("utf-8", "replace")
        if b"\xef\xbf" in data:
            data = _NONCHARACTER.sub(_REPLACEMENT, data)
        return data

    def _skip_to_start(self, data: bytes) -> bytes:
        start = data.find(b"<")
        dropped = data if start < 0 else data[:start]
        if dropped.strip():
            self._notes.add("leading_text", "text before the first tag was left out", once=True)
        self._started = start >= 0
        return data[start:] if start >= 0 else b""

    def _clean(self, data: bytes, final: bool) -> bytes:
        if self._held:
            data = self._held + data
            self._held = b""
        if not final:
            tail = max(data.rfind(b"&", -_HOLD), data.rfind(b"\x1b", -_HOLD))
            if tail >= 0:
                data, self._held = data[:tail], data[tail:]
        if any(control in data for control in _EACH_CONTROL):  # 28 memchr: the fastest way
            data = _CONTROL.sub(lambda found: _picture(found[0][0]), _COLOUR.sub(b"", data))
            self._tell_controls()
        if b"&#" in data:
            data = self._without_bad_references(data)
        return self._with_bare_ampersands(data)

    def _with_bare_ampersands(self, data: bytes) -> bytes:
        """`&` and `&nbsp;` as the text that they were meant to be; in CDATA they are that."""
        known = self._edge + data
        edge, self._edge = len(self._edge), known[1 - len(_OPENING) :]
        if b"&" not in data or not _BARE.search(data):
            if self._in_cdata or b"<![" in known:  # else there is nothing to find: the common case
                opened, closed = known.rfind(_OPENING), known.rfind(_CLOSING)
                if opened != closed:  # else there is neither
                    self._in_cdata = opened > closed
            return data
        parts, done = [], edge
        for found in _BARE_OR_CDATA.finditer(known):
            if found[0] != b"&":
                self._in_cdata = found[0] == _OPENING
            elif not self._in_cdata and found.start() >= edge:
                parts += [known[done : found.start()], b"&amp;"]
                done = found.end()
        if parts:
            self._notes.add(
                "malformed", "ampersands that begin no reference were read as they are", once=True
            )
        return b"".join([*parts, known[done:]])

    def _without_bad_references(self, data: bytes) -> bytes:
        """Most references are good, and looking for each `&#` is quicker than a search."""
        parts, done = [], 0
        place = data.find(b"&#")
        while place >= 0:
            found = _REFERENCE.match(data, place)
            if found and (legal := self._legal(found)) != found[0]:
                parts += [data[done:place], legal]
                done = found.end()
            place = data.find(b"&#", place + 2)
        return b"".join([*parts, data[done:]]) if parts else data

    def _legal(self, found: re.Match[bytes]) -> bytes:
        number = int(found[1], 16) if found[1] else int(found[2])
        if number in (9, 10, 13) or 32 <= number < 0xD800:
            return found[0]
        if 0xE000 <= number < 0xFFFE or 0x10000 <= number < 0x110000:
            return found[0]
        self._tell_controls()
        colour = found[3] or b""
        if number == 0x1B and colour:
            return b""
        return (_picture(number) if number < 32 else _REPLACEMENT) + colour

    def _tell_controls(self) -> None:
        self._notes.add(
            "control_characters", "characters that XML forbids were replaced", once=True
        )


def _picture(control: int) -> bytes:
    """The visible stand-in of a control character: ESC becomes U+241B.

    >>> _picture(27).decode()
    '␛'
    """
    return chr(0x2400 + control).encode()
