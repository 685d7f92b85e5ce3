"""Renders components: macros first, then native ones, then the installed library's.

What equal data gave is kept as a fragment with its text, and stands in all jobs that hold the
same data. A component that reads the job, or its siblings, is rendered anew for each.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn
from xml.etree.ElementTree import Element

from ringtest.jjb import borrowed
from ringtest.jjb.chain import Step
from ringtest.jjb.components import registry
from ringtest.jjb.components.versions import NEWEST, Version
from ringtest.jjb.expansion.compiling import Compiler
from ringtest.jjb.expansion.definitions import MACROS, Macro
from ringtest.jjb.expansion.expanding import Expander
from ringtest.jjb.expansion.roots import Report
from ringtest.jjb.expansion.tables import Table, Use, Uses
from ringtest.jjb.loading.values import Map, Seq, Tagged
from ringtest.jjb.problems import Failure, Problem, Severity
from ringtest.jjb.rendering.watch import Watch
from ringtest.jjb.rendering.writer import fragment
from ringtest.language.places import Place

MAX_MACROS = 60
_SINGULAR = {plural: singular for singular, plural in MACROS.items()}
_NOTHING: Mapping[str, Any] = {}
Key = tuple[str, Any, str, int]


class _Siblings(Exception):
    """What is rendered must look at its siblings, and cannot be kept for other jobs."""


class Components:
    """Renders lists of components; the context of each of them. One for a whole run."""

    def __init__(
        self,
        macros: Mapping[str, Table[Macro]],
        compiler: Compiler,
        expander: Expander,
        plugins: Iterable[Mapping[str, Any]],
        report: Report,
        uses: Uses,
    ) -> None:
        self.borrowed: Counter[tuple[str, str]] = Counter()
        self.settings = compiler.sources.settings
        self._macros = macros
        self._compiler = compiler
        self._expander = expander
        self._versions = _versions(plugins)
        self._report = report
        self._job: Mapping[str, Any] = _NOTHING
        self._name: str | None = None
        self._place: Place | None = None
        self._chain: list[Step] = []
        self._read_job = False
        self._holding = 0
        self._kept: dict[Key, tuple[Any, Element | None, frozenset[Use]]] = {}
        self._uses = uses
        self.watch: Watch | None = None

    # What components may ask for: `registry.Context`.

    @property
    def job(self) -> Mapping[str, Any]:
        """The job's data; who reads it is rendered for each job anew."""
        self._read_job = True
        return self._job

    def dispatch(self, kind: str, parent: Element, item: Any) -> None:
        """A component inside of another."""
        self._component(kind, parent, item, None, -1)

    def plugin_version(self, *names: str, default: str | None = None) -> str:
        """See `registry.Context`."""
        for name in names:
            if name in self._versions:
                version = self._versions[name]
                if isinstance(version, str):
                    return version
                self.fail(f"the version of {name!r} is no text but {version!r}: put it in quotes")
        if self.watch is not None:
            self.watch.plugin(names)
        return NEWEST if default is None else Version(default)

    def option(self, section: str, key: str, default: str = "") -> str:
        """A value of the ini file."""
        return self.settings.sections.get(section, {}).get(key, default)

    def warn(self, message: str) -> None:
        """A warning at the component that is being rendered."""
        chain = tuple(self._chain)
        self._report(
            Problem(Severity.WARNING, "component", message, self._place, self._name, chain)
        )

    def fail(self, message: str) -> NoReturn:
        """An error at the component that is being rendered."""
        raise Failure("component", message, self._place)

    # What sections use.

    def begin(self, name: str, job: Mapping[str, Any]) -> None:
        """From here on, components belong to this job."""
        self._job, self._name, self._place = job, name, None
        self._chain.clear()
        self._holding = 0

    def macro_named(self, kind: str, name: Any) -> bool:
        """Whether a macro of that name hides or makes the component."""
        return self._macro_of(kind, name) is not None

    def _macro_of(self, kind: str, name: Any) -> Macro | None:
        table = self._macros.get(_SINGULAR.get(kind, kind))
        return table.find(name) if table is not None else None

    def all_of(
        self,
        kind: str,
        parent: Element,
        items: Any,
        depth: int,
        job: Mapping[str, Any] | None = None,
    ) -> None:
        """A section's list of components, whose elements stand at that depth."""
        if not items:
            return
        if type(items) is Seq and items.shared:
            self._keeping((kind, id(items), parent.tag, depth), parent, items, job, whole=True)
        else:
            self._each(kind, parent, items, depth, job)

    def apart(self, kind: str, parent: Element, items: Any) -> None:
        """A section's components as elements of their own, which the section may change."""
        if items:
            self._each(kind, parent, items, -1, None)

    def settle(self, place: Place | None) -> None:
        """Where the next component stands, for one that is dispatched alone."""
        self._place = place

    def _each(
        self, kind: str, parent: Element, items: Any, depth: int, job: Mapping[str, Any] | None
    ) -> None:
        if not isinstance(items, Iterable):
            raise Failure("wrong-type", f"{kind} is a list, not {items!r:.80}")
        for index, item in enumerate(items):
            self._place = items.place_of_item(index) if type(items) is Seq else self._place
            if depth < 0:
                self._component(kind, parent, item, job, depth)
            else:
                self._one(kind, parent, item, depth, job)

    def _one(
        self, kind: str, parent: Element, item: Any, depth: int, job: Mapping[str, Any] | None
    ) -> None:
        """One component of a section, from what was kept if it is shared."""
        if type(item) is str:
            self._keeping((kind, item, parent.tag, depth), parent, item, job)
        elif type(item) is Map and item.shared:
            self._keeping((kind, id(item), parent.tag, depth), parent, item, job)
        else:
            self._component(kind, parent, item, job, depth)

    def _keeping(
        self,
        key: Key,
        parent: Element,
        item: Any,
        job: Mapping[str, Any] | None,
        whole: bool = False,
    ) -> None:
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._noting(key, item, job, whole)
        elif self._uses.current is not None:
            self._uses.current |= found[2]
        kept = found[1]
        if kept is not None:
            if len(kept):
                parent.append(kept)
        elif whole:
            self._each(key[0], parent, item, key[3], job)
        else:
            self._component(key[0], parent, item, job, key[3])

    def _noting(
        self, key: Key, item: Any, job: Mapping[str, Any] | None, whole: bool
    ) -> tuple[Any, Element | None, frozenset[Use]]:
        """What is made, with the definitions that it asked for."""
        before = self._uses.current
        if before is None:
            return item, self._made(key, item, job, whole), frozenset()
        asked: set[Use] = set()
        self._uses.current = asked
        try:
            return item, self._made(key, item, job, whole), frozenset(asked)
        finally:
            self._uses.current = before
            before |= asked

    def _made(
        self, key: Key, item: Any, job: Mapping[str, Any] | None, whole: bool
    ) -> Element | None:
        """A fragment for all jobs; None when each job needs its own."""
        kind, _, tag, depth = key
        hold = Element(tag)
        before, self._read_job = self._read_job, False
        self._holding += 1
        try:
            if whole:
                self._each(kind, hold, item, depth, job)
            else:
                self._component(kind, hold, item, job, depth)
            return None if self._read_job else fragment(list(hold), depth)
        except _Siblings:
            return None
        finally:
            self._holding -= 1
            self._read_job = before or self._read_job

    def _component(
        self, kind: str, parent: Element, item: Any, job: Mapping[str, Any] | None, depth: int
    ) -> None:
        """depth: of the elements, or -1 inside of another component, where nothing is kept."""
        if isinstance(item, dict):
            if not item:
                raise Failure("component", f"an empty mapping names no component of {kind}")
            name, data = next(iter(item.items()))
            if type(item) is Map and item.mark is not None:
                self._place = item.place()
        else:
            name, data = item, _NOTHING
        if type(name) is not str:
            raise Failure("component", f"{name!r:.80} names no component of {kind}", self._place)
        macro = self._macro_of(kind, name)
        if macro is not None:
            self._macro(kind, parent, macro, data, job, depth)
            return
        place = self._place
        if self.watch is not None:
            self.watch.component(kind, name, data, place, self._name, self._chain)
        try:
            self._render(kind, name, parent, data, job)
        except Failure as failure:
            raise failure.at(place) from None
        except RecursionError:
            raise Failure("too-deep", f"{kind} {name!r} never ends", place) from None
        except (AttributeError, KeyError, TypeError, IndexError, ValueError) as error:
            said = f"{kind} {name!r}: {type(error).__name__}: {error}"
            raise Failure("component", said, place) from None
        finally:
            if self.watch is not None:
                self.watch.end()

    def _render(
        self, kind: str, name: str, parent: Element, data: Any, job: Mapping[str, Any] | None
    ) -> None:
        native = registry.find(kind, name)
        siblings = registry.WITH_SIBLINGS | borrowed.WITH_SIBLINGS
        if self._holding and (kind, name) in siblings:
            raise _Siblings
        if native is not None:
            native(parent, data, self)
            return
        if borrowed.render(kind, name, parent, data, self, job):
            self.borrowed[kind, name] += 1
            return
        said = f"Unknown component or macro {name!r} of {kind}"
        raise Failure("unknown-component", said, self._place)

    def _macro(
        self,
        kind: str,
        parent: Element,
        macro: Macro,
        data: Any,
        job: Mapping[str, Any] | None,
        depth: int,
    ) -> None:
        if len(self._chain) >= MAX_MACROS:
            names = " → ".join(step.what for step in self._chain[-4:])
            said = f"macros nest more than {MAX_MACROS} deep: {names}"
            raise Failure("macro-cycle", said, macro.place)
        if data is None:
            data = _NOTHING
        if not isinstance(data, Mapping):
            said = f"{macro.what} takes named parameters, not {data!r:.80}"
            raise Failure("wrong-type", said, self._place)
        if job is not None:
            self._read_job = True
        place = self._place
        self._chain.append(Step(macro.what, place))
        try:
            defaults = self._expander.defaults(macro.defaults, macro)
            given = {**defaults.parameters, **macro.parameters, **data, **(job or _NOTHING)}
            if self.watch is not None:
                self.watch.macro(macro, data, given, place, self._name)
            for element, stands in self._body(macro, given):
                try:
                    item = self._compiler.expand(element, given)
                except Failure as failure:
                    raise failure.at(stands) from None
                self._place = stands
                if depth < 0:
                    self._component(kind, parent, item, job, depth)
                else:
                    self._one(kind, parent, item, depth, job)
        except Failure as failure:
            step = self._chain[-1]
            raise failure.within(step.what, step.place) from None
        finally:
            self._chain.pop()

    def _body(self, macro: Macro, given: Mapping[str, Any]) -> list[tuple[Any, Place | None]]:
        body = macro.body
        if isinstance(body, Tagged):
            body = self._compiler.body(body, given)
        if not body:
            return []
        if isinstance(body, Seq):
            return [(item, body.place_of_item(index)) for index, item in enumerate(body)]
        if isinstance(body, Mapping):
            return [(name, macro.place) for name in body]
        said = f"{macro.what}: its components are a list, not {body!r:.80}"
        raise Failure("wrong-type", said, macro.place)


def _versions(plugins: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Versions by both names of a plugin; text stays text, as the original compares it so.

    A number is an error only where somebody asks for it, as it is to the original.
    """
    known: dict[str, Any] = {}
    for plugin in plugins:
        version = plugin.get("version")
        if version is None:
            version = str(NEWEST)
        for key in ("shortName", "longName"):
            if plugin.get(key):
                known[str(plugin[key])] = version
    return known


__all__ = ["MAX_MACROS", "Components"]
