"""What a definition wishes for, complete: variables filled in, and what each wish rests on.

A wish is done again when it is not what is on record. So everything that it depends on stands in
it: the digest of a local patch or source, what the files are on which a service is restarted.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringtest.agent.control import StageFailed

RESERVED = ("expire_seconds", "root")
"""Keys of an environment that are no wishes."""

_VARIABLE = re.compile(r"{{(\w+)}}")
_PREFIXES = ("", "RINGTEST_PARAMETER_", "RINGTEST_")
_REMOTE = ("http://", "https://", "file://")


@dataclass(frozen=True, slots=True)
class Wishes:
    """`values` by key; `expire`: seconds that what is on record for a key lasts; `root`: the
    tree whose packages and repositories are meant; `places`: where keys take effect."""

    values: dict[str, Any]
    expire: dict[str, float]
    root: Path
    places: dict[str, str]


def resolve(wanted: Mapping[str, Any], variables: Mapping[str, str], work: Path) -> Wishes:
    """A definition's environment, for commands that start in `work`; StageFailed says what is
    wrong with it."""
    expire = read_expiry(wanted.get("expire_seconds"))
    root = _absolute(work, expand(wanted.get("root") or "/", variables))
    values = {
        key: said if key == "files" else expand(said, variables)
        for key, said in wanted.items()
        if key not in RESERVED
    }
    if "files" in values:
        values["files"] = _each(values["files"], lambda one: _file(one, variables, work))
    if "git" in values:
        values["git"] = _each(values["git"], lambda one: _repository(one, work))
    if "packages" in values and isinstance(values["packages"], list):
        values["packages"] = {"system": values["packages"]}
    if "framework" in values:
        values["framework"] = _each(values["framework"], lambda one: _built(one, values.get("git")))
    if "services" in values:
        values["services"] = _services(values)
    places = {"root": str(root), "python": variables.get("VIRTUAL_ENV", "")}
    return Wishes(values, dict(expire), root, places)


def read_expiry(said: Any) -> Mapping[str, float]:
    """Seconds by key; StageFailed for anything else."""
    if said is not None and (
        not isinstance(said, Mapping)
        or not all(isinstance(one, int | float) for one in said.values())
    ):
        raise StageFailed("expire_seconds: seconds for each key of the environment")
    return said or {}


def expand(said: Any, variables: Mapping[str, str]) -> Any:
    """Each `{{NAME}}` in every text: a variable, a parameter of the run, or one of Ringtest's.

    >>> expand({"url": ["http://lab/{{ARCH}}"]}, {"RINGTEST_PARAMETER_ARCH": "ppc64le"})
    {'url': ['http://lab/ppc64le']}
    """
    if isinstance(said, Mapping):
        return {key: expand(inner, variables) for key, inner in said.items()}
    if isinstance(said, list):
        return [expand(inner, variables) for inner in said]
    if not isinstance(said, str):
        return said

    def value(found: re.Match[str]) -> str:
        for prefix in _PREFIXES:
            name = f"{prefix}{found[1].upper() if prefix else found[1]}"
            if name in variables:
                return variables[name]
        raise StageFailed(f"environment: there is no variable {found[0]}")

    return _VARIABLE.sub(value, said)


def is_remote(place: str) -> bool:
    """Whether a place is an address for curl."""
    return place.startswith(_REMOTE)


def _each(said: Any, change: Callable[[Any], Any]) -> Any:
    return {name: change(one) for name, one in said.items()} if isinstance(said, Mapping) else said


def _absolute(work: Path, name: Any) -> Path:
    return (work / Path(str(name)).expanduser()).absolute()


def _digest(work: Path, name: str) -> str:
    """Of a local file; empty when there is none, which is for its handler to say."""
    try:
        return hashlib.sha256(_absolute(work, name).read_bytes()).hexdigest()
    except OSError:
        return ""


def _file(said: Any, variables: Mapping[str, str], work: Path) -> Any:
    if not isinstance(said, Mapping):
        return said
    said = expand(said, variables) if said.get("expand") else said
    if isinstance(said.get("source"), str):
        return {**said, "source_sha256": _digest(work, said["source"])}
    return said


def _repository(said: Any, work: Path) -> Any:
    patches = said.get("patches") if isinstance(said, Mapping) else None
    local = [one for one in patches or [] if isinstance(one, str) and not is_remote(one)]
    return {**said, "patch_digests": {one: _digest(work, one) for one in local}} if local else said


def _built(said: Any, repositories: Any) -> Any:
    """A test program that is installed from a checkout is installed again when that changes."""
    path = said.get("path") if isinstance(said, Mapping) else None
    known = repositories if isinstance(repositories, Mapping) else {}
    rests = {one: known[one] for one in known if path and Path(path).is_relative_to(one)}
    return {**said, "rests_on": rests} if rests else said


def _services(values: Mapping[str, Any]) -> Any:
    """With what each service is restarted for: files by path, or a whole key."""
    files = values.get("files")
    known = {**values, **(files if isinstance(files, Mapping) else {})}

    def linked(said: Any) -> Any:
        names = said.get("restart_on") if isinstance(said, Mapping) else None
        if not isinstance(names, list):
            return said
        return {**said, "rests_on": {str(name): known.get(str(name)) for name in names}}

    return _each(values["services"], linked)
