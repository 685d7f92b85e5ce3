"""The points of a template: every combination of the values of the variables in its name."""

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

from ringtest.jjb.expansion.compiling import Compiler, Mode
from ringtest.jjb.expansion.definitions import Item
from ringtest.jjb.expansion.formats import compiled
from ringtest.jjb.loading.values import Map, Seq
from ringtest.jjb.problems import Failure
from ringtest.language.places import Place

MAX_POINTS = 100_000
Point = dict[Any, Any]


def points(item: Item, parameters: Map, compiler: Compiler) -> Iterator[Point]:
    """Parameters of each point, above those of the template; one empty point without axes.

    Raises Failure for what cannot be an axis, and for more than MAX_POINTS points.
    """
    form = compiled(item.name)
    if form.error is not None:
        raise Failure(form.error.rule, form.error.message, item.place)
    axes = form.required
    if not axes:
        yield {}
        return
    defaults = dict(form.defaults)
    dimensions = []
    for axis in axes:
        if axis in parameters:
            raw = parameters[axis]
        elif axis in defaults:
            raw = defaults[axis]
        else:
            continue  # another axis may bring it
        value = compiler.expand(raw, parameters, Mode.TAGS)
        dimensions.append((axis, list(_values(axis, value, parameters))))
    total = math.prod(len(values) for _, values in dimensions)
    if total > MAX_POINTS:
        sizes = " × ".join(f"{len(values):,} {axis}" for axis, values in dimensions)
        said = f"{item.what} gives {total:,} jobs ({sizes}); more than {MAX_POINTS:,} are refused"
        raise Failure("too-many-jobs", said, item.place)
    yield from _combined(dimensions)


def _combined(dimensions: list[tuple[str, list[Point]]]) -> Iterator[Point]:
    names = [axis for axis, _ in dimensions]
    simple = all(
        len(point) == 1 and axis in point for axis, values in dimensions for point in values
    )
    for chosen in itertools.product(*[values for _, values in dimensions]):
        point: Point = {}
        for part in chosen:
            point.update(part)
        if not simple:
            # What a value brings along stands above the axis of that name.
            for axis, part in zip(names, chosen, strict=True):
                point.update((key, value) for key, value in part.items() if key != axis)
        yield point


def _values(axis: str, value: Any, parameters: Map) -> Iterator[Point]:
    if not isinstance(value, list):
        yield {axis: value}
        return
    for index, entry in enumerate(value):
        if not isinstance(entry, dict):
            yield {axis: entry}
            continue
        place = value.place_of_item(index) if isinstance(value, Seq) else None
        place = place or parameters.place_of_value(axis)
        if len(entry) != 1:
            said = f"a value of {axis!r} is a value or a mapping with one key, not {entry!r:.120}"
            raise Failure("wrong-type", said, place)
        name, more = next(iter(entry.items()))
        if not isinstance(more, dict):
            said = f"parameters of {axis} {name!r} are a mapping, not {more!r:.80}"
            raise Failure("wrong-type", said, place)
        yield {axis: name, **more}


def is_excluded(excludes: Any, values: Mapping[str, Any]) -> bool:
    """Whether an entry of `exclude` fits this point; raises Failure for wrong entries."""
    return any(fits for _, fits in excluding(excludes, values))


def excluding(excludes: Any, values: Mapping[str, Any]) -> Iterator[tuple[Place | None, bool]]:
    """Each entry's place, and whether it fits this point; raises Failure for wrong entries."""
    if not excludes:
        return
    if not isinstance(excludes, list):
        raise Failure("wrong-type", f"'exclude' is a list of mappings, not {excludes!r:.80}")
    for index, entry in enumerate(excludes):
        place = excludes.place_of_item(index) if isinstance(excludes, Seq) else None
        yield place, _fits(entry, values, place)


def _fits(entry: Any, values: Mapping[str, Any], place: Any) -> bool:
    if not isinstance(entry, dict) or not entry:
        raise Failure("wrong-type", f"Expected a dict in 'exclude', but got: {entry!r:.80}", place)
    for axis, value in entry.items():
        if axis not in values:
            raise Failure("unknown-axis", f"Unknown axis {axis!r} in 'exclude'", place)
        if value != values[axis]:
            return False
    return True
