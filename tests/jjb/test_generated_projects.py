"""Projects nobody thought of: rendered by the library and by us, the same or both refused."""

import io
import os
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringtest.jjb.engine import render
from ringtest.jjb.problems import Severity
from tests.jjb.oracle import OracleRefused, oracle

EXAMPLES = 4000 if "RINGTEST_SOAK" in os.environ else 35
NAMES = ("a", "b", "c", "d_1")
KNOWN = {"a": "A", "b": "{c}", "c": 3, "d_1": ["x"]}

PIECES = st.sampled_from(
    [
        "x",
        " ",
        "\n",
        "é",
        "<&>",
        '"',
        "{{",
        "}}",
        "{{}}",
        "$",
        "${{V}}",
        "{name}",
        "{template-name}",
    ]
    + [f"{{{name}}}" for name in NAMES]
    + [f"{{{name}|none}}" for name in NAMES]
    + ["{{{a}}}", "{a|}", "{b|x y}", "{d_1!r}"]
)
ODD = st.sampled_from(["{a|{{b}}", "{c[0]}", "{nowhere}", "{", "}", "{}", "{obj:d-1}", "{name!x}"])
WEIGHTED = st.integers(0, 60).flatmap(lambda number: PIECES if number else ODD)
ALONE = st.sampled_from([f"{{obj:{name}}}" for name in NAMES] + ["{obj:nowhere|none}"])
TEXTS = st.one_of(
    st.lists(WEIGHTED, max_size=4).map("".join),
    st.lists(WEIGHTED, max_size=4).map("".join),
    st.lists(WEIGHTED, max_size=4).map("".join),
    ALONE,
)
SCALARS = st.one_of(
    TEXTS, st.integers(-3, 12), st.booleans(), st.none(), st.sampled_from([1.5, "07", "yes"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=2)
    ),
    max_leaves=4,
)
PARAMETERS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4)
AXIS = st.lists(
    st.one_of(
        st.sampled_from(["p", "q", 1, 2, "{a}"]),
        st.builds(lambda name, more: {name: more}, st.sampled_from(["r", "s"]), PARAMETERS),
    ),
    max_size=3,
    unique_by=repr,
)
STEPS = st.lists(
    st.one_of(
        st.builds(lambda text: {"shell": text}, TEXTS.map(lambda text: text + "!")),
        st.just("m"),
        st.builds(lambda given: {"m": given}, PARAMETERS),
        st.builds(lambda given: {"outer": given}, PARAMETERS),
    ),
    max_size=3,
)
CONTENTS = st.fixed_dictionaries(
    {},
    optional={
        "description": TEXTS.map(lambda text: text + "!"),
        "builders": STEPS,
        "quiet-period": SCALARS,
        "node": TEXTS,
        "disabled": SCALARS,
        "folder": st.sampled_from(["f", "f/{name}"]),
        "wrappers": st.sampled_from([["timestamps"], []]),
    },
)


def without_name(data: Any) -> Any:
    """The same without the variables that only templates have."""
    if isinstance(data, dict):
        return {without_name(key): without_name(value) for key, value in data.items()}
    if isinstance(data, list):
        return [without_name(value) for value in data]
    if isinstance(data, str):
        return data.replace("{name}", "{a}").replace("{template-name}", "{b}")
    return data


@st.composite
def repositories(draw: st.DrawFn) -> str:
    """A file with a template, macros, defaults, a group and two projects."""
    axes = draw(st.sampled_from(["{name}", "{name}-{x}", "{name}-{x}-{y}", "{name}-{x|none}"]))
    template = {"name": axes, "id": "t", **draw(PARAMETERS), **draw(CONTENTS)}
    elements: list[dict[str, Any]] = [
        without_name({"defaults": {"name": "global", **KNOWN, **draw(CONTENTS)}}),
        without_name(
            {"builder": {"name": "m", **draw(PARAMETERS), "builders": [{"shell": draw(TEXTS)}]}}
        ),
        without_name({"builder": {"name": "outer", "builders": ["m", {"m": draw(PARAMETERS)}]}}),
        {"job-template": template},
        {"job-group": {"name": "g", "jobs": ["t"], **draw(PARAMETERS)}},
        without_name({"job": {"name": "alone", **draw(PARAMETERS), **draw(CONTENTS)}}),
    ]
    for name in ("p", "q"):
        elements.append(
            {
                "project": {
                    "name": name,
                    "x": draw(AXIS),
                    "y": draw(AXIS),
                    **draw(PARAMETERS),
                    "jobs": [draw(st.sampled_from(["t", "g", {"t": draw(PARAMETERS)}]))],
                }
            }
        )
    return yaml.safe_dump(draw(st.permutations(elements)), sort_keys=False, allow_unicode=True)


@given(text=repositories())
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
def test_generated_projects_come_out_the_same(text: str) -> None:
    rendered = render([io.StringIO(text)])
    errors = [problem for problem in rendered.problems if problem.severity is Severity.ERROR]
    try:
        wanted = oracle(text)
    except OracleRefused:
        assert errors
        return
    assert not errors
    made = {item.name: item.xml for item in (*rendered.jobs, *rendered.views)}
    assert made == wanted
    assert list(made) == list(wanted)
