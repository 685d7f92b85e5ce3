"""Builders: scripts, variables, conditions, Maven, descriptions, files that a controller keeps."""

import getpass
import re
import shlex
import shutil
from typing import Any

from ringtest.jjb.native.doing.build import Build, Failed
from ringtest.jjb.native.doing.conditions import Unclear, holds
from ringtest.jjb.native.doing.registry import Inside, do_all
from ringtest.jjb.native.doing.variables import expand, properties


def shell(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """A script; one exit code may mean that the build is unstable."""
    code = build.script(given["command"])
    if code and code == given.get("unstable"):
        build.state.worsen("UNSTABLE")
        build.say(f"exit code {code} marks the build unstable")
    elif code:
        raise Failed(f"exit code {code}")


def inject(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """Variables of a file and of text; then scripts, whose variables are their own."""
    found: dict[str, str] = {}
    if "file" in given:
        path = build.workspace / build.expand(given["file"]).strip()
        try:
            found |= properties(path.read_text(encoding="utf-8", errors="replace"))
        except OSError as error:
            raise Failed(f"properties file {path}: {error.strerror}") from None
    if "content" in given:
        found |= properties(given["content"])
    # Parameters win over what a property of the job says, unless that says otherwise.
    kept = build.plan.variables if given.get("ahead") and not given.get("override") else {}
    values = build.environment
    for name, value in found.items():
        if name in kept:
            continue
        values[name] = expand(value, values)
        build.set(name, values[name])
    if "script_file" in given:
        path = build.workspace / build.expand(given["script_file"]).strip()
        build.checked(["/bin/sh", str(path)])
    if "script" in given and (code := build.script(given["script"])):
        raise Failed(f"the script exited with {code}")


def inject_output(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """Variables that a script prints; `NAME+X=value` goes in front of what NAME was."""
    before = len(build.log())
    if code := build.script(given["script"].removeprefix("\ufeff")):
        raise Failed(f"the script exited with {code}")
    values = build.environment
    for name, value in properties(build.log()[before:]).items():
        if name.startswith("+"):
            continue
        base, plus, _ = name.partition("+")
        text = expand(value, values)
        values[base] = f"{text}:{values[base]}" if plus and values.get(base) else text
        build.set(base, values[base])


def when(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """What is inside, if the condition holds; `fault` says what to do when nobody can tell."""
    try:
        wanted = holds(given["condition"], build)
    except Unclear as error:
        build.say(f"the condition cannot be evaluated: {error}")
        fault = given["fault"]
        if fault == "Fail":
            raise Failed(f"the condition cannot be evaluated: {error}") from None
        if fault in ("Unstable", "RunUnstable"):
            build.state.worsen("UNSTABLE")
        wanted = fault in ("Run", "RunUnstable")
    build.say(f"the condition is {'true' if wanted else 'false'}")
    if wanted:
        do_all(inside, build)


def describe(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """A description of the build, from what it printed."""
    failed = build.state.result in ("FAILURE", "ABORTED")
    pattern = (failed and given.get("failed_regexp")) or given.get("regexp") or ""
    text = (failed and given.get("failed_description")) or given.get("description") or ""
    if pattern:
        found = re.search(build.expand(pattern), build.log(), re.MULTILINE)
        if found is None:
            build.say("nothing printed fits: the description stays")
            return
        groups = (found[0], *found.groups())
        text = text or (groups[1] if len(groups) > 1 else groups[0]) or ""
        text = re.sub(r"\\(\d)", lambda one: _group(groups, int(one[1])), text)
    build.state.description = build.output.masks.text(build.expand(text))
    build.say(f"description: {build.state.description}")


def _group(groups: tuple[str | None, ...], number: int) -> str:
    return (groups[number] or "") if number < len(groups) else ""


def name_build(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """A name for the build, and perhaps a description."""
    build.state.display_name = build.expand(given["name"])
    build.set("BUILD_DISPLAY_NAME", build.state.display_name)
    if given.get("description"):
        build.state.description = build.expand(given["description"])


def user(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """Who runs this, as the plugin build-user-vars says it."""
    who = getpass.getuser()
    for name in ("BUILD_USER", "BUILD_USER_ID", "BUILD_USER_FIRST_NAME"):
        build.set(name, who)


def timeout_variable(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """The time that builders have, in milliseconds."""
    build.set(given["name"], str(int(1000 * build.seconds(given["seconds"]))))


def maven(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """`mvn` of this machine."""
    argv = ["mvn"]
    if given["pom"]:
        argv += ["-f", build.expand(given["pom"])]
    argv += [
        f"-D{name}={build.expand(value)}" for name, value in properties(given["properties"]).items()
    ]
    if given["private"]:
        argv.append(f"-Dmaven.repo.local={build.workspace / '.repository'}")
    argv += shlex.split(build.expand(given["targets"]))
    more = {"MAVEN_OPTS": build.expand(given["jvm"])} if given["jvm"] else {}
    build.checked(argv, more=more)


def place_file(given: dict[str, Any], inside: Inside, build: Build) -> None:
    """A file parameter: a copy in the workspace, under the parameter's name."""
    target = (build.workspace / given["name"]).resolve()
    if not target.is_relative_to(build.workspace):
        raise Failed(f"{given['name']} leads out of the workspace")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(given["path"], target)
