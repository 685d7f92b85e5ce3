"""What jobs do in a simulated lab: pass, fail for everyone, fail alone, go on until somebody
stops them; and what they print, which is not always kind."""

import random
from collections.abc import Mapping
from typing import Any, Protocol

from ringtest.agent.definitions.model import STAGES

SETS = ("1.1.1", "2.0.1", "2.1.0")
ENDLESS = ("8.0.0", "9.0.0")
"""With these jobs do not end by themselves."""
HANGS = "hangs"
"""A step of a story that is never over."""

Record = dict[str, Any]

HOSTILE = (
    b"\x00\x00 nul \x00\n",
    b"\xff\xfe\xc3( neither \xed\xa0\x80 nor \xf4\x90\x80\x80 is UTF-8\n",
    b"\xc3",  # the first half of a character, the other one may come in another record
    b"\xa9 no line's end",
    b"\x1b]0;another title\x07\x1b]52;c;aGk=\x07\x1bP$q\x1b\\\x1b[2J\x1b[?1049h gone\n",
    b"\x1b[31m" * 4000 + b"bomb" + b"\x1b[999999999;8;8m" * 500 + b"\n",
    b"\r\n" * 3000,
    b"\r" * 3000 + b"over and over\r\n",
    b"a line without end " * 10_000,
    "\u202egnp.exe \u2028 and \u2029 are no ends of lines \x0b nor \x0c \x1c \x85\n".encode(),
    b'</script><img src=x onerror=alert(1)>{"records":[]}\n',
    b"[ringtest] $ a step that nobody took\n",
)


class Home(Protocol):
    """What a story needs of the lab that it happens in."""

    identity: str
    rng: random.Random


def story(lab: Home, claim: Mapping[str, Any]) -> tuple[list[Record], bytes | None]:
    """The records of a job's journal in order, and its result file.

    Passes, fails everywhere with 2.1.0, fails alone in lab-1; some go on until they are stopped.
    """
    version = next(c["version"] for c in claim["components"] if c["type"] == "markupsafe")
    if version in ENDLESS:
        stage = lab.rng.choice(STAGES)
        return [*_before(lab, stage, version), _begins(stage), {"kind": HANGS}], None
    broken = version == "2.1.0"
    test: Record = {"kind": "stage", "stage": "test", "status": "failed" if broken else "passed"}
    test["exit_code"] = 4 if broken else 0
    test["evidence"] = "ImportError: cannot import name 'soft_unicode'" if broken else None
    records = [
        *_before(lab, "test", version),
        _begins("test"),
        *_prints(lab, "test", version),
        {"kind": "progress", "total": 3, "passed": 2, "failed": 0, "errored": 0, "skipped": 0},
        test,
        *last_stages("test"),
        {"kind": "finish", "result": "failed" if broken else "passed"},
    ]
    return records, None if broken else _junit(alone=lab.identity == "lab-1")


def cancelled(stage: str) -> list[Record]:
    """What is left to do for a job that was stopped in a stage."""
    over: Record = {"kind": "stage", "stage": stage, "status": "skipped", "message": "cancelled"}
    return [over, *last_stages(stage), {"kind": "finish", "result": "cancelled"}]


def last_stages(after: str) -> list[Record]:
    """The stages that are run whatever came before."""
    left = [one for one in ("collect", "teardown") if STAGES.index(one) > STAGES.index(after)]
    return [record for one in left for record in (_begins(one), _passed(one))]


def _before(lab: Home, stage: str, version: str) -> list[Record]:
    done = STAGES[: STAGES.index(stage)]
    return [
        record
        for one in done
        for record in (_begins(one), *_prints(lab, one, version), _passed(one))
    ]


def _prints(lab: Home, stage: str, version: str) -> list[Record]:
    lines = [f"{lab.identity} {version} line {n}\n".encode() for n in range(lab.rng.randint(1, 3))]
    if lab.rng.random() < 0.2:
        lines.append(lab.rng.choice(HOSTILE))
    if lab.rng.random() < 0.1:  # more than a full disk keeps of an end
        lines.insert(0, (b"x" * 99 + b"\n") * 600)
    return [{"kind": "log", "stage": stage, "data": line} for line in lines]


def _begins(stage: str) -> Record:
    return {"kind": "stage", "stage": stage, "status": "running"}


def _passed(stage: str) -> Record:
    return {"kind": "stage", "stage": stage, "status": "passed", "exit_code": 0}


def _junit(*, alone: bool) -> bytes:
    own = '<failure type="Warning" message="DeprecationWarning: x"/>' if alone else ""
    return (
        '<testsuite name="s"><testcase classname="c" name="ok"/>'
        f'<testcase classname="c" name="own">{own}</testcase>'
        '<testcase classname="c" name="known"><failure type="AssertionError"'
        ' message="AssertionError: always"/></testcase></testsuite>'
    ).encode()
