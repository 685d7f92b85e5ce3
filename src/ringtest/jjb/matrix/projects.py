"""What the engine renders of a matrix: one project for each cell, as YAML."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import yaml

from ringtest.jjb.matrix import cells, checking, reading
from ringtest.jjb.matrix.rules import TEMPLATES, Decided, Included, decide
from ringtest.jjb.problems import Failure, Problem

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(slots=True)
class Expanded:
    """The cells of a matrix file with their variables, and all that is wrong with it."""

    decided: list[Decided] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def kept(self) -> list[Decided]:
        """Cells that no rule dropped."""
        return [each for each in self.decided if each.excluded is None]


def expand(path: Path) -> Expanded:
    """Read, multiply, decide, check. OSError when the file cannot be read."""
    matrix = reading.read(path.read_text(encoding="utf-8"), str(path))
    expanded = Expanded(problems=list(matrix.problems))
    if (number := cells.count(matrix)) > cells.MOST_CELLS:
        message = f"this makes {number:,} cells, more than {cells.MOST_CELLS:,}"
        expanded.problems.append(Failure("too-large", message).problem())
        return expanded
    told: set[tuple[str, object]] = set()
    for cell in cells.cells(matrix):
        try:
            expanded.decided.append(decide(cell, matrix.rules))
        except Failure as failure:
            if (failure.message, failure.place) not in told:  # once, not for each cell
                told.add((failure.message, failure.place))
                expanded.problems.append(failure.problem(cell.name))
    expanded.problems += checking.check(matrix, expanded.decided)
    return expanded


def source(expanded: Expanded, path: Path) -> TextIO:
    """What the engine reads of a matrix file; its places say what it was made of."""
    made = _Named(as_yaml(expanded.kept))
    made.name = f"{path} (matrix)"
    return made


class _Named(io.StringIO):
    name = ""


def as_yaml(decided: Sequence[Decided]) -> str:
    """Projects for the engine: `jobs` are the cell's templates, all variables beside them."""
    projects = [{"project": _project(each)} for each in decided if each.templates]
    text: str = yaml.dump(projects, Dumper=_ProjectDumper, sort_keys=False, allow_unicode=True)
    return text


def _project(decided: Decided) -> dict[str, Any]:
    fields = {key: _plain(value) for key, value in decided.cell.fields.items()}
    values = {
        name: _escaped(value)
        for name, value in decided.values.items()
        if name not in (TEMPLATES, "name", "jobs")
    }
    return {"name": decided.cell.name, **fields, **values, "jobs": decided.templates}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def _escaped(value: Any) -> Any:
    """Texts are complete: the braces in them are no variables of jenkins-job-builder."""
    if isinstance(value, str):
        return value.replace("{", "{{").replace("}", "}}")
    if isinstance(value, dict):
        return {key: _escaped(each) for key, each in value.items()}
    return value


class _ProjectDumper(_Dumper):  # type: ignore[misc]
    """Writes tags of jenkins-job-builder as they were, and repeats what is equal."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_ProjectDumper.add_representer(
    Included, lambda dumper, value: dumper.represent_scalar(value.tag, value.text)
)
