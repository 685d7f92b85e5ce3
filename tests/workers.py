"""Which worker runs which test, and which tests are begun first.

The tests of a file share what its fixtures make: a file stays with one worker. Some files
are split because their tests are long, share nothing, or share only what a parameter names;
some folders stay whole because all of it asks one server. What is long begins first: begun
last, a worker would end with it alone.
"""

import re
from typing import Any

from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    "the running example": r"tests/examples/test_(?:demo|\w*pages?|count_links)\.py",
    "the server of dciclient": r"tests/conformance/dciclient/",
    "the tables of the contract": r"tests/conformance/contract/.*\[(v\d)",
    "the ground of bad input": r"tests/bad_input/(?!test_fuzz)",
    "every runner's sample": r"tests/agent/runners/test_conformance\.py.*\[(.*)\]",
}
"""Folders and files that one worker has; a group in the pattern makes one of each value."""

_ALONE = re.compile(r"tests/(docs/test_commands|examples/|scenario/|control/builds/)")
"""Tests that may run anywhere, each by itself."""

FIRST = (
    "tests/examples/test_demo.py",
    "tests/examples/test_pages.py",
    "tests/examples/",
    "tests/scenario/",
    "tests/docs/test_commands.py",
    "tests/conformance/contract/",
    "tests/bad_input/",
    "tests/agent/runners/test_conformance.py",
)


def turn(nodeid: str) -> int:
    """When a test is begun: the lower the earlier."""
    return next((n for n, start in enumerate(FIRST) if nodeid.startswith(start)), len(FIRST))


def together(nodeid: str) -> str:
    """The name of the unit that a test belongs to; a unit is given to one worker."""
    for name, pattern in TOGETHER.items():
        if found := re.match(pattern, nodeid):
            return " ".join([name, *found.groups()])
    return nodeid if _ALONE.match(nodeid) else nodeid.partition("::")[0]


class Workers(LoadScopeScheduling):  # type: ignore[misc]
    """Units go to whichever worker is free, in the order of the collection."""

    def __init__(self, config: Any, log: Any) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)
