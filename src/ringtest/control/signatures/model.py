"""What makes two failures the same. Pure.

A signature is a hash over kind, exception type, masked message and the frames of our
own code in the traceback; the masked message and the frames make the template, which is
therefore the same for everybody who sees the group and holds nothing that varies.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from ringtest.control.masks.model import (
    ANSI,
    NO_POLICY,
    SLASH,
    Masker,
    Policy,
    mask,
    own_paths,
)

__all__ = [
    "ALGORITHM", "FIRST_VERSION", "MAX_GROUPS", "Failure", "Found", "Kind", "Policy",
    "Signature", "Signer",
    "group_failures", "mask", "own_frames", "sign", "stage_failure", "telling_line",
    "version_of",
]  # fmt: skip

ALGORITHM = 1
"""Kept with every group: a change of the rules below must not mix old groups with new."""

FIRST_VERSION = "1:-"
"""Of topics of which nothing is noted: algorithm 1, no policy."""

Kind = Literal["test", "stage"]


def version_of(policy: Policy) -> str:
    """What signatures of a policy are made by.

    >>> version_of(NO_POLICY)
    '1:-'
    """
    return f"{ALGORITHM}:{policy.version}"


_MESSAGE_CHARS = 4000
_MESSAGE_LINES = 3
_TEMPLATE_CHARS = 1000
_SAMPLE_CHARS = 4000
_DETAIL_CHARS = 64 * 1024
_FRAMES = 8
_KEPT = 20_000
MAX_GROUPS = 200
"""Groups made of one job, those with the most cases first: a job in which thousands of tests
fail for as many reasons tells nothing by group, and must not send as many reports."""

# Tracebacks --------------------------------------------------------------------

_CHAINED = re.compile(
    r"^(?:During handling of the above exception|The above exception was the direct cause).*$", re.M
)
_FRAME = re.compile(
    r'^[ \t]*File "(?P<file>[^"]+)", line \d+, in (?P<function>\S+)'
    r"|^(?P<short_file>\S+?):\d+: in (?P<short_function>\S+)[ \t]*$"
    r"|^(?P<long_file>\S+\.py):\d+:(?: \w*)?[ \t]*$"
    r"|^[> ]?[ \t]*(?:async )?def (?P<def>\w+)\(",
    re.M,
)
_NOT_OURS = re.compile(
    r"site-packages|dist-packages|[/\\]lib[/\\]python|^<|[/\\]_pytest[/\\]|[/\\]importlib[/\\]"
)
_EXCEPTION = re.compile(
    r"^(?:E[ \t]+)?(?P<type>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Exit"
    r"|Timeout|Warning))"
    r"(?::[ \t].*)?$",
    re.M,
)
_TELLING = re.compile(
    r"(?i)\b(?:error|fatal|failed|failure)\b\s*[:!]|^E[: ]\s*\S|not found\b|no such file"
    r"|permission denied|cannot |could not "
)


def own_frames(traceback: str, policy: Policy = NO_POLICY) -> tuple[str, ...]:
    """`file function` of the frames of our own code: where a policy says so, or else of all
    that is not the interpreter's or a library's.

    Reads Python's own form and pytest's. Line numbers and folders are left out: they
    move while the failure stays. Of chained exceptions the last one counts.

    >>> own_frames('File "/w/tests/test_a.py", line 3, in test_a')
    ('test_a.py test_a',)
    """
    text = _CHAINED.split(traceback)[-1]
    ours = own_paths(policy.own_code)
    frames: list[str] = []
    function = ""  # pytest's long form prints the source from `def` on, then the place
    for match in _FRAME.finditer(text):
        found = match.groupdict()
        if found["def"]:
            function = function or found["def"]
            continue
        file = found["file"] or found["short_file"] or found["long_file"] or ""
        name = found["function"] or found["short_function"] or function
        function = ""
        frame = f"{SLASH.split(file)[-1]} {name}".strip()
        is_ours = ours.match(file) if ours else not _NOT_OURS.search(file)
        if is_ours and frames[-1:] != [frame]:
            frames.append(frame)
    return tuple(frames[-_FRAMES:])


def telling_line(evidence: str) -> str:
    """The line of a stage's output that says most: exception, else error, else the last.

    >>> telling_line("Traceback …\\nImportError: no module named ring\\nmake: *** [all] Error 1\\n")
    'ImportError: no module named ring'
    >>> telling_line("fetching\\nERROR: No matching distribution found for ring\\nbye\\n")
    'ERROR: No matching distribution found for ring'
    """
    lines = [line.strip() for line in ANSI.sub("", evidence).splitlines() if line.strip()]
    for line in reversed(lines):
        found = _EXCEPTION.match(line)
        if found and not found["type"].endswith("Warning"):
            return line
    for line in reversed(lines):
        if _TELLING.search(line):
            return line
    return lines[-1] if lines else ""


# Signatures ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed case or stage as it was reported. `where` names the test or the stage."""

    kind: Kind
    message: str
    where: str
    exception_type: str | None = None
    detail: str = ""
    test_id: int | None = None
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """`key` is what groups are found by; the rest is what people read."""

    key: str
    kind: Kind
    exception_type: str | None
    template: str


def stage_failure(stage: str | None, message: str, evidence: str) -> Failure:
    """A stage that failed without leaving results, told by its most telling line.

    None: the job as a whole, of which nothing but a reason is known.
    """
    return Failure(
        kind="stage",
        message=telling_line(evidence[-_DETAIL_CHARS:]) or message or f"stage {stage} failed",
        where=stage or "job",
        detail=evidence,
        stage=stage,
    )


def sign(failure: Failure, policy: Policy = NO_POLICY) -> Signature:
    """The signature of a failure.

    The test's own frame says where a failure was seen, not what it is: twenty tests that
    trip over one function are one failure. But a message that says next to nothing ("assert
    False") and no other frame of our own would throw unrelated failures together; then the
    test's or the stage's name counts too.

    >>> a = sign(Failure("stage", "ImportError: no ring in /a/b/c.py", "prepare"))
    >>> b = sign(Failure("stage", "ImportError: no ring in /opt/x/c.py", "test"))
    >>> a.key == b.key, a.exception_type, a.template
    (True, 'ImportError', 'no ring in <path>/c.py')
    """
    return Signer(policy).sign(failure)


Parts = tuple[Kind, str | None, str, tuple[str, ...]]


class Signer:
    """Signs many failures under one policy; what comes again is not worked out again."""

    def __init__(self, policy: Policy = NO_POLICY) -> None:
        self._policy = policy
        self._masker = Masker(policy)
        self._known: dict[Parts, Signature] = {}
        self._types: dict[str, str] = {}

    def sign(self, failure: Failure) -> Signature:
        """As `sign` does."""
        text = failure.message[:_MESSAGE_CHARS]
        if "\x1b" in text:
            text = ANSI.sub("", text)
        text = text.strip()
        detail = ANSI.sub("", failure.detail[-_DETAIL_CHARS:]) if failure.detail else ""
        if not text:
            text = _exception_line(detail)
        kind_of_error = failure.exception_type or None
        named = self._type_of(text)
        if named:
            kind_of_error = kind_of_error or named
            if named == kind_of_error or _is_same_type(named, kind_of_error):
                text = text[text.index(named) + len(named) :].lstrip(": ")
        if not text.isprintable():  # a line of more than one has a line break
            lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
            text = "\n".join(lines[:_MESSAGE_LINES])
        elif "  " in text:
            text = " ".join(text.split())
        masked = self._masker.mask(text)[:_TEMPLATE_CHARS]
        frames = own_frames(detail, self._policy) if detail else ()
        if frames and failure.kind == "test":
            frames = tuple(frame for frame in frames if not _is_test_itself(frame, failure.where))
        parts = failure.kind, kind_of_error, masked, frames
        return self._known.get(parts) or self._new(parts, failure.where)

    def _type_of(self, text: str) -> str | None:
        """The exception that the first line names, which is a matter of its first word."""
        line = text.partition("\n")[0]
        word, blank, _ = line.partition(" ")
        if word == "E" or "\t" in line:
            found = _EXCEPTION.match(line)
            return found["type"] if found else None
        told = word + blank
        known = self._types.get(told)
        if known is None:
            found = _EXCEPTION.match(told) if len(told) < 1000 else None
            known = self._types[told] = found["type"] if found else ""
        return known

    def _new(self, parts: Parts, where: str) -> Signature:
        if len(self._known) >= _KEPT:
            self._known.clear()
            self._types.clear()
        _, _, masked, frames = parts
        if not frames and _says_little(masked):  # then it depends on where it was
            return _hashed(parts, (where.partition("[")[0],))
        signature = self._known[parts] = _hashed(parts, frames)
        return signature


def _hashed(parts: Parts, frames: tuple[str, ...]) -> Signature:
    kind, kind_of_error, masked, _ = parts
    named = [kind, kind_of_error or "", masked, *frames]
    digest = hashlib.sha256("\0".join(named).encode()).hexdigest()
    template = "\n".join([masked, *(f"  in {frame}" for frame in frames)])
    return Signature(f"{ALGORITHM}:{digest}", kind, kind_of_error, template)


def _is_test_itself(frame: str, where: str) -> bool:
    """True for the frame of the test function that failed.

    >>> _is_test_itself("test_a.py test_it", "tests.test_a.TestA test_it[1-2 3]")
    True
    """
    return where.partition("[")[0].endswith(f" {frame.rpartition(' ')[2]}")


def _exception_line(detail: str) -> str:
    found = list(_EXCEPTION.finditer(detail))
    return found[-1].group().removeprefix("E").strip() if found else ""


def _is_same_type(one: str, other: str) -> bool:
    return one.rpartition(".")[2] == other.rpartition(".")[2]


_EMPTY_WORD = re.compile(
    r"(?i)assert(?:ion)?|fail(?:ed|ure)?|error|exception|true|false|none|null|tests?|expected"
    r"|actual|got|but|was|were|not|equal|the|and"
)


def _says_little(masked: str) -> bool:
    words = re.findall(r"[A-Za-z]{3,}", re.sub(r"<\w+>", "", masked))
    return all(_EMPTY_WORD.fullmatch(word) for word in words)


@dataclass(slots=True)
class Found:
    """A group's share of one job."""

    signature: Signature
    sample: str
    stage: str | None
    cases: int = 0
    test_ids: set[int] = field(default_factory=set)


def group_failures(failures: Iterable[Failure], policy: Policy = NO_POLICY) -> list[Found]:
    """The failures of one job by signature, at most MAX_GROUPS, in the order of their keys.

    That order is also the order in which rows are locked, the same in every process.
    """
    signer, groups = Signer(policy), dict[str, Found]()
    for failure in failures:
        signature = signer.sign(failure)
        group = groups.get(signature.key)
        if group is None:
            sample = "\n".join(part for part in (failure.message, failure.detail) if part)
            group = Found(signature, ANSI.sub("", sample)[:_SAMPLE_CHARS], failure.stage)
            groups[signature.key] = group
        group.cases += 1
        if failure.test_id is not None:
            group.test_ids.add(failure.test_id)
    most = sorted(groups.values(), key=lambda g: (-g.cases, g.signature.key))[:MAX_GROUPS]
    return sorted(most, key=lambda group: group.signature.key)
