"""What the callback writes while a playbook runs: the lines as types, and reading them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from ringtest.agent.inside import ANYWHERE, open_inside

Status = Literal["ok", "changed", "ignored", "failed", "skipped", "unreachable"]


class HostResult(Struct, frozen=True):
    """What a task came to on one host. `text` is the result as JSON, `no_log` respected."""

    host: str
    status: Status
    text: str
    message: str = ""
    warned: bool = False


class PlayTold(Struct, frozen=True, tag_field="kind", tag="play"):
    """A play begins; `status` and `comment` are its variables `dci_status` and `dci_comment`."""

    name: str
    at: float
    status: str = ""
    comment: str = ""


class TaskTold(Struct, frozen=True, tag_field="kind", tag="task"):
    """A task is over. `name` is its banner, `TASK [role : name]`; `at` is the Unix time."""

    name: str
    at: float
    title: str = ""
    role: str = ""
    path: str = ""
    action: str = ""
    seconds: float = 0.0
    hosts: list[HostResult] = []

    def has(self, status: Status) -> bool:
        """Whether it came to this on any host."""
        return any(one.status == status for one in self.hosts)


class CommitTold(Struct, frozen=True, tag_field="kind", tag="commit"):
    """A `git` task has checked out a commit. `tag` is its exact tag, or empty."""

    repo: str
    commit: str
    at: float
    tag: str = ""


class ExplicitTold(Struct, frozen=True, tag_field="kind", tag="explicit"):
    """The playbook says itself how its job is, with DCI's own module."""

    at: float


class EndTold(Struct, frozen=True, tag_field="kind", tag="end"):
    """All plays are over: results of tasks, counted over the hosts."""

    at: float
    ok: int = 0
    changed: int = 0
    failures: int = 0
    unreachable: int = 0
    skipped: int = 0
    rescued: int = 0
    ignored: int = 0


Told = PlayTold | TaskTold | CommitTold | ExplicitTold | EndTold

_decoder = msgspec.json.Decoder(Told)


def read_told(
    path: Path, offset: int, folders: Sequence[Path] = ANYWHERE
) -> tuple[list[Told], int]:
    """Whole lines from a place on, and the place behind them; a line that cannot be read, which
    somebody else wrote, is passed over."""
    try:
        with open_inside(path, folders) as file:
            file.seek(offset)
            data = file.read()
    except OSError:
        return [], offset
    whole = data[: data.rfind(b"\n") + 1]
    lines: list[Told] = []
    for line in whole.splitlines():
        try:
            lines.append(_decoder.decode(line))
        except msgspec.MsgspecError:
            continue
    return lines, offset + len(whole)
