"""What differs between two configurations, element by element, in the words of the files."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff

from ringtest.jjb.planning.semantics import Node


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `before` is what is live, `after` what is wanted; None: nothing there."""

    path: str
    before: str | None
    after: str | None

    def lines(self) -> list[str]:
        """The change for people: one line, or a diff where a text has several."""
        if "\n" in f"{self.before}{self.after}":
            before, after = ((text or "").splitlines() for text in (self.before, self.after))
            return [f"~ {self.path}", *list(unified_diff(before, after, lineterm="", n=2))[2:]]
        if self.before is None:
            return [f"+ {self.path}: {self.after}"]
        if self.after is None:
            return [f"- {self.path}: {self.before}"]
        return [f"~ {self.path}: {self.before} → {self.after}"]


def differences(live: Node, wanted: Node) -> list[Change]:
    """Every change that makes `wanted` of `live`, in the order of the documents."""
    if live.tag != wanted.tag:
        return [Change("kind", live.tag, wanted.tag)]
    return list(_within("", live, wanted))


def _within(path: str, live: Node, wanted: Node) -> Iterator[Change]:
    if live == wanted:
        return
    if live.attributes != wanted.attributes:
        yield Change(path or "attributes", _shown(live.attributes), _shown(wanted.attributes))
    if live.text != wanted.text:
        yield Change(path, live.text, wanted.text)
    for before, after, place in _pairs(live.children, wanted.children):
        where = f"{path}/{place}" if path else place
        if before is None:
            yield Change(where, None, written(after) if after else "")
        elif after is None:
            yield Change(where, written(before), None)
        else:
            yield from _within(where, before, after)


def _pairs(
    live: Sequence[Node], wanted: Sequence[Node]
) -> Iterator[tuple[Node | None, Node | None, str]]:
    """What belongs together: equal ones first, then those of one label in their order."""
    names = _names(wanted, live)
    matcher = SequenceMatcher(None, [repr(n) for n in live], [repr(n) for n in wanted], False)
    for verb, a, b, c, d in matcher.get_opcodes():
        if verb == "equal":
            continue
        left = list(live[a:b])
        for node in wanted[c:d]:
            partner = next((each for each in left if each.label == node.label), None)
            partner = partner or next((each for each in left if each.tag == node.tag), None)
            if partner is not None:
                left.remove(partner)
            yield partner, node, names[id(node)]
        for gone in left:
            yield gone, None, names[id(gone)]


def _names(*lists: Sequence[Node]) -> dict[int, str]:
    """How each is called in a path: by its tag, numbered where there are several."""
    names: dict[int, str] = {}
    for nodes in lists:
        counted = Counter(node.tag for node in nodes)
        seen: Counter[str] = Counter()
        for node in nodes:
            seen[node.tag] += 1
            many = counted[node.tag] > 1
            names[id(node)] = f"{node.tag}[{seen[node.tag]}]" if many else node.tag
    return names


def _shown(attributes: tuple[tuple[str, str], ...]) -> str:
    return " ".join(f'{name}="{value}"' for name, value in attributes)


def written(node: Node) -> str:
    """An element as text: its own where it has no children, else a line for each below.

    >>> written(Node("a", (), "", (Node("b", (), "1"), Node("c"))))
    'b: 1\\nc'
    """
    if not node.children:
        return node.text or _shown(node.attributes)
    return "\n".join(_lines(node.children, ""))


def _lines(nodes: Sequence[Node], indent: str) -> Iterator[str]:
    for node in nodes:
        text = f": {node.text}" if node.text else ""
        yield f"{indent}{node.label}{text}"
        yield from _lines(node.children, indent + "  ")
