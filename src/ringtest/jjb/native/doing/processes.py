"""Runs one command: its output to the log and to a file, secrets hidden, limits of time."""

import contextlib
import os
import re
import select
import selectors
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

_GRACE_SECONDS = 5.0
_FLUSH_SECONDS = 0.5
_LONGEST_LINE = 65536
_SHORTEST_SECRET = 3
MASK = b"****"


class TimedOut(Exception):
    """The command was ended for this reason."""


class Masks:
    """Puts stars in place of secrets, line by line.

    >>> masks = Masks(["hunter2"])
    >>> masks.feed(b"the hun"), masks.feed(b"ter2 key\\nand"), masks.rest()
    (b'', b'the **** key\\n', b'and')
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        lines = {line.strip() for one in secrets for line in one.splitlines()}
        known = sorted((one for one in lines if len(one) >= _SHORTEST_SECRET), key=len)
        self._pattern = (
            re.compile(b"|".join(re.escape(one.encode()) for one in reversed(known)))
            if known
            else None
        )
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What may be shown by now: whole lines, or all of it when nothing is secret."""
        if self._pattern is None:
            return data
        whole, line, self._held = (self._held + data).rpartition(b"\n")
        if len(self._held) > _LONGEST_LINE:
            whole, line, self._held = whole + line + self._held, b"", b""
        return self._pattern.sub(MASK, whole + line)

    def rest(self) -> bytes:
        """An unfinished line."""
        held, self._held = self._held, b""
        return self._pattern.sub(MASK, held) if self._pattern else held

    def text(self, text: str) -> str:
        """Text of our own, such as a description."""
        if self._pattern is None:
            return text
        return self._pattern.sub(MASK, text.encode()).decode(errors="replace")


class Output:
    """Where all of a build's commands print: standard output, and the console file."""

    def __init__(self, console: Path, masks: Masks) -> None:
        self._file: BinaryIO = console.open("ab", buffering=0)
        self.masks = masks

    def say(self, text: str) -> None:
        """A line of ours."""
        self.show(self.masks.text(text).encode() + b"\n")

    def show(self, data: bytes) -> None:
        """Bytes as they are."""
        if data:
            self._file.write(data)
            with memoryview(data) as view:
                sent = 0
                while sent < len(view):
                    sent += os.write(1, view[sent:])


def run(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    output: Output,
    until: float | None = None,
    silence: float | None = None,
) -> int:
    """The exit code, negative for a signal; its output is shown as it comes.

    until: seconds since the epoch. silence: longest time without output, in seconds. TimedOut
    when either is over: the command's process group is then killed. Raises OSError when it
    cannot be started. What the command left running in the background is not waited for.
    """
    child = subprocess.Popen(
        argv,
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
    )
    try:
        _pass_on(child, output, until, silence)
        return child.wait()
    finally:
        if child.poll() is None:
            _kill(child)
        output.show(output.masks.rest())
        if child.stdout:
            child.stdout.close()


def _pass_on(
    child: "subprocess.Popen[bytes]", output: Output, until: float | None, silence: float | None
) -> None:
    source = child.stdout.fileno() if child.stdout else -1
    os.set_blocking(source, False)
    ended = os.pidfd_open(child.pid)
    last = time.monotonic()
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(source, selectors.EVENT_READ)
            selector.register(ended, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select(_wait(until, silence, last))}
                if source in ready:
                    last = time.monotonic()
                    if not _copy(source, output):
                        selector.unregister(source)
                elif not ready:
                    output.show(output.masks.rest())
                if ended in ready:
                    _copy_all(source, output)
                    return
                _look(until, silence, last)
    finally:
        os.close(ended)


def _wait(until: float | None, silence: float | None, last: float) -> float:
    waits = [_FLUSH_SECONDS]
    if until is not None:
        waits.append(until - time.time())
    if silence is not None:
        waits.append(last + silence - time.monotonic())
    return max(0.0, min(waits))


def _look(until: float | None, silence: float | None, last: float) -> None:
    if until is not None and time.time() >= until:
        raise TimedOut("its time is over")
    if silence is not None and time.monotonic() >= last + silence:
        raise TimedOut(f"it printed nothing for {silence:g} s")


def _copy(source: int, output: Output) -> bool:
    """False at the end of the output."""
    try:
        data = os.read(source, 65536)
    except BlockingIOError:
        return True
    output.show(output.masks.feed(data))
    return bool(data)


def _copy_all(source: int, output: Output) -> None:
    """What is there; a process in the background may hold the pipe open for ever."""
    for _ in range(64):
        try:
            data = os.read(source, 65536)
        except (BlockingIOError, OSError):
            return
        if not data:
            return
        output.show(output.masks.feed(data))


def _kill(child: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        try:
            child.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        # What ignores the first signal must not outlive the command that started it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        return


def end_process(process: int) -> None:
    """Ends a process that is nobody's child here, and waits until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        held = os.pidfd_open(process)
        try:
            for number in (signal.SIGTERM, signal.SIGKILL):
                os.kill(process, number)
                if select.select([held], [], [], _GRACE_SECONDS)[0]:
                    return
        finally:
            os.close(held)
