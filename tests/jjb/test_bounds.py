"""Input that would take all time or memory: an error with its place, and the others are made."""

import io
import tracemalloc
from pathlib import Path

import pytest

from ringtest.jjb.engine import Rendered, render
from ringtest.jjb.problems import Severity
from tests.jjb.fixtures_of import inside

FINE = "- job: {name: fine}\n"
LAUGHS = "- _a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"- _a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)


def _bounded(text: str, most_bytes: int = 60_000_000) -> Rendered:
    """Renders; memory at its height is below the bound."""
    tracemalloc.start()
    try:
        rendered = render([io.StringIO(FINE), io.StringIO(text)])
        assert tracemalloc.get_traced_memory()[1] < most_bytes
    finally:
        tracemalloc.stop()
    return rendered


CASES = {
    "aliases of aliases": (LAUGHS + "- job: {name: a, x: *a9}\n", "too-large"),
    "aliases of aliases as text": (
        "- job:\n    name: a\n    a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"    a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
        + "    jdk: 'x{a8}'\n",
        "too-large",
    ),
    "strings that double": (
        "- job-template:\n    name: '{name}-x'\n    v0: xxxxxxxxxx\n"
        + "".join(f"    v{n}: '{{v{n - 1}}}{{v{n - 1}}}'\n" for n in range(1, 40))
        + "- project: {name: p, jobs: ['{name}-x']}\n",
        "too-large",
    ),
    "a million jobs": (
        "- job-template: {name: '{a}-{b}-{c}', id: t}\n- project:\n    name: p\n    jobs: [t]\n"
        + "".join(f"    {axis}: [{', '.join(map(str, range(100)))}]\n" for axis in "abc"),
        "too-many-jobs",
    ),
    "deep lists": (f"- job: {{name: a, x: {'[' * 3000}{']' * 3000}}}\n", "too-deep"),
    "a wide field": ("- job: {name: a, x: 1, jdk: '{x:999999999}'}\n", "too-large"),
    "a template that repeats": (
        "- job: {name: a, jdk: !j2: '{% for n in range(999999999) %}xxxxxxxxx{% endfor %}'}\n",
        "jinja",
    ),
    "a template that looks inside": (
        '- job: {name: a, x: y, jdk: !j2: "{{ x.__class__.__mro__ }}"}\n',
        "jinja",
    ),
    "a field that looks inside": (
        "- job: {name: a, x: y, jdk: '{x.__class__.__mro__}'}\n",
        "format",
    ),
    "a tag that runs code": (
        "- job: {name: a, jdk: !!python/object/apply:os.getcwd []}\n",
        "yaml",
    ),
    "macros without end": (
        "- builder: {name: m, builders: [m, m]}\n- job: {name: a, builders: [m]}\n",
        "macro-cycle",
    ),
    "entities in raw XML": (
        "- job:\n    name: a\n    raw:\n      xml: |\n"
        '        <!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><a>&c;</a>\n',
        "raw-xml",
    ),
    "a mapping that holds itself": ("- job: &j {name: a, jdk: *j}\n", "recursive-anchor"),
}


@pytest.mark.parametrize("what", CASES)
def test_it_is_refused_with_its_place_and_the_rest_is_made(what: str) -> None:
    text, rule = CASES[what]
    rendered = _bounded(text)
    errors = [problem for problem in rendered.problems if problem.severity is Severity.ERROR]
    assert [item.name for item in rendered.jobs] == ["fine"]
    assert {problem.rule for problem in errors} == {rule}
    assert all(problem.place is not None for problem in errors)
    assert len(errors) <= 2


def test_many_points_that_fail_are_not_all_told() -> None:
    values = ", ".join(map(str, range(5000)))
    text = (
        "- job-template: {name: '{n}', jdk: 'x{no}'}\n"
        f"- project: {{name: p, n: [{values}], jobs: ['{{n}}']}}\n"
    )
    rendered = render([io.StringIO(text)])
    assert 100 < len(rendered.problems) < 300


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 50, 200])
def test_a_file_cut_anywhere_is_an_error_or_less(size: int, tmp_path: Path) -> None:
    text = (Path(__file__).parent / "fixtures/language/macro-all-kinds.yaml").read_text()
    for end in range(size, len(text), 199):
        (tmp_path / "a.yaml").write_text(text[:end])
        with inside(tmp_path):
            render([tmp_path])


@pytest.mark.parametrize(
    "value", ["null", "5", "text", "[a]", "{a: b}", "[[]]", "true", "2020-01-01"]
)
@pytest.mark.parametrize(
    "element",
    [
        "- {value}",
        "- job: {value}",
        "- job: {{name: {value}}}",
        "- job: {{name: a, defaults: {value}}}",
        "- job: {{name: a, builders: {value}}}",
        "- job: {{name: a, builders: [{value}]}}",
        "- job: {{name: a, builders: [shell: {value}]}}",
        "- job: {{name: a, scm: {value}}}",
        "- job: {{name: a, parameters: {value}, triggers: {value}, description: {value}}}",
        "- job: {{name: a, folder: {value}, node: {value}, project-type: {value}}}",
        "- job: {{name: a, raw: {value}, logrotate: {value}, hipchat: {value}}}",
        "- view: {{name: a, columns: {value}, job-name: {value}, job-filters: {value}}}",
        "- builder: {{name: m, builders: {value}}}\n- job: {{name: a, builders: [m]}}",
        "- job-template: {{name: '{{x}}', id: t}}\n- project: {{name: p, x: {value}, jobs: [t]}}",
        "- project: {{name: p, jobs: {value}, views: {value}}}",
        "- job-template: {{name: t, exclude: {value}}}\n- project: {{name: p, jobs: [t]}}",
        "- job-template: {{name: t, id: {value}}}\n- project: {{name: p, jobs: [t: {value}]}}",
        "- defaults: {{name: {value}}}\n- job: {{name: a, x: !include: {value}}}",
        "- job: {{name: a, x: !join: {value}}}",
    ],
)
def test_values_of_any_type_end_in_problems_never_in_exceptions(element: str, value: str) -> None:
    render([io.StringIO(FINE), io.StringIO(element.format(value=value))])
