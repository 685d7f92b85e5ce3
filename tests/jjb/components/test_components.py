"""Every component of the library, every option of each: rendered by both, byte by byte."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from ringtest.jjb.borrowed import functions
from ringtest.jjb.components import registry
from ringtest.jjb.engine import render
from tests.jjb.fixtures_of import Fixture, fixtures
from tests.jjb.oracle import oracle

KINDS = (
    "builders",
    "metadata",
    "notifications",
    "parameters",
    "properties",
    "publishers",
    "reporters",
    "scm",
    "triggers",
    "wrappers",
)


def together(kind: str) -> Iterator[tuple[list[Fixture], list[dict[str, Any]]]]:
    """Fixtures that one run can render: those for the newest plugins, then by their plugins."""
    groups: list[tuple[list[Fixture], dict[str, dict[str, Any]]]] = [([], {})]
    for fixture in fixtures(f"components/{kind}"):
        wanted = {plugin["longName"]: plugin for plugin in fixture.plugins}
        if not wanted:
            groups[0][0].append(fixture)
            continue
        for members, plugins in groups[1:]:
            if not wanted.keys() & plugins.keys():
                members.append(fixture)
                plugins.update(wanted)
                break
        else:
            groups.append(([fixture], wanted))
    for members, plugins in groups:
        yield members, list(plugins.values())


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_gives_the_same_bytes(kind: str) -> None:
    for members, plugins in together(kind):
        paths = [fixture.path for fixture in members]
        wanted = oracle(paths, [dict(plugin) for plugin in plugins])
        rendered = render(paths, plugins=plugins)
        assert [problem for problem in rendered.problems if problem.severity == "error"] == []
        assert not {borrowed for borrowed, _ in rendered.borrowed} & set(KINDS)
        assert {made.name for made in rendered.jobs} == set(wanted)
        assert len(wanted) == len(members)
        for made in rendered.jobs:
            assert made.xml.decode() == wanted[made.name].decode(), made.name


@pytest.mark.parametrize("kind", KINDS)
def test_no_component_of_the_library_is_without_fixture(kind: str) -> None:
    names = {fixture.path.stem for fixture in fixtures(f"components/{kind}")}
    assert set(functions(kind)) - names == set()
    assert all(registry.find(kind, name) is not None for name in functions(kind))


def sample(kind: str, item: str) -> str:
    """A job with one component; `item` is YAML, indented by eight."""
    return f"- job:\n    name: sample\n    {kind}:\n      - {item}\n"


REFUSED: Sequence[tuple[str, str, str, tuple[str, ...]]] = (
    ("publishers", "email:\n          to: me", "'recipients' is required", ()),
    (
        "builders",
        "http-request:\n          url: u\n          mode: HEAP",
        "'mode' is 'HEAP'",
        ("'GET'", "'HEAD'"),
    ),
    ("scm", "git:\n          branches: [master]", "'url' is required", ()),
    (
        "scm",
        "git:\n          url: u\n          browser: lynx",
        "'browser' is 'lynx'",
        ("'gitweb'",),
    ),
    (
        "builders",
        "copyartifact:\n          project: p\n          which-build: best",
        "'which-build'",
        ("'permalink'",),
    ),
    ("triggers", "timed: 5", "takes text, not 5: put it in quotes", ()),
    (
        "triggers",
        "reverse:\n          jobs: a\n          result: odd",
        "'result' is 'ODD'",
        ("'UNSTABLE'",),
    ),
    ("builders", "inject:", "it needs options, and has none", ()),
    ("builders", "gradle:\n          tasks: [a, b]", "'tasks' takes one value", ()),
    ("properties", "throttle:\n          option: all", "'option' is 'all'", ("'category'",)),
    ("wrappers", "credentials-binding:\n          - secret: {}", "'secret'", ("'zip-file'",)),
    (
        "builders",
        "conditional-step:\n          condition-kind: moon\n          steps: []",
        "'moon'",
        ("'always'",),
    ),
    (
        "publishers",
        "workspace-cleanup:\n          clean-if:\n            - lost: true",
        "'lost'",
        ("'aborted'",),
    ),
)


@pytest.mark.parametrize(("kind", "item", "said", "allowed"), REFUSED)
def test_what_is_wrong_is_said_with_its_place_and_what_is_allowed(
    kind: str, item: str, said: str, allowed: tuple[str, ...], tmp_path: Any
) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(sample(kind, item))
    rendered = render([path])
    (problem,) = rendered.problems
    assert said in problem.message
    assert all(word in problem.message for word in allowed)
    assert problem.place is not None and problem.place.line == 4
    assert rendered.jobs == []
