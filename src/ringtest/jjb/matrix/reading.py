"""A matrix file as its parts: architectures, products, the tree of tests, rules."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from ringtest.jjb.matrix import nodes
from ringtest.jjb.matrix.nodes import Given
from ringtest.jjb.problems import Failure, Problem, Severity
from ringtest.language.expressions import Expression, ExpressionError
from ringtest.language.places import Place

FIELDS = (
    "name", "product", "version", "major", "minor", "arch",
    "component", "test", "test_type", "test_suffix",
)  # fmt: skip
"""What conditions and texts may name of a cell."""

_EXTEND = "!extend"
_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class Condition:
    """A `when` or an `exclude` with its place; a plain true or false is one as well."""

    text: str
    place: Place
    expression: Expression | bool


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable that a rule sets, or adds lines to."""

    name: str
    given: Given
    extends: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `number` counts from 1; without `when` it is for every cell."""

    number: int
    place: Place
    when: Condition | None
    excludes: tuple[Condition, ...]
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A test of the tree: component, type, and what refines it."""

    parts: tuple[str, ...]
    place: Place


@dataclass(slots=True)
class Matrix:
    """A file that was read; what is wrong with it is in `problems`, and left out."""

    file: str
    archs: list[str] = field(default_factory=list)
    products: list[tuple[str, str]] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read(text: str, file: str) -> Matrix:
    """The parts of a matrix file; several problems are found in one go."""
    matrix = Matrix(file)
    top = _try(matrix, lambda: nodes.read(text, file))
    pairs = _try(matrix, lambda: top.pairs) if top else None
    readers: dict[str, Callable[[Given], None]] = {
        "archs": lambda given: matrix.archs.extend(each.text for each in given.items),
        "products": lambda given: matrix.products.extend(_products(given)),
        "jobs": lambda given: matrix.leaves.extend(_leaves(given)),
        "rules": lambda given: matrix.rules.extend(_rules(matrix, given)),
    }
    for key, value in pairs or ():
        reader = readers.pop(key.text, None)
        if reader is None:
            message = f"the key {key.text} means nothing here"
            problem = Problem(Severity.WARNING, "matrix-unknown-key", message, key.place)
            matrix.problems.append(problem)
        else:
            _try(matrix, lambda reader=reader, value=value: reader(value))  # type: ignore[misc]
    if pairs is not None:
        for name in sorted(set(readers) - {"rules"}):
            failure = Failure("matrix-shape", f"{name} is missing", Place(file, 1, 1))
            matrix.problems.append(failure.problem())
    return matrix


def _try(matrix: Matrix, read_part: Callable[[], _Part]) -> _Part | None:
    try:
        return read_part()
    except Failure as failure:
        matrix.problems.append(failure.problem())
        return None


def _products(given: Given) -> Iterator[tuple[str, str]]:
    for name, versions in given.pairs:
        for version in versions.items:
            if version.kind != "scalar":
                raise Failure("matrix-shape", "a version is expected here", version.place)
            yield name.text, version.text


def _leaves(given: Given) -> Iterator[Leaf]:
    for component, below in given.pairs:
        yield from _below((component.text,), below)


def _below(parts: tuple[str, ...], given: Given) -> Iterator[Leaf]:
    """Paths to the leaves; a component without types has the type `all`."""
    if given.kind == "mapping":
        for key, below in given.pairs:
            yield from _below((*parts, key.text), below)
    elif given.kind == "list":
        for item in given.items:
            yield from _below(parts, item)
    else:
        whole = (*parts, given.text) if given.value is not None else parts
        yield Leaf(whole if len(whole) > 1 else (*whole, "all"), given.place)


def _rules(matrix: Matrix, given: Given) -> Iterator[Rule]:
    if given.kind != "list":
        raise Failure("matrix-shape", "a list of rules is expected here", given.place)
    for number, each in enumerate(given.items, start=1):
        rule = _try(matrix, lambda number=number, each=each: _rule(number, each))  # type: ignore[misc]
        if rule is not None:
            yield rule


def _rule(number: int, given: Given) -> Rule:
    when: Condition | None = None
    excludes: list[Condition] = []
    settings: list[Setting] = []
    for key, value in given.pairs:
        if key.text == "when":
            when = _condition(value)
        elif key.text == "exclude":
            excludes += [_condition(each) for each in value.items]
        else:
            extends = _EXTEND in (key.tag, value.tag)
            settings.append(Setting(key.text, value, extends, key.place))
    return Rule(number, given.place, when, tuple(excludes), tuple(settings))


def _condition(given: Given) -> Condition:
    """A condition that can be asked. Failure at the very character that is wrong."""
    if isinstance(given.value, bool):
        return Condition(given.text, given.place, given.value)
    text = given.text
    try:
        expression = Expression(text)
    except ExpressionError as error:
        raise Failure("matrix-condition", str(error), within(given.place, error.column)) from None
    for name in sorted(expression.names - set(FIELDS)):
        message = f"nothing is called {name}; there are {', '.join(FIELDS)}"
        place = within(given.place, text.find(name) + 1)
        raise Failure("matrix-undefined-name", message, place)
    return Condition(text, given.place, expression)


def within(place: Place, column: int) -> Place:
    """The place of a character of a text that begins at `place`."""
    return Place(place.file, place.line, place.column + column - 1)
