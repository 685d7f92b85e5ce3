"""Who wants to know what is being rendered: the checks."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ringtest.jjb.chain import Step
from ringtest.jjb.expansion.definitions import Macro
from ringtest.language.places import Place


class Watch(Protocol):
    """Told of every component and macro before it is rendered.

    What equal data gave is kept, so that it is told of once and not for each job.
    """

    def component(
        self,
        kind: str,
        name: str,
        data: Any,
        place: Place | None,
        job: str | None,
        chain: Sequence[Step],
    ) -> None:
        """A component with its options begins; others may be told of before it ends."""

    def end(self) -> None:
        """The component that began last has ended."""

    def macro(
        self,
        macro: Macro,
        data: Mapping[Any, Any],
        given: Mapping[Any, Any],
        place: Place | None,
        job: str | None,
    ) -> None:
        """A macro is used. data: its arguments; given: all that its variables may stand for."""

    def plugin(self, names: Sequence[str]) -> None:
        """The component that began last asks for the version of a plugin that nobody told of."""
