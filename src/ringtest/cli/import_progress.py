"""How far an import is: bars on a screen, a line now and then elsewhere."""

import sys
import time
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

_LINE_SECONDS = 5.0


class Shown(Protocol):
    """What watches an import while it is entered."""

    def begin(self, part: str, total: int) -> None: ...
    def advance(self, number: int) -> None: ...
    def end(self) -> None: ...
    def __enter__(self) -> "Shown": ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Lines:
    """Plain lines with rate and time left: at the end of each part, and every few seconds."""

    def __init__(self) -> None:
        self._part, self._total, self._done = "", 0, 0
        self._began = self._told = time.monotonic()

    def begin(self, part: str, total: int) -> None:
        """See `Watcher`."""
        self._part, self._total, self._done = part, total, 0
        self._began = self._told = time.monotonic()

    def advance(self, number: int) -> None:
        """See `Watcher`."""
        self._done += number
        if time.monotonic() - self._told >= _LINE_SECONDS:
            self._told = time.monotonic()
            rate = self._done / max(self._told - self._began, 0.001)
            left = max(self._total - self._done, 0) / max(rate, 0.001)
            self._say(f"{self._done} of {self._total}, {rate:.0f}/s, {left:.0f} s left")

    def end(self) -> None:
        """See `Watcher`."""
        seconds = time.monotonic() - self._began
        if self._done:
            self._say(f"{self._done} in {seconds:.1f} s, {self._done / max(seconds, 0.001):.0f}/s")

    def _say(self, text: str) -> None:
        print(f"{self._part}: {text}", file=sys.stderr, flush=True)

    def __enter__(self) -> "Lines":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return


class Bars:
    """A bar for each part."""

    def __init__(self) -> None:
        self._bars = Progress(
            TextColumn("{task.description:>24}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:>9}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = TaskID(0)
        self._began, self._done = time.monotonic(), 0

    def begin(self, part: str, total: int) -> None:
        """See `Watcher`."""
        self._task = self._bars.add_task(part, total=total, rate="")
        self._began, self._done = time.monotonic(), 0

    def advance(self, number: int) -> None:
        """See `Watcher`."""
        self._done += number
        rate = self._done / max(time.monotonic() - self._began, 0.001)
        self._bars.update(self._task, advance=number, rate=f"{rate:.0f}/s")

    def end(self) -> None:
        """See `Watcher`. A run that catches up reads less than there is."""
        self._bars.update(self._task, total=max(self._done, 1), completed=max(self._done, 1))

    def __enter__(self) -> "Bars":
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()


def progress() -> Shown:
    """Bars where somebody looks on, lines elsewhere."""
    return Bars() if sys.stderr.isatty() else Lines()
