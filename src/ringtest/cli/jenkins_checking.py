"""`ringtest jenkins check`: findings in job files, for people, editors and other programs."""

import gc
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from ringtest import __version__
from ringtest.cli.exits import EXIT_OK, EXIT_REFUSED, EXIT_USAGE
from ringtest.cli.jenkins_options import FailOn, Report
from ringtest.cli.jenkins_testing import Asked as Files
from ringtest.cli.jenkins_testing import plugins_of, settings_of, split
from ringtest.jjb.checking import baseline, checks, sarif
from ringtest.jjb.checking.baseline import Known
from ringtest.jjb.checking.rules import RULES, Choice, UnknownRule
from ringtest.jjb.matrix import projects
from ringtest.jjb.problems import Failure, Problem, Severity
from ringtest.language.places import Place


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options say. select, ignore: rules, joined with commas perhaps."""

    files: Files
    matrix: Sequence[Path] = ()
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    baseline: Path | None = None
    write_baseline: bool = False
    fail_on: FailOn = FailOn.WARNING
    form: Report = Report.TEXT
    rules: bool = False


def check(asked: Asked) -> int:
    """Tells of all that is found; the exit code."""
    if asked.rules:
        for rule in RULES.values():
            print(f"{rule.id:22} {rule.severity:8} {rule.says}")
        return EXIT_OK
    # All that is built lives until the end: looking for what may go is time lost.
    enabled = gc.isenabled()
    gc.disable()
    try:
        return _checked(asked)
    except Failure as failure:
        print(failure.problem(), file=sys.stderr)
    except UnknownRule as error:
        print(f"{error}; `--rules` lists them", file=sys.stderr)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
    finally:
        if enabled:
            gc.enable()
    return EXIT_USAGE


def _checked(asked: Asked) -> int:
    if asked.write_baseline and asked.baseline is None:
        raise Failure("settings", "--write-baseline needs --baseline FILE")
    known: Counter[Known] = Counter()
    if asked.baseline is not None and not asked.write_baseline:
        known = baseline.read(asked.baseline)
    problems = _found(asked)
    if asked.baseline is not None and asked.write_baseline:
        baseline.write(asked.baseline, problems)
        print(f"{len(problems)} findings are known in {asked.baseline}", file=sys.stderr)
        return EXIT_OK
    fresh, gone = baseline.compare(problems, known)
    _tell(asked.form, fresh, gone, len(problems) - len(fresh))
    bad = [each for each in fresh if asked.fail_on is FailOn.WARNING or _is_error(each)]
    return EXIT_REFUSED if bad else EXIT_OK


def _found(asked: Asked) -> list[Problem]:
    choice = Choice(_words(asked.select), _words(asked.ignore))
    paths: list[Path | TextIO] = []
    if asked.files.words or not asked.matrix:
        words = asked.files.words
        paths += split([os.pathsep.join(words)] if words else [])[0]
    more: list[Problem] = []
    generated = []
    for path in asked.matrix:
        expanded = projects.expand(path)
        more += expanded.problems
        # Without job files nothing is known of templates.
        if paths:
            generated.append(projects.source(expanded, path))
    return checks.check(
        [*paths, *generated],
        settings=settings_of(asked.files),
        plugins=plugins_of(asked.files.plugins) if asked.files.plugins else None,
        choice=choice,
        more=more,
        generated=frozenset(source.name for source in generated),
    )


def _words(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for words in given for word in words.split(",") if word)


def _tell(form: Report, fresh: Sequence[Problem], gone: Counter[Known], known: int) -> None:
    if form is Report.SARIF:
        _print(sarif.document(fresh, __version__))
        return
    if form is Report.JSON:
        left = [{**each._asdict(), "count": count} for each, count in sorted(gone.items())]
        _print({"findings": [_row(each) for each in fresh], "known": known, "gone": left})
        return
    for problem in fresh:
        print(problem)
    for each, count in sorted(gone.items()):
        times = f" ({count} times)" if count > 1 else ""
        said = f"gone, take it from the baseline: {each.message} ({each.rule}){times}"
        print(f"{each.file}: {said}" if each.file else said, file=sys.stderr)
    errors = sum(map(_is_error, fresh))
    said = f"{errors} errors, {len(fresh) - errors} warnings"
    print(f"{said}, {known} known" if known else said, file=sys.stderr)


def _print(document: dict[str, Any]) -> None:
    print(json.dumps(document, indent=2, ensure_ascii=False))


def _row(problem: Problem) -> dict[str, Any]:
    return {
        "rule": problem.rule,
        "severity": str(problem.severity),
        "message": problem.message,
        **_place(problem.place),
        "job": problem.job,
        "chain": [{"what": step.what, **_place(step.place)} for step in problem.chain],
    }


def _place(place: Place | None) -> dict[str, Any]:
    file, line, column = place if place is not None else (None, None, None)
    return {"file": file, "line": line, "column": column}


def _is_error(problem: Problem) -> bool:
    return problem.severity is Severity.ERROR
