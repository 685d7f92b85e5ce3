"""From which byte on each case of a sample is complete, for formats that are not XML."""

import re

_TAP_POINT = re.compile(
    rb"^ *(?:not )?ok \d+ (?:- )?(?!suite|- suite)[^\n]*\n(?: *---\n.*?\.\.\.\n)?", re.M | re.S
)
_GO_END = re.compile(
    rb'^\{[^\n]*"Action":"(?:pass|fail|skip)","Package":"[^"]*",(?:"Test"[^\n]*\}|[^\n]*Build[^\n]*\})',
    re.M,
)
_TMT_RESULT = re.compile(rb"^-", re.M)
_LAST_STATUSES = range(3, 8)


def of_tap(data: bytes) -> list[int]:
    """Behind each test point and its YAML; points that are called suite are none."""
    return [found.end() for found in _TAP_POINT.finditer(data)]


def of_tmt(data: bytes) -> list[int]:
    """Where the next result begins; the last one is complete with the file."""
    return [*(found.end() for found in [*_TMT_RESULT.finditer(data)][1:]), len(data)]


def of_go(data: bytes) -> list[int]:
    """Behind the last event of a test, and of a package that was not built."""
    return [found.end() for found in _GO_END.finditer(data)]


def of_subunit(data: bytes) -> list[int]:
    """Behind packets that hold an outcome. All packets of the samples are short ones."""
    ends, at = [], data.find(b"\xb3")
    while at >= 0:
        width = (data[at + 3] >> 6) + 1
        size = int.from_bytes(data[at + 3 : at + 3 + width], "big") & ((1 << (8 * width - 2)) - 1)
        if data[at + 2] & 7 in _LAST_STATUSES:
            ends.append(at + size)
        at = data.find(b"\xb3", at + size)
    return ends
