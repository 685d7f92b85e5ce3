"""What a definition wants built, and what a build comes to. Pure."""

import hashlib
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from mimetypes import guess_type
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.outcome import JobResult

RUNNER = "jenkins"
"""The runner of the one step that a definition for a controller has."""
STARTS = 3
"""A controller may lose its queue; after so many starts that left no build it is given up."""
ARTIFACTS = 1000
"""Artifacts of a build that are kept at most."""

_KEYS = {"job", "parameters"}
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Wish:
    """A job of the controller by its full name, its parameters, and what is kept of what it
    leaves (glob, MIME type); nothing named: everything."""

    job: str
    parameters: Mapping[str, str]
    artifacts: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Build:
    """A build as it is followed. `lease` is sealed; `seq` numbers what was told of it."""

    id: UUID
    job_id: UUID
    team_id: UUID
    controller_id: UUID
    attempt: int
    lease: bytes
    name: str
    parameters: Mapping[str, str]
    offered: Mapping[str, str]
    artifacts: Sequence[Mapping[str, str]]
    queue_id: int | None
    number: int | None
    result: str | None
    log_start: int
    seq: int
    starts: int
    problem: str | None

    @property
    def correlation(self) -> str:
        """What the build is found again by."""
        return self.id.hex


def read_wish(spec: Mapping[str, Any], variables: Mapping[str, str]) -> Wish:
    """The build that a definition wants; BadRequest says what is wrong with it.

    `${NAME}` in a parameter's value is one of `variables`.

    >>> step = {"runner": "jenkins", "with": {"job": "a/b", "parameters": {"V": "x-${VERSION}"}}}
    >>> read_wish({"stages": {"test": [step]}}, {"VERSION": "9.5"}).parameters
    {'V': 'x-9.5'}
    """
    steps = [(stage, step) for stage, all_ in spec["stages"].items() for step in all_]
    if len(steps) != 1 or steps[0][0] != "test" or steps[0][1].get("runner") != RUNNER:
        raise BadRequest(f"a definition with the runner {RUNNER} has that step alone, in test")
    given = steps[0][1].get("with") or {}
    if unknown := sorted(set(given) - _KEYS):
        raise BadRequest(f"with: {', '.join(unknown)}: known are job and parameters")
    job, parameters = given.get("job"), given.get("parameters") or {}
    if not isinstance(job, str) or not job.strip("/") or _UNSAFE.search(job):
        raise BadRequest("with.job: the full name of a job, with its folders")
    if not isinstance(parameters, dict):
        raise BadRequest("with.parameters: values by name")
    values = {}
    for name, value in parameters.items():
        if isinstance(value, bool):
            values[name] = str(value).lower()
        elif isinstance(value, str | int | float):
            values[name] = _filled(name, str(value), variables)
        else:
            raise BadRequest(f"with.parameters.{name}: a text, a number, true or false")
    return Wish(job.strip("/"), values, spec.get("artifacts") or [])


def _filled(name: str, text: str, variables: Mapping[str, str]) -> str:
    try:
        return string.Template(text).substitute(variables)
    except KeyError as error:
        raise BadRequest(f"with.parameters.{name}: there is no variable {error.args[0]}") from None
    except ValueError:
        raise BadRequest(f"with.parameters.{name}: a dollar sign is written $$") from None


def variables_of(claim: Mapping[str, Any]) -> dict[str, str]:
    """What a build may know of its job, by the names that an agent's steps have it under.

    >>> claim = {"job": {"id": "4"}, "attempt": 2, "components": [{"type": "a b", "version": "1"}]}
    >>> variables_of(claim)["RINGTEST_COMPONENT_A_B_VERSION"]
    '1'
    """
    named = {"RINGTEST_JOB_ID": str(claim["job"]["id"]), "RINGTEST_ATTEMPT": str(claim["attempt"])}
    for component in claim["components"]:
        kind = re.sub(r"[^A-Z0-9]", "_", str(component["type"]).upper())
        named[f"RINGTEST_COMPONENT_{kind}_VERSION"] = str(component.get("version") or "")
    return named


def judge(result: str, *, cancel: bool) -> tuple[JobResult, str | None]:
    """What a build's result means for its job, and why.

    >>> judge("UNSTABLE", cancel=False)[0], judge("FAILURE", cancel=True)[0]
    (<JobResult.FAILED: 'failed'>, <JobResult.CANCELLED: 'cancelled'>)
    """
    if result == "SUCCESS":
        return JobResult.PASSED, None
    if cancel:
        return JobResult.CANCELLED, None
    match result:
        case "UNSTABLE":
            return JobResult.FAILED, "the build is unstable"
        case "FAILURE":
            return JobResult.FAILED, "the build failed"
        case "ABORTED":
            return JobResult.CANCELLED, "the build was aborted on its controller"
    return JobResult.ERRORED, f"the build ended as {result}"


@dataclass(frozen=True, slots=True)
class Kept:
    """An artifact to keep: as what file, of what type, under what idempotency key."""

    path: str
    name: str
    mime: str | None
    key: str


def chosen(build: Build, paths: Sequence[str]) -> list[Kept]:
    """The artifacts to keep, each once, in order."""
    kept = []
    for path in dict.fromkeys(paths):
        mime = guess_type(path)[0]
        if build.artifacts:
            fits = [one["mime"] for one in build.artifacts if fnmatchcase(path, one["path"])]
            if not fits:
                continue
            mime = fits[0]
        name = _UNSAFE.sub("_", path).encode(errors="replace")[-1000:].decode(errors="ignore")
        kept.append(Kept(path, name, mime, key_of(build, path)))
    return kept[:ARTIFACTS]


def key_of(build: Build, what: str) -> str:
    """The idempotency key of a file of a build."""
    return f"build-{build.id.hex}-{hashlib.sha256(what.encode(errors='replace')).hexdigest()[:32]}"


def as_junit(report: Mapping[str, Any]) -> bytes:
    """A controller's test report as JUnit XML; the same report is the same bytes.

    >>> case = {"className": "c", "name": "n", "status": "REGRESSION", "errorDetails": "no"}
    >>> b'<failure message="no"' in as_junit({"suites": [{"name": "s", "cases": [case]}]})
    True
    """
    root = ET.Element("testsuites")
    for suite in report.get("suites") or []:
        cases = suite.get("cases") or []
        inner = ET.SubElement(root, "testsuite", name=_text(suite.get("name")))
        inner.set("tests", str(len(cases)))
        for case in cases:
            _add_case(inner, case)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _add_case(suite: ET.Element, case: Mapping[str, Any]) -> None:
    named = {"classname": _text(case.get("className")), "name": _text(case.get("name"))}
    element = ET.SubElement(suite, "testcase", named, time=str(case.get("duration") or 0))
    match case.get("status"):
        case "FAILED" | "REGRESSION":
            told = ET.SubElement(element, "failure", message=_text(case.get("errorDetails")))
            told.text = _text(case.get("errorStackTrace"))
        case "SKIPPED":
            ET.SubElement(element, "skipped", message=_text(case.get("skippedMessage")))


def _text(value: object) -> str:
    return _NO_XML.sub("\ufffd", str(value)) if value is not None else ""
