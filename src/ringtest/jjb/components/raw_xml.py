"""An element that a job gives as XML: in its own place, and in the lists of components."""

from typing import Any
from xml.etree.ElementTree import Element, ParseError, XMLParser, fromstring

from ringtest.jjb.problems import Failure


def raw_xml(parent: Element, data: Any) -> None:
    """Adds the element, without the white space between those inside. Raises Failure."""
    text = data.get("xml") if isinstance(data, dict) else data
    if not isinstance(text, str) or text is data:
        raise Failure("raw-xml", f"raw takes its XML as text under 'xml', not {text!r:.80}")
    beginning = text[:4096].lower()
    if "<!doctype" in beginning or "<!entity" in beginning:
        raise Failure("raw-xml", "raw XML may declare no entities")
    try:
        element = fromstring(text, parser=XMLParser())
    except (ParseError, ValueError) as error:
        raise Failure("raw-xml", f"this is no XML: {error}") from None
    strip(element)
    parent.append(element)


def strip(element: Element) -> None:
    """White space goes where it stands between elements."""
    if element.tail and not element.tail.strip():
        element.tail = None
    for child in element:
        if element.text and not element.text.strip():
            element.text = None
        strip(child)
