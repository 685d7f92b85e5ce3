"""From paths to findings: everything is rendered once, watched, and looked at again."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from ringtest.jjb.checking import kinds, made, unused
from ringtest.jjb.checking.mentions import Mentions
from ringtest.jjb.checking.reaching import reach
from ringtest.jjb.checking.rules import Choice
from ringtest.jjb.checking.variables import Variables
from ringtest.jjb.checking.watching import Watching
from ringtest.jjb.engine import Run
from ringtest.jjb.expansion.definitions import Kind
from ringtest.jjb.expansion.expanding import Expanded
from ringtest.jjb.problems import Problem, Severity
from ringtest.jjb.settings import Settings

_ALL = Choice()


def check(
    paths: Sequence[Path | TextIO],
    *,
    settings: Settings | None = None,
    plugins: Sequence[Mapping[str, Any]] | None = None,
    choice: Choice = _ALL,
    more: Sequence[Problem] = (),
    generated: frozenset[str] = frozenset(),
) -> list[Problem]:
    """All findings, in the order of files and lines, each told once.

    plugins: of the controller; None when nothing is known of them.
    more: what was found before, as in matrix files. generated: names of text among the paths
        that no person writes.
    """
    given = settings or Settings()
    run = Run(given, plugins or ())
    mentions = Mentions(run.compiler)
    watching = Watching(mentions, plugins, given.allow_empty_variables)
    run.components.watch = watching
    run.expander.excludes = {}
    run.load(paths)
    run.make(())
    own = list(_own(run, mentions, watching, generated))
    told = [*more, *run.rendered.problems, *watching.findings, *own]
    return _in_order(problem for problem in told if choice.takes(problem))


def _own(
    run: Run, mentions: Mentions, watching: Watching, generated: frozenset[str]
) -> Iterator[Problem]:
    definitions = run.definitions
    found = reach(definitions)
    failed = any(problem.severity is Severity.ERROR for problem in run.rendered.problems)
    # What a broken job would have used is taken for used.
    names = unused.mentioned(definitions) if failed else set()

    def macro_used(kind: str, name: str) -> bool:
        return (kind, name) in watching.macros or name in names

    variables = Variables(
        definitions, run.expander, mentions, run.sources.settings.allow_empty_variables
    )
    yield from variables.findings(found, generated)
    yield from unused.dead(definitions, found, macro_used)
    yield from unused.same(definitions)
    yield from made.unmatched(run.expander.excludes or {})
    yield from unused.missing_files(definitions, run.sources)
    jobs, views = _made(run, "job"), _made(run, "view")
    yield from made.clashes(jobs)
    yield from made.without_effect(jobs)
    yield from made.rotation(jobs)
    yield from kinds.of_jobs(jobs)
    yield from kinds.of_views(views)


def _made(run: Run, kind: Kind) -> list[Expanded]:
    found = (each.item for unit in run.units for each in unit.made.get(kind, ()))
    return [item for item in found if item is not None]


def _in_order(found: Iterator[Problem]) -> list[Problem]:
    first: dict[tuple[Any, ...], Problem] = {}
    for problem in found:
        where = problem.place or problem.job
        # A file that is missing is told by whoever asked for it, and once.
        about = "" if problem.rule == "missing-include" and problem.place else problem.message
        first.setdefault((problem.rule, where, about), problem)
    return sorted(first.values(), key=_position)


def _position(problem: Problem) -> tuple[Any, ...]:
    place = problem.place
    return ("", 0, 0) if place is None else tuple(place)
