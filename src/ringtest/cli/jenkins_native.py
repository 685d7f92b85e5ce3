"""`ringtest jenkins run` and `plan --native`: jobs of Jenkins on this machine, without Jenkins."""

import asyncio
import glob
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import msgspec

from ringtest.agent.alone.run import run_alone
from ringtest.agent.definitions.model import Definition
from ringtest.cli.exits import (
    EXIT_CHANGES,
    EXIT_NOT_FOUND,
    EXIT_OF_RESULT,
    EXIT_OK,
    EXIT_REFUSED,
    EXIT_USAGE,
)
from ringtest.cli.formats import Format
from ringtest.cli.jenkins_testing import Asked as Files
from ringtest.cli.jenkins_testing import plugins_of, settings_of, split
from ringtest.cli.output import write_many
from ringtest.jjb.matrix import projects
from ringtest.jjb.native import plan as plans
from ringtest.jjb.native.axes import cells, is_touchstone, label
from ringtest.jjb.native.builds import Site, begin, held, needs, number, workspace_of
from ringtest.jjb.native.definition import definition_of
from ringtest.jjb.native.doing.build import FOLDER
from ringtest.jjb.native.jobs import program_of
from ringtest.jjb.native.parameters import values
from ringtest.jjb.native.plan import State
from ringtest.jjb.native.program import RESULTS, Coverage, Finding, Program
from ringtest.jjb.native.tracing import Tree, trace
from ringtest.jjb.problems import Failure, Problem, Severity

_EXITS = {
    "SUCCESS": EXIT_OK,
    "UNSTABLE": EXIT_OF_RESULT["failed"],
    "FAILURE": EXIT_OF_RESULT["failed"],
    "NOT_BUILT": EXIT_OF_RESULT["errored"],
    "ABORTED": EXIT_OF_RESULT["cancelled"],
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options of `run` say."""

    job: str
    files: Files
    matrix: Sequence[Path]
    parameters: Sequence[str]
    home: Path
    credentials: Path | None
    managed: Path | None
    node: str | None
    cells: Sequence[str]
    allow_uncovered: bool


class _Wrong(Exception):
    """The job cannot be run: an exit code, and what to say."""

    def __init__(self, code: int, *said: str) -> None:
        super().__init__("\n".join(said))
        self.code = code


def run(asked: Asked) -> int:
    """Runs one job, or each cell of it; the exit code."""
    try:
        return _run(asked)
    except _Wrong as wrong:
        print(wrong, file=sys.stderr)
        return wrong.code
    except Failure as failure:
        print(failure.problem(), file=sys.stderr)
        return EXIT_USAGE


def _run(asked: Asked) -> int:
    program = _find(asked)
    notes = _covered(program, asked.allow_uncovered)
    given = dict(_pair(one) for one in asked.parameters)
    chosen, faults = values(program.parameters, given)
    if faults:
        raise _Wrong(EXIT_USAGE, *faults)
    home = asked.home.absolute()
    site = Site(home, asked.credentials, asked.managed)
    if asked.node:
        site = Site(home, asked.credentials, asked.managed, asked.node)
    workspace_of(program, site, {}, chosen)
    missing = needs(program, site, chosen)
    if missing:
        raise _Wrong(EXIT_USAGE, *missing)
    build, out = number(site, program.name)
    if not program.is_matrix:
        return _exit(*_build(program, site, chosen, build, out, {}, notes))
    return _run_cells(program, site, chosen, build, out, notes, asked.cells)


def _run_cells(
    program: Program,
    site: Site,
    chosen: Mapping[str, str],
    build: int,
    out: Path,
    notes: Sequence[str],
    wanted: Sequence[str],
) -> int:
    """One after the other; the others only when the touchstones were good enough."""
    left = [one for one in cells(program) if not wanted or label(one) in wanted]
    if not left:
        raise _Wrong(EXIT_USAGE, f"{program.name} has no such cell")
    results: dict[str, tuple[str, str]] = {}
    good_enough = RESULTS.index(program.touchstone_result)
    for cell in left:
        name = label(cell)
        touched = [RESULTS.index(result) for result, _ in results.values()]
        if (
            program.touchstone
            and not is_touchstone(program, cell)
            and max(touched, default=0) > good_enough
        ):
            print(f"{program.name}/{name}: NOT_BUILT, as the first ones were not good enough")
            results[name] = ("NOT_BUILT", "errored")
            continue
        folder = out / "cells" / name
        results[name] = _build(program, site, chosen, build, folder, cell, notes)
    for name, (result, _) in results.items():
        print(f"{program.name}/{name}: {result}")
    summary = {"job": program.name, "number": build, "cells": {k: v[0] for k, v in results.items()}}
    (out / "cells.json").write_bytes(msgspec.json.format(msgspec.json.encode(summary)))
    return max(_exit(*one) for one in results.values())


def _build(
    program: Program,
    site: Site,
    chosen: Mapping[str, str],
    build: int,
    out: Path,
    cell: Mapping[str, str],
    notes: Sequence[str],
) -> tuple[str, str]:
    with held(workspace_of(program, site, cell, chosen)) as free:
        plan = begin(
            program, site, chosen,
            number=build, out=out, cell=cell, notes=notes, workspace=free,
        )  # fmt: skip
        return _execute(plan, out)


def _execute(plan: plans.Plan, out: Path) -> tuple[str, str]:
    """Jenkins' result and the agent's."""
    definition = msgspec.convert(definition_of(plan), Definition)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ringtest"
    outcome = asyncio.run(
        run_alone(definition, work=Path(plan.workspace), folder=out, cache=cache, show=_show)
    )
    state = plans.read(out / FOLDER / "state.json", State)
    result = state.result
    if outcome.result == "cancelled" or not state.ended:
        result = "ABORTED"
    print(f"{plan.job} {state.display_name}: {result}\n{out / 'report.html'}")
    return result, outcome.result


def _exit(result: str, outcome: str) -> int:
    if outcome == "errored" and result == "FAILURE":
        return EXIT_OF_RESULT["errored"]
    return _EXITS[result]


def _show(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise _Wrong(EXIT_USAGE, f"{text!r} is not NAME=VALUE")
    return name, value


def _find(asked: Asked) -> Program:
    """The one job of that name."""
    trees: list[Program] = []
    names = [glob.escape(asked.job)]
    problems = _trace(asked.files, asked.matrix, names, lambda tree: trees.append(program_of(tree)))
    errors = [str(one) for one in problems if one.severity is Severity.ERROR]
    if trees:
        return trees[0]
    if errors:
        raise _Wrong(EXIT_REFUSED, *errors)
    raise _Wrong(EXIT_NOT_FOUND, f"no job is called {asked.job}")


def _trace(files: Files, matrix: Sequence[Path], names: Sequence[str], use: Any) -> list[Problem]:
    paths: list[Path | TextIO] = []
    problems: list[Problem] = []
    own: list[str] = []
    if files.words:
        paths, own = split(files.words)
    for path in matrix:
        expanded = projects.expand(path)
        problems += expanded.problems
        paths.append(projects.source(expanded, path))
    if not paths:
        raise _Wrong(EXIT_USAGE, "which job files? Give a PATH, or --matrix FILE")
    plugins = plugins_of(files.plugins) if files.plugins else ()
    wanted = [*names, *own]
    return problems + trace(paths, use, settings=settings_of(files), plugins=plugins, names=wanted)


def _covered(program: Program, allowed: bool) -> list[str]:
    """What people must know of a run; refuses a job of which something cannot be done."""
    uncovered = program.uncovered()
    for finding in program.findings:
        if finding.coverage is Coverage.HARMLESS:
            print(f"without effect: {finding}", file=sys.stderr)
    if any(one.section == "project-type" for one in uncovered):
        raise _Wrong(EXIT_USAGE, *(f"not covered: {one}" for one in uncovered))
    if uncovered and not allowed:
        said = [f"not covered: {one}" for one in uncovered]
        raise _Wrong(EXIT_USAGE, *said, "nothing was run: --allow-uncovered leaves these out")
    for finding in uncovered:
        print(f"left out, not covered: {finding}", file=sys.stderr)
    return [f"left out, not covered: {finding}" for finding in uncovered]


def plan(files: Files, matrix: Sequence[Path], form: Format, *, exit_code: bool) -> int:
    """Per job what is covered, what has no effect and what is not covered; the exit code."""
    rows: list[dict[str, Any]] = []
    lacking: Counter[str] = Counter()
    found: Counter[Coverage] = Counter()

    def use(tree: Tree) -> None:
        findings = program_of(tree).findings
        found.update(one.coverage for one in findings)
        lacking.update(
            {f"{x.section} {x.component}" for x in findings if x.coverage is Coverage.UNCOVERED}
        )
        rows.append(_row(tree.name, findings))

    try:
        problems = _trace(files, matrix, [], use)
    except _Wrong as wrong:
        print(wrong, file=sys.stderr)
        return wrong.code
    except Failure as failure:
        print(failure.problem(), file=sys.stderr)
        return EXIT_USAGE
    if form is Format.TABLE:
        _print(rows)
    else:
        write_many(rows, ("name", "native", "covered", "harmless", "uncovered"), form)
    errors = [one for one in problems if one.severity is Severity.ERROR]
    print(*errors, sep="\n", end="\n" if errors else "", file=sys.stderr)
    whole = sum(row["native"] for row in rows)
    print(
        f"{len(rows)} jobs: {whole} run natively, {len(rows) - whole} do not; "
        f"{found[Coverage.COVERED]} components are covered, {found[Coverage.HARMLESS]} have no "
        f"effect, {found[Coverage.UNCOVERED]} are not covered",
        file=sys.stderr,
    )
    for name, jobs in lacking.most_common():
        print(f"  {name}: {jobs} jobs", file=sys.stderr)
    if errors:
        return EXIT_REFUSED
    return EXIT_CHANGES if exit_code and whole < len(rows) else EXIT_OK


def _row(name: str, findings: Sequence[Finding]) -> dict[str, Any]:
    by: dict[Coverage, list[dict[str, Any]]] = {each: [] for each in Coverage}
    for one in findings:
        by[one.coverage].append(
            {
                "section": one.section,
                "component": one.component,
                "why": one.why,
                "place": str(one.place) if one.place else None,
                "chain": [str(step) for step in one.chain],
            }
        )
    listed = {str(coverage): found for coverage, found in by.items()}
    return {"name": name, "native": not by[Coverage.UNCOVERED], **listed}


def _print(rows: Sequence[Mapping[str, Any]]) -> None:
    """A line for each job, and below it what is not simply done."""
    for row in rows:
        verdict = "native" if row["native"] else "not native"
        print(f"{row['name']}: {verdict}, {len(row['covered'])} covered")
        for key, word in (("harmless", "without effect"), ("uncovered", "not covered")):
            for one in row[key]:
                why = f": {one['why']}" if one["why"] else ""
                place = f" ({one['place']})" if one["place"] else ""
                print(f"    {word}: {one['section']} {one['component']}{why}{place}")
