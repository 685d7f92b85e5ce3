"""Whatever odd value an option has: what the library takes, we render alike, and nothing breaks."""

import copy
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.jjb.components.alone import FILLED_IN, Refused, given, of_library, of_ours
from tests.jjb.components.test_components import KINDS
from tests.jjb.fixtures_of import fixtures

SOAK = os.environ.get("RINGTEST_SOAK") == "1"
TRIES = 3000 if SOAK else 60
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    7,
    2.5,
    "",
    "x",
    "True",
    "a,b",
    [],
    ["a", "b"],
    {},
    {"a": "b"},
    [{"a": "b"}],
)
# Both are read by what stood before them, which nobody can mean.
NONSENSE = {("triggers", "jira-changelog"), ("builders", "conditional-step")}


def paths(data: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the values are."""
    pairs = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in pairs:
        yield (*before, key)
        if isinstance(value, dict | list):
            yield from paths(value, (*before, key))


def odd(data: Any, chance: random.Random) -> Any:
    """A copy with one value replaced or left out."""
    if not isinstance(data, dict | list) or not data or chance.random() < 0.05:
        return copy.deepcopy(chance.choice(ODD))
    made = copy.deepcopy(data)
    *outer, last = chance.choice(list(paths(made)))
    inside = made
    for key in outer:
        inside = inside[key]
    if isinstance(inside, dict) and chance.random() < 0.25:
        del inside[last]
    else:
        inside[last] = copy.deepcopy(chance.choice(ODD))
    return made


def result(render: Any, kind: str, name: str, data: Any) -> str | None:
    """XML, or None when it was refused."""
    try:
        return str(render(kind, name, data))
    except Refused:
        return None


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_library_takes_is_rendered_alike(kind: str) -> None:
    chance = random.Random(f"{kind}-7")
    known = [
        (fixture.path.stem, data)
        for fixture in fixtures(f"components/{kind}")
        if not fixture.plugins and fixture.path.stem not in (*FILLED_IN, "raw")
        for data in given(fixture, kind)
        if (kind, fixture.path.stem) not in NONSENSE
    ]
    for _ in range(TRIES):
        name, data = chance.choice(known)
        data = odd(data, chance)
        wanted = result(of_library, kind, name, data)
        made = result(of_ours, kind, name, data)
        if wanted is not None:
            assert made == wanted, (name, data)
