"""The elements of files, read into definitions; a wrong one is a problem, the others stay."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from ringtest.jjb.expansion import definitions as d
from ringtest.jjb.expansion.compiling import Compiler, Mode
from ringtest.jjb.expansion.definitions import MACROS, Definitions
from ringtest.jjb.loading.sources import Sources, expanded, shown
from ringtest.jjb.loading.values import Map, Seq, Tagged
from ringtest.jjb.problems import Failure, Problem, Severity
from ringtest.language.places import Place

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


@dataclass(eq=False, slots=True)
class Element:
    """One element of a file: what it is called, and where it stands.

    Only a `project`, `job` or `view` is made on its own; all else waits to be asked for.
    """

    kind: str
    name: Any
    place: Place | None


@dataclass(eq=False, slots=True)
class File:
    """One file's elements in their order. clean: whether all of it could be read."""

    elements: list[Element] = field(default_factory=list)
    clean: bool = True


class Roots:
    """Reads files into `definitions`; `files` says what stood in which."""

    def __init__(self, sources: Sources, compiler: Compiler) -> None:
        self.definitions = Definitions()
        self.files: dict[str, File] = {}
        self._tables = self.definitions.all()
        self._sources = sources
        self._compiler = compiler
        self._file: str | None = None
        self._filling = False
        self.duplicates = False

    def read(self, paths: Iterable[Path | TextIO]) -> None:
        """Reads all files of these paths; what is wrong is reported."""
        for path in expanded(paths, self._sources.report):
            self.read_file(path)

    def read_file(self, path: Path | TextIO) -> None:
        """Reads one file."""
        name = str(path) if isinstance(path, Path) else f"<{id(path)}>"
        before, self._file = self._file, name
        found = self.files[name] = File()
        try:
            data = self._sources.load(path)
            if data is not None:
                self._document(data, found)
        except Failure as failure:
            found.clean = False
            file = shown(path) if isinstance(path, Path) else "<stdin>"
            self._sources.report(failure.at(Place(file, 1, 1)).problem())
        except RecursionError:
            found.clean = False
            file = shown(path) if isinstance(path, Path) else "<stdin>"
            deep = Failure("too-deep", "nested too deep", Place(file, 1, 1))
            self._sources.report(deep.problem())
        finally:
            self._file = before

    def announce(self, path: Path, elements: Iterable[Element]) -> None:
        """A file whose elements are known from before; it is read when one is asked for."""
        name = str(path)
        self.files[name] = File(list(elements))

        def load() -> None:
            known, before = self.files[name], self._filling
            self._filling = True
            try:
                self.read_file(path)
            finally:
                self._filling = before
                self.files[name] = known

        for element in self.files[name].elements:
            table = self._tables[element.kind]
            hidden = table.announce(element.name, element.place, name, load)
            if hidden is not None:
                self._duplicate(element.kind, element.name, element.place, hidden)

    def _document(self, data: Any, found: File) -> None:
        if not isinstance(data, Seq):
            place = data.place() if isinstance(data, Map | Tagged) else None
            said = f"The topmost collection must be a list, but is: {data!r:.80}"
            raise Failure("wrong-type", said, place)
        for index, item in enumerate(data):
            try:
                element = self.add(item, data.place_of_item(index))
                if element is not None:
                    found.elements.append(element)
            except Failure as failure:
                found.clean = False
                self._sources.report(failure.at(data.place_of_item(index)).problem())

    def add(self, item: Any, place: Place | None) -> Element | None:
        """One element of a file, None of one to ignore. Raises Failure."""
        if not isinstance(item, Map):
            said = f"a mapping with one key is wanted here, not {item!r:.80}: missing indent?"
            raise Failure("wrong-type", said, place)
        if len(item) != 1:
            said = f"one key is wanted here, not {list(item)!r:.200}: missing indent?"
            raise Failure("wrong-type", said, item.place())
        kind, contents = next(iter(item.items()))
        if isinstance(kind, str) and kind.startswith("_"):
            return None
        if kind not in ELEMENTS:
            said = f"Unknown topmost element type: {kind!r}; known are: {', '.join(ELEMENTS)}"
            raise Failure("unknown-element", said, item.place())
        if isinstance(contents, Tagged):
            contents = self._compiler.expand(contents, {}, Mode.TAGS)
        if not isinstance(contents, Map):
            said = f"{kind} is a mapping with a name, not {contents!r:.80}: missing indent?"
            raise Failure("wrong-type", said, item.place_of_value(kind))
        try:
            return Element(kind, self._element(kind, contents, item.place()), item.place())
        except TypeError as error:  # a name that is a list
            raise Failure("wrong-type", f"{kind}: {error}", item.place()) from None

    def _element(self, kind: str, data: Map, place: Place | None) -> Any:
        """Adds the definition; returns the name that it is found by."""
        base, _, rest = kind.partition("-")
        word: d.Kind = "view" if base == "view" else "job"
        made: Any
        if kind == "defaults":
            made = d.read_defaults(data, place)
        elif kind == "project":
            made = d.read_project(data, place)
        elif kind in MACROS:
            made = d.read_macro(data, kind, MACROS[kind], place)
        elif rest == "group":
            made = d.read_group(data, word, place)
        else:
            made = d.read_item(data, word, rest == "template", place)
        name = made.id or made.name if isinstance(made, d.Item) else made.name
        if self._filling:
            self._tables[kind].fill(name, made, place, self._file)
            return name
        hidden = self._tables[kind].put(name, made, place, self._file)
        if hidden is not None:
            self._duplicate(kind, name, place, hidden)
        return name

    def _duplicate(self, kind: str, name: Any, place: Place | None, before: Place | None) -> None:
        if kind == "defaults":
            return  # the original lets later ones win
        self.duplicates = True
        what = "macro" if kind in MACROS else kind.replace("-", " ")
        allowed = self._sources.settings.allow_duplicates
        self._sources.report(duplicate(what, name, place, before, allowed))


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
