"""Element trees as text, exactly as the original writes them.

The original serialises with ElementTree, parses that with minidom and prints it indented.
Here one pass gives the same: text that stands alone in its element is left as it is, all
else gets a line of its own. What that pass does not know (namespaces, tags that are none)
takes the original's way.
"""

import io
import re
import sys
from collections.abc import Callable, Iterable
from xml.dom import minidom
from xml.etree.ElementTree import Element, tostring
from xml.parsers.expat import ExpatError

from ringtest.jjb.problems import Failure

HEADER = '<?xml version="1.0" encoding="utf-8"?>\n'
# The tag of an element that stands for its children, whose text was written before.
FRAGMENT = "#fragment"

_TAG = re.compile(r"[A-Za-z_][\w.\-]*", re.ASCII)
# What XML cannot hold: ElementTree writes it, and the parser refuses it.
_ILLEGAL = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_SPECIAL = re.compile(f'[&<>"\r{_ILLEGAL}]')
_REFUSED = re.compile(f"[{_ILLEGAL}]")
_QUOTES_IN_TEXT = sys.version_info < (3, 13)
_AROUND = re.compile("[<>\r\n\t]")
_known_tags: set[str] = set()


class _Unusual(Exception):
    """The tree holds what only the original's way can write."""


def document(root: Element) -> bytes:
    """The whole file of a job or view. Raises Failure for what no XML can hold."""
    out = [HEADER]
    try:
        _write(root, "", out.append)
    except _Unusual:
        return HEADER.encode() + _slow(root).encode("utf-8")
    except (TypeError, AttributeError):
        raise Failure("xml", _wrong_type(root)) from None
    return "".join(out).encode("utf-8")


def fragment(children: Iterable[Element], depth: int) -> Element:
    """An element that stands for these, with their lines at that depth; many trees may hold it.

    Its text is None when only the whole document can be written. Raises Failure.
    """
    made = Element(FRAGMENT)
    made.extend(children)
    out: list[str] = []
    indent = "  " * depth
    try:
        for child in made:
            _write(child, indent, out.append)
            if child.tail:
                out.append(f"{indent}{_escaped(child.tail)}\n")
    except _Unusual:
        return made
    except (TypeError, AttributeError):
        raise Failure("xml", _wrong_type(made)) from None
    made.text = "".join(out)
    return made


def _write(element: Element, indent: str, write: Callable[[str], object]) -> None:
    tag = element.tag
    text = element.text
    if tag not in _known_tags:
        if tag is FRAGMENT:
            if text is None:
                raise _Unusual
            write(text)
            return
        _learn(tag)
    attributes = element.attrib
    head = f"{indent}<{tag}{_attributes(attributes)}" if attributes else f"{indent}<{tag}"
    if len(element):
        write(head + ">\n")
        deeper = indent + "  "
        if text:
            write(f"{deeper}{_escaped(text)}\n")
        for child in element:
            _write(child, deeper, write)
            if child.tail:
                write(f"{deeper}{_escaped(child.tail)}\n")
        write(f"{indent}</{tag}>\n")
    elif text:
        write(f"{head}>{_escaped(text)}</{tag}>\n")
    else:
        write(head + "/>\n")


def _learn(tag: object) -> None:
    # minidom puts declarations of namespaces before all other attributes.
    if not isinstance(tag, str) or not _TAG.fullmatch(tag) or tag.startswith("xml"):
        raise _Unusual
    _known_tags.add(tag)


def _escaped(text: str) -> str:
    if not _SPECIAL.search(text):
        return text
    refused = _REFUSED.search(text)
    if refused:
        raise Failure("xml", f"XML cannot hold the character U+{ord(refused[0]):04X}")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    if _QUOTES_IN_TEXT:
        text = text.replace('"', "&quot;")
    return text.replace(">", "&gt;")


def _attributes(attributes: dict[str, str]) -> str:
    made = []
    for name, value in attributes.items():
        if name not in _known_tags:
            _learn(name)
        if _SPECIAL.search(value) or (_AROUND.search(value) and not _QUOTES_IN_TEXT):
            if _REFUSED.search(value) or not _QUOTES_IN_TEXT:
                raise _Unusual
            value = value.replace("&", "&amp;").replace("<", "&lt;")
            value = value.replace('"', "&quot;").replace(">", "&gt;")
        made.append(f' {name}="{value}"')
    return "".join(made)


def _slow(element: Element) -> str:
    """The original's way."""
    try:
        parsed = minidom.parseString(tostring(unfolded(element), encoding="UTF-8"))
    except ExpatError as error:
        raise Failure("xml", f"this gives no XML: {error}") from None
    except TypeError as error:
        raise Failure("xml", str(error)) from None
    made = io.StringIO()
    for node in parsed.childNodes:
        node.writexml(made, "", "  ", "\n")
    return made.getvalue()


def unfolded(element: Element) -> Element:
    """The same tree, with their children in place of fragments."""
    made = Element(element.tag, element.attrib)
    made.text, made.tail = element.text, element.tail
    for child in element:
        whole = unfolded(child)
        if child.tag is FRAGMENT:
            made.extend(list(whole))
        else:
            made.append(whole)
    return made


def _wrong_type(element: Element) -> str:
    for item in element.iter():
        if item.tag is FRAGMENT:
            continue
        for value in (item.text, item.tail, *item.attrib.values()):
            if value is not None and not isinstance(value, str):
                return f"<{item.tag}> takes text, not {value!r:.80} (type {type(value).__name__})"
    return f"<{element.tag}> holds what is no text"
