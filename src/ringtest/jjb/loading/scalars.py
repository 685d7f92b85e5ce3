"""What a plain scalar means in YAML 1.1: the same as to PyYAML, looked up once per text."""

import re
from datetime import date
from typing import Any

import yaml
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.resolver import Resolver

from ringtest.jjb.loading.values import Strange

CORE = "tag:yaml.org,2002:"
PYTHON = "tag:yaml.org,2002:python/"
MERGE = object()
VALUE = object()

_RESOLVERS: dict[str, list[tuple[str, re.Pattern[str]]]] = Resolver.yaml_implicit_resolvers
_constructor = SafeConstructor()
_SPECIAL = {f"{CORE}merge": MERGE, f"{CORE}value": VALUE, f"{CORE}null": None}
_PYTHON_SCALARS = {
    "none": "null",
    "bool": "bool",
    "str": "str",
    "unicode": "str",
    "int": "int",
    "long": "int",
    "float": "float",
    "bytes": "binary",
}

_known: dict[str, Any] = {}


def plain(text: str) -> Any:
    """The value of a plain scalar; MERGE of `<<`, VALUE of `=`, Strange of a date.

    >>> plain("yes"), plain("0x10"), plain("~"), plain("1_000"), plain("a: b")
    (True, 16, None, 1000, 'a: b')
    """
    try:
        return _known[text]
    except KeyError:
        value = _resolved(text)
        if len(_known) < 100_000:
            _known[text] = value
        return value


def tagged(tag: str, text: str) -> Any:
    """A scalar with an explicit tag of YAML's own; raises ConstructorError."""
    if tag.startswith(PYTHON):
        tag = CORE + _PYTHON_SCALARS[tag.removeprefix(PYTHON)]
    if tag == f"{CORE}str":
        return text
    node = yaml.ScalarNode(tag, text)
    method = SafeConstructor.yaml_constructors.get(tag)
    if method is None:
        raise ConstructorError(None, None, f"nothing is known of the tag {tag!r}", None)
    try:
        value = method(_constructor, node)
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        raise ConstructorError(None, None, f"{text!r} is no {tag.removeprefix(CORE)}", None) from (
            error
        )
    return Strange(type(value).__name__, value) if isinstance(value, date | bytes) else value


def is_known(tag: str) -> bool:
    """Whether `tagged` may be asked for it."""
    if tag.startswith(PYTHON):
        return tag.removeprefix(PYTHON) in _PYTHON_SCALARS
    return tag.startswith(CORE)


def _resolved(text: str) -> Any:
    for tag, pattern in _RESOLVERS.get(text[:1], ()):
        if pattern.match(text):
            return _SPECIAL[tag] if tag in _SPECIAL else tagged(tag, text)
    return text
