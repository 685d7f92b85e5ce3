"""The mark that ringtest leaves in the description of what it writes.

    <!-- ringtest SET DIGEST␍-->

DIGEST is of the rendered XML, so that a list of descriptions tells what was written last. The
mark ends with a lone carriage return: browsers never send one, so a form saved by a person
breaks it, and the same list tells who was edited by hand. The mark of jenkins-job-builder stays
last, for its `--delete-old`.
"""

import hashlib
import re
from dataclasses import dataclass
from xml.parsers import expat

BUILDER_MARK = "<!-- Managed by Jenkins Job Builder -->"
SET_NAME = re.compile(r"[A-Za-z0-9_.-]+")

_MARK = re.compile(r"<!-- ringtest (?P<set>[\w.-]+) (?P<digest>[0-9a-f]{32})(?P<end>\s*)-->")
_BUILDER_BYTES = b"&lt;!-- Managed by Jenkins Job Builder --&gt;"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a description says: written for which set of jobs, as what, and untouched since."""

    set_name: str
    digest: str
    intact: bool


def digest_of(xml: bytes) -> str:
    """What stands for a rendered document: 32 hexadecimal digits."""
    return hashlib.sha256(xml).hexdigest()[:32]


def text_of(set_name: str, digest: str) -> str:
    """The mark itself.

    >>> find(text_of("team", "0" * 32))
    Mark(set_name='team', digest='00000000000000000000000000000000', intact=True)
    >>> find(text_of("team", "0" * 32).replace(chr(13), chr(10))).intact
    False
    """
    return f"<!-- ringtest {set_name} {digest}\r-->"


def find(description: str) -> Mark | None:
    """The mark in a description, if there is one."""
    found = _MARK.search(description)
    return Mark(found["set"], found["digest"], found["end"] == "\r") if found else None


def without(description: str) -> str:
    """A description as its author wrote it.

    >>> without("mine" + text_of("team", "0" * 32) + BUILDER_MARK)
    'mine<!-- Managed by Jenkins Job Builder -->'
    """
    return _MARK.sub("", description)


def is_builders(description: str) -> bool:
    """True for what jenkins-job-builder counts as its own."""
    return description.endswith(BUILDER_MARK)


def put(xml: bytes, set_name: str, *, disabled: bool = False) -> bytes:
    """The document with its mark in the description; nothing else of it changes.

    disabled: also say that the job is, for one that a person has disabled.

    >>> put(b"<project><description>a</description></project>", "team")
    b'<project><description>a&lt;!-- ringtest team faa77ba8ba4e3a1752c0f305b7ac9b04&#13;--&gt;</description></project>'
    """  # noqa: E501
    mark = text_of(set_name, digest_of(xml)).encode()
    for plain, written in ((b"<", b"&lt;"), (b">", b"&gt;"), (b"\r", b"&#13;")):
        mark = mark.replace(plain, written)
    parts = _Parts(xml)
    root, description = parts.root, parts.description
    state = b"<disabled>true</disabled>" if disabled else b""
    if root.empty:
        whole = b"<description>" + mark + b"</description>" + state
        return b"".join([xml[: root.end - 2], b">", whole, b"</", root.name, b">", xml[root.end :]])
    if description is None:
        before, after = parts.inside, parts.inside
        middle = b"<description>" + mark + b"</description>"
    elif description.empty:
        before, after = description.begin, description.end
        middle = b"<description>" + mark + b"</description>"
    else:
        before = after = description.end
        middle = mark
        if xml[:before].endswith(_BUILDER_BYTES):
            before -= len(_BUILDER_BYTES)
            middle = mark + _BUILDER_BYTES
    return b"".join([xml[:before], middle, xml[after : root.end], state, xml[root.end :]])


@dataclass(frozen=True, slots=True)
class _Element:
    """Where an element is, in bytes: up to its end tag, or past the whole when it is empty."""

    name: bytes
    begin: int
    end: int
    empty: bool


class _Parts:
    """The root of a document, its own description, and where the root's content begins."""

    def __init__(self, xml: bytes) -> None:
        self.root: _Element
        self.description: _Element | None = None
        self.inside = -1
        self._open: list[tuple[str, int]] = []
        self._began = False
        parser = expat.ParserCreate()
        self._parser = parser
        self._xml = xml
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._stop
        parser.DefaultHandlerExpand = lambda data: self._note()
        parser.Parse(xml, True)

    def _note(self) -> None:
        self._began = False
        if len(self._open) == 1 and self.inside < 0:
            self.inside = self._parser.CurrentByteIndex

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._note()
        self._open.append((name, self._parser.CurrentByteIndex))
        self._began = True

    def _stop(self, name: str) -> None:
        end = self._parser.CurrentByteIndex
        empty = self._began and self._xml[end - 2 : end] == b"/>"
        if not empty:
            self._note()
        _, begin = self._open.pop()
        element = _Element(name.encode(), begin, end, empty)
        if not self._open:
            self.root = element
        elif len(self._open) == 1 and name == "description" and self.description is None:
            self.description = element
        self._began = False
