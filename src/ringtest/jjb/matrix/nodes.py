"""YAML with places and with the tags of matrix files, which are kept and not obeyed.

Scalars keep their text beside their value: a version `7.10` is no number.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from ringtest.jjb.problems import Failure
from ringtest.language.places import Place

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE = "tag:yaml.org,2002:merge"
MOST_VALUES = 200_000
MOST_DEPTH = 50


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it stands in a file.

    value: text, number, truth, None, a tuple of Given, or a tuple of (key, value) pairs.
    tag: a local one such as `!extend`, or empty. text: of a scalar, as written.
    """

    value: Any
    place: Place
    tag: str = ""
    text: str = ""
    kind: str = "scalar"

    @property
    def items(self) -> tuple["Given", ...]:
        """Of a list its items; of anything else itself."""
        return self.value if self.kind == "list" else (self,)

    @property
    def pairs(self) -> tuple[tuple["Given", "Given"], ...]:
        """Of a mapping its keys and values. Failure when it is none."""
        if self.kind != "mapping":
            raise Failure("matrix-shape", "a mapping is expected here", self.place)
        pairs: tuple[tuple[Given, Given], ...] = self.value
        return pairs


def read(text: str, file: str) -> Given:
    """The only document of a text. Failure with the place when it is not that."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ": ".join(filter(None, (error.context, error.problem)))
        raise Failure("yaml", said, _place(file, mark) if mark else None) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise Failure("yaml", str(error), Place(file, 1, 1)) from None
    if node is None:
        raise Failure("matrix-shape", "the file is empty", Place(file, 1, 1))
    return _Reader(file).given(node, 0)


def _place(file: str, mark: Any) -> Place:
    return Place(file, mark.line + 1, mark.column + 1)


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self._left = MOST_VALUES
        self._scalars = yaml.constructor.SafeConstructor()

    def given(self, node: Any, depth: int) -> Given:
        """A node with all below. Aliases count as often as they are used."""
        place = _place(self._file, node.start_mark)
        self._left -= 1
        if self._left < 0:
            raise Failure("too-large", f"more than {MOST_VALUES:,} values", place)
        if depth > MOST_DEPTH:
            raise Failure("too-deep", f"nested more than {MOST_DEPTH} levels deep", place)
        tag = node.tag if node.tag.startswith("!") else ""
        if isinstance(node, yaml.MappingNode):
            pairs = tuple(self._pairs(node, depth))
            return Given(pairs, place, tag, kind="mapping")
        if isinstance(node, yaml.SequenceNode):
            items = tuple(self.given(each, depth + 1) for each in node.value)
            return Given(items, place, tag, kind="list")
        return Given(self._scalar(node, tag, place), place, tag, node.value)

    def _scalar(self, node: Any, tag: str, place: Place) -> Any:
        if tag:
            return node.value
        try:
            value = self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            reason = getattr(error, "problem", None) or str(error)
            raise Failure("yaml", str(reason), place) from None
        return value if isinstance(value, str | int | float | bool | None) else node.value

    def _pairs(self, node: Any, depth: int) -> Iterator[tuple[Given, Given]]:
        """Merged keys come first, own ones win."""
        merged: dict[str, tuple[Given, Given]] = {}
        own: dict[str, tuple[Given, Given]] = {}
        for key_node, value_node in node.value:
            value = self.given(value_node, depth + 1)
            if key_node.tag == _MERGE:
                for each in reversed(value.items):
                    merged |= {key.text: (key, inner) for key, inner in each.pairs}
                continue
            key = self.given(key_node, depth + 1)
            if key.kind != "scalar":
                raise Failure("matrix-shape", "a key must be a word", key.place)
            name = f"{key.tag} {key.text}"
            if name in own:
                raise Failure("duplicate-key", f"the key {key.text} stands here twice", key.place)
            own[name] = (key, value)
        names = {key.text for key, _ in own.values()}
        yield from (pair for name, pair in merged.items() if name not in names)
        yield from own.values()
