"""From paths to XML: loads, expands and renders all jobs and views of a repository."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO

from ringtest.jjb.places import Place
from ringtest.jjb.problems import Problem
from ringtest.jjb.settings import Settings


@dataclass(frozen=True, slots=True)
class Made:
    """One job or view as Jenkins takes it.

    name: with its folders, as in `team/nightly`.
    xml: what jenkins-job-builder writes, in UTF-8.
    place: of the job, view or template that it was made from.
    """

    kind: Literal["job", "view"]
    name: str
    xml: bytes
    place: Place | None = None


@dataclass(slots=True)
class Rendered:
    """All that could be rendered, in the original's order, and what is wrong.

    borrowed: (kind, component) → how many times the installed library rendered it.
    """

    jobs: list[Made] = field(default_factory=list)
    views: list[Made] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    borrowed: dict[tuple[str, str], int] = field(default_factory=dict)


def render(
    paths: Sequence[Path | TextIO],
    *,
    settings: Settings | None = None,
    plugins: Sequence[Mapping[str, Any]] = (),
    names: Sequence[str] = (),
    cache: Path | None = None,
) -> Rendered:
    """Jobs and views of these files and folders, sorted as the original writes them.

    paths: files, folders (their *.yml and *.yaml, not deeper) or open text.
    plugins: of the controller, as in a plugin list: `{"shortName", "longName", "version"}`.
    names: glob patterns; only jobs and views that match one are rendered.
    cache: a folder for what earlier runs found; it never changes what comes out.
    """
    raise NotImplementedError
