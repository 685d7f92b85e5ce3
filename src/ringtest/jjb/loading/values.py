"""What YAML becomes: dicts and lists that know their places, and tags that are read later."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ringtest.language.places import Place


@dataclass(eq=False, slots=True)
class Scope:
    """One loaded text: where tags in it look for files, and which anchors they know.

    name: the file as it is shown in places.
    folder: of the file, or None of standard input.
    anchors: name → node; shared with the text that included this one, if that had anchors.
    loaded: path → what this text's own includes gave, read once.
    root: the file that was named on the command line, of which this is a part.
    """

    name: str
    folder: Path | None
    root: str = ""
    anchors: dict[str, "Anchor"] = field(default_factory=dict)
    loaded: dict[Path, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A node with a name. `pairs` are those of a mapping, which a merge takes."""

    value: Any
    scope: Scope
    weight: int


class Map(dict[Any, Any]):
    """A mapping; `marks` gives the marks of each key and its value, `mark` its own.

    shared: several jobs hold this very object, so that what is rendered of it is kept.
    """

    __slots__ = ("mark", "marks", "shared", "source")

    mark: Any
    marks: dict[Any, tuple[Any, Any]]
    shared: bool
    source: str

    def place(self) -> Place | None:
        """Where it begins."""
        return place_of(self.source, self.mark)

    def place_of_key(self, key: Any) -> Place | None:
        """Where that key stands."""
        marks = self.marks.get(key)
        return place_of(self.source, marks[0]) if marks else self.place()

    def place_of_value(self, key: Any) -> Place | None:
        """Where the value of that key begins."""
        marks = self.marks.get(key)
        return place_of(self.source, marks[1]) if marks else self.place()


class Seq(list[Any]):
    """A list; `marks` are those of its items, `mark` its own; `shared` as in `Map`."""

    __slots__ = ("mark", "marks", "shared", "source")

    mark: Any
    marks: list[Any]
    shared: bool
    source: str

    def place(self) -> Place | None:
        """Where it begins."""
        return place_of(self.source, self.mark)

    def place_of_item(self, index: int) -> Place | None:
        """Where that item begins."""
        return place_of(self.source, self.marks[index]) if index < len(self.marks) else None


def place_of(source: str, mark: Any) -> Place | None:
    """The place of a mark of the YAML parser; None for what stands in no file.

    A merged key's mark is a Place already: it stands elsewhere, perhaps in another file.
    """
    if mark is None or isinstance(mark, Place):
        return mark
    return Place(source, mark.line + 1, mark.column + 1)


def new_map(source: str = "", mark: Any = None) -> Map:
    """An empty mapping that stands there."""
    made = Map()
    made.source, made.mark, made.marks, made.shared = source, mark, {}, False
    return made


def new_seq(source: str = "", mark: Any = None) -> Seq:
    """An empty list that stands there."""
    made = Seq()
    made.source, made.mark, made.marks, made.shared = source, mark, [], False
    return made


@dataclass(eq=False, slots=True)
class Tagged:
    """A tag whose text or files are read when a job is expanded.

    paths: file names, which may hold variables; for Jinja strings the template's text alone.
    """

    tag: str
    paths: list[str]
    scope: Scope
    mark: Any

    def place(self) -> Place | None:
        """Where the tag stands."""
        return place_of(self.scope.name, self.mark)


@dataclass(eq=False, slots=True)
class Strange:
    """A value that YAML knows and jobs cannot hold, such as a date: an error when it is used."""

    kind: str
    value: Any

    def __str__(self) -> str:
        """As a part of a name, where the original takes it."""
        return str(self.value)


INCLUDE = "!include:"
RAW_EXPAND = "!include-raw-expand:"
RAW_VERBATIM = "!include-raw-verbatim:"
INCLUDE_JINJA = "!include-jinja2:"
JINJA = "!j2:"
JINJA_YAML = "!j2-yaml:"
JOIN = "!join:"

OLD_TAGS = {
    "!include": INCLUDE,
    "!include-raw": RAW_EXPAND,
    "!include-raw:": RAW_EXPAND,
    "!include-raw-escape": RAW_VERBATIM,
    "!include-raw-escape:": RAW_VERBATIM,
}
FILE_TAGS = frozenset({INCLUDE, RAW_EXPAND, RAW_VERBATIM, INCLUDE_JINJA})
TEXT_TAGS = frozenset({JINJA, JINJA_YAML})


def rebound(value: Any, scope: Scope) -> Any:
    """A value of an anchor of another text, as if it stood in this one: its tags look there."""
    if isinstance(value, Tagged):
        return Tagged(value.tag, value.paths, scope, value.mark)
    if isinstance(value, Map):
        changed = {key: rebound(item, scope) for key, item in value.items()}
        if all(changed[key] is item for key, item in value.items()):
            return value
        made = new_map(value.source, value.mark)
        made.update(changed)
        made.marks = value.marks
        return made
    if isinstance(value, Seq):
        items = [rebound(item, scope) for item in value]
        if all(new is old for new, old in zip(items, value, strict=True)):
            return value
        seq = new_seq(value.source, value.mark)
        seq.extend(items)
        seq.marks = value.marks
        return seq
    return value
