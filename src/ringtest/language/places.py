"""Where something stands in a file, and what is wrong there."""

from dataclasses import dataclass
from typing import NamedTuple


class Place(NamedTuple):
    """A position in a source file; line and column start at 1.

    >>> str(Place("ringtest.yaml", 3, 7))
    'ringtest.yaml:3:7'
    """

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, for people and editors."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"
