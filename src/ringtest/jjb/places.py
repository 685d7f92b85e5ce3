"""Where something stands in a file, and by which templates and macros it was reached."""

from typing import NamedTuple


class Place(NamedTuple):
    """A position in a source file; line and column start at 1.

    >>> str(Place("jobs/a.yaml", 3, 7))
    'jobs/a.yaml:3:7'
    """

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Step(NamedTuple):
    """One link of the chain that led to a place, such as "job template 'build-{name}'"."""

    what: str
    place: Place | None

    def __str__(self) -> str:
        return f"{self.place}: {self.what}" if self.place else self.what
