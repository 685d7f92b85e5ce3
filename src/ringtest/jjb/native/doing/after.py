"""Publishers: what is kept, what results say, scripts after the build, cleaned workspaces."""

import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ringtest.jjb.native.doing.build import Build, Failed
from ringtest.jjb.native.doing.globs import compiled, delete, empty, fits, matching
from ringtest.jjb.native.doing.registry import Inside, do_all

_GOOD = ("SUCCESS", "UNSTABLE")
_CLOCK_SECONDS = 3.0
"""How far the clock of whoever wrote a file may be behind ours, as Jenkins has it."""


def archive(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """Copies files into `artifacts`; none at all is a failure of a good build."""
    good = build.state.result in _GOOD
    if given["only_if_success"] and not good:
        build.say("nothing is archived: the build is not successful")
        return
    wanted, unwanted = build.expand(given["include"]), build.expand(given["exclude"])
    found = matching(build.workspace, wanted, unwanted)
    for path in found:
        _copy(path, build.out / "artifacts" / path.relative_to(build.workspace))
    build.say(f"{len(found)} artifacts")
    if not found and not given["allow_empty"] and good:
        raise Failed(f"no artifact fits {wanted}")


def junit(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """Counts tests; a failed one makes the build unstable, none at all is a failure."""
    found = matching(build.workspace, build.expand(given["include"]))
    fresh = [path for path in found if path.stat().st_mtime >= build.state.began - _CLOCK_SECONDS]
    counts = {"total": 0, "failed": 0, "skipped": 0}
    for path in fresh:
        _count(path, counts, build)
        _copy(path, build.out / "junit" / "-".join(path.relative_to(build.workspace).parts))
    for name, number in counts.items():
        build.state.tests[name] = build.state.tests.get(name, 0) + number
    build.say("{total} tests, {failed} failed, {skipped} skipped".format(**counts))
    if not counts["total"] and not given["allow_empty"] and build.state.result in _GOOD:
        old = "those that are there are older than the build" if found and not fresh else ""
        raise Failed(f"there are no test results; {old}" if old else "there are no test results")
    if counts["failed"] and not given["keep_result"]:
        build.state.worsen("UNSTABLE")


def _count(path: Path, counts: dict[str, int], build: Build) -> None:
    try:
        for _, element in ElementTree.iterparse(path):
            if element.tag != "testcase":
                continue
            counts["total"] += 1
            if element.find("failure") is not None or element.find("error") is not None:
                counts["failed"] += 1
            elif element.find("skipped") is not None:
                counts["skipped"] += 1
            element.clear()
    except ElementTree.ParseError as error:
        # Jenkins counts a file that it cannot read as a failed test.
        counts["total"] += 1
        counts["failed"] += 1
        build.say(f"{path.name} is no JUnit file: {error}")


def thresholds(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """More tests of a kind than allowed change the result."""
    for counted, results in given["limits"].items():
        for result, limit in results.items():
            if limit.strip() and build.state.tests.get(counted, 0) > int(limit):
                build.say(f"more than {limit} {counted} tests: {result}")
                build.state.worsen(result)


def robot(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """Counts tests of Robot Framework; shares of passed ones decide."""
    folder = build.workspace / build.expand(given["folder"])
    outputs = matching(folder, build.expand(given["output"])) if folder.is_dir() else []
    if not outputs:
        raise Failed(f"there is no {given['output']} in {folder}")
    statuses: list[str] = []
    for path in outputs:
        tree = ElementTree.parse(path)
        for test in tree.iter("test"):
            status = test.find("status")
            statuses.append("" if status is None else status.get("status", ""))
    for name in (given["output"], *given["files"]):
        for path in matching(folder, build.expand(name)):
            _copy(path, build.out / "robot" / path.relative_to(folder))
    failed = statuses.count("FAIL")
    passed = 100 * statuses.count("PASS") / max(1, len(statuses) - statuses.count("SKIP"))
    build.say(f"{len(statuses)} tests, {failed} failed")
    counts = {"total": len(statuses), "failed": failed, "skipped": statuses.count("SKIP")}
    for key, number in counts.items():
        build.state.tests[key] = build.state.tests.get(key, 0) + number
    if passed < float(given["unstable"] or 0):
        build.state.worsen("FAILURE")
    elif passed < float(given["pass"] or 0):
        build.state.worsen("UNSTABLE")


def after(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """Scripts after the build; a failure counts as the job says."""
    try:
        do_all(inside, build)
    except Failed as error:
        raise Failed(str(error), "UNSTABLE" if given["unstable"] else error.result) from None


def on_result(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """What is inside, if the build has one of these results by now."""
    if build.state.result in given["results"]:
        do_all(inside, build)
    else:
        build.say(f"left out: the build is {build.state.result}")


def wipe(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """Deletes what fits, or all there is."""
    switch = given.get("parameter")
    if switch and build.environment.get(switch, "").lower() != "true":
        return
    wanted = compiled(build.expand(one) for one in given["include"])
    kept = compiled(build.expand(one) for one in given["exclude"])
    if not wanted and not kept:
        empty(build.workspace)
        return
    every = sorted(build.workspace.rglob("*"), reverse=True)
    for path in every:
        name = path.relative_to(build.workspace).as_posix()
        is_folder = path.is_dir() and not path.is_symlink()
        if (wanted and not fits(name, wanted)) or fits(name, kept):
            continue
        if not is_folder:
            path.unlink(missing_ok=True)
        elif given["folders"] and path.exists() and not any(path.iterdir() if kept else ()):
            delete(path)


def find_text(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """A result for builds that printed or wrote something."""
    pattern = re.compile(build.expand(given["regexp"]))
    include = build.expand(given["include"])
    texts = [build.log()] if given["console"] or not include else []
    files = matching(build.workspace, include) if include else []
    texts += [path.read_text(encoding="utf-8", errors="replace") for path in files]
    if not any(pattern.search(line) for text in texts for line in text.splitlines()):
        return
    build.say(f"{given['regexp']} was found: {given['result']}")
    if given["result"] == "SUCCESS":
        build.state.result = "SUCCESS"
    else:
        build.state.worsen(given["result"])


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
