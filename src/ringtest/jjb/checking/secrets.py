"""Passwords and the like in plain text: whoever may read the job may read them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ringtest.jjb.loading.values import Map
from ringtest.language.places import Place

_SECRET = re.compile(
    r"(pass(word|wd|phrase|code)?|pwd|secret|token|(api|access|private|secret)[_-]?key)$",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"^\s*[\"']?(\$\w+|\$\{[^}]*\}|%\w+%|<[^>]*>|\*+|x+)?[\"']?\s*$")
_DEFAULTS = frozenset({"string", "text", "password", "hidden", "non-stored-password"})
_LINES = ("properties-content", "script-content")
_LINE = re.compile(r"^\s*(?:export\s+)?([\w.-]+)\s*[=:]\s*(.*?)\s*$")

Found = tuple[str, Place | None]


def in_plain_text(kind: str, name: str, data: Any, place: Place | None) -> Iterator[Found]:
    """What to tell of a component's options, and where; never the secret itself."""
    if not isinstance(data, Mapping):
        return
    if kind == "parameters":
        if name in _DEFAULTS and _told(data.get("default")):
            called = data.get("name", "")
            if name in ("password", "non-stored-password") or _is_secret(called):
                said = f"the default of the parameter {called!r} is a secret in plain text"
                yield said, _place(data, "default", place)
        return
    if name == "inject":
        for key in _LINES:
            yield from _lines(data, key, place)
    if kind == "wrappers" and name == "inject-passwords":
        yield from _passwords(data, place)


def _lines(data: Mapping[Any, Any], key: str, place: Place | None) -> Iterator[Found]:
    text = data.get(key)
    if not isinstance(text, str):
        return
    for line in text.splitlines():
        found = _LINE.match(line)
        if found and _is_secret(found[1]) and _told(found[2]):
            said = f"{found[1]} is set to a secret in plain text"
            yield said, _place(data, key, place)


def _passwords(data: Mapping[Any, Any], place: Place | None) -> Iterator[Found]:
    listed = data.get("job-passwords")
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, Mapping) and _told(item.get("password")):
            said = f"the password {item.get('name', '')!r} is a secret in plain text"
            yield said, _place(item, "password", place)


def _is_secret(name: object) -> bool:
    return isinstance(name, str) and _SECRET.search(name) is not None


def _told(value: object) -> bool:
    """Whether it is a value, and not empty, a variable or a blank to be filled in."""
    return isinstance(value, str | int) and value is not False and not _VARIABLE.match(str(value))


def _place(data: Mapping[Any, Any], key: str, place: Place | None) -> Place | None:
    return data.place_of_value(key) or place if isinstance(data, Map) else place
