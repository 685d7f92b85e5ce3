"""Words of the command line that change a pipeline: `job:key=value`, `@pipeline:name=value`."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ringtest.agent.pipelines.queries import read_query

PIPELINE = "@pipeline"


class Override(NamedTuple):
    """One change of one job, or of the pipeline itself."""

    job: str
    key: str
    value: Any


def read_override(text: str) -> Override | None:
    """None for a word that is none, such as a file's name.

    >>> read_override("install:ansible_extravars=debug:true")
    Override(job='install', key='ansible_extravars', value={'debug': True})
    >>> read_override("install:components=ocp=4.19.1,")
    Override(job='install', key='components', value=['ocp=4.19.1'])
    >>> read_override("pipeline.yml") is None
    True
    """
    head, sign, value = text.partition("=")
    job, colon, key = head.partition(":")
    if not (sign and colon and job and key) or "/" in head:
        return None
    return Override(job, key, _value(value))


def _value(text: str) -> Any:
    """JSON, `sub:value` as a mapping, `a,b,` as a list, or one value."""
    if text[:1] in '{["':
        try:
            return json.loads(text)
        except ValueError:
            pass
    if "," in text:
        return [_scalar(one) for one in text.split(",") if one]
    name, colon, rest = text.partition(":")
    if colon and name and rest and not rest.startswith("//"):
        return {name: _scalar(rest)}
    return _scalar(text)


def _scalar(text: str) -> Any:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def apply_override(values: Mapping[str, Any], override: Override) -> dict[str, Any]:
    """The job's values with the change: mappings grow, components of a type are replaced.

    >>> apply_override({"components": ["ocp", "rpm"]}, Override("j", "components", ["ocp=4.19"]))
    {'components': ['ocp=4.19', 'rpm']}
    >>> apply_override({"inputs": {"a": 1}}, Override("j", "inputs", {"b": 2}))
    {'inputs': {'a': 1, 'b': 2}}
    """
    before, value = values.get(override.key), override.value
    if isinstance(before, Mapping) and isinstance(value, Mapping):
        value = _merged(before, value)
    elif override.key == "components":
        value = _components(before or [], value if isinstance(value, list) else [value])
    elif isinstance(before, list) and not isinstance(value, list):
        value = [value]
    return {**values, override.key: value}


def _merged(before: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(before)
    for key, value in more.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _components(before: list[Any], more: list[Any]) -> list[Any]:
    found = list(before)
    for item in more:
        kind = read_query(item).type
        same = [at for at, one in enumerate(found) if read_query(one).type == kind]
        if same:
            found[same[0]] = item
        else:
            found.append(item)
    return found
