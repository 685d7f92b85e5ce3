"""From paths to XML: loads, expands and renders all jobs and views of a repository."""

import fnmatch
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from ringtest.jjb.expansion.compiling import Compiler
from ringtest.jjb.expansion.definitions import KINDS, Kind
from ringtest.jjb.expansion.expanding import Expanded, Expander
from ringtest.jjb.expansion.roots import Roots, duplicate
from ringtest.jjb.loading.sources import Sources, expanded, recursed
from ringtest.jjb.memory import Memory, digest_of
from ringtest.jjb.problems import Failure, Problem
from ringtest.jjb.rendering.dispatch import Components
from ringtest.jjb.rendering.jobs import xml_of
from ringtest.jjb.settings import Settings
from ringtest.jjb.units import Candidate, Unit
from ringtest.language.places import Place

_RUNS = re.compile(r"[0-9]+|[^0-9]+")


class Made:
    """One job or view as Jenkins takes it.

    kind: "job" or "view". name: with its folders, as in `team/nightly`.
    place: of the job, view or template that it was made from.
    """

    __slots__ = ("_digest", "_kept", "_xml", "kind", "name", "place")

    def __init__(
        self,
        kind: Kind,
        name: str,
        xml: bytes | None,
        place: Place | None = None,
        kept: Callable[[], bytes] | None = None,
        digest: bytes | None = None,
    ) -> None:
        self.kind = kind
        self.name = name
        self.place = place
        self._xml = xml
        self._kept = kept
        self._digest = digest

    @property
    def xml(self) -> bytes:
        """What jenkins-job-builder writes, in UTF-8; read from the disk when it was kept there."""
        if self._xml is None:
            self._xml = self._kept() if self._kept is not None else b""
        return self._xml

    @property
    def digest(self) -> bytes:
        """What tells this XML from all others: 16 bytes."""
        if self._digest is None:
            self._digest = digest_of(self.xml)
        return self._digest

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Made) and (self.kind, self.name, self.place, self.xml) == (
            other.kind,
            other.name,
            other.place,
            other.xml,
        )

    def __hash__(self) -> int:
        return hash((self.kind, self.name))

    def __repr__(self) -> str:
        return f"Made({self.kind!r}, {self.name!r})"


@dataclass(slots=True)
class Rendered:
    """All that could be rendered, in the original's order, and what is wrong.

    borrowed: (kind, component) → how many times the installed library rendered it.
    """

    jobs: list[Made] = field(default_factory=list)
    views: list[Made] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    borrowed: dict[tuple[str, str], int] = field(default_factory=dict)


def render(
    paths: Sequence[Path | TextIO],
    *,
    settings: Settings | None = None,
    plugins: Sequence[Mapping[str, Any]] = (),
    names: Sequence[str] = (),
    cache: Path | None = None,
) -> Rendered:
    """Jobs and views of these files and folders, sorted as the original writes them.

    paths: files, folders (their *.yml and *.yaml; deeper ones when the settings say so) or
        open text.
    plugins: of the controller, as in a plugin list: `{"shortName", "longName", "version"}`.
    names: glob patterns; only jobs and views that match one are rendered.
    cache: a folder for what earlier runs found; it never changes what comes out.
    """
    run = Run(settings or Settings(), plugins)
    memory = None
    files = [path for path in paths if isinstance(path, Path)]
    if cache is not None and not names and len(files) == len(paths) and run.sources.repeatable:
        memory = Memory(cache, files, run.sources, run.roots, plugins)
    run.load(paths, memory)
    run.make(names, memory)
    if memory is not None:
        memory.save(run.units)
    run.rendered.borrowed = dict(run.components.borrowed)
    return run.rendered


class Run:
    """The parts of one run, put together."""

    def __init__(self, settings: Settings, plugins: Sequence[Mapping[str, Any]]) -> None:
        self.rendered = Rendered()
        self.units: list[Unit] = []
        self._noting = False
        report = self.rendered.problems.append
        self.sources = Sources(settings, report)
        self.compiler = Compiler(self.sources)
        self.roots = Roots(self.sources, self.compiler)
        self.definitions = self.roots.definitions
        self.expander = Expander(self.definitions, self.compiler, report)
        try:
            self.components = self._components(plugins)
        except Failure as failure:
            report(failure.problem())
            self.components = self._components(())

    def _components(self, plugins: Sequence[Mapping[str, Any]]) -> Components:
        report = self.rendered.problems.append
        known = self.definitions
        return Components(known.macros, self.compiler, self.expander, plugins, report, known.uses)

    def load(self, paths: Sequence[Path | TextIO], memory: Memory | None = None) -> None:
        """Reads all definitions, or knows them by name from an earlier run."""
        settings = self.sources.settings
        wanted: list[Path | TextIO] = []
        for path in paths:
            if settings.recursive and isinstance(path, Path) and path.is_dir():
                wanted += recursed(path, settings.exclude)
            else:
                wanted.append(path)
        self.sources.given = [path for path in paths if isinstance(path, Path)]
        for path in expanded(wanted, self.sources.report):
            if memory is None or not isinstance(path, Path) or not memory.announce(path):
                self.roots.read_file(path)

    def make(self, names: Sequence[str], memory: Memory | None = None) -> None:
        """All jobs and views whose names match."""
        self.units = self._found()
        self._noting = memory is not None
        if memory is not None:
            for unit in self.units:
                memory.recall(unit)
        for kind in KINDS:
            found = [made for unit in self.units for made in self._candidates(unit, kind)]
            made = self.made(self.unique(found, kind), names)
            setattr(self.rendered, f"{kind}s", made)
        for unit in self.units:
            if unit.kept is not None:
                self.rendered.problems += unit.warnings
                self.components.borrowed += unit.borrowed

    def _found(self) -> list[Unit]:
        """Jobs and views that stand alone, then projects, each in the order of the files."""
        tables = (self.definitions.items["job"], self.definitions.items["view"])
        return [
            Unit(table.name, name, table.file_of(name))
            for table in (*tables, self.definitions.projects)
            for name in table.names()
        ]

    def _candidates(self, unit: Unit, kind: Kind) -> list[Candidate]:
        if unit.kept is not None:
            return unit.kept.get(kind, [])
        if unit.table not in ("project", kind):
            return []
        uses, problems = self.definitions.uses, self.rendered.problems
        uses.current = unit.uses if self._noting else None
        before = len(problems)
        made: list[Expanded] = []
        try:
            made = self._expanded(unit, kind)
        except RecursionError:
            failure = Failure("too-deep", f"{unit.table} {unit.name!r} never ends")
            problems.append(failure.problem())
        finally:
            uses.current = None
            unit.note(problems[before:])
        return [
            Candidate(unit, item.name, item.item.place, item.origin, item, kind) for item in made
        ]

    def _expanded(self, unit: Unit, kind: Kind) -> list[Expanded]:
        if unit.table == "project":
            project = self.definitions.projects.find(unit.name)
            return list(self.expander.of_project(project, kind)) if project else []
        item = self.definitions.items[kind].find(unit.name)
        return list(self.expander.alone(item)) if item else []

    def unique(self, found: Sequence[Candidate], kind: Kind) -> list[Candidate]:
        """One of each name, the last; the others are reported."""
        last = {made.name: made for made in found}
        if len(last) == len(found):
            return list(found)
        kept = []
        for made in found:
            later = last[made.name]
            if later is made:
                kept.append(made)
                continue
            made.unit.lasting = later.unit.lasting = False
            allowed = self.sources.settings.allow_duplicates
            chain = later.item.chain if later.item else ()
            problem = duplicate(kind, made.name, later.origin, made.origin, allowed, chain)
            self.rendered.problems.append(problem)
        return kept

    def made(self, found: Sequence[Candidate], names: Sequence[str]) -> list[Made]:
        """What matches, as XML, in the original's order."""
        made = []
        for each in sorted(found, key=lambda each: order(each.name)):
            if names and not any(fnmatch.fnmatch(each.name, pattern) for pattern in names):
                continue
            if each.item is not None:
                self._render(each, each.item)
            if each.xml is not None or each.kept is not None:
                kind, name, place = each.kind, each.name, each.place
                made.append(Made(kind, name, each.xml, place, each.kept, each.digest))
        return made

    def _render(self, each: Candidate, item: Expanded) -> None:
        uses, problems, borrowed = self.definitions.uses, self.rendered.problems, self.borrowed
        before, before_borrowed = len(problems), Counter(borrowed)
        uses.current = each.unit.uses if self._noting else None
        try:
            each.xml = xml_of(item, self.components)
        except Failure as failure:
            problems.append(failure.problem())
        finally:
            uses.current = None
        each.unit.made.setdefault(each.kind, []).append(each)
        if len(problems) != before:
            each.unit.note(problems[before:])
        each.unit.borrowed += borrowed - before_borrowed

    @property
    def borrowed(self) -> Counter[tuple[str, str]]:
        """(kind, component) → how often the installed library rendered it."""
        return self.components.borrowed


def order(name: str) -> list[tuple[str, int]]:
    """What jobs are sorted by: numbers in names count as numbers.

    >>> sorted(["a10", "a2", "a", "b1"], key=order)
    ['a', 'a2', 'a10', 'b1']
    """
    return [("0", int(run)) if run.isdigit() else (run, 0) for run in _RUNS.findall(name)]
