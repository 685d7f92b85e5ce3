"""The elements of files, read into definitions; a wrong one is a problem, the others stay."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from ringtest.jjb.expansion import definitions as d
from ringtest.jjb.expansion.compiling import Compiler, Mode
from ringtest.jjb.expansion.definitions import Definitions
from ringtest.jjb.loading.sources import Sources, expanded, shown
from ringtest.jjb.loading.values import Map, Seq, Tagged
from ringtest.jjb.places import Place
from ringtest.jjb.problems import Failure, Problem, Severity

MACROS = {
    # as written alone: as its list is called
    "parameter": "parameters",
    "property": "properties",
    "builder": "builders",
    "wrapper": "wrappers",
    "trigger": "triggers",
    "publisher": "publishers",
    "scm": "scm",
    "pipeline-scm": "pipeline-scm",
    "reporter": "reporters",
    "notification": "notifications",
}
ELEMENTS = (
    "defaults",
    "job",
    "job-template",
    "job-group",
    "view",
    "view-template",
    "view-group",
    "project",
    *MACROS,
)


class Roots:
    """Reads files into `definitions`."""

    def __init__(self, sources: Sources, compiler: Compiler) -> None:
        self.definitions = Definitions()
        self._sources = sources
        self._compiler = compiler

    def read(self, paths: Sequence[Path | TextIO]) -> None:
        """Reads all files of these paths; what is wrong is reported."""
        report = self._sources.report
        for path in expanded(paths, report):
            try:
                data = self._sources.load(path)
                if data is not None:
                    self._document(data)
            except Failure as failure:
                file = shown(path) if isinstance(path, Path) else "<stdin>"
                report(failure.at(Place(file, 1, 1)).problem())

    def _document(self, data: Any) -> None:
        if not isinstance(data, Seq):
            place = data.place() if isinstance(data, Map | Tagged) else None
            said = f"The topmost collection must be a list, but is: {data!r:.80}"
            raise Failure("wrong-type", said, place)
        for index, item in enumerate(data):
            try:
                self.add(item, data.place_of_item(index))
            except Failure as failure:
                self._sources.report(failure.at(data.place_of_item(index)).problem())

    def add(self, item: Any, place: Place | None) -> None:
        """One element of a file. Raises Failure."""
        if not isinstance(item, Map):
            said = f"a mapping with one key is wanted here, not {item!r:.80}: missing indent?"
            raise Failure("wrong-type", said, place)
        if len(item) != 1:
            said = f"one key is wanted here, not {list(item)!r:.200}: missing indent?"
            raise Failure("wrong-type", said, item.place())
        kind, contents = next(iter(item.items()))
        if isinstance(kind, str) and kind.startswith("_"):
            return
        if kind not in ELEMENTS:
            said = f"Unknown topmost element type: {kind!r}; known are: {', '.join(ELEMENTS)}"
            raise Failure("unknown-element", said, item.place())
        if isinstance(contents, Tagged):
            contents = self._compiler.expand(contents, {}, Mode.TAGS)
        if not isinstance(contents, Map):
            said = f"{kind} is a mapping with a name, not {contents!r:.80}: missing indent?"
            raise Failure("wrong-type", said, item.place_of_value(kind))
        try:
            self._element(kind, contents, item.place())
        except TypeError as error:  # a name that is a list
            raise Failure("wrong-type", f"{kind}: {error}", item.place()) from None

    def _element(self, kind: str, data: Map, place: Place | None) -> None:
        all_of = self.definitions
        base, _, rest = kind.partition("-")
        if kind == "defaults":
            made = d.read_defaults(data, place)
            all_of.defaults[made.name] = made
        elif kind == "project":
            project = d.read_project(data, place)
            self._assign(all_of.projects, project.name, project, "project")
        elif kind in MACROS:
            macro = d.read_macro(data, kind, MACROS[kind], place)
            self._assign(all_of.macros.setdefault(kind, {}), macro.name, macro, "macro")
        else:
            word: d.Kind = "job" if base == "job" else "view"
            if rest == "group":
                group = d.read_group(data, word, place)
                self._assign(all_of.groups[word], group.name, group, f"{word} group")
            else:
                item = d.read_item(data, word, rest == "template", place)
                where = all_of.templates[word] if item.template else all_of.items[word]
                named = item.id or item.name
                self._assign(where, named, item, kind.replace("-", " "))

    def _assign(self, where: dict[Any, Any], name: Any, value: Any, what: str) -> None:
        before = where.get(name)
        where[name] = value
        if before is not None:
            allowed = self._sources.settings.allow_duplicates
            self._sources.report(duplicate(what, name, value.place, before.place, allowed))


def duplicate(
    what: str,
    name: Any,
    place: Place | None,
    before: Place | None,
    allowed: bool,
    chain: Sequence[Any] = (),
) -> Problem:
    """Two definitions of one name: the later counts."""
    severity = Severity.WARNING if allowed else Severity.ERROR
    said = f"Duplicate {what}: {name!r}, defined before at {before}"
    return Problem(severity, f"duplicate-{what.replace(' ', '-')}", said, place, None, tuple(chain))


Report = Callable[[Problem], None]
