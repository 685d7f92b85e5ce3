"""An element whose children are taken one by one; what nobody took is told."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

_NOTHING = frozenset({"", "false"})


def kind_of(element: Element) -> str:
    """The Java class that an element stands for."""
    return element.get("class") or str(element.tag)


class Fields:
    """Children of one element by their tags; each is asked for by whoever does what it says."""

    def __init__(self, element: Element) -> None:
        self.element = element
        self.refused: list[str] = []
        """What is asked for here and cannot be done."""
        self._taken: set[str] = set()

    def text(self, tag: str, default: str = "") -> str:
        """The text of a child, or the default when it is not there."""
        found = self.child(tag)
        return default if found is None else found.text or ""

    def flag(self, tag: str, default: bool = False) -> bool:
        """Whether a child says true."""
        return self.text(tag, str(default)).strip().lower() == "true"

    def child(self, tag: str) -> Element | None:
        """A child to be looked at by the caller."""
        self._taken.add(tag)
        return self.element.find(tag)

    def children(self, tag: str) -> list[Element]:
        """What is inside of a child."""
        found = self.child(tag)
        return [] if found is None else list(found)

    def strings(self, tag: str) -> list[str]:
        """The texts inside of a child."""
        return [one.text or "" for one in self.children(tag)]

    def inner(self, tag: str) -> "Fields":
        """The fields of a child; of none when it is not there."""
        found = self.child(tag)
        return Fields(Element(tag) if found is None else found)

    def ignore(self, *tags: str) -> None:
        """These make no difference here."""
        self._taken |= set(tags)

    def only(self, tag: str, *values: str) -> str:
        """The text of a child that may have these values alone; others are refused."""
        text = self.text(tag)
        if text and text not in values:
            self.refuse(f"{tag} {text}")
        return text

    def refuse(self, what: str) -> None:
        """Something about this element cannot be done."""
        self.refused.append(what)

    def absorb(self, inner: "Fields") -> None:
        """What an inner element could not do is told of this one."""
        self.refused += inner.left()

    def left(self) -> list[str]:
        """What nobody took or somebody refused; flags that are off say nothing."""
        return [*self.refused, *self._left()]

    def _left(self) -> Iterator[str]:
        told = set(self._taken)
        for child in self.element:
            tag = str(child.tag)
            if tag not in told and _says_something(child):
                told.add(tag)
                text = " ".join((child.text or "").split())
                yield f"{tag} {text}".strip() if len(text) <= 60 else tag


def _says_something(element: Element) -> bool:
    return (element.text or "").strip() not in _NOTHING or any(
        _says_something(child) for child in element
    )
