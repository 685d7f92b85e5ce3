"""From paths to XML: loads, expands and renders all jobs and views of a repository."""

import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO

from ringtest.jjb.expansion.compiling import Compiler
from ringtest.jjb.expansion.definitions import Kind
from ringtest.jjb.expansion.expanding import Expanded, Expander
from ringtest.jjb.expansion.roots import Roots
from ringtest.jjb.loading.sources import Sources, recursed
from ringtest.jjb.places import Place
from ringtest.jjb.problems import Failure, Problem
from ringtest.jjb.rendering.dispatch import Components
from ringtest.jjb.rendering.jobs import xml_of
from ringtest.jjb.settings import Settings

KINDS: tuple[Kind, ...] = ("job", "view")
_RUNS = re.compile(r"[0-9]+|[^0-9]+")


@dataclass(frozen=True, slots=True)
class Made:
    """One job or view as Jenkins takes it.

    name: with its folders, as in `team/nightly`.
    xml: what jenkins-job-builder writes, in UTF-8.
    place: of the job, view or template that it was made from.
    """

    kind: Literal["job", "view"]
    name: str
    xml: bytes
    place: Place | None = None


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
    run.load(paths)
    for kind in KINDS:
        made = run.made(run.expander.all_of(kind), names)
        setattr(run.rendered, f"{kind}s", made)
    run.rendered.borrowed = dict(run.components.borrowed)
    return run.rendered


class Run:
    """The parts of one run, put together."""

    def __init__(self, settings: Settings, plugins: Sequence[Mapping[str, Any]]) -> None:
        self.rendered = Rendered()
        report = self.rendered.problems.append
        self.sources = Sources(settings, report)
        self.compiler = Compiler(self.sources)
        self.roots = Roots(self.sources, self.compiler)
        self.definitions = self.roots.definitions
        self.expander = Expander(self.definitions, self.compiler, report)
        try:
            self.components = Components(
                self.definitions.macros, self.compiler, self.expander, plugins, report
            )
        except Failure as failure:
            report(failure.problem())
            self.components = Components(
                self.definitions.macros, self.compiler, self.expander, (), report
            )

    def load(self, paths: Sequence[Path | TextIO]) -> None:
        """Reads all definitions."""
        settings = self.sources.settings
        wanted: list[Path | TextIO] = []
        for path in paths:
            if settings.recursive and isinstance(path, Path) and path.is_dir():
                wanted += recursed(path, settings.exclude)
            else:
                wanted.append(path)
        self.sources.given = [path for path in paths if isinstance(path, Path)]
        self.roots.read(wanted)

    def made(self, items: Sequence[Expanded], names: Sequence[str]) -> list[Made]:
        """The items whose names match, as XML, in the original's order."""
        made = []
        for item in sorted(items, key=lambda item: order(item.name)):
            if names and not any(fnmatch.fnmatch(item.name, pattern) for pattern in names):
                continue
            try:
                xml = xml_of(item, self.components)
            except Failure as failure:
                self.rendered.problems.append(failure.problem())
            else:
                made.append(Made(item.item.kind, item.name, xml, item.item.place))
        return made


def order(name: str) -> list[tuple[str, int]]:
    """What jobs are sorted by: numbers in names count as numbers.

    >>> sorted(["a10", "a2", "a", "b1"], key=order)
    ['a', 'a2', 'a10', 'b1']
    """
    return [("0", int(run)) if run.isdigit() else (run, 0) for run in _RUNS.findall(name)]
