"""Job files and matrix files rendered to what a controller should hold."""

import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from ringtest.cli.config import UsageError
from ringtest.cli.jenkins_options import Asked
from ringtest.cli.jenkins_site import ini
from ringtest.client.jenkins import Controller
from ringtest.jjb import engine
from ringtest.jjb.matrix import projects
from ringtest.jjb.planning.model import Desired
from ringtest.jjb.problems import Problem, Severity


def render(asked: Asked, controller: Controller) -> tuple[list[Desired], list[Problem]]:
    """Jobs and views, and what is wrong. UsageError when nothing is named."""
    paths, names = split(asked.paths)
    sources: list[Any] = list(paths)
    problems: list[Problem] = []
    for path in asked.matrix:
        expanded = projects.expand(path)
        problems += expanded.problems
        sources.append(_named(projects.as_yaml(expanded.kept), f"{path} (matrix)"))
    if not sources:
        raise UsageError("which job files? Give a PATH, or --matrix FILE")
    settings = ini(asked.where)
    if asked.recursive or asked.exclude is not None:
        excluded = tuple(asked.exclude.split(":")) if asked.exclude else settings.exclude
        settings = replace(settings, recursive=True, exclude=excluded)
    rendered = engine.render(
        sources, settings=settings, plugins=_plugins(asked, controller), names=names
    )
    problems += rendered.problems
    made = ([] if asked.views_only else rendered.jobs) + ([] if asked.jobs_only else rendered.views)
    return [Desired(each.kind, each.name, each.xml) for each in made], problems


def split(words: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Paths, then names: the first word is paths in any case, and others that exist are."""
    paths: list[Path] = []
    names: list[str] = []
    for index, word in enumerate(words):
        parts = [Path(part) for part in word.split(":") if part]
        if index == 0 or (not names and all(part.exists() for part in parts)):
            paths += parts
        else:
            names.append(word)
    if missing := [str(path) for path in paths if not path.exists()]:
        raise UsageError(f"{', '.join(missing)}: no such file or folder")
    return paths, names


def tell(problems: Sequence[Problem]) -> int:
    """Problems on stderr; returns how many are errors."""
    for problem in problems:
        print(problem, file=sys.stderr)
    return sum(problem.severity is Severity.ERROR for problem in problems)


def _plugins(asked: Asked, controller: Controller) -> Sequence[Mapping[str, Any]]:
    """What rendering is told of plugins: a file's list, or the controller's own, or nothing.

    As jenkins-jobs: the newest versions are assumed unless the ini file says to ask.
    """
    section = ini(asked.where).sections.get("jenkins", {})
    if asked.plugins is None:
        wanted = section.get("query_plugins_info", "").lower() in ("true", "1", "yes", "on")
        return controller.plugins() if wanted else ()
    try:
        listed = yaml.safe_load(asked.plugins.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise UsageError(f"{asked.plugins}: {error}") from error
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise UsageError(f"{asked.plugins} must hold a list of plugins")
    return listed


class _Named(io.StringIO):
    name = ""


def _named(text: str, name: str) -> io.StringIO:
    """Text that says in places what it was made of."""
    source = _Named(text)
    source.name = name
    return source
