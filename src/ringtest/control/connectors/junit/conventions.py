"""What people write into JUnit files beside the format: attachments, steps and parameters.

Jenkins and GitLab look for `[[ATTACHMENT|path]]` in a case's output; test management
tools read properties named `attachment` and `step[passed]`; gtest has attributes for its
parameters.
"""

import re

from ringtest.control.kernel.excerpts import cut
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.ports.result_parser import (
    MAX_PROPERTIES,
    MAX_STEPS,
    MESSAGE_LIMIT,
    Attachment,
    Evidence,
    Step,
)

PARAMETERS = ("value_param", "type_param")
"""Attributes of a case that are parameters of it."""

_ATTACHED = re.compile(r"\[\[ATTACHMENT\|([^\]\r\n|]{1,1024})(?:\|[^\]\r\n]{0,1024})?\]\]")
_STEP = re.compile(r"step\[([a-z]{1,20})\]|step", re.IGNORECASE)
_STEP_WORDS = {
    **dict.fromkeys(("passed", "pass", "success", "ok"), TestOutcome.PASSED),
    **dict.fromkeys(("failed", "failure", "fail"), TestOutcome.FAILED),
    "error": TestOutcome.ERRORED,
    **dict.fromkeys(("skipped", "skip", "untested", "retest"), TestOutcome.SKIPPED),
    "blocked": TestOutcome.BLOCKED,
}


def read_conventions(evidence: Evidence) -> None:
    """Attachments and steps that stand in the output and the properties of a case.

    >>> one = Evidence(stdout="see [[ATTACHMENT|shots/a.png]]", properties=[("step[passed]", "Go")])
    >>> read_conventions(one)
    >>> one.attachments[0].reference, one.steps[0].name, one.steps[0].outcome.name
    ('shots/a.png', 'Go', 'PASSED')
    """
    found = []
    if evidence.stdout and "[[ATTACHMENT|" in evidence.stdout:
        found = [match[1].strip() for match in _ATTACHED.finditer(evidence.stdout)]
    steps: list[Step] = []
    for name, value in evidence.properties:
        word = name.lower()
        if word == "attachment" or word.startswith("attachment:"):
            found.append(value)
        elif word.startswith("step") and (step := _STEP.fullmatch(name)):
            outcome = _STEP_WORDS.get((step[1] or "").lower(), TestOutcome.INFO)
            steps.append(Step(value, outcome, step[1] or ""))
    if found:
        evidence.attachments = [attachment(path) for path in found[:MAX_PROPERTIES]]
    if steps:
        evidence.steps = steps[:MAX_STEPS]


def attachment(path: str, name: str = "") -> Attachment:
    """A file by its path, named by the last part of it unless a name is given.

    >>> attachment("C:\\\\run\\\\shot.png").name
    'shot.png'
    """
    path = cut(path, MESSAGE_LIMIT)
    return Attachment(cut(name, MESSAGE_LIMIT) or re.split(r"[\\/]", path)[-1] or path, path)
