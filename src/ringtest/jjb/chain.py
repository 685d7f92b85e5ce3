"""By which templates and macros a place was reached."""

from typing import NamedTuple

from ringtest.language.places import Place


class Step(NamedTuple):
    """One link of the chain that led to a place, such as "job template 'build-{name}'"."""

    what: str
    place: Place | None

    def __str__(self) -> str:
        return f"{self.place}: {self.what}" if self.place else self.what
