"""What an earlier run found, held against the files as they are."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ringtest.jjb import kept as k
from ringtest.jjb.expansion.definitions import KINDS
from ringtest.jjb.expansion.roots import Element, Roots
from ringtest.jjb.loading.sources import Sources
from ringtest.jjb.problems import Problem, Severity
from ringtest.jjb.units import Candidate, Unit
from ringtest.language.places import Place

_TEXTS = 12


class Memory:
    """Knows files and units again; one for a run."""

    def __init__(
        self,
        folder: Path,
        paths: Sequence[Path],
        sources: Sources,
        roots: Roots,
        plugins: Iterable[Mapping[str, Any]],
    ) -> None:
        self._path = k.identity(paths, sources.settings, plugins, folder)
        self._before, self._texts = k.load(self._path)
        self._sources = sources
        self._roots = roots
        self._known: dict[str, k.KeptFile] = {}
        self._digests: dict[str, str] = {}
        self._changed = False

    def announce(self, path: Path) -> bool:
        """Whether this file is as it was: then its elements are known, and it is not read."""
        name = str(path)
        before = self._before.files.get(name)
        if before is None or self._digest(name) != before.digest:
            self._changed = True
            return False
        self._known[name] = before
        for warning in before.warnings:
            self._sources.warn(warning.rule, warning.message, _place(warning.place))
        elements = [Element(kind, called, _place(place)) for kind, called, place in before.elements]
        self._roots.announce(path, elements)
        return True

    def recall(self, unit: Unit) -> None:
        """Gives the unit what was made of it, if nothing that it came from has changed."""
        before = self._before.units.get(_key(unit))
        if before is None or not self._is_same(before):
            self._changed = True
            return
        unit.kept = {kind: [] for kind in KINDS}
        for kind in KINDS:
            for made in before.made.get(kind, ()):
                place, origin = _place(made.place), _place(made.origin)
                found = Candidate(unit, made.name, place, origin, None, kind)
                found.kept, found.digest = partial(self._texts.get, made.where), made.digest
                unit.kept[kind].append(found)
        unit.warnings = [_problem(warning) for warning in before.warnings]
        unit.borrowed = Counter({(kind, name): n for kind, name, n in before.borrowed})

    def _is_same(self, before: k.KeptUnit) -> bool:
        tables = self._roots.definitions.all()
        return all(
            (tables[table].file_of(name) or "") == file for table, name, file in before.uses
        ) and all(self._digest(path) == digest for path, digest in before.files.items())

    def _digest(self, path: str) -> str:
        """Of the file's content now; each is read once."""
        found = self._digests.get(path)
        if found is None:
            try:
                with open(path, "rb") as file:  # noqa: PTH123
                    found = hashlib.sha256(file.read()).hexdigest()
            except OSError:
                found = ""
            self._digests[path] = found
        return found

    def save(self, units: Sequence[Unit]) -> None:
        """Leaves what this run found, if it is more than was known."""
        if not self._changed or not self._sources.repeatable or self._roots.duplicates:
            return
        saved = k.Kept(files={}, units={}, texts=list(self._before.texts))
        added = _Added(len(saved.texts))
        if len(saved.texts) >= _TEXTS:
            # Many small files of XML, half of them of no use by then: all into one.
            added, saved.texts = _Added(0), []
        warnings = self._sources.warnings
        for name, file in self._roots.files.items():
            told = {_kept(problem) for problem in warnings.get(name, ())}
            if name in self._known:
                told |= {(w.rule, w.message, w.place) for w in self._known[name].warnings}
            elements = [(e.kind, e.name, _spot(e.place)) for e in file.elements]
            if file.clean and all(isinstance(e[1], str | int) and e[2] for e in elements):
                listed = [k.KeptProblem(*words) for words in sorted(told, key=repr)]
                saved.files[name] = k.KeptFile(self._read(name), elements, listed)  # type: ignore[arg-type]
        for unit in units:
            found = self._unit(unit, added)
            if found is not None:
                saved.units[_key(unit)] = found
        k.save(self._path, saved, added.parts)

    def _unit(self, unit: Unit, added: "_Added") -> k.KeptUnit | None:
        if unit.kept is not None:
            before = self._before.units[_key(unit)]
            if added.number == 0:
                for made in (item for items in before.made.values() for item in items):
                    made.where = added.put(self._texts.get(made.where))
            return before
        if not unit.lasting or unit.file is None:
            return None
        tables = self._roots.definitions.all()
        uses, files = [], {unit.file}
        for table, name in unit.uses:
            if not isinstance(name, str | int):
                return None
            file = tables[table].file_of(name)
            uses.append((table, name, file or ""))
            if file is not None:
                files.add(file)
        for file in list(files):
            files |= self._sources.opened.get(file, set())
        return k.KeptUnit(
            uses,
            {path: self._read(path) for path in sorted(files)},
            {kind: [_item(made, added) for made in unit.made.get(kind, ())] for kind in KINDS},
            [k.KeptProblem(*_kept(w), w.job) for w in unit.warnings],
            [(kind, name, n) for (kind, name), n in unit.borrowed.items()],
        )

    def _read(self, path: str) -> str:
        """The digest of the content that this run has really used."""
        used = self._sources.digests.get(path)
        return used if used is not None else self._digest(path)


def _key(unit: Unit) -> str:
    return f"{unit.file}\0{unit.table}\0{type(unit.name).__name__}\0{unit.name}"


class _Added:
    """XML that is written beside what is kept; `number` of its file."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.parts: list[bytes] = []
        self._size = 0

    def put(self, xml: bytes) -> tuple[int, int, int]:
        """Adds it; where it will be."""
        start = self._size
        self.parts.append(xml)
        self._size += len(xml)
        return self.number, start, len(xml)


def _item(made: Candidate, added: _Added) -> k.KeptItem:
    xml = made.xml or b""
    where = added.put(xml)
    return k.KeptItem(made.name, where, digest_of(xml), _spot(made.place), _spot(made.origin))


def digest_of(xml: bytes) -> bytes:
    """What tells one XML from all others."""
    return hashlib.blake2b(xml, digest_size=16).digest()


def _spot(place: Place | None) -> k.Spot | None:
    return (place.file, place.line, place.column) if place else None


def _place(spot: k.Spot | None) -> Place | None:
    return Place(*spot) if spot else None


def _kept(problem: Problem) -> tuple[str, str, k.Spot | None]:
    return problem.rule, problem.message, _spot(problem.place)


def _problem(kept: k.KeptProblem) -> Problem:
    return Problem(Severity.WARNING, kept.rule, kept.message, _place(kept.place), kept.job)
