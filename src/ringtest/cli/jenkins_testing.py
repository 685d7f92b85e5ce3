"""`ringtest jenkins test`: job files rendered to XML, as `jenkins-jobs test` writes it."""

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

import yaml

from ringtest.cli.exits import EXIT_REFUSED, EXIT_USAGE
from ringtest.cli.jenkins_files import write
from ringtest.jjb import engine, settings
from ringtest.jjb.engine import Rendered
from ringtest.jjb.problems import Failure, Problem, Severity
from ringtest.jjb.settings import Settings

_YAML = (".yml", ".yaml")
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options say. output: a folder, or None for the screen."""

    words: Sequence[str]
    names: Sequence[str] = ()
    recursive: bool = False
    exclude: Sequence[str] = ()
    plugins: Path | None = None
    config_xml: bool = False
    output: Path | None = None
    conf: Path | None = None
    allow_empty: bool | None = None
    strict: bool = False
    cache: bool = True
    quiet: bool = False


def test(asked: Asked) -> int:
    """Writes what can be rendered and tells of the rest; the exit code."""
    # All that is built lives until the end: looking for what may go is time lost.
    enabled = gc.isenabled()
    gc.disable()
    try:
        return _test(asked)
    finally:
        if enabled:
            gc.enable()


def _test(asked: Asked) -> int:
    try:
        given = settings_of(asked)
        paths, names = split(asked.words)
        plugins = plugins_of(asked.plugins) if asked.plugins else ()
        cache = cache_folder() if asked.cache else None
        rendered = engine.render(
            paths, settings=given, plugins=plugins, names=[*names, *asked.names], cache=cache
        )
        if asked.output is None:
            show(rendered)
        else:
            made = (*rendered.jobs, *rendered.views)
            write(made, asked.output, asked.config_xml, cache)
    except Failure as failure:
        print(failure.problem(), file=sys.stderr)
        return EXIT_USAGE
    except BrokenPipeError:
        # Whoever reads has read enough; nothing may be flushed at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return EXIT_USAGE
    return tell(rendered, quiet=asked.quiet)


def split(words: Sequence[str]) -> tuple[list[Path | TextIO], list[str]]:
    """Paths, then names of jobs. The first word is paths joined with ':', as in jenkins-jobs.

    Of the others, files that end as YAML does and exist are paths as well, so that a shell's
    `*.yaml` works. Without words, what is on standard input is read.
    """
    if not words:
        return [sys.stdin], []
    paths: list[Path | TextIO] = [Path(part) for part in words[0].split(os.pathsep) if part]
    names = []
    for word in words[1:]:
        if word.endswith(_YAML) and Path(word).is_file():
            paths.append(Path(word))
        else:
            names.append(word)
    for path in paths:
        if isinstance(path, Path) and not path.exists():
            raise Failure("missing-file", f"{path}: no such file or folder")
    return paths, names


def plugins_of(path: Path) -> list[Mapping[str, Any]]:
    """A list of plugins on disk. Raises Failure."""
    try:
        listed = yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError) as error:
        raise Failure("plugins-info", f"{path}: {error}") from None
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise Failure("plugins-info", f"{path} must hold a list of plugins")
    return listed


def cache_folder() -> Path:
    """Where earlier runs of this person left what they found."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "ringtest" / "jjb"


def show(rendered: Rendered) -> None:
    """All XML, one after the other, on the screen."""
    sys.stdout.flush()
    for item in (*rendered.jobs, *rendered.views):
        sys.stdout.buffer.write(item.xml)
    sys.stdout.buffer.flush()


def tell(rendered: Rendered, quiet: bool) -> int:
    """Problems, and what was done, on stderr; the exit code."""
    problems = [
        problem for problem in rendered.problems if not quiet or problem.severity is Severity.ERROR
    ]
    print(*problems[:_SHOWN], sep="\n", end="\n" if problems else "", file=sys.stderr)
    if len(problems) > _SHOWN:
        print(f"… and {len(problems) - _SHOWN} more problems", file=sys.stderr)
    errors = sum(_is_error(problem) for problem in rendered.problems)
    if not quiet:
        said = [f"{len(rendered.jobs)} jobs", f"{len(rendered.views)} views"]
        if errors:
            said.append(f"{errors} errors")
        print(", ".join(said), file=sys.stderr)
        if rendered.borrowed:
            names = ", ".join(f"{kind} {name}" for kind, name in sorted(rendered.borrowed))
            print(f"by jenkins-job-builder's own modules: {names}", file=sys.stderr)
    return EXIT_REFUSED if errors else 0


def _is_error(problem: Problem) -> bool:
    return problem.severity is Severity.ERROR


def settings_of(asked: Asked) -> Settings:
    """What the ini file says, and the options above it. Raises Failure."""
    path = asked.conf or settings.find()
    given = settings.read(path) if path else Settings()
    if asked.recursive:
        given = replace(given, recursive=True)
    if asked.exclude:
        parts = tuple(part for word in asked.exclude for part in word.split(os.pathsep))
        given = replace(given, exclude=parts)
    if asked.allow_empty:
        given = replace(given, allow_empty_variables=True)
    return replace(given, strict_includes=True) if asked.strict else given
