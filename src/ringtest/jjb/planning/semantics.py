"""Configurations as Jenkins understands them: what differs only in writing is the same.

Jenkins reads a config.xml into objects and writes them again: with `plugin` attributes, fields
in the order of their class, defaults spelled out, old fields moved. Both sides of a comparison
are brought to one form here, which has no such differences.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from ringtest.jjb.planning import marks

_DEFAULTS = frozenset({"", "false", "0"})
"""What a field of Java holds when nothing was said: to leave it out says the same."""

_COLLECTIONS = frozenset(
    {
        "vector",
        "list",
        "linked-list",
        "set",
        "hash-set",
        "tree-set",
        "linked-hash-set",
        "empty-list",
        "java.util.ArrayList",
        "java.util.Collections$EmptyList",
        "java.util.Collections$UnmodifiableRandomAccessList",
        "java.util.concurrent.CopyOnWriteArrayList",
        "java.util.Arrays$ArrayList",
        "hudson.util.DescribableList",
    }
)
_UNORDERED = frozenset({"properties", "buildWrappers", "triggers", "jobNames"})
_VALUES = frozenset({"string", "int", "long", "boolean", "double", "float", "null", "entry"})
_CONTROL = re.compile(rb"&#(x[0-9a-fA-F]+|[0-9]+);")


class NotXml(ValueError):
    """A configuration that cannot be read."""


@dataclass(frozen=True, slots=True)
class Node:
    """An element in the one form. `label` is its tag, with its class where it has one."""

    tag: str
    attributes: tuple[tuple[str, str], ...] = ()
    text: str = ""
    children: tuple["Node", ...] = ()

    @property
    def label(self) -> str:
        """The tag, and the class where that says what it is."""
        kind = dict(self.attributes).get("class")
        return f"{self.tag}({kind})" if kind else self.tag


def parse(document: bytes) -> ET.Element:
    """The elements of a configuration, XML 1.0 or 1.1. NotXml when it is neither.

    Control characters, which 1.1 may name, become the pictures that Unicode has of them.

    >>> parse(b"<?xml version='1.1'?><a>&#x1b;[1m</a>").text
    '␛[1m'
    """
    try:
        return ET.fromstring(_CONTROL.sub(_picture, document))
    except (ET.ParseError, ValueError, LookupError) as error:
        raise NotXml(str(error)) from error


def _picture(found: re.Match[bytes]) -> bytes:
    text = found[1].decode()
    number = int(text[1:], 16) if text.startswith("x") else int(text)
    if number < 32 and number not in (9, 10, 13):
        return b"&#%d;" % (0x2400 + number)
    return found[0]


def normal(root: ET.Element, *, with_disabled: bool = True) -> Node:
    """The one form of a configuration. Without `disabled` where a person may decide that."""
    node = _node(root)
    children = [_unmarked(child) for child in node.children]
    children = _moved(children)
    if not with_disabled:
        children = [child for child in children if child.tag != "disabled"]
    kept = [child for child in children if not _is_default_of_projects(child)]
    return Node(node.tag, node.attributes, "", tuple(sorted(kept, key=_by_name)))


def digest(node: Node) -> str:
    """What stands for a normal form: equal for equal meanings."""
    return hashlib.sha256(repr(node).encode()).hexdigest()[:32]


def _node(element: ET.Element) -> Node:
    attributes = sorted(
        (name, value)
        for name, value in element.attrib.items()
        if name not in ("plugin", "resolves-to") and not (name == "class" and _is_list(value))
    )
    children = [_node(child) for child in element]
    if not children:
        text = (element.text or "").replace("\r\n", "\n").replace("\r", "\n")
        if element.tag == "description":  # the mark in it holds such a character
            text = element.text or ""
        return Node(element.tag, tuple(attributes), text)
    return Node(element.tag, tuple(attributes), "", _ordered(element.tag, children))


def _is_list(name: str) -> bool:
    return name in _COLLECTIONS


def _ordered(tag: str, children: list[Node]) -> tuple[Node, ...]:
    """Fields by name and without defaults; lists as they are."""
    counted = Counter(child.tag for child in children)
    is_list = counted.most_common(1)[0][1] > 1 or any(_is_member(child) for child in children)
    if is_list:
        return tuple(sorted(children, key=_by_name) if tag in _UNORDERED else children)
    return tuple(sorted((c for c in children if not _is_default(c)), key=_by_name))


def _is_member(node: Node) -> bool:
    """True for what stands in a list: named by its class or its type, not by a field."""
    return "." in node.tag or node.tag in _VALUES


def _is_default(node: Node) -> bool:
    return (
        not node.children
        and not node.attributes
        and node.text in _DEFAULTS
        and not _is_member(node)
    )


def _is_default_of_projects(node: Node) -> bool:
    if node == Node("scm", (("class", "hudson.scm.NullSCM"),)):
        return True
    if node.tag == "canRoam" and node.text == "true":
        return True
    return _is_default(node)


def _by_name(node: Node) -> tuple[str, str]:
    return (node.tag, repr(node))


def _unmarked(node: Node) -> Node:
    if node.tag != "description" or node.children:
        return node
    text = marks.without(node.text).replace("\r\n", "\n").replace("\r", "\n")
    return Node(node.tag, node.attributes, text)


def _moved(children: Iterable[Node]) -> list[Node]:
    """What older versions kept elsewhere, where newer ones keep it."""
    kept = list(children)
    rotator = next((child for child in kept if child.tag == "logRotator"), None)
    if rotator is None:
        return kept
    kept.remove(rotator)
    attributes = tuple(
        sorted({**dict(rotator.attributes), "class": "hudson.tasks.LogRotator"}.items())
    )
    strategy = Node("strategy", attributes, "", rotator.children)
    discarder = Node("jenkins.model.BuildDiscarderProperty", (), "", (strategy,))
    old = next((child for child in kept if child.tag == "properties"), Node("properties"))
    if old in kept:
        kept.remove(old)
    properties = tuple(sorted([*old.children, discarder], key=_by_name))
    return [*kept, Node("properties", old.attributes, old.text, properties)]
