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

ALGORITHM = 1
"""Kept with every group: a change of the rules below must not mix old groups with new."""

Kind = Literal["test", "stage"]

_MESSAGE_CHARS = 4000
_MESSAGE_LINES = 3
_TEMPLATE_CHARS = 1000
_SAMPLE_CHARS = 4000
_DETAIL_CHARS = 64 * 1024
_FRAMES = 8
MAX_GROUPS = 200
"""Groups made of one job, those with the most cases first: a job in which thousands of tests
fail for as many reasons tells nothing by group, and must not send as many reports."""

# Masks -----------------------------------------------------------------------
# One pass, first match wins, only at the start of a word: digits inside a name
# (module7, test_12) carry meaning and stay; so do the numbers that `keep` names.

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_MASKS = {
    "keep": r"(?i:exit(?:ed)?(?: with)?(?: code| status)?|(?:status|error)(?:[ _]code)?|errno"
    r"|http(?:/\d(?:\.\d)?)?|signal)[ :=]*\d{1,3}\b",
    "uuid": r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "time": r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\d{1,2}:\d\d:\d\d(?:[.,]\d+)?"
    rf"|(?:{_MONTHS}) {{1,2}}\d{{1,2}}(?: \d\d:\d\d:\d\d)?(?: \d{{4}})?",
    "url": r"[a-z][a-z0-9+]{1,9}://[^\s'<>)\]]+",
    "test": r"[\w./\\-]+\.py(?:::\w+)+(?:\[[^\]\n]*\])?",
    "path": r"(?:~|\.{1,2}|[A-Za-z]:)?(?:/[\w.+@%=-]+){2,}/?|[A-Za-z]:(?:\\{1,2}[\w.+@%=-]+)+",
    "tmp": r"tmp[a-z0-9][a-z0-9_]{7}\b",
    "ip": r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"
    r"|(?=[0-9a-fA-F:]*\d)(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}\b",
    "addr": r"0[xX][0-9a-fA-F]+",
    "duration": r"\d+(?:\.\d+)? ?(?:[nuµm]?s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b",
    "size": r"\d+(?:\.\d+)? ?(?:[kKMGT]i?B|B|[kKMG]?bytes?)\b",
    "hex": r"(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{7,}\b",
    "version": r"[vV]?\d+(?:\.\d+)+(?:[-.+]?[A-Za-z]+\.?\d*)*",
    "n": r"[-+]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?%?(?!\w)",
}
_MASK = re.compile(
    r"(?<!\w)(?:" + "|".join(f"(?P<{name}>{pattern})" for name, pattern in _MASKS.items()) + ")"
)
_TOKENS = {"hex": "<n>", "version": "<n>"}  # a hash may by chance be all digits
_QUOTES = str.maketrans({mark: "'" for mark in '"`´‘’“”'})
_SLASH = re.compile(r"[/\\]")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_LONE_DIGITS = re.compile(r"(?<![A-Za-z_])\d+(?![A-Za-z_])")
_RANDOM_NAME = re.compile(r"tmp\w{6,}|[0-9a-fA-F-]{7,}|[\d.-]+")


def mask(text: str) -> str:
    """`text` without what changes from run to run and from lab to lab.

    >>> mask('cannot open "/srv/lab-b/work/7/ring.conf" after 1.5 s (pid 4711)')
    "cannot open '<path>/ring.conf' after <duration> (pid <n>)"
    >>> mask("<Ring object at 0x7f3a> is not module7, exit code 2")
    '<Ring object at <addr>> is not module7, exit code 2'
    """
    return _MASK.sub(_token, text.translate(_QUOTES))


def _token(match: re.Match[str]) -> str:
    name = match.lastgroup or "n"
    if name == "keep":
        return match.group()
    if name == "path":
        return _mask_path(match.group())
    if name == "url":
        path = match.group().split("://", 1)[1].partition("/")[2].partition("?")[0]
        return "<url>" + ("/" + _LONE_DIGITS.sub("<n>", path) if path else "")
    return _TOKENS.get(name, f"<{name}>")


def _mask_path(path: str) -> str:
    name = _SLASH.split(path.rstrip("/"))[-1]
    if _RANDOM_NAME.fullmatch(name):
        return "<path>"
    return "<path>/" + _LONE_DIGITS.sub("<n>", name)


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


def own_frames(traceback: str) -> tuple[str, ...]:
    """`file function` of the frames that are not the interpreter's or a library's.

    Reads Python's own form and pytest's. Line numbers and folders are left out: they
    move while the failure stays. Of chained exceptions the last one counts.

    >>> own_frames('File "/w/tests/test_a.py", line 3, in test_a')
    ('test_a.py test_a',)
    """
    text = _CHAINED.split(traceback)[-1]
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
        frame = f"{_SLASH.split(file)[-1]} {name}".strip()
        if not _NOT_OURS.search(file) and frames[-1:] != [frame]:
            frames.append(frame)
    return tuple(frames[-_FRAMES:])


def telling_line(evidence: str) -> str:
    """The line of a stage's output that says most: exception, else error, else the last.

    >>> telling_line("Traceback …\\nImportError: no module named ring\\nmake: *** [all] Error 1\\n")
    'ImportError: no module named ring'
    >>> telling_line("fetching\\nERROR: No matching distribution found for ring\\nbye\\n")
    'ERROR: No matching distribution found for ring'
    """
    lines = [line.strip() for line in _ANSI.sub("", evidence).splitlines() if line.strip()]
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


def sign(failure: Failure) -> Signature:
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
    text = _ANSI.sub("", failure.message[:_MESSAGE_CHARS]).strip()
    detail = _ANSI.sub("", failure.detail[-_DETAIL_CHARS:])
    if not text:
        text = _exception_line(detail)
    found = _EXCEPTION.match(text.split("\n", 1)[0])
    kind_of_error = failure.exception_type or (found.group("type") if found else None)
    if found and kind_of_error and _is_same_type(found.group("type"), kind_of_error):
        text = text[found.end("type") :].lstrip(": ")
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    masked = mask("\n".join(lines[:_MESSAGE_LINES]))[:_TEMPLATE_CHARS]
    frames = own_frames(detail)
    if failure.kind == "test":
        frames = tuple(frame for frame in frames if not _is_test_itself(frame, failure.where))
    if not frames and _says_little(masked):
        frames = (failure.where.partition("[")[0],)
    parts = [failure.kind, kind_of_error or "", masked, *frames]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    template = "\n".join([masked, *(f"  in {frame}" for frame in frames)])
    return Signature(f"{ALGORITHM}:{digest}", failure.kind, kind_of_error, template)


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


def group_failures(failures: Iterable[Failure]) -> list[Found]:
    """The failures of one job by signature, at most MAX_GROUPS, in the order of their keys.

    That order is also the order in which rows are locked, the same in every process.
    """
    groups: dict[str, Found] = {}
    for failure in failures:
        signature = sign(failure)
        group = groups.get(signature.key)
        if group is None:
            sample = "\n".join(part for part in (failure.message, failure.detail) if part)
            group = Found(signature, _ANSI.sub("", sample)[:_SAMPLE_CHARS], failure.stage)
            groups[signature.key] = group
        group.cases += 1
        if failure.test_id is not None:
            group.test_ids.add(failure.test_id)
    most = sorted(groups.values(), key=lambda g: (-g.cases, g.signature.key))[:MAX_GROUPS]
    return sorted(most, key=lambda group: group.signature.key)
