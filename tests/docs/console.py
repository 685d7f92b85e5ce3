"""Runs the commands of a page as one shell session in an empty folder.

A block is run when its fence says so:

    ```console runnable
    $ ringtest topic list
    ```

Lines that begin with `$ ` are commands, with `> ` they go on; `^C` ends the latest program
that keeps running; all others are what a person sees and are not compared.

`console runnable background` is one program that keeps running, perhaps with variables before
it: the session goes on once a line begins with `ready`, or holds `connected to`.
`console runnable eventually` is tried again until it succeeds: what it asks for happens by
itself, a moment later. A block of another language with `file=NAME` is written to that file
first. A page that builds on something says so: `<!-- given: greeter -->` runs the page of that
name in `tests/docs/given` before it. A page that changes nothing of it says `asks` in place of
`given`: all pages that ask of the same are run in one session.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(?P<info>[^\n`]+)\n(?P<body>.*?)^```$", re.M | re.S)
_SECONDS = 300
_READY = "^ready|connected to"
_END_LATEST = """\
kill -TERM "${programs[-1]}"
wait "${programs[-1]}" || true
unset 'programs[-1]'"""
_GIVEN = Path(__file__).parent / "given"
_GIVEN_LINE = re.compile(r"^<!-- (given|asks): (.+) -->$", re.M)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page. `info` holds the words after the fence."""

    info: tuple[str, ...]
    body: str

    @property
    def file(self) -> str | None:
        """The file that the block is the content of."""
        names = [word.partition("=")[2] for word in self.info if word.startswith("file=")]
        return names[0] if names else None

    @property
    def commands(self) -> list[str]:
        """The commands of a console block.

        >>> Block(("console", "runnable"), "$ one \\\\\\n> two\\nseen\\n^C\\n").commands
        ['one \\\\\\ntwo', '^C']
        """
        found: list[str] = []
        for line in self.body.splitlines():
            if line.startswith("$ "):
                found.append(line[2:])
            elif line.startswith("> ") and found:
                found[-1] += "\n" + line[2:]
            elif line == "^C":
                found.append(line)
        return found


def blocks(page: str) -> list[Block]:
    """Every fenced block of a page, in order."""
    return [Block(tuple(m["info"].split()), m["body"]) for m in _FENCE.finditer(page)]


def sessions(pages: Mapping[str, str]) -> dict[str, str]:
    """Texts to be run, each with what it builds on before it, by the name of the page, or by
    what several pages ask of."""
    found: dict[str, str] = {}
    for name, page in pages.items():
        line = _GIVEN_LINE.search(page)
        given = [(_GIVEN / f"{one}.md").read_text() for one in line[2].split()] if line else []
        if line and line[1] == "asks":
            name = f"what asks of {line[2]}"
            given = [found[name]] if name in found else given
        found[name] = "\n".join([*given, page])
    return found


def script(page: str) -> str:
    """The page as a shell script; empty when nothing in it is to be run."""
    lines: list[str] = ["programs=()"]
    for number, block in enumerate(blocks(page)):
        if block.file:
            lines.append(f"cat > {block.file} <<'END OF FILE'\n{block.body}END OF FILE")
        elif block.info[:2] == ("console", "runnable"):
            for turn, command in enumerate(block.commands):
                lines.append(_line(command, block.info, f"background-{number}-{turn}.log"))
    return "\n".join(lines) + "\n" if any("runnable" in b.info for b in blocks(page)) else ""


def _line(command: str, info: tuple[str, ...], log: str) -> str:
    if command == "^C":
        return _END_LATEST
    if "eventually" in info:
        return (
            f"for turn in $(seq 120); do {command} && break\n"
            'test "$turn" -lt 120 && sleep 0.5; done'
        )
    if "background" not in info:
        return command
    return (
        f"env {command} > {log} 2>&1 &\n"  # it becomes the program, which ^C then reaches
        "programs+=($!)\n"
        f"for _ in $(seq 600); do grep -qE '{_READY}' {log} && break; sleep 0.1; done\n"
        f"grep -qE '{_READY}' {log} || {{ cat {log}; exit 1; }}"
    )


def run(
    page: str, folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run the page's script in `folder`; everything that it started is ended afterwards."""
    process = subprocess.Popen(
        ["bash", "-euxo", "pipefail", "-c", script(page)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=_SECONDS)
        return subprocess.CompletedProcess([], process.returncode, output)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess([], 1, f"not done after {_SECONDS} s")
    finally:
        _end_group(process)


def _end_group(process: subprocess.Popen[str]) -> None:
    """Politely first: a server takes its database with it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for turn in range(150):
            try:
                os.killpg(process.pid, number if turn == 0 else 0)
            except ProcessLookupError:
                return
            process.poll()
            time.sleep(0.1)
