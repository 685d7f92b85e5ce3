"""Which of a runner's tests a step runs. Pure."""

import fnmatch
from collections.abc import Collection, Sequence
from typing import Annotated

from msgspec import Meta, Struct


class Selection(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Narrowed in this order: `tests`, `only`, `no`, `slice`."""

    tests: list[str] = []
    """Exactly these, in this order."""
    only: list[str] = []
    """Any of these patterns: a part of the name, or with `*`, `?`, `[…]` the whole of it."""
    no: list[str] = []
    """None of these patterns."""
    slice: Annotated[str, Meta(pattern=r"^$|^\d+/\d+$")] = ""
    """`2/5`: the second of five parts, which together are everything."""
    rerun: str = ""
    """A folder of an earlier run: only what was bad in it."""


class RunnerOptions(Selection, frozen=True, omit_defaults=True, kw_only=True):
    """What `with` may hold for every runner."""

    timeout_seconds: Annotated[float, Meta(gt=0)] | None = None
    """Longest time of one test; then it is killed, with all processes it started."""
    reruns: Annotated[int, Meta(ge=0, le=20)] = 0
    """How often a bad test is tried again; every try is reported."""


def fits(name: str, pattern: str) -> bool:
    """Whether a pattern means this test.

    >>> fits("tests/test_a.py::test_b", "test_a"), fits("virsh.start", "*.stop")
    (True, False)
    """
    if any(sign in pattern for sign in "*?"):
        return fnmatch.fnmatchcase(name, pattern)
    return pattern in name


def choose(
    names: Sequence[str], selection: Selection, *, bad: Collection[str] | None = None
) -> list[str]:
    """What is left of `names`; `bad` are those of an earlier run, when one is named.

    ValueError says which of the wanted tests is not there, or which slice there cannot be.

    >>> choose(["a.1", "a.2", "b.1", "b.2"], Selection(only=["a", "b"], no=["*.1"], slice="1/2"))
    ['a.2']
    """
    left = list(names)
    if selection.tests:
        missing = [name for name in selection.tests if name not in set(names)]
        if missing:
            raise ValueError(f"there is no test {missing[0]} among the {len(names)} there are")
        left = list(dict.fromkeys(selection.tests))
    if bad is not None:
        left = [name for name in left if name in bad]
    if selection.only:
        left = [name for name in left if any(fits(name, one) for one in selection.only)]
    left = [name for name in left if not any(fits(name, one) for one in selection.no)]
    if selection.slice:
        part, of = (int(number) for number in selection.slice.split("/"))
        if not 1 <= part <= of:
            raise ValueError(f"slice {selection.slice}: parts are counted from 1 to {of}")
        left = left[part - 1 :: of]
    return left
