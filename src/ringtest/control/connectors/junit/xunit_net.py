"""xUnit.net v2 and v3: `assemblies` of `assembly`, `collection` and `test`."""

import re

from ringtest.control.connectors.junit.conventions import attachment
from ringtest.control.connectors.junit.evidence import Attributes, seconds
from ringtest.control.connectors.junit.tree import Dialect, Found, Node, Told
from ringtest.control.kernel.excerpts import cut
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.ports.result_parser import MAX_PROPERTIES, MESSAGE_LIMIT

_OUTCOMES = {
    "Pass": TestOutcome.PASSED,
    "Fail": TestOutcome.FAILED,
    "Skip": TestOutcome.SKIPPED,
    "NotRun": TestOutcome.SKIPPED,
}
_ARGUMENTS = re.compile(r"\((\w+: .*)\)$", re.DOTALL)
_ARGUMENT = re.compile(r'(\w+): ("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[^,"\'\[{]+)(?:, |$)')


def parameters(name: str) -> list[tuple[str, str]]:
    """Arguments in the name of a theory's case; none if they are not all plain.

    >>> parameters('Ring.Turns(by: 3, name: "a, b")')
    [('by', '3'), ('name', '"a, b"')]
    >>> parameters("Ring.Turns(by: [1, 2])"), parameters("Ring.Turns")
    ([], [])
    """
    found = _ARGUMENTS.search(name[:MESSAGE_LIMIT])
    pairs: list[tuple[str, str]] = []
    place = 0
    while found and place < len(found[1]):
        argument = _ARGUMENT.match(found[1], place)
        if not argument:
            return []
        pairs.append((argument[1], argument[2]))
        place = argument.end()
    return pairs


def _read(node: Node) -> Found:
    word, kind, name = node.get("result"), node.get("type"), node.get("name")
    if kind and name.startswith(f"{kind}."):
        name = name[len(kind) + 1 :]
    outcome = _OUTCOMES.get(word, TestOutcome.ERRORED)
    found = Found(name or node.get("method"), kind, seconds(node.get("time")), outcome)
    arguments = parameters(name) if name.endswith(")") else []
    if node.nodes or arguments or outcome is not TestOutcome.PASSED:
        told = _tell(node)
        told.evidence.raw_outcome = word[:80]
        told.evidence.parameters = arguments[:MAX_PROPERTIES]
        found.evidence = told.take()
    return found


def _tell(node: Node) -> Told:
    told = Told()
    failure = node.find("failure")
    if failure:
        told.evidence.exception_type = cut(failure.get("exception-type"), 512) or None
        told.message(failure.find("message"))
        told.text("detail", failure.find("stack-trace"))
    told.message(node.find("reason"))
    told.text("stdout", node.find("output"))
    for warning in node.all("warnings", "warning"):
        told.text("stderr", warning)
    told.properties((one.get("name"), one.get("value")) for one in node.all("traits", "trait"))
    files = node.all("attachments", "attachment")
    told.evidence.attachments = [attachment(one.get("name")) for one in files[:MAX_PROPERTIES]]
    return told


def _of_assembly(node: Node, around: Attributes) -> Found:
    """What broke outside of any test, as when a fixture is put away."""
    told = _tell(node)
    told.evidence.raw_outcome = node.get("type")[:80] or "error"
    name = node.get("name")
    return Found(
        f"(suite) {name}" if name else "(suite)", "", 0.0, TestOutcome.ERRORED, told.take()
    )


def _name(path: str) -> str:
    """An assembly is named by its file, wherever that was built; a collection by itself.

    >>> _name("C:\\\\build\\\\7\\\\Ring.Tests.dll"), _name("Test collection for Ring.Turns")
    ('Ring.Tests.dll', 'Ring.Turns')
    """
    return re.split(r"[\\/]", path)[-1].removeprefix("Test collection for ")


def _declared(name: str, attributes: Attributes) -> int | None:
    total = attributes.get("total", "")
    counts = name in ("assembly", "collection") and total.isdecimal() and len(total) < 10
    return int(total) if counts else None


def _dialect(root: str) -> Dialect:
    return Dialect(
        root=root,
        cases=frozenset({"test"}),
        suites=frozenset({"assembly", "collection"}),
        read=_read,
        name_suite=_name,
        beside=frozenset({"error"}),
        look=_of_assembly,
        declared=_declared,
    )


XUNIT_NET = _dialect("assemblies")
ONE_ASSEMBLY = _dialect("assembly")
