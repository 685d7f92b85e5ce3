"""What a line of the contract is: who may call what, and which code each of them gets."""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROLES = (
    "sa",  # super admin
    "epm",
    "ro",  # read-only member
    "user",  # member of the team that owns what is asked about
    "other",  # member of another team, which has nothing to do with it
    "loner",  # user without a team
    "lab",  # remote CI of the team that owns what is asked about
    "other_lab",
    "feeder",
    "nobody",
)
"""Columns of every table."""
REST = "every role that the row does not name"
"""In `who`: nobody is not among them, who gets 401 wherever the row does not say else."""

Check = Callable[[httpx.Response, Any], Awaitable[None] | None]


@dataclass(frozen=True)
class Call:
    """A request: `POST /teams/:team/users/:user`. `:name` is the id of a thing of that name.

    In bodies a text `":team"` is the team's id, `":team.name"` a column of it, `":new"` a text
    that nothing else has.
    """

    line: str
    body: Any = None
    by: str = "sa"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        return self.line.split(" ", 1)[0]

    @property
    def path(self) -> str:
        return self.line.split(" ", 1)[1]


@dataclass(frozen=True)
class Row:
    """One line of the contract.

    `who`: roles by the code they get; roles that are not named are not asked (see REST).
    `if_match`: the thing whose etag goes with the request, `"me"` for the caller's own; then
    the engine also asks without the header (412) and with an old one (`stale`, 404 or 409).
    `gives`: shape of the answer to those who are let in: `"team"` is `{"team": {...}}` with an
    ETag header, `"file no etag"` the same without, `"teams[]"` is a list with its count,
    `"nothing"` no body; `""` is not looked at.
    `has`: what the object (of a list: some row) must hold, at least.
    `given`: calls made before, by a super admin unless they say else.
    `keys`: what each object must have, whatever it holds; `lacks`: keys that nothing in the
    answer has; `hides`: things whose ids are not in the answer.
    `check`: anything else about the answer, of those who are let in.
    `full`: the row speaks of every role: it is the route's line in the matrix.
    """

    line: str
    who: Mapping[int, str]
    body: Any = None
    if_match: str = ""
    stale: int = 0
    gives: str = ""
    has: Mapping[str, Any] = field(default_factory=dict)
    keys: str = ""
    lacks: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    given: tuple[Call, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    check: Check | None = None
    note: str = ""
    stream: bool = False
    place: str = field(default_factory=lambda: _caller())

    @property
    def call(self) -> Call:
        return Call(self.line, self.body, headers=self.headers)

    @property
    def full(self) -> bool:
        return set(self.codes()) == set(ROLES)

    def codes(self) -> dict[str, int]:
        """The code that each role gets."""
        found: dict[str, int] = {}
        rest = None
        for code, roles in self.who.items():
            if roles == REST:
                rest = code
                continue
            for role in roles.split():
                assert role in ROLES, f"{self.line}: there is no role {role}"
                assert role not in found, f"{self.line}: {role} is named twice"
                found[role] = code
        if rest is not None:
            found = {role: found.get(role, rest) for role in ROLES} | {
                "nobody": found.get("nobody", 401)
            }
        return {role: found[role] for role in ROLES if role in found}

    @property
    def title(self) -> str:
        return f"{self.line} ({self.note})" if self.note else self.line

    def fits(self, method: str, template: str) -> bool:
        """Is it about this route? `template` has `{name}` for what varies."""
        path = self.call.path.partition("?")[0]
        if self.call.method != method:
            return False
        tail = template.removesuffix("/")
        if re.search(r"\{[^}]*:path\}$", tail):
            parts, fixed = path.split("/"), tail.split("/")[:-1]
            return len(parts) > len(fixed) and _same(parts[: len(fixed)], fixed)
        return _same(path.split("/"), tail.split("/"))


def _same(parts: list[str], route: list[str]) -> bool:
    """A parameter of the route takes anything but a word that the row spells out."""
    return len(parts) == len(route) and all(
        want == part or (want.startswith("{") and part.startswith((":", "!")))
        for part, want in zip(parts, route, strict=True)
    )


def _caller() -> str:
    """Where the row is written, for whoever has to look."""
    frame = inspect.currentframe()
    here = {__file__, "<string>"}
    while frame and frame.f_code.co_filename in here:
        frame = frame.f_back
    assert frame
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
