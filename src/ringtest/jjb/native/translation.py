"""From the tree of a job to its program: every element is done, has no effect here, or is told."""

from collections.abc import Callable, Iterable, Mapping
from xml.etree.ElementTree import Element

from ringtest.jjb.native import harmless
from ringtest.jjb.native.fields import Fields, kind_of
from ringtest.jjb.native.program import Action, Coverage, Finding, Program
from ringtest.jjb.native.tracing import Origin, Tree

MATRIX = "matrix-project"


class Translation:
    """One job on its way to a program; what handlers of components are given."""

    def __init__(self, tree: Tree) -> None:
        self.program = Program(tree.name, tree.place, is_matrix=tree.root.tag == MATRIX)
        self._tree = tree

    def origin(self, element: Element, section: str) -> Origin:
        """Which component made an element; raw XML and the job itself stand at the job."""
        found = self._tree.origins.get(element)
        return found or Origin(section, kind_of(element), self._tree.place)

    def note(self, coverage: Coverage, element: Element, section: str, why: str = "") -> None:
        """Adds a finding."""
        section, component, place, chain = self.origin(element, section)
        self.program.findings.append(Finding(coverage, section, component, why, place, chain))

    def actions(
        self, elements: Iterable[Element], handlers: "Handlers", section: str
    ) -> list[Action]:
        """What these components do, in their order."""
        made: list[Action] = []
        for element in elements:
            made += self.one(element, handlers, section)
        return made

    def one(self, element: Element, handlers: "Handlers", section: str) -> list[Action]:
        """What one component does; nothing when it is not covered, which is noted."""
        kind = kind_of(element)
        known = handlers.get(kind)
        if known is None:
            why = harmless.of(section, kind)
            if why is None:
                self.note(Coverage.UNCOVERED, element, section)
            else:
                self.note(Coverage.HARMLESS, element, section, why)
            return []
        fields = Fields(element)
        before = len(self.program.findings)
        actions = known(fields, self)
        said = [f"{what} is not covered" for what in fields.left()]
        coverage = Coverage.UNCOVERED if said else Coverage.COVERED
        self.note(coverage, element, section, "; ".join(said))
        # Whoever holds others stands before them.
        own = self.program.findings.pop()
        self.program.findings.insert(before, own)
        return actions


Handler = Callable[[Fields, Translation], list[Action]]
Handlers = Mapping[str, Handler]
