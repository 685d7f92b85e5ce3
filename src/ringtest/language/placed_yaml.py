"""YAML as plain data, with the place of every value in it.

PyYAML's composer and its safe rules for scalars; no tag builds objects. Anchors and merges
work, what they amount to is counted, and a key that is written twice is a fault: the first one
would be lost silently.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

from ringtest.language.places import Fault, Place

MAX_VALUES = 100_000
MAX_DEPTH = 100

Path = tuple[str | int, ...]
"""Keys and indexes from the root to a value."""

_LOADER = cast("type[yaml.SafeLoader]", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
_MERGE = "tag:yaml.org,2002:merge"
_AS_TYPED = {f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str")}


@dataclass(frozen=True, slots=True)
class Tagged:
    """A text under a tag that the reader named, such as `!vault`: whoever knows it opens it."""

    tag: str
    text: str


@dataclass(slots=True)
class Placed:
    """A document: its data, where things stand, and what was wrong with it as YAML."""

    file: str
    data: Any = None
    faults: list[Fault] = field(default_factory=list)
    places: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)

    def at(self, path: Sequence[str | int]) -> Place:
        """Where a value stands; that of the nearest one around it which is there.

        >>> read_placed("a:\\n  - b: 1\\n", "x.yaml").at(("a", 0, "b"))
        Place(file='x.yaml', line=2, column=8)
        """
        for end in range(len(path), -1, -1):
            found = self.places.get(tuple(path[:end]))
            if found:
                return found
        return Place(self.file, 1, 1)

    def refuse(self, path: Sequence[str | int], message: str, *, key: bool = False) -> None:
        """Add a fault at a value, or at the key in front of it."""
        place = self.keys.get(tuple(path)) if key else None
        self.faults.append(Fault(place or self.at(path), message))


def read_placed(text: str, file: str, *, tags: Collection[str] = ()) -> Placed:
    """The first document of a text; what is no YAML is a fault, not an error. Texts under one
    of these `tags` become Tagged; any other tag of a file's own is a fault."""
    placed = Placed(file)
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        if node is not None:
            placed.data = _Builder(loader, placed, tags).build(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        words = " ".join(filter(None, [error.context, error.problem]))
        placed.faults.append(Fault(Place(file, line + 1, column + 1), f"no YAML: {words}"))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        words = " ".join(str(error).split()) or "nested too deep"
        placed.faults.append(Fault(Place(file, 1, 1), f"no YAML: {words}"))
    finally:
        loader.dispose()
    return placed


class _TooMuch(ValueError):
    """More than a file may amount to."""


class _Builder:
    def __init__(self, loader: yaml.SafeLoader, placed: Placed, tags: Collection[str]) -> None:
        self._loader = loader
        self._tags = tags
        self._placed = placed
        self._left = MAX_VALUES

    def build(self, node: yaml.Node, path: Path) -> Any:
        self._left -= 1
        if self._left < 0:
            raise _TooMuch(f"more than {MAX_VALUES} values, aliases counted as often as used")
        if len(path) > MAX_DEPTH:
            raise _TooMuch(f"more than {MAX_DEPTH} levels")
        self._placed.places[path] = self._place(node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(one, (*path, at)) for at, one in enumerate(node.value)]
        return self._mapping(cast(yaml.MappingNode, node), path)

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        if node.tag in self._tags:
            return Tagged(node.tag, node.value)
        if node.tag.startswith("!"):
            self._placed.refuse(path, f"the tag {node.tag} means nothing here")
        # Anything else (a date, a binary) stays what is written there.
        return self._loader.construct_object(node) if node.tag in _AS_TYPED else node.value

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                self._merge(merged, value_node, path)
                continue
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
            inner = (*path, key)
            if not isinstance(key_node, yaml.ScalarNode):
                self._placed.faults.append(Fault(self._place(key_node), "a key must be a text"))
            elif key in own:
                message = f"{key} is there already, in line {self._placed.keys[inner].line}"
                self._placed.faults.append(Fault(self._place(key_node), message))
            self._placed.keys[inner] = self._place(key_node)
            own[key] = self.build(value_node, inner)
        return {**merged, **own}

    def _merge(self, into: dict[str, Any], node: yaml.Node, path: Path) -> None:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for one in nodes:
            if isinstance(one, yaml.MappingNode):
                into |= {k: v for k, v in self._mapping(one, path).items() if k not in into}
            else:
                self._placed.faults.append(Fault(self._place(one), "<< takes mappings"))

    def _place(self, node: yaml.Node) -> Place:
        mark = node.start_mark
        return Place(self._placed.file, mark.line + 1, mark.column + 1)
