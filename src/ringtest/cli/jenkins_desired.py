"""Job files and matrix files rendered to what a controller should hold."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ringtest.cli.config import UsageError
from ringtest.cli.jenkins_options import Asked
from ringtest.cli.jenkins_site import ini
from ringtest.cli.jenkins_testing import cache_folder, plugins_of, split
from ringtest.client.jenkins import Controller
from ringtest.jjb import engine
from ringtest.jjb.matrix import projects
from ringtest.jjb.planning.model import Desired
from ringtest.jjb.problems import Problem, Severity


def render(asked: Asked, controller: Controller) -> tuple[list[Desired], list[Problem]]:
    """Jobs and views, and what is wrong. UsageError when nothing is named."""
    paths, names = split(asked.paths) if asked.paths else ([], [])
    sources: list[Any] = list(paths)
    problems: list[Problem] = []
    for path in asked.matrix:
        expanded = projects.expand(path)
        problems += expanded.problems
        sources.append(projects.source(expanded, path))
    if not sources:
        raise UsageError("which job files? Give a PATH, or --matrix FILE")
    settings = ini(asked.where)
    if asked.recursive:
        settings = replace(settings, recursive=True)
    if asked.exclude:
        excluded = tuple(part for word in asked.exclude for part in word.split(os.pathsep))
        settings = replace(settings, exclude=excluded)
    rendered = engine.render(
        sources,
        settings=settings,
        plugins=_plugins(asked, controller),
        names=names,
        cache=cache_folder(),
    )
    problems += rendered.problems
    if rendered.borrowed:
        borrowed = ", ".join(f"{kind} {name}" for kind, name in sorted(rendered.borrowed))
        print(f"by jenkins-job-builder's own modules: {borrowed}", file=sys.stderr)
    made = ([] if asked.views_only else rendered.jobs) + ([] if asked.jobs_only else rendered.views)
    return [Desired(each.kind, each.name, each.xml) for each in made], problems


def kinds_chosen(asked: Asked) -> Asked:
    """The same with what `update` in the ini file says, unless an option says it.

    UsageError when it says neither `jobs` nor `views` nor `all`.
    """
    wanted = ini(asked.where).update
    if asked.jobs_only or asked.views_only or wanted in (None, "all"):
        return asked
    if wanted not in ("jobs", "views"):
        raise UsageError(f"update in the ini file is jobs, views or all, not {wanted!r}")
    return replace(asked, jobs_only=wanted == "jobs", views_only=wanted == "views")


def names_of(words: Sequence[str]) -> list[str]:
    """Of a command's words those that name jobs."""
    return split(words)[1] if words else []


def tell(problems: Sequence[Problem]) -> int:
    """Problems on stderr; returns how many are errors."""
    for problem in problems:
        print(problem, file=sys.stderr)
    return sum(problem.severity is Severity.ERROR for problem in problems)


def _plugins(asked: Asked, controller: Controller) -> Sequence[Mapping[str, Any]]:
    """What rendering is told of plugins: a file's list, or the controller's own, or nothing.

    As jenkins-jobs: the newest versions are assumed unless the ini file says to ask.
    """
    if asked.plugins is not None:
        return plugins_of(asked.plugins)
    section = ini(asked.where).sections.get("jenkins", {})
    wanted = section.get("query_plugins_info", "").lower() in ("true", "1", "yes", "on")
    return controller.plugins() if wanted else ()
