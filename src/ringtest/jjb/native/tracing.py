"""Jobs rendered to trees whose elements are known by the component that made them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO
from xml.etree.ElementTree import Element

from ringtest.jjb.chain import Step
from ringtest.jjb.engine import Run
from ringtest.jjb.expansion.expanding import Expanded
from ringtest.jjb.problems import Failure, Problem
from ringtest.jjb.rendering.dispatch import Components, Key
from ringtest.jjb.rendering.jobs import tree_of
from ringtest.jjb.settings import Settings
from ringtest.jjb.units import Candidate
from ringtest.language.places import Place


class Origin(NamedTuple):
    """The component of an element: ("builders", "shell"), its place, and the macros around it."""

    section: str
    component: str
    place: Place | None
    chain: tuple[Step, ...] = ()


class Tree(NamedTuple):
    """A job as Jenkins would read it."""

    name: str
    place: Place | None
    root: Element
    origins: Mapping[Element, Origin]


class Traced(Components):
    """Renders every component for each job anew and notes its elements."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.origins: dict[Element, Origin] = {}

    def _keeping(
        self,
        key: Key,
        parent: Element,
        item: Any,
        job: Mapping[str, Any] | None,
        whole: bool = False,
    ) -> None:
        if whole:
            self._each(key[0], parent, item, key[3], job)
        else:
            self._component(key[0], parent, item, job, key[3])

    def _render(
        self, kind: str, name: str, parent: Element, data: Any, job: Mapping[str, Any] | None
    ) -> None:
        before = len(parent)
        origin = Origin(kind, name, self._place, tuple(self._chain))
        super()._render(kind, name, parent, data, job)
        for child in parent[before:]:
            # What a component inside of this one made is that one's.
            self.origins.setdefault(child, origin)


class _Run(Run):
    """A run that hands out trees and writes nothing."""

    components: Traced

    def __init__(
        self,
        settings: Settings,
        plugins: Sequence[Mapping[str, Any]],
        use: Callable[[Tree], None],
    ) -> None:
        super().__init__(settings, plugins)
        self._use = use

    def _components(self, plugins: Sequence[Mapping[str, Any]]) -> Traced:
        known, report = self.definitions, self.rendered.problems.append
        return Traced(known.macros, self.compiler, self.expander, plugins, report, known.uses)

    def _render(self, each: Candidate, item: Expanded) -> None:
        if item.item.kind != "job":
            return
        self.components.origins = {}
        try:
            root = tree_of(item, self.components)
        except Failure as failure:
            self.rendered.problems.append(failure.problem())
            return
        place = item.item.place or item.origin
        self._use(Tree(item.name, place, root, self.components.origins))


def trace(
    paths: Sequence[Path | TextIO],
    use: Callable[[Tree], None],
    *,
    settings: Settings | None = None,
    plugins: Sequence[Mapping[str, Any]] = (),
    names: Sequence[str] = (),
) -> list[Problem]:
    """Hands each job whose name matches to `use`, in the original's order; gives what is wrong."""
    run = _Run(settings or Settings(), plugins, use)
    run.load(paths)
    run.make(names)
    return run.rendered.problems
