"""Which of a runner's tests a step runs. Pure."""

import fnmatch
import random
from collections.abc import Collection, Sequence
from typing import Annotated

from msgspec import Meta, Struct, field


class Selection(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Narrowed in this order: `tests` and `list`, `rerun`, `set`, `only`, `no`,
    `changed_since`, `slice`."""

    tests: list[str] = []
    """Exactly these, in this order."""
    file: str = field(name="list", default="")
    """A file with exactly these, one per line; `#` begins a comment."""
    rerun: str = ""
    """Only what was bad in an earlier run: its folder, or a JUnit file of it."""
    sets: dict[str, list[str]] = {}
    """Patterns under names, such as `smoke`."""
    chosen_set: str = field(name="set", default="")
    """The name of one of `sets`: only tests of it."""
    only: list[str] = []
    """Any of these patterns: a part of the name, or with `*`, `?` the whole of it."""
    no: list[str] = []
    """None of these patterns."""
    changed_since: str = ""
    """A branch or commit of the work folder's repository: only tests that it does not have, and
    some of the others."""
    others: Annotated[int, Meta(ge=0)] = 5
    """How many of the others."""
    slice: Annotated[str, Meta(pattern=r"^$|^\d+/\d+$")] = ""
    """`2/5`: the second of five parts, which together are everything."""

    @property
    def is_everything(self) -> bool:
        """Whether nothing is chosen."""
        return not (
            self.tests
            or self.file
            or self.chosen_set
            or self.only
            or self.no
            or self.slice
            or self.rerun
        )


class RunnerOptions(Selection, frozen=True, omit_defaults=True, kw_only=True):
    """What `with` may hold for every runner."""

    timeout_seconds: Annotated[float, Meta(gt=0)] | None = None
    """Longest time of one test; then it is killed, with all processes it started."""
    reruns: Annotated[int, Meta(ge=0, le=20)] = 0
    """How often a bad test is tried again; every try is reported."""
    blacklist: str = ""
    """A file of tests that are left out, or whose known failures are forgiven."""


def fits(name: str, pattern: str) -> bool:
    """Whether a pattern means this test.

    >>> fits("tests/test_a.py::test_b", "test_a"), fits("virsh.start", "*.stop")
    (True, False)
    """
    if any(sign in pattern for sign in "*?"):
        return fnmatch.fnmatchcase(name, pattern)
    return pattern in name


def listed(text: str) -> list[str]:
    """The tests that a file names.

    >>> listed("# smoke\\na.b\\n\\n c d # slow\\n")
    ['a.b', 'c d']
    """
    lines = (line.split("#")[0].strip() if " #" in line else line.strip() for line in
             text.splitlines())  # fmt: skip
    return [line for line in lines if line and not line.startswith("#")]


def choose(
    names: Sequence[str],
    selection: Selection,
    *,
    exactly: Sequence[str] = (),
    bad: Collection[str] | None = None,
    before: Collection[str] | None = None,
    seed: str = "",
) -> list[str]:
    """What is left of `names`.

    `exactly` are more names beside `selection.tests`, those of its file; `bad` are those of an
    earlier run, when one is named; `before` is what there was at `changed_since`, and `seed` says
    which of them are taken. ValueError says which of the wanted tests is not there, or
    which slice or set there cannot be.

    >>> choose(["a.1", "a.2", "b.1", "b.2"], Selection(only=["a", "b"], no=["*.1"], slice="1/2"))
    ['a.2']
    """
    left = list(names)
    wanted = [*selection.tests, *exactly]
    if wanted:
        known = frozenset(names)
        missing = [name for name in wanted if name not in known]
        if missing:
            raise ValueError(f"there is no test {missing[0]} among the {len(names)} there are")
        left = list(dict.fromkeys(wanted))
    if bad is not None:
        left = [name for name in left if name in bad]
    if selection.chosen_set:
        if selection.chosen_set not in selection.sets:
            there = ", ".join(selection.sets) or "none"
            raise ValueError(f"there is no set {selection.chosen_set} in sets; there are {there}")
        left = [name for name in left if _any(name, selection.sets[selection.chosen_set])]
    if selection.only:
        left = [name for name in left if _any(name, selection.only)]
    left = [name for name in left if not _any(name, selection.no)]
    if before is not None:
        rest = [name for name in left if name in before]
        some = random.Random(seed).sample(rest, min(selection.others, len(rest)))
        left = [name for name in left if name not in before or name in some]
    if selection.slice:
        part, of = (int(number) for number in selection.slice.split("/"))
        if not 1 <= part <= of:
            raise ValueError(f"slice {selection.slice}: parts are counted from 1 to {of}")
        left = left[part - 1 :: of]
    return left


def _any(name: str, patterns: Sequence[str]) -> bool:
    return any(fits(name, one) for one in patterns)
