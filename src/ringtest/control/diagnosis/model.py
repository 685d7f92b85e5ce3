"""How a log is compared with those of good jobs, and what an answer is made of. Pure."""

import hashlib
import re
from array import array
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from ringtest.control.signatures.model import ALGORITHM, mask
from ringtest.control.triage.model import Change

VERSION = 1
"""Of this file's rules."""
TEMPLATE_VERSION = 1000 * VERSION + ALGORITHM
"""Hashes of another version are made anew: masks that changed make other hashes."""

BASELINES = 5
"""Good jobs that a failed one is compared with at most."""
HEAD_LINES, TAIL_LINES = 50_000, 200_000
"""Of a log that is longer, what lies between is not read."""
READ_BYTES = 128 * 1024 * 1024
"""Characters of a log that are read at most, whatever its lines."""
ASKED_LINES = 5_000
"""Lines of the end that are read while somebody waits for an answer that is not kept yet."""
TEMPLATES = 50_000
"""Hashes kept of a log."""
NOVEL = 20_000
"""Templates that good jobs lack, kept while a log is read; the oldest go first."""
SHOWN_LINES = 20
BLOCK_LINES = 4
"""Lines of one unbroken block (a traceback) that are shown at most."""
TESTS = 200
"""Failing tests looked at for flakiness, and named."""

_LINE_CHARS = 2000
_SHOWN_CHARS = 1000
_RAW_KNOWN = 50_000
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_STEP = "[ringtest] $ "
_OWN = "[ringtest] "


# templates ---------------------------------------------------------------------


def template_hash(line: str) -> int:
    """64 bits of a line without colours and without what changes from run to run; 0: blank.

    >>> template_hash("took 12 s") == template_hash("  took 7 s") != template_hash("took it")
    True
    """
    masked = " ".join(mask(_ANSI.sub("", line[:_LINE_CHARS])).split())
    if not masked:
        return 0
    return int.from_bytes(hashlib.blake2b(masked.encode(), digest_size=8).digest(), "big")


def pack_hashes(hashes: Iterable[int]) -> bytes:
    """Sorted, eight bytes each.

    >>> unpack_hashes(pack_hashes([3, 1, 2**64 - 1]))
    [1, 3, 18446744073709551615]
    """
    return b"".join(one.to_bytes(8, "little") for one in sorted(hashes))


def unpack_hashes(packed: bytes) -> list[int]:
    """The hashes again."""
    found = array("Q")
    found.frombytes(packed)
    return found.tolist()


@dataclass(slots=True)
class Template:
    """A kind of line that no good job has: where it stands first and last, how often."""

    line: int
    text: str
    last: int
    count: int = 1


@dataclass(slots=True)
class Scan:
    """Reads a log once: its hashes, its steps, and what `known` has not.

    `known` None: there is nothing to compare with, so only lines with error words count.

    >>> scan = Scan(known={template_hash("fine 1")})
    >>> scan.feed(["fine 2", "", "boom"], 10)
    >>> [(one.line, one.text) for one in scan.novel.values()], scan.lines
    ([(12, 'boom')], 3)
    """

    known: Collection[int] | None = None
    hashes: set[int] = field(default_factory=set)
    novel: "OrderedDict[int, Template]" = field(default_factory=OrderedDict)
    steps: list[tuple[int, str]] = field(default_factory=list)
    lines: int = 0
    dropped: int = 0
    is_full: bool = False
    _seen: dict[str, int] = field(default_factory=dict)

    def feed(self, lines: Sequence[str], first: int) -> None:
        """Lines in order, `first` being the number of the first one, from 0."""
        seen, known = self._seen, self.known
        for number, line in enumerate(lines, first):
            if line.startswith(_OWN):
                if line.startswith(_STEP):
                    self.steps.append((number, line[len(_STEP) :].strip()))
                continue
            found = seen.get(line)
            if found is None:
                found = template_hash(line)
                if len(seen) >= _RAW_KNOWN:
                    seen.clear()
                seen[line] = found
            if not found:
                continue
            if len(self.hashes) < TEMPLATES:
                self.hashes.add(found)
            elif found not in self.hashes:
                self.is_full = True
            if found not in known if known is not None else error_word(line):
                self._note(found, number, line)
        self.lines += len(lines)

    def _note(self, found: int, number: int, line: str) -> None:
        template = self.novel.get(found)
        if template is not None:
            template.count += 1
            template.last = number
            return
        if len(self.novel) >= NOVEL:
            self.novel.popitem(last=False)
            self.dropped += 1
        text = _ANSI.sub("", line).replace("\0", "").rstrip()
        self.novel[found] = Template(number, text[:_SHOWN_CHARS], number)


# ranking -----------------------------------------------------------------------

_ERROR = re.compile(
    r"(?i)(?<![\w.-])(?:traceback|fatal|panic(?:ked)?|critical|exception|segfault"
    r"|segmentation fault|core dumped|assertion ?(?:error|failed)|errors?|failed|failure|fail"
    r"|denied|refused|aborted"
    r"|cannot|could not|unable to|not found|no such file|timed? ?out|killed|oops|bug:|unreachable)"
    r"(?![\w-])|\b[A-Z]\w*(?:Error|Exception)\b"
)
_GRAVE = re.compile(r"\b\w*(?:Error|Exception)\b|(?i:\b(?:fatal|panic|segfault|core dumped)\b)")
_NOT_ERROR = re.compile(
    r"(?i)\b(?:0|no|without|zero) (?:errors?|fail(?:ed|ures?))\b|failed[=:] ?0\b"
)
_NEAR = ((20, 4), (100, 3), (1000, 2))


def error_word(line: str) -> str:
    """The word that makes a line look like trouble; empty when there is none.

    >>> error_word("E: Unable to locate package ring"), error_word("0 errors, no failures")
    ('Unable to', '')
    """
    found = _ERROR.search(_NOT_ERROR.sub("", line[:_LINE_CHARS]))
    return found.group() if found else ""


class Line(msgspec.Struct, frozen=True):
    """A line of the job's log, numbered from 0, and why it is shown."""

    line: int
    text: str
    score: int
    why: tuple[str, ...]


def rank(
    templates: Iterable[Template], *, begin: int, end: int, good: int
) -> tuple[tuple[Line, ...], int]:
    """The lines that say most, best first; and how many were left out.

    The failing stage has the lines from `begin` to before `end`; `good` is the number of
    good jobs that lack the lines (0: they only look like trouble).
    """
    found = sorted(templates, key=lambda one: one.line)
    first = next((one.line for one in found if one.line >= begin), None)
    scored = [_score(one, begin, end, good, first) for one in found]
    blocks: list[int] = []
    for at, one in enumerate(found):
        follows = at > 0 and one.line - found[at - 1].line <= 1
        blocks.append(blocks[-1] if follows else at)
    order = sorted(range(len(found)), key=lambda at: (-scored[at].score, scored[at].line))
    shown: list[Line] = []
    room: dict[int, int] = {}
    for at in order:
        if len(shown) == SHOWN_LINES:
            break
        used = room.get(blocks[at], 0)
        if used < BLOCK_LINES:
            room[blocks[at]] = used + 1
            shown.append(scored[at])
    return tuple(shown), len(found) - len(shown)


def _score(one: Template, begin: int, end: int, good: int, first: int | None) -> Line:
    score, why = 0, []
    if good:
        score += 5
        why.append(f"in none of {counted(good, 'job')} compared")
    word = error_word(one.text)
    if word:
        score += 8 if _GRAVE.search(one.text) else 5
        why.append(f"says {word!r}")
    rarity = 3 if one.count == 1 else 2 if one.count <= 3 else 1 if one.count <= 10 else 0
    score += rarity
    why.append("once in this log" if one.count == 1 else f"{one.count} times in this log")
    if begin <= one.last < end:
        score += 1
        distance = end - 1 - one.last
        near = next((points for limit, points in _NEAR if distance < limit), 0)
        score += near
        if near:
            where = f"{distance} line{'s' if distance != 1 else ''} before the stage's end"
            why.append(where if distance else "the last line of the stage")
        else:
            why.append("in the failing stage")
    if good and one.line == first:
        score += 2
        why.append("the first such line of the stage")
    return Line(one.line, one.text, score, tuple(why))


# answers -----------------------------------------------------------------------


class Stage(msgspec.Struct, frozen=True):
    """Where it failed. `line` is the first line of the step, or of the stage."""

    name: str
    status: str
    step: str | None
    line: int | None
    exit_code: int | None
    message: str | None


class Test(msgspec.Struct, frozen=True):
    """A test case; `since_job_id` is the job in which it began to fail."""

    id: str
    suite: str
    classname: str
    name: str
    since_job_id: UUID


class NewFailures(msgspec.Struct, frozen=True):
    """Tests that fail now and did not in the last good job; the first of them by name."""

    count: int = 0
    tests: tuple[Test, ...] = ()


class Evidence(msgspec.Struct, frozen=True):
    """Why a test may be flaky: numbers of the job's team and topic over `days` up to it."""

    passed_with_same_components: tuple[UUID, ...]
    retried: bool
    days: int
    failed: int
    regressed: int
    recovered: int
    retried_runs: int
    text: str


class Flaky(msgspec.Struct, frozen=True):
    """A test that may have failed by chance."""

    id: str
    suite: str
    classname: str
    name: str
    evidence: Evidence


class Compared(msgspec.Struct, frozen=True):
    """A job that this one was compared with, and what makes it comparable."""

    job_id: UUID
    at: str
    result: str
    why: str


class Step(msgspec.Struct, frozen=True):
    """What was looked at, what was found, and what was left out."""

    name: str
    found: str
    left_out: str | None = None


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows of a job's own team say: this is kept."""

    job_id: UUID
    at: str | None
    result: str | None
    stage: Stage | None = None
    lines: tuple[Line, ...] = ()
    components_changed: tuple[Change, ...] = ()
    new_failures: NewFailures = NewFailures()
    flaky: tuple[Flaky, ...] = ()
    compared_with: tuple[Compared, ...] = ()
    steps: tuple[Step, ...] = ()


class Answer(Kept, frozen=True, kw_only=True):
    """The same with what the reader may see of other jobs, made when it is read."""

    groups: tuple[dict[str, Any], ...] = ()
    known_issues: tuple[dict[str, Any], ...] = ()


FLIPS = 3
"""Changes between passing and failing within the days that make a test suspicious."""
DAYS = 30


def evidence(passed: Sequence[UUID], *, retried: bool, numbers: Sequence[int]) -> Evidence | None:
    """What speaks for chance; None when nothing does. `numbers`: failed, regressed,
    recovered, retried.

    >>> evidence((), retried=False, numbers=(4, 2, 2, 0)).text
    'changed between passing and failing 4 times in 30 days'
    >>> evidence((), retried=False, numbers=(9, 1, 0, 0)) is None
    True
    """
    failed, regressed, recovered, retried_runs = numbers
    said = []
    if passed:
        jobs = f"{len(passed)} other job{'s' if len(passed) > 1 else ''}"
        said.append(f"passed with the same components in {jobs} or attempts")
    if retried:
        said.append("another try within the same run came to something else")
    if regressed + recovered >= FLIPS:
        flips = regressed + recovered
        said.append(f"changed between passing and failing {flips} times in {DAYS} days")
    if retried_runs and not retried:
        said.append(f"was decided by another try in {retried_runs} runs in {DAYS} days")
    if not said:
        return None
    return Evidence(
        tuple(passed), retried, DAYS, failed, regressed, recovered, retried_runs, "; ".join(said)
    )


def counted(number: int, noun: str) -> str:
    """A number of things in words.

    >>> counted(1, "job"), counted(2, "kind of line"), counted(0, "known issue")
    ('1 job', '2 kinds of line', '0 known issues')
    """
    head, of, rest = noun.partition(" of ")
    return f"{number} {noun}" if number == 1 else f"{number} {head}s{of}{rest}"


def fingerprint(*parts: object) -> str:
    """Names what an answer is made of.

    >>> fingerprint("a", [1]) == fingerprint("a", [1]) != fingerprint("a", [2])
    True
    """
    text = msgspec.json.encode([VERSION, TEMPLATE_VERSION, *parts])
    return hashlib.blake2b(text, digest_size=16).hexdigest()
