"""Runs of plain cases: `<testcase a="…" b="…"/>` again and again, with nothing inside.

Most cases of most files are such, and splitting their text at the quotes reads them
several times faster than an event for each. What is found here says exactly what expat
would say of the same text: anything else (a reference, another quote, a line break in a
value, other attributes than the neighbours') is left to expat.
"""

import re
from collections.abc import Iterator

LEAST = 4
"""A run of fewer cases is not worth the trouble."""

_FIRST_KEY = re.compile(r"<testcase ([A-Za-z_][\w.-]*)=", re.ASCII)
_KEY = re.compile(r" ([A-Za-z_][\w.-]*)=", re.ASCII)
_ENDS = ("/>", " />")
_MOST_KEYS = 32
_MOST_SEPARATORS = 4
_SHORTEST = len('<testcase name=""/>')


def find_runs(data: bytes) -> Iterator[tuple[int, int]]:
    """Where in `data` runs of self-closed cases may be: start and end, in order.

    A start tag with content ends with `">`; references are no business of ours.
    """
    place = 0
    while (start := data.find(b"<testcase ", place)) >= 0:
        stop = data.find(b'">', start)
        stop = len(data) if stop < 0 else stop
        reference = data.find(b"&", start, stop)
        end = data.rfind(b"/>", start, stop if reference < 0 else reference) + 2
        if end - start >= LEAST * _SHORTEST:
            yield start, end
        place = max(stop + 2, end) if reference < 0 else max(reference + 1, end)


class RunReader:
    """Reads the runs of one file, which mostly look like the one before."""

    def __init__(self) -> None:
        self._opening = ""
        self._keys: list[str] = []
        self._words: list[tuple[int, str]] = []
        self._separators: set[str] = set()

    def read(self, data: bytes) -> tuple[list[str], list[str]] | None:
        """Attribute names and all values of at least LEAST like cases; None: it is no such run.

        >>> a = b'<testcase name="a" time="1" />'
        >>> RunReader().read(a + b"\\n" + a + a + a)
        (['name', 'time'], ['a', '1', 'a', '1', 'a', '1', 'a', '1'])
        >>> RunReader().read(b'<testcase name="a"/><testcase id="b"/>' * 9) is None
        True
        """
        parts = data.decode().split('"')
        if parts[0] != self._opening and not self._learn(parts):
            return None
        period = 2 * len(self._keys)
        cases, odd = divmod(len(parts) - 1, period)
        if odd or cases < LEAST or data.count(b"<") != cases or parts[-1] not in _ENDS:
            return None
        for place, word in self._words:
            if parts[place::period].count(word) != cases:
                self._opening = ""  # the next run shows its shape anew
                return None
        between = parts[period:-1:period]
        if not self._are_separators(between):
            return None
        values = parts[1::2]
        if b"\n" in data or b"\t" in data or b"\r" in data:
            text = "".join(values)
            if "\n" in text or "\t" in text or "\r" in text:
                return None  # expat makes spaces of them
        return self._keys, values

    def _learn(self, parts: list[str]) -> bool:
        """Take the shape from the first case; False when it is not plain."""
        first = _FIRST_KEY.fullmatch(parts[0])
        if not first:
            return False
        keys = [first[1]]
        for part in parts[2 : 2 * _MOST_KEYS : 2]:
            if part.startswith(_ENDS):
                break
            more = _KEY.fullmatch(part)
            if not more or more[1] in keys:
                return False
            keys.append(more[1])
        self._opening, self._keys, self._separators = parts[0], keys, set()
        self._words = [(2 * n, f" {key}=") for n, key in enumerate(keys) if n]
        return True

    def _are_separators(self, between: list[str]) -> bool:
        """All of them are the end of a case and the beginning of the next, blanks between."""
        known = self._separators
        if sum(map(between.count, known)) == len(between):
            return True
        for text in set(between) - known:
            end, _, begin = text.partition("<")
            if end.strip(" \t\r\n") != "/>" or f"<{begin}" != self._opening:
                return False
            if len(known) < _MOST_SEPARATORS:
                known.add(text)
        return True
