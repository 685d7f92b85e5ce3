"""All rules: a stable id, how bad it is, and one line for people."""

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ringtest.jjb.chain import Step
from ringtest.jjb.problems import Problem, Severity
from ringtest.language.places import Place


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. severity: the usual one; a setting of the ini file may change it."""

    id: str
    severity: Severity
    says: str


_OWN = """
unknown-key           a key that jobs, templates, projects or groups do not have
unknown-option        an option that the component does not read
unused-variable       a variable that is set, and that nothing made with it uses
undefined-variable    a variable that nothing sets, and that is empty for that reason
dead-template         a template that no project and no group in use asks for
dead-macro            a macro that no job uses
dead-group            a group that no project asks for
dead-defaults         defaults that nobody asks for
same-content          two macros or templates that hold the same under different names
name-clash            two jobs whose names Jenkins takes for one, or a job that is also a folder
no-effect             a section that jobs of this kind do not have
unmatched-exclude     an exclusion that fits no combination of values
missing-plugin        a component of a plugin that is not on the controller
plain-secret          a password or token in plain text
"""
_ERRORS = """
component             a component's options are wrong
credentials           what a run without Jenkins knows of credentials is wrong
encoding              a file is not UTF-8
filter-module         a module with Jinja filters cannot be loaded
format                a text's braces are no variables
include-cycle         a file includes itself
jinja                 a Jinja template is wrong
macro-cycle           a macro uses itself
matrix-condition      a condition of a matrix file is wrong
matrix-extend         a value of a matrix file cannot be extended
matrix-name-clash     a matrix file makes a job twice
matrix-shape          a part of a matrix file is of the wrong shape
matrix-undefined-name a condition or text of a matrix file names what no cell has
missing-file          a file is not there
missing-include       an included file is not there
missing-key           a key that must be there is missing
missing-parameter     a variable has no value
name-outside          a job's name leads out of the folder for output
needs-extra           a library is not installed
plugins-info          the list of plugins is wrong
raw-xml               raw XML is none
recursive-anchor      a value holds itself
recursive-parameter   a variable is made of itself
settings              the ini file is wrong
too-deep              something is nested too deep, or never ends
too-large             something grows beyond all bounds
too-many-failures     so many jobs of a template failed that the others are left out
too-many-jobs         a template or a repository makes more jobs than any controller holds
unknown-axis          an exclusion names a variable that is not there
unknown-component     nothing is called so: no component and no macro
unknown-defaults      a job or template wants defaults that are not there
unknown-element       an element at the top of a file that the language does not have
unknown-job           a project or group wants a job or template that is not there
unknown-kind          a kind of job or view that is not there
unknown-view          a project or group wants a view or template that is not there
workspace             a workspace is outside of the folder of runs
wrong-type            a value is of the wrong type
xml                   a text cannot stand in XML
yaml                  a file is no YAML
"""
_WARNINGS = """
duplicate-key         a key stands twice in a mapping
file-twice            a file is named twice
include-outside       an included file lies outside of the repository
matrix-duplicate-when two rules of a matrix file have the same condition
matrix-no-template    a cell of a matrix file makes no job
matrix-overridden     a setting of a matrix file is always replaced
matrix-unknown-key    a key means nothing in a matrix file
matrix-unmatched-rule a rule of a matrix file fits no cell
old-tag               a tag has another name today
"""
_KINDS = ("job", "view", "job-template", "view-template", "job-group", "view-group")
_DUPLICATES = (*_KINDS, "project", "macro")


def _table(text: str, severity: Severity) -> list[Rule]:
    rows = [line.split(None, 1) for line in text.strip().splitlines()]
    return [Rule(name, severity, says) for name, says in rows]


RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in [
        *_table(_OWN, Severity.WARNING),
        *_table(_ERRORS, Severity.ERROR),
        *_table(_WARNINGS, Severity.WARNING),
        *(
            Rule(f"duplicate-{what}", Severity.ERROR, f"two definitions of one {what}")
            for what in _DUPLICATES
        ),
    ]
}
RULES["name-clash"] = Rule("name-clash", Severity.ERROR, RULES["name-clash"].says)


class UnknownRule(ValueError):
    """No rule fits that word."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rules are asked for: patterns such as `matrix-*`; no `select` means all."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for pattern in (*self.select, *self.ignore):
            if not fnmatch.filter(RULES, pattern):
                raise UnknownRule(f"no rule is called {pattern!r}")

    def takes(self, problem: Problem) -> bool:
        """Whether a finding is to be told."""
        return (not self.select or _any(problem.rule, self.select)) and not _any(
            problem.rule, self.ignore
        )


def _any(rule: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(rule, pattern) for pattern in patterns)


def finding(
    rule: str,
    message: str,
    place: Place | None,
    job: str | None = None,
    chain: Sequence[Step] = (),
) -> Problem:
    """A problem of that rule, as bad as the rule says."""
    return Problem(RULES[rule].severity, rule, message, place, job, tuple(chain))
