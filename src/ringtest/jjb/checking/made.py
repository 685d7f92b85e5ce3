"""What is wrong with the jobs that come out: names that clash, sections without effect."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ringtest.jjb.checking.rules import finding
from ringtest.jjb.checking.words import meant
from ringtest.jjb.expansion.expanding import Expanded
from ringtest.jjb.loading.values import Map
from ringtest.jjb.problems import Problem
from ringtest.jjb.rendering.general import ROTATION
from ringtest.language.places import Place

_NO_FOLDERS = frozenset({"freestyle", "matrix", "maven", "pipeline", "flow", "externaljob"})
_PIPELINES = frozenset({"pipeline"})
_BRANCHES = frozenset({"githuborg", "multibranch", "multibranch-defaults"})
_NOT_FOR = {
    "publishers": _PIPELINES,
    "wrappers": _PIPELINES,
    "scm": frozenset({"githuborg", "pipeline"}),
}
_ONLY_FOR = {
    **dict.fromkeys(("axes", "execution-strategy"), frozenset({"matrix"})),
    **dict.fromkeys(("yaml-strategy", "p4-strategy"), frozenset({"matrix"})),
    **dict.fromkeys(("maven", "per-module-email"), frozenset({"maven"})),
    **dict.fromkeys(("needs-workspace", "dsl-file"), frozenset({"flow"})),
    **dict.fromkeys(("days-to-keep", "number-to-keep", "script-path"), _BRANCHES),
    **dict.fromkeys(("prune-dead-branches", "periodic-folder-trigger"), _BRANCHES),
    **dict.fromkeys(("abort-builds", "script-id"), _BRANCHES - {"githuborg"}),
    "dsl": frozenset({"flow", "pipeline", "workflow"}),
    "sandbox": frozenset({"pipeline", "workflow", *_BRANCHES}) - {"githuborg"},
    "github-org": frozenset({"githuborg"}),
}
_OWN = frozenset({*_NO_FOLDERS, *_BRANCHES, "folder", "multijob", "workflow"})


def clashes(jobs: Sequence[Expanded]) -> Iterator[Problem]:
    """Names that differ in their case alone, and jobs that are folders of others."""
    first: dict[str, Expanded] = {}
    for job in jobs:
        before = first.setdefault(job.name.lower(), job)
        if before.name != job.name:
            said = f"Jenkins takes {job.name!r} for {before.name!r}, made at {before.origin}"
            yield finding("name-clash", said, job.origin, job.name)
    for job in jobs:
        folder, slash, _ = job.name.rpartition("/")
        holder = first.get(folder.lower()) if slash else None
        if holder is not None and _kind_of(holder.data) in _NO_FOLDERS:
            said = f"{folder!r} is a job, made at {holder.origin}, and no folder for others"
            yield finding("name-clash", said, job.origin, job.name)


def without_effect(jobs: Sequence[Expanded]) -> Iterator[Problem]:
    """Sections that a job of its kind has not, unless defaults brought them."""
    for job in jobs:
        kind = _kind_of(job.data)
        if kind not in _OWN:
            continue
        for key in (*_NOT_FOR, *_ONLY_FOR):
            if key not in job.item.contents or not job.data.get(key):
                continue
            if kind in _NOT_FOR.get(key, ()) or kind not in _ONLY_FOR.get(key, _OWN):
                said = f"{key!r} has no effect in a {kind} job"
                place = job.item.contents.place_of_key(key)
                yield finding("no-effect", said, place, job.name)


def rotation(jobs: Sequence[Expanded]) -> Iterator[Problem]:
    """Options of `logrotate`, which is no component, that nothing reads."""
    for job in jobs:
        given = job.data.get("logrotate")
        if not isinstance(given, Map):
            continue
        for key in given:
            if key not in ROTATION:
                said = f"logrotate has no option {key!r}{meant(key, ROTATION)}"
                yield finding("unknown-option", said, given.place_of_key(key), job.name)


def unmatched(excludes: Mapping[Place, bool]) -> Iterator[Problem]:
    """Exclusions that fitted no point of any template. excludes: place → whether one fitted."""
    for place, fitted in excludes.items():
        if not fitted:
            yield finding("unmatched-exclude", "this excludes no job of any project", place)


def _kind_of(data: Mapping[str, Any]) -> str:
    return str(data.get("project-type", "freestyle"))
