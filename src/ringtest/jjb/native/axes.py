"""Axes of a matrix job, and which of their combinations are run."""

import itertools
import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from ringtest.jjb.native.fields import Fields, kind_of
from ringtest.jjb.native.program import Axis, Coverage, Finding, Program
from ringtest.jjb.native.translation import Translation
from ringtest.language.expressions import Expression, ExpressionError

_FIXED = (
    "hudson.matrix.TextAxis",
    "hudson.matrix.LabelAxis",
    "hudson.matrix.LabelExpAxis",
)
_TOKEN = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(&&)|(\|\|)|(!(?!=))|(===?)""")


def axes(root: Element, job: Translation) -> None:
    """Puts the axes of a job into its program; what only a controller knows is told."""
    program = job.program
    for element in root.iterfind("axes/*"):
        fields = Fields(element)
        name, values = fields.text("name"), fields.strings("values")
        if kind_of(element) not in _FIXED or fields.left():
            said = ", ".join(fields.left()) or "only Jenkins knows its values"
            _tell(job, f"axis {name or kind_of(element)}", said)
            continue
        program.axes.append(Axis(name, values))
        job.program.findings.append(Finding(Coverage.COVERED, "axes", name, "", program.place))
    strategy = root.find("executionStrategy")
    kind = "" if strategy is None else kind_of(strategy).rpartition(".")[2]
    if strategy is None or kind != "DefaultMatrixExecutionStrategyImpl":
        _tell(job, "execution-strategy", f"{kind} is not covered")
        return
    fields = Fields(strategy)
    fields.ignore("runSequentially")
    program.combinations = _condition(root.findtext("combinationFilter") or "", job)
    program.touchstone = _condition(fields.text("touchStoneCombinationFilter"), job)
    program.touchstone_result = fields.inner("touchStoneResultCondition").text("name", "SUCCESS")
    for what in fields.left():
        _tell(job, "execution-strategy", f"{what} is not covered")


def cells(program: Program) -> list[dict[str, str]]:
    """The combinations that a job is run for, touchstones first; one without axes if it has none.

    >>> two = Program("j", axes=[Axis("os", ["a", "b"]), Axis("arch", ["x", "y"])])
    >>> two.combinations = 'not (os == "a" and arch == "y")'
    >>> [" ".join(cell.values()) for cell in cells(two)]
    ['a x', 'b x', 'b y']
    """
    names = [axis.name for axis in program.axes]
    product = itertools.product(*(axis.values for axis in program.axes))
    found = [dict(zip(names, values, strict=True)) for values in product]
    wanted = [cell for cell in found if holds(program.combinations, cell)]
    return sorted(wanted, key=lambda cell: not is_touchstone(program, cell))


def is_touchstone(program: Program, cell: Mapping[str, str]) -> bool:
    """Whether the others wait for this one."""
    return bool(program.touchstone) and holds(program.touchstone, cell)


def holds(condition: str, cell: Mapping[str, str]) -> bool:
    """Whether a combination fits; an empty condition fits all."""
    return not condition or bool(Expression(condition)(dict(cell)))


def label(cell: Mapping[str, str]) -> str:
    """A combination as Jenkins names it.

    >>> label({"os": "a", "arch": "x"})
    'arch=x,os=a'
    """
    return ",".join(f"{name}={cell[name]}" for name in sorted(cell)) or "default"


def expression(groovy: str) -> str:
    """The part of Groovy that filters of combinations need, as an expression of ours.

    >>> expression('!(os=="a" && arch!="x") || os == \\'b\\'')
    ' not (os == "a"  and  arch!="x")  or  os  ==  \\'b\\''
    """

    def word(found: re.Match[str]) -> str:
        text, both, either, negated, _ = found.groups()
        if text:
            return str(text)
        return " and " if both else " or " if either else " not " if negated else " == "

    return _TOKEN.sub(word, groovy)


def _condition(groovy: str, job: Translation) -> str:
    if not groovy.strip():
        return ""
    made = " ".join(expression(groovy).split("\n")).strip()
    try:
        read = Expression(made)
    except ExpressionError as error:
        _tell(job, "execution-strategy", f"the filter {groovy!r} is not covered: {error.message}")
        return ""
    unknown = sorted(read.names - {axis.name for axis in job.program.axes})
    if unknown:
        said = f"the filter {groovy!r} is not covered: there is no axis {', '.join(unknown)}"
        _tell(job, "execution-strategy", said)
        return ""
    return made


def _tell(job: Translation, name: str, why: str) -> None:
    place = job.program.place
    job.program.findings.append(Finding(Coverage.UNCOVERED, "axes", name, why, place))
