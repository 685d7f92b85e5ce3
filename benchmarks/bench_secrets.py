"""Secrets in a lab: how fast an agent takes them out of logs and files, with and without RE2.

CPU seconds of this process, beside the digest of the same bytes in the same run (SHA-256, which
every file costs anyway). A lab with 5 secrets in all their forms; a log as test programs print it;
the same with a secret in every 50th line. The bar is what shipping of logs leaves to redaction.
"""

import hashlib
import random
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.harness import median, row
from ringtest.agent.secrets.cleaning import Cleaner
from ringtest.agent.secrets.forms import all_forms
from ringtest.language.redaction import Held, Redactor
from ringtest.language.secret_rules import Literals, Rules

LOG_BYTES = 16 * 1024 * 1024
PIECE = 32 * 1024
ROUNDS = 5
LEAST_MB = 100.0
"""MB per CPU second with RE2."""


class _Slow(Redactor):
    """As in an installation without RE2."""

    def __init__(self, words: dict[bytes, str]) -> None:
        super().__init__(words=words, least=1)
        self._rules = Rules(by_re2=False)
        self._literals = Literals(words, by_re2=False)


def make_log(size: int) -> bytes:
    """Lines of a test program and of a service that it tests."""
    rng = random.Random(7)
    lines = []
    while size > 0:
        number = rng.randrange(10**6)
        line = (
            f"2026-11-22 10:{number % 60:02}:01,{number % 1000:03} INFO tests/unit/test_port.py::"
            f"TestDisk::test_start_{number} PASSED [{number % 100:3}%] task-{number:x}\n"
        ).encode()
        lines.append(line)
        size -= len(line)
    return b"".join(lines)


def speed(data: bytes, act: Callable[[], object]) -> float:
    """MB per CPU second: the median of the rounds."""
    seconds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        act()
        seconds.append(time.process_time() - begun)
    return len(data) / 1e6 / median(seconds)


def stream(redactor: Redactor, data: bytes) -> None:
    """As a job's output comes."""
    held = Held()
    for at in range(0, len(data), PIECE):
        _, held = redactor.feed(data[at : at + PIECE], held)
    redactor.close(held)


def main() -> None:
    rng = random.Random(8)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789&+/="
    values = [(f"SECRET_{n}", "".join(rng.choices(letters, k=24))) for n in range(5)]
    forms = all_forms(values)
    log = make_log(LOG_BYTES)
    lines = log.splitlines(keepends=True)
    spoiled = b"".join(
        b"login with " + values[number % 5][1].encode() + b"\n" if number % 50 == 0 else line
        for number, line in enumerate(lines)
    )
    digest = speed(log, lambda: hashlib.sha256(log).digest())
    row("SHA-256 of a log", f"{digest:.0f} MB/s", "the limit")
    fast, slow = Redactor(words=forms, least=1), _Slow(forms)
    for name, data in (("a log without secrets", log), ("a secret in 50 lines", spoiled)):
        with_re2 = speed(data, partial(stream, fast, data))
        without = speed(data, partial(stream, slow, data))
        passed = with_re2 >= LEAST_MB
        row(f"redaction: {name}", f"{with_re2:.0f} MB/s", f">= {LEAST_MB:.0f} MB/s", passed)
        row("  without RE2 / of the digest's speed", f"{without:.0f} / {with_re2 / digest:.2f}", "")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "log"
        source.write_bytes(log)
        cleaner = Cleaner(values)
        files = speed(log, lambda: cleaner.clean(source, Path(folder) / "copy"))
        row("a file without secrets, looked through", f"{files:.0f} MB/s", "")
        source.write_bytes(b"\0" + log)
        packed = speed(log, lambda: cleaner.clean(source, Path(folder) / "copy"))
        row("a file that is no text, looked through", f"{packed:.0f} MB/s", "")


if __name__ == "__main__":
    main()
