"""Versions of Jenkins plugins, compared as jenkins-job-builder compares them.

Plugin versions follow no scheme (`1.5-rc2`, `2.0-SNAPSHOT`, `435.v123`), so they are cut into
runs of digits and letters, and compared run by run.
"""

import re
import sys
from functools import lru_cache
from typing import Any

_PREVIEW = re.compile(r"(.*)-(?:SNAPSHOT|BETA)")
_RUNS = re.compile(r"[0-9]+|[a-z]+|\.|-|[^0-9a-z.\-]+")
# What comes before a release sorts before "*final"; a dash after it sorts after.
_NAMES = {"pre": "c", "preview": "c", "rc": "c", "dev": "@", "-": "final-"}


class Version(str):
    """A plugin's version; `<`, `>=`, `==` take another version or its text.

    >>> Version("2.10") > "2.9", Version("2.0-BETA") < "2.0", Version("1.0") == "1.0.0"
    (True, True, True)
    """

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return sort_key(self) < sort_key(other)

    def __le__(self, other: str) -> bool:
        return sort_key(self) <= sort_key(other)

    def __gt__(self, other: str) -> bool:
        return sort_key(self) > sort_key(other)

    def __ge__(self, other: str) -> bool:
        return sort_key(self) >= sort_key(other)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and sort_key(self) == sort_key(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(sort_key(self))


def sort_key(version: Any) -> tuple[str, ...]:
    """What orders versions; numbers are padded, names carry a star, zeros at the end go."""
    return _sort_key(str(version))


@lru_cache(maxsize=1024)
def _sort_key(version: str) -> tuple[str, ...]:
    text = _PREVIEW.sub(r"\g<1>.preview", version).lower()
    runs = [_NAMES.get(run, run) for run in _RUNS.findall(text) if run != "."]
    key: list[str] = []
    for part in [run.zfill(8) if run[0].isdigit() else f"*{run}" for run in runs] + ["*final"]:
        if part.startswith("*"):
            while part < "*final" and key and key[-1] == "*final-":
                key.pop()
            while key and key[-1] == "00000000":
                key.pop()
        key.append(part)
    return tuple(key)


# Of a plugin that nobody told of, the original assumes the newest there can be.
NEWEST = Version(str(sys.maxsize))
