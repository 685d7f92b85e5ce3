"""Compiles raw values to nodes, and opens the files that tags name.

Three ways to expand, as in the original: whole (strings and tags), tags alone (values of a
template's axes, whole elements), strings alone (a macro's body that is itself a tag).
"""

import importlib
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

from ringtest.jjb.expansion.formats import Undefined, compiled
from ringtest.jjb.expansion.nodes import (
    Broken,
    Constant,
    Listed,
    Mapped,
    Node,
    Text,
    Tupled,
    Values,
    constant_map,
    constant_seq,
)
from ringtest.jjb.loading import values
from ringtest.jjb.loading.sources import Sources, shown
from ringtest.jjb.loading.values import Map, Seq, Strange, Tagged
from ringtest.jjb.problems import Failure
from ringtest.language.places import Place

MAX_INCLUDES = 40
_CACHED = 400_000
_ENDLESS = Broken(Failure("recursive-anchor", "a value holds itself"))
_PLAIN = (bool, int, float, type(None))


class Mode(Enum):
    """What is expanded: strings, tags or both."""

    WHOLE = "whole"
    TAGS = "tags"
    STRINGS = "strings"


class Compiler:
    """Nodes of raw values; each value is compiled once per mode."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._allow_empty = sources.settings.allow_empty_variables
        self._nodes: dict[tuple[int, Mode], tuple[Any, Node]] = {}
        self._texts: dict[str, Node] = {}
        self._bodies: dict[tuple[int, Mode], tuple[Any, Node]] = {}
        self._opened: list[Path] = []
        self._jinja: ModuleType | None = None

    def expand(self, raw: Any, given: Values, mode: Mode = Mode.WHOLE) -> Any:
        """A raw value with its variables filled in; raises Failure."""
        return self.node(raw, mode).expand(given)

    def node(self, raw: Any, mode: Mode = Mode.WHOLE) -> Node:
        """The node of a raw value."""
        if type(raw) is str:
            if mode is Mode.TAGS:
                return Constant(raw)
            node = self._texts.get(raw)
            if node is None:
                node = self._texts[raw] = self._text(raw)
            return node
        key = (id(raw), mode)
        found = self._nodes.get(key)
        if found is None:
            if len(self._nodes) > _CACHED:
                self._nodes.clear()
            # What is inside of itself meets this one instead.
            self._nodes[key] = (raw, _ENDLESS)
            # The raw value is held, so that its id stays its own.
            found = self._nodes[key] = (raw, self._compile(raw, mode))
        return found[1]

    def body(self, raw: Tagged, given: Values) -> Any:
        """What a tag stands for that is a macro's whole body: its strings are filled in twice.

        Once here, with the macro's parameters, and again with each component.
        """
        key = (id(raw), Mode.STRINGS)
        if key not in self._bodies:
            self._bodies[key] = (raw, self._opening(raw, Mode.STRINGS))
        return self._bodies[key][1].expand(given)

    def _text(self, text: str) -> Node:
        form = compiled(text)
        if form.constant is not None:
            return Constant(form.constant)
        return Text(form, self._allow_empty)

    def _compile(self, raw: Any, mode: Mode) -> Node:
        if isinstance(raw, Map):
            return self._map(raw, mode)
        if isinstance(raw, Seq):
            items = [self.node(item, mode) for item in raw]
            constant = all(type(item) is Constant for item in items)
            return constant_seq(raw, items) if constant else Listed(raw, items)
        if isinstance(raw, Tagged):
            return self._tagged(raw, mode)
        if isinstance(raw, _PLAIN):
            return Constant(raw)
        if isinstance(raw, tuple):
            return Tupled([self.node(item, mode) for item in raw])
        what = raw.kind if isinstance(raw, Strange) else type(raw).__name__
        return Broken(Failure("wrong-type", f"a job cannot hold a value of type {what}"))

    def _map(self, raw: Map, mode: Mode) -> Node:
        items = [
            (key, self.node(key, mode), value, self.node(value, mode)) for key, value in raw.items()
        ]
        if all(type(item[1]) is Constant and type(item[3]) is Constant for item in items):
            return constant_map(raw, items)
        return Mapped(raw, items)

    def _tagged(self, raw: Tagged, mode: Mode) -> Node:
        if mode is Mode.STRINGS:
            return Constant(raw)
        if mode is Mode.TAGS and raw.tag == values.RAW_VERBATIM:
            return Constant(raw)
        return self._opening(raw, mode)

    def _opening(self, raw: Tagged, mode: Mode) -> Node:
        if raw.tag in values.TEXT_TAGS:
            return self._jinja_text(raw, mode)
        return Included(self, raw, mode)

    def _jinja_text(self, raw: Tagged, mode: Mode) -> Node:
        try:
            template = self.jinja().Template(raw.paths[0], raw, self.sources)
        except Failure as failure:
            return Broken(failure)
        if raw.tag == values.JINJA:
            rendered: Node = template
            return rendered
        return JinjaYaml(self, raw, template, mode)

    def jinja(self) -> ModuleType:
        """The module that knows Jinja; raises Failure when the library is not installed."""
        if self._jinja is None:
            try:
                self._jinja = importlib.import_module("ringtest.jjb.expansion.jinja")
            except ModuleNotFoundError as error:
                said = f"Jinja templates need the module {error.name}: install 'ringtest[jenkins]'"
                raise Failure("needs-extra", said) from None
        return self._jinja

    def opened(self, raw: Tagged, path: Path, mode: Mode) -> Node:
        """The node of one included file. Raises Failure."""
        if raw.tag == values.INCLUDE:
            if path in self._opened:
                files = " → ".join(shown(item) for item in [*self._opened, path])
                raise Failure("include-cycle", f"the file includes itself: {files}", raw.place())
            data = self.sources.include(path, raw.scope)
            self._opened.append(path)
            try:
                return self.node(data, mode)
            finally:
                self._opened.pop()
        text = self.sources.text(path)
        if raw.tag == values.RAW_VERBATIM:
            return Constant(text)
        if raw.tag == values.RAW_EXPAND:
            return FileText(self._text(text), text, shown(path))
        node: Node = self.jinja().Template(text, raw, self.sources, file=shown(path))
        return node


class FileText:
    """The text of a file with variables; what is missing is shown at its line."""

    __slots__ = ("_file", "_node", "_text", "needs")

    def __init__(self, node: Node, text: str, file: str) -> None:
        self._node = node
        self._text = text
        self._file = file
        self.needs = node.needs

    def required(self) -> Iterable[str]:
        return ()

    def expand(self, given: Values) -> Any:
        try:
            return self._node.expand(given)
        except Failure as failure:
            name = failure.message.partition("'")[2].partition("'")[0]
            at = self._text.find("{" + name) if name else -1
            line = self._text.count("\n", 0, max(at, 0)) + 1
            column = max(at, 0) - (self._text.rfind("\n", 0, max(at, 0)) + 1) + 1
            raise failure.at(Place(self._file, line, column)) from None


class Included:
    """One or more files in place of a value; opened when first needed."""

    __slots__ = ("_compiler", "_fixed", "_mode", "_names", "_raw", "needs")

    def __init__(self, compiler: Compiler, raw: Tagged, mode: Mode) -> None:
        self._compiler = compiler
        self._raw = raw
        self._mode = mode
        # Names of files are formatted in every mode.
        self._names = [compiler._text(path) for path in raw.paths]
        self._fixed: list[Node] | None = None
        self.needs: tuple[str, ...] | None = None
        if all(type(name) is Constant for name in self._names):
            try:
                self._fixed = [self._open(name.expand({})) for name in self._names]
            except Failure as failure:
                told = failure.within(f"{raw.tag}", raw.place())
                self._fixed = [Broken(told, in_required=False)]
            self.needs = _united(self._fixed)

    def required(self) -> Iterable[str]:
        if self._raw.tag == values.INCLUDE_JINJA:
            return
        for name in self._names:
            yield from name.required()

    def expand(self, given: Values) -> Any:
        nodes = self._fixed
        if nodes is None:
            try:
                names = [name.expand(given) for name in self._names]
            except Failure as failure:
                raise failure.at(self._raw.place()) from None
            nodes = [self._open(name) for name in names]
        try:
            made = [node.expand(given) for node in nodes]
        except Failure as failure:
            files = ", ".join(self._raw.paths)
            raise failure.within(f"included file {files}", self._raw.place()) from None
        except RecursionError:
            raise Failure(
                "include-cycle", f"{self._raw.tag} goes round in a circle", self._raw.place()
            ) from None
        if len(made) == 1 and (self._raw.tag == values.INCLUDE or isinstance(made[0], str)):
            return made[0]
        for item in made:
            if not isinstance(item, str):
                said = f"{self._raw.tag} joins texts, but one of its files gives {item!r:.80}"
                raise Failure("wrong-type", said, self._raw.place())
        return "\n".join(made)

    def _open(self, name: Any) -> Node:
        if not isinstance(name, str):
            raise Failure("wrong-type", f"{name!r:.80} is no file name", self._raw.place())
        path = self._compiler.sources.find(name, self._raw.scope, self._raw.place())
        return self._compiler.opened(self._raw, path, self._mode)


class JinjaYaml:
    """A template whose text is YAML."""

    __slots__ = ("_compiler", "_mode", "_raw", "_template", "_texts", "needs")

    def __init__(self, compiler: Compiler, raw: Tagged, template: Node, mode: Mode) -> None:
        self._compiler = compiler
        self._raw = raw
        self._template = template
        self._mode = mode
        self._texts: dict[str, Any] = {}
        self.needs: tuple[str, ...] | None = None

    def required(self) -> Iterable[str]:
        return self._template.required()

    def expand(self, given: Values) -> Any:
        text = self._template.expand(given)
        if text not in self._texts:
            if len(self._texts) > 1000:
                self._texts.clear()
            self._texts[text] = self._compiler.sources.load_text(
                text, "<expanded j2-yaml>", self._raw.scope
            )
        try:
            return self._compiler.expand(self._texts[text], given, self._mode)
        except Failure as failure:
            raise failure.within("expanded !j2-yaml:", self._raw.place()) from None


def _united(nodes: list[Node]) -> tuple[str, ...] | None:
    names: dict[str, None] = {}
    for node in nodes:
        if node.needs is None:
            return None
        names.update(dict.fromkeys(node.needs))
    return tuple(names)


__all__ = ["MAX_INCLUDES", "Compiler", "Mode", "Undefined"]
