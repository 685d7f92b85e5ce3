"""Repositories nobody thought of, with all tags and files: the same as by the library, or refused.

What `test_generated_projects` is for variables, this is for tags, anchors, exclusions, views,
folders and the options of the ini file.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringtest.jjb.engine import render
from ringtest.jjb.problems import Severity
from ringtest.jjb.settings import Settings
from tests.jjb.fixtures_of import inside
from tests.jjb.oracle import OracleRefused, oracle

EXAMPLES = 4000 if "RINGTEST_SOAK" in os.environ else 40
FILES = {
    "plain.sh": "echo plain {{x}} ${HOME}\n",
    "plain with spaces.txt": "é <&>\n\n",
    "fill.sh": "echo {a} {b|none} {{c}}\n",
    "empty.sh": "",
    "one.sh": "echo one",
    "say.j2": "{{ a }}{% for i in items | default([1, 2]) %} {{ i }}{% endfor %}\n",
    "odd.j2": "{{ nowhere }}",
    "map.yaml.inc": "shell: included {a}\n",
    "list.yaml.inc": "- shell: one\n- timeout: {type: absolute}\n",
    "values.yaml.inc": "[p, q]\n",
    "steps.yaml.j2": "- shell: made of {{ a }}\n- shell: '{b|none}'\n",
    "shared.yaml.inc": "- &step\n  shell: anchored\n- *step\n",
}


class Tag(NamedTuple):
    """A tagged scalar or list."""

    name: str
    value: Any


class Dumper(yaml.SafeDumper):
    """Writes tags."""


def _tag(dumper: yaml.SafeDumper, tag: Tag) -> yaml.Node:
    if isinstance(tag.value, list):
        return dumper.represent_sequence(f"!{tag.name}", tag.value, flow_style=True)
    return dumper.represent_scalar(f"!{tag.name}", tag.value, style='"')


Dumper.add_representer(Tag, _tag)

RAW = (
    "include-raw:",
    "include-raw",
    "include-raw-verbatim:",
    "include-raw-expand:",
    "include-raw-escape:",
    "include-raw-escape",
)
TEXT_FILES = ("plain.sh", "plain with spaces.txt", "fill.sh", "empty.sh", "one.sh")
PATHS = st.sampled_from([*TEXT_FILES, "{file}", "./one.sh", "{other|one.sh}", "{obj:file}"])
TAGGED_TEXT = st.one_of(
    st.builds(Tag, st.sampled_from(RAW), PATHS),
    st.builds(Tag, st.sampled_from(RAW[:4]), st.lists(PATHS, min_size=1, max_size=3)),
    st.builds(
        Tag,
        st.just("include-jinja2:"),
        st.sampled_from(["say.j2", "{other|say.j2}"]),
    ),
    st.builds(
        Tag,
        st.just("j2:"),
        st.sampled_from(
            [
                "{{ a }}",
                "{% if b is defined %}{{ b }}{% endif %}",
                "{{ a | upper }}\n",
                "é{{ name }}",
                "{a} {{ '{b}' }}",
                "{% raw %}{{ x }}{% endraw %}",
            ]
        ),
    ),
    st.builds(
        Tag,
        st.just("join:"),
        st.sampled_from(
            [[",", ["a", "b"]], ["", []], ["{a}", ["x", "{b|none}"]], [" ", ["é", "y", "z"]]]
        ),
    ),
)
PLAIN = st.sampled_from(
    [
        "x",
        "",
        " lead",
        "é ü 漢",
        "{a}",
        "{b|none} $X",
        "{{literal}}",
        "a\nb\n",
        "<&>\"'",
        "{obj:a}",
        "yes",
        "0x1F",
        "1e3",
    ]
)
WRONG = st.sampled_from(
    [
        Tag("include-raw:", "missing.sh"),
        Tag("include-raw:", "{nowhere}"),
        Tag("include-jinja2:", "odd.j2"),
        Tag("include:", "missing.yaml"),
        Tag("j2:", "{{ nowhere }}"),
        Tag("join:", ["a"]),
        "{nowhere}",
        "{obj:nowhere}",
        "{",
        7,
        ["x"],
        {"y": "z"},
    ]
)
RIGHT = st.one_of(PLAIN, PLAIN, TAGGED_TEXT)
TEXTS = st.integers(0, 150).flatmap(lambda number: RIGHT if number else WRONG)
STEP = st.one_of(
    TEXTS.map(lambda text: {"shell": text}),
    TEXTS.map(lambda text: {"batch": text}),
    st.sampled_from(
        [
            "m",
            {"m": {}},
            {"m": {"text": "given {a}"}},
            {"m": {"text": "{obj:a}"}},
            {"tagged": {"file": "one.sh"}},
            {"m": None},
            {"conditional-step": {"condition-kind": "always", "steps": ["m", {"shell": "{a}"}]}},
            Tag("include:", "map.yaml.inc"),
            Tag("j2-yaml:", "shell: 'j {{ a }}'"),
        ]
    ),
)
STEPS = st.one_of(
    st.lists(STEP, max_size=3),
    st.lists(STEP, max_size=3),
    st.sampled_from(
        [
            Tag("include:", "list.yaml.inc"),
            Tag("include:", "shared.yaml.inc"),
            Tag("include-jinja2:", "steps.yaml.j2"),
            Tag(
                "j2-yaml:",
                "- shell: y{{ a }}\n{% for i in [1,2] %}- shell: 'n{{ i }}'\n{% endfor %}",
            ),
            None,
        ]
    ),
)
VALUES = st.one_of(
    TEXTS,
    st.sampled_from([1, 0, True, False, None, 1.5, [], {}, ["x", {"y": "{a}"}], {"k": ["{a}", 1]}]),
)


def without(data: Any, *words: str) -> Any:
    """The same without those variables."""
    if isinstance(data, Tag):
        return Tag(data.name, without(data.value, *words))
    if isinstance(data, dict):
        return {without(key, *words): without(value, *words) for key, value in data.items()}
    if isinstance(data, list):
        return [without(value, *words) for value in data]
    if isinstance(data, str):
        for word in words:
            data = data.replace(f"{{{word}}}", "w").replace(f"{{{{ {word}", "{{ 'w'")
            data = data.replace(f"{{{word}|none}}", "v").replace(f"{{obj:{word}}}", "u")
        return data
    return data


PARAMETERS = st.fixed_dictionaries(
    {},
    optional={
        "a": VALUES.map(lambda value: without(value, "a", "b", "name")),
        "b": VALUES.map(lambda value: without(value, "b", "name")),
        "items": st.sampled_from([[1, 2], [], ["{a}"], "text"]),
        "more": VALUES,
        "c-d": VALUES,
        "file": st.sampled_from(["one.sh", "fill.sh", "empty.sh"]),
    },
)
PLAINLY = st.fixed_dictionaries({}, optional={"a": PLAIN, "more": VALUES, "c-d": st.just(3)}).map(
    lambda found: without(found, "a", "b", "name")
)
AXIS = st.one_of(
    st.lists(
        st.sampled_from(["p", "q", 1, True, {"r": {"b": "of r"}}, {"s": {"a": "of s", "b": None}}]),
        max_size=3,
        unique_by=repr,
    ),
    st.sampled_from(["single", Tag("include:", "values.yaml.inc"), ["p", "q", "r"]]),
)
EXCLUDE = st.lists(
    st.sampled_from(
        [
            {"x": "p"},
            {"x": "q", "y": "p"},
            {"x": 1, "y": 1},
            {"y": "r"},
            {"name": "proj"},
            {"x": "{a}"},
        ]
    ),
    max_size=2,
)
KNOWN = {"a": "A", "b": "B", "file": "one.sh"}
CONTENTS = st.fixed_dictionaries(
    {},
    optional={
        "description": TEXTS,
        "builders": STEPS,
        "postbuilders": STEPS,
        "folder": st.sampled_from(["f", "f/{name}", "é", "/{a}/"]),
        "node": TEXTS,
        "display-name": TEXTS,
        "parameters": st.sampled_from(
            [
                [],
                [
                    {
                        "string": {
                            "name": "P",
                            "default": "{a}",
                            "description": Tag("include-raw:", "one.sh"),
                        }
                    }
                ],
            ]
        ),
        "publishers": st.sampled_from([None, [], [{"archive": {"artifacts": "{a}"}}]]),
        "defaults": st.sampled_from(["global", "other"]),
        "disabled": st.sampled_from([True, "{a}"]),
    },
)
VIEW = st.fixed_dictionaries(
    {},
    optional={
        "description": TEXTS,
        "regex": TEXTS,
        "job-name": st.sampled_from([["b", "{a}", "A"], []]),
        "view-type": st.sampled_from(["list", "all", "dashboard", "{a}"]),
        "columns": st.sampled_from([["job", Tag("j2:", "{{ 'sta' }}tus")], []]),
        "recurse": st.sampled_from([True, "{a}", "{obj:a}"]),
    },
)


@st.composite
def repositories(draw: st.DrawFn) -> str:
    """A file with templates of jobs and views, macros, defaults, groups and projects."""
    name = draw(st.sampled_from(["{name}-{x}", "{name}-{x}-{y}", "{name}", "{name}-{x}-{z|none}"]))
    shared = draw(STEPS)
    template = {"name": name, "id": "t", **draw(PARAMETERS), **draw(CONTENTS)}
    second = {"name": "second-{name}-{x}", **draw(PARAMETERS), "builders": shared}
    elements: list[dict[str, Any]] = [
        without({"defaults": {"name": "global", **KNOWN, **draw(CONTENTS)}}, "name"),
        {"defaults": {"name": "other", "a": "of other", "builders": shared}},
        {"builder": {"name": "m", "text": "usual", "builders": [{"shell": "{text}"}]}},
        {"builder": {"name": "tagged", "builders": [{"shell": Tag("include-raw:", "{file}")}]}},
        {"job-template": template},
        {"job-template": second},
        {"job-group": {"name": "g", "jobs": ["t", {"second-{name}-{x}": {"x": ["w"]}}]}},
        {"job-group": {"name": "{name}-group", "jobs": ["t"], **draw(PARAMETERS)}},
        {"view-template": {"name": "{name}-{x}-view", **draw(PARAMETERS), **draw(VIEW)}},
        {"view-group": {"name": "vg", "views": ["{name}-{x}-view"], **draw(PARAMETERS)}},
        without({"view": {"name": "alone", **draw(PLAINLY), **draw(VIEW)}}, "name"),
        without({"job": {"name": "alone", **draw(PLAINLY), **draw(CONTENTS)}}, "name"),
    ]
    for project in ("proj", "é-2"):
        wishes = ["t", "g", {"t": draw(PARAMETERS)}, "second-{name}-{x}", "alone", "{name}-group"]
        views = ["vg", "{name}-{x}-view", {"vg": {"x": ["k"]}}, "alone"]
        elements.append(
            {
                "project": {
                    "name": project,
                    "x": draw(AXIS),
                    "y": draw(AXIS),
                    "exclude": draw(EXCLUDE),
                    **draw(PARAMETERS),
                    "jobs": draw(st.lists(st.sampled_from(wishes), max_size=2, unique_by=repr)),
                    "views": draw(st.lists(st.sampled_from(views), max_size=1)),
                }
            }
        )
    kept = draw(st.permutations(elements))
    return yaml.dump(kept, Dumper=Dumper, sort_keys=False, allow_unicode=True)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with the files that may be included."""
    with tempfile.TemporaryDirectory() as name:
        for file, text in FILES.items():
            (Path(name) / file).write_text(text, encoding="utf-8")
        yield Path(name)


@given(
    text=repositories(),
    options=st.fixed_dictionaries(
        {},
        optional={
            "allow_empty_variables": st.just(True),
            "allow_duplicates": st.just(True),
            "keep_descriptions": st.just(True),
            "retain_anchors": st.just(True),
        },
    ),
)
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
def test_generated_repositories_come_out_the_same(
    folder: Path, text: str, options: dict[str, Any]
) -> None:
    (folder / "jobs.yaml").write_text(text, encoding="utf-8")
    with inside(folder):
        rendered = render([Path("jobs.yaml")], settings=Settings(**options))
        errors = [problem for problem in rendered.problems if problem.severity is Severity.ERROR]
        try:
            wanted = oracle(Path("jobs.yaml"), options=options)
        except OracleRefused:
            assert errors
            return
    if any(b" object at 0x" in xml for xml in wanted.values()):
        assert errors  # The library writes where in memory it keeps a tag.
        return
    made = {item.name: item.xml for item in (*rendered.jobs, *rendered.views)}
    assert not errors
    assert made == wanted
