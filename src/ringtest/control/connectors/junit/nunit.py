"""NUnit 3: `test-run` of nested `test-suite` with `test-case` in them."""

from ringtest.control.connectors.junit.conventions import attachment
from ringtest.control.connectors.junit.evidence import Attributes, seconds
from ringtest.control.connectors.junit.tree import Dialect, Found, Node, Told
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.ports.result_parser import MAX_PROPERTIES

_OUTCOMES = {
    "Passed": TestOutcome.PASSED,
    "Warning": TestOutcome.PASSED,
    "Failed": TestOutcome.FAILED,
    "Skipped": TestOutcome.SKIPPED,
    "Inconclusive": TestOutcome.SKIPPED,
}
_ERRORS = {"Error", "Invalid", "Cancelled"}
"""Labels of failures that are no judgement of what was tested."""


def _outcome(attributes: Attributes) -> tuple[TestOutcome, str]:
    """
    >>> _outcome({"result": "Failed", "label": "Error"})
    (<TestOutcome.ERRORED: 'e'>, 'Failed:Error')
    """
    result, label = attributes.get("result", ""), attributes.get("label", "")
    outcome = _OUTCOMES.get(result, TestOutcome.ERRORED)
    if outcome is TestOutcome.FAILED and label in _ERRORS:
        outcome = TestOutcome.ERRORED
    return outcome, f"{result}:{label}"[:80] if label else result[:80]


def _read(node: Node) -> Found:
    outcome, word = _outcome(node.attributes)
    found = Found(
        node.get("name") or node.get("fullname"),
        node.get("classname"),
        seconds(node.get("duration")),
        outcome,
    )
    if node.nodes or outcome is not TestOutcome.PASSED or word != "Passed":
        found.evidence = _tell(node, word).take()
    return found


def _tell(node: Node, word: str) -> Told:
    told = Told()
    told.evidence.raw_outcome = word
    told.message(node.find("failure", "message") or node.find("reason", "message"))
    told.text("detail", node.find("failure", "stack-trace"))
    for assertion in node.all("assertions", "assertion"):
        message = assertion.find("message")
        told.message(message)
        if message and message.text()[0] != told.evidence.message:
            told.text("detail", message)
            told.text("detail", assertion.find("stack-trace"))
    told.text("stdout", node.find("output"))
    told.properties(
        (one.get("name"), one.get("value")) for one in node.all("properties", "property")
    )
    files = [one.find("filePath") for one in node.all("attachments", "attachment")]
    names = [one.find("description") for one in node.all("attachments", "attachment")]
    told.evidence.attachments = [
        attachment((file.text()[0] or "").strip(), ((name and name.text()[0]) or "").strip())
        for file, name in zip(files[:MAX_PROPERTIES], names, strict=False)
        if file
    ]
    return told


def _of_suite(node: Node, around: Attributes) -> Found | None:
    """A suite that failed itself, as in its set-up, and not because of a case in it."""
    if around.get("result") != "Failed" or around.get("site", "Child") == "Child":
        return None
    told = Told()
    told.evidence.raw_outcome = f"Failed:{around['site']}"[:80]
    told.message(node.find("message"))
    told.text("detail", node.find("stack-trace"))
    return Found("(suite)", around.get("classname", ""), 0.0, TestOutcome.ERRORED, told.take())


def _declared(name: str, attributes: Attributes) -> int | None:
    """How many cases an element says it holds. `testcasecount` has those that were not chosen
    too; `total` counts what ran."""
    total = attributes.get("total", "")
    counts = name in ("test-run", "test-suite") and total.isdecimal() and len(total) < 10
    return int(total) if counts else None


NUNIT = Dialect(
    root="test-run",
    cases=frozenset({"test-case"}),
    suites=frozenset({"test-suite"}),
    read=_read,
    beside=frozenset({"failure"}),
    look=_of_suite,
    properties=frozenset({"property", "setting"}),
    declared=_declared,
)
