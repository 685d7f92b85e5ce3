"""Jinja templates in job files, in Jinja's sandbox; imported when a file has one."""

import importlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import jinja2
import jinja2.meta
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

from ringtest.jjb.expansion.formats import MAX_TEXT, Undefined
from ringtest.jjb.expansion.nodes import Values
from ringtest.jjb.loading.sources import Sources
from ringtest.jjb.loading.values import Tagged
from ringtest.jjb.problems import Failure
from ringtest.language.places import Place


class Template:
    """A template's text, compiled; a node as `nodes.Node` says.

    file: the included file that holds it, or None when it stands in the job file.
    """

    def __init__(self, text: str, tag: Tagged, sources: Sources, file: str | None = None) -> None:
        search = [*sources.settings.include_path]
        if tag.scope.folder is not None:
            search.append(str(tag.scope.folder))
        self._text = text
        self._tag = tag
        self._sources = sources
        self._file = file
        self._environment = _environment(tuple(search), sources.settings.filter_modules)
        self.needs: tuple[str, ...] | None = None
        try:
            self._template = self._environment.from_string(text)
        except jinja2.TemplateSyntaxError as error:
            said = f"Jinja template: {error.message}"
            raise Failure("jinja", said, self._place(error.lineno)) from None
        self._required: tuple[str, ...] | None = None
        try:
            names = tuple(sorted(self._undeclared(text, ())))
            self.needs = names
        except Failure:
            # It includes what cannot be known beforehand.
            sources.repeatable = False

    def required(self) -> Iterable[str]:
        """Variables that the template and those that it includes do not set themselves."""
        if self._file is not None:
            return ()
        if self._required is None:
            self._required = tuple(sorted(self._undeclared(self._text, ())))
        return self._required

    def _undeclared(self, text: str, seen: tuple[str, ...]) -> set[str]:
        try:
            tree = self._environment.parse(text)
        except jinja2.TemplateSyntaxError as error:
            said = f"Jinja template: {error.message}"
            raise Failure("jinja", said, self._tag.place()) from None
        names: set[str] = set()
        for other in jinja2.meta.find_referenced_templates(tree):
            if other is None or other in seen:
                said = f"a Jinja template includes {other or 'one whose name is a variable'}"
                raise Failure("include-cycle" if other else "jinja", said, self._tag.place())
            path = self._sources.find(other, self._tag.scope, self._tag.place())
            names |= self._undeclared(self._sources.text(path), (*seen, other))
        return names | jinja2.meta.find_undeclared_variables(tree)

    def expand(self, given: Values) -> Any:
        """The template's text with these values."""
        known = {name: value for name, value in given.items() if type(value) is not Undefined}
        try:
            text = self._template.render(known)
        except SecurityError as error:
            raise Failure("jinja", f"refused: {error}", self._place(None)) from None
        except RecursionError:
            raise Failure("jinja", "the template never ends", self._place(None)) from None
        except Exception as error:
            line = _line_of(error)
            said = f"While formatting jinja2 template {self._text[:40]!r}: {error}"
            raise Failure("jinja", said, self._place(line)) from None
        if len(text) > MAX_TEXT:
            said = f"a template gives more than {MAX_TEXT >> 20} MiB"
            raise Failure("too-large", said, self._place(None))
        return text

    def _place(self, line: int | None) -> Place | None:
        if self._file is not None:
            return Place(self._file, line or 1, 1)
        place = self._tag.place()
        # The text of a tag begins on its line, or on the next one when it is a block.
        if place is None or line is None or line == 1:
            return place
        return Place(place.file, place.line + line, 1)


def _line_of(error: BaseException) -> int | None:
    trace, line = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


@lru_cache(maxsize=64)
def _environment(search: tuple[str, ...], modules: tuple[str, ...]) -> SandboxedEnvironment:
    made = SandboxedEnvironment(
        loader=jinja2.FileSystemLoader(list(search)), undefined=jinja2.StrictUndefined
    )
    for name in modules:
        try:
            made.filters.update(importlib.import_module(name).FILTERS)
        except (ImportError, AttributeError) as error:
            raise Failure("filter-module", f"the module of filters {name}: {error}") from None
    return made
