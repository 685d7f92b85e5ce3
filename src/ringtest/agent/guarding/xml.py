"""Descriptions of libvirt in a form in which equal things are equal texts. Pure."""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_MEASURED = ("capacity", "allocation", "available")
"""Of a pool: what is in it, not what it is."""
_GIVEN = {"alias", "id"}
"""What libvirt gives to a running thing anew each time."""


def comparable(text: str) -> str:
    """A description without what changes by itself, one element a line.

    >>> print(comparable('<domain id="3"><name>a</name><devices><disk><alias name="x"/></disk>'
    ...                  '</devices></domain>'))
    <domain>
      <name>a</name>
      <devices>
        <disk />
      </devices>
    </domain>
    """
    root = ElementTree.fromstring(text)
    for name in ("id", "connections"):
        root.attrib.pop(name, None)
    _strip(root, is_pool=root.tag in ("pool", "volume"))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode")


def _strip(element: Element, *, is_pool: bool) -> None:
    element.text = (element.text or "").strip() or None
    element.tail = None
    for child in list(element):
        measured = is_pool and child.tag in _MEASURED
        label = child.tag == "seclabel" and child.get("type") == "dynamic"
        if child.tag in _GIVEN or measured or label:
            element.remove(child)
            continue
        if child.tag == "target" and child.get("dev", "").startswith(("vnet", "testnet")):
            del child.attrib["dev"]
        if element.tag in ("console", "serial", "channel") and child.tag in ("source", "target"):
            child.attrib.pop("path", None)
        if element.tag in ("console", "serial"):
            element.attrib.pop("tty", None)
        if child.tag == "graphics" and child.get("autoport") == "yes":
            child.attrib.pop("port", None)
        _strip(child, is_pool=is_pool)
