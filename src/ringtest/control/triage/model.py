"""What a group's history says: whom it hits, since when, and what changed then. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.signatures.model import Found, Kind

Scope = Literal["everyone", "one_lab", "some_labs", "only_run"]

MAX_TESTS = 20


class Component(msgspec.Struct, frozen=True):
    """A component of a set, as far as it identifies itself."""

    id: UUID
    type: str
    version: str | None
    display_name: str


class Lab(msgspec.Struct, frozen=True):
    """A remote CI."""

    id: UUID
    name: str


class Run(msgspec.Struct, frozen=True):
    """What a lab made of one component set: results of its finished jobs, and whether it hit."""

    id: UUID
    name: str
    results: tuple[str, ...]
    hit: bool


class Verdict(msgspec.Struct, frozen=True):
    """Whom a failure hits, of those who can tell: how many labs it hit, how many ran it, and
    the first `MOST_LABS` of both; of the latter those that were hit come first."""

    scope: Scope
    text: str
    hit: int
    run: int
    labs_hit: tuple[Lab, ...]
    labs_run: tuple[Lab, ...]


class Version(msgspec.Struct, frozen=True):
    """One side of a change."""

    id: UUID
    version: str


class Change(msgspec.Struct, frozen=True):
    """What became of one component type between two sets."""

    type: str
    before: Version | None
    after: Version | None


JUDGING: dict[Kind, tuple[str, ...]] = {
    "test": ("passed", "failed"),
    "stage": ("passed", "failed", "errored"),
}
"""Results of a job that can tell whether a failure of this kind is there: a job that broke
before its tests says nothing about them, and a cancelled one says nothing at all."""


MOST_LABS = 50
"""Named in a verdict; the blast radius of a failure pages through all of them."""


def judge(kind: Kind, runs: Sequence[Run]) -> Verdict:
    """The verdict over the labs that finished the same component set.

    >>> a, b = UUID(int=1), UUID(int=2)
    >>> judge("test", [Run(a, "a", ("passed",), False), Run(b, "b", ("failed",), True)]).text
    'only b'
    >>> judge("test", [Run(a, "a", ("errored",), False), Run(b, "b", ("failed",), True)]).text
    'only one lab has run it'
    """
    told = [run for run in runs if run.hit or set(run.results) & set(JUDGING[kind])]
    labs_run = [Lab(run.id, run.name) for run in sorted(told, key=lambda run: not run.hit)]
    labs_hit = [Lab(run.id, run.name) for run in told if run.hit]
    scope: Scope
    if len(labs_run) == 1:
        scope, text = "only_run", "only one lab has run it"
    elif len(labs_hit) == len(labs_run):
        scope, text = "everyone", "everyone"
    elif len(labs_hit) == 1:
        scope, text = "one_lab", f"only {labs_hit[0].name}"
    else:
        scope, text = "some_labs", f"{len(labs_hit)} of {len(labs_run)} labs"
    shown_hit, shown_run = tuple(labs_hit[:MOST_LABS]), tuple(labs_run[:MOST_LABS])
    return Verdict(scope, text, len(labs_hit), len(labs_run), shown_hit, shown_run)


def difference(before: Sequence[Component], after: Sequence[Component]) -> list[Change]:
    """What changed between two component sets, by type; a type may hold several components.

    >>> old, new = (Component(UUID(int=n), "build", str(n), "") for n in (1, 2))
    >>> [(c.type, c.before.version, c.after.version) for c in difference([old], [new])]
    [('build', '1', '2')]
    >>> difference([new], [new])
    []
    """
    changes = []
    for kind in sorted({component.type for component in (*before, *after)}):
        gone = [_version(c) for c in before if c.type == kind and c not in after]
        come = [_version(c) for c in after if c.type == kind and c not in before]
        for index in range(max(len(gone), len(come))):
            changes.append(
                Change(
                    type=kind,
                    before=gone[index] if index < len(gone) else None,
                    after=come[index] if index < len(come) else None,
                )
            )
    return changes


def _version(component: Component) -> Version:
    return Version(component.id, component.version or component.display_name)


class Sighting(msgspec.Struct, frozen=True):
    """A job in which a group was seen, or was missing; `at` is when that job ended."""

    job_id: UUID
    at: str
    set_key: str
    components: tuple[Component, ...]


class Case(msgspec.Struct, frozen=True):
    """The name of a test case."""

    suite: str
    classname: str
    name: str


class Sample(msgspec.Struct, frozen=True):
    """The failure in one job's own words."""

    job_id: UUID
    text: str | None


class Report(msgspec.Struct, frozen=True):
    """What was told about a group, to whom."""

    delivery_id: UUID
    target: str
    channel: str
    status: str
    attempts: int
    delivered_at: str | None


class KnownIssue(msgspec.Struct, frozen=True):
    """A rule that names the failure; an expired one labels no further."""

    id: UUID
    name: str
    link: str | None
    owner: str
    expired: bool


class Part(msgspec.Struct, frozen=True):
    """A group that a person merged into another."""

    id: UUID
    exception_type: str | None
    template: str


class Merged(msgspec.Struct, frozen=True):
    """The same as the API shows it: what to take out again, by its id."""

    id: UUID
    title: str


class _Common(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    topic_id: UUID
    kind: Kind
    exception_type: str | None
    template: str
    first_seen: Sighting
    last_seen: Sighting
    last_good: Sighting | None
    in_latest_set: bool
    occurrences: int
    cases: int
    tests: tuple[Case, ...]
    tests_count: int
    sample: Sample
    reports: tuple[Report, ...]
    known_issues: tuple[KnownIssue, ...]


class GroupFacts(_Common, frozen=True, kw_only=True):
    """What the rows that a reader may see say about a group.

    `runs` is about the newest component set in which the group occurs;
    `is_first_run`: before `first_seen` its lab finished no job that could have told.
    """

    runs: tuple[Run, ...]
    is_first_run: bool
    merged: tuple[Part, ...]


class Group(_Common, frozen=True, kw_only=True):
    """A group as the API shows it."""

    title: str
    verdict: Verdict
    difference: list[Change]
    known_since_first_run: bool
    merged: tuple[Merged, ...]


def title(exception_type: str | None, template: str) -> str:
    """What a group is called.

    >>> title("ValueError", "ring is <n>:\\n  in a.py b"), title(None, "")
    ('ValueError: ring is <n>', 'failure without a message')
    """
    line = template.split("\n", 1)[0].strip()
    named = ": ".join(part for part in (exception_type, line.rstrip(": ")) if part)
    return named or "failure without a message"


def describe(facts: GroupFacts) -> Group:
    """The answer: whom it hits, since which version, and what changed then."""
    good = facts.last_good
    common = {name: getattr(facts, name) for name in _Common.__struct_fields__}
    return Group(
        **common,
        title=title(facts.exception_type, facts.template),
        verdict=judge(facts.kind, facts.runs),
        difference=difference(good.components, facts.first_seen.components) if good else [],
        known_since_first_run=facts.is_first_run and good is None,
        merged=tuple(Merged(m.id, title(m.exception_type, m.template)) for m in facts.merged),
    )


def read_known(text: str | None) -> UUID | bool | None:
    """The parameter `known_issue`: yes, no, or the id of a rule; None: any group; 400.

    >>> read_known("no"), read_known(None)
    (False, None)
    """
    if text is None or text in ("yes", "no"):
        return None if text is None else text == "yes"
    try:
        return UUID(text)
    except ValueError:
        raise BadRequest("known_issue: expected yes, no or the id of a known issue") from None


# Groups that stay ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Had:
    """What a job had of a group before its failures were signed anew."""

    home_id: UUID
    kind: Kind
    stage: str | None
    test_ids: frozenset[int]
    created_at: datetime


def former(found: Found, had: Sequence[Had]) -> Had | None:
    """Of what the job had, what `found` is the same as: the most of its tests, or its stage."""
    kind = found.signature.kind
    if kind == "stage":
        return next((one for one in had if one.kind == kind and one.stage == found.stage), None)
    shared = [(len(one.test_ids & found.test_ids), one) for one in had if one.kind == kind]
    most = max((count for count, _ in shared), default=0)
    return next((one for count, one in shared if count == most), None) if most else None


def former_signatures(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """By signature the one that most of its failures had; `pairs`: each failure's both.

    >>> former_signatures([("new", "a"), ("new", "b"), ("new", "b")])
    {'new': 'b'}
    """
    counts: dict[str, Counter[str]] = {}
    for after, before in pairs:
        counts.setdefault(after, Counter())[before] += 1
    return {after: min(n, key=lambda key: (-n[key], key)) for after, n in counts.items()}


@dataclass(frozen=True, slots=True)
class Name:
    """A row of groups: a signature and the group it belongs to; and a group's id, which may be
    the former one of another, or merged into it. Then what came of that so far."""

    id: UUID
    home_id: UUID
    alias_of: UUID | None = None
    merged_into: UUID | None = None
    shown_id: UUID | None = None
    stands_for: UUID | None = None


def moved(names: Sequence[Name]) -> list[tuple[UUID, UUID, UUID]]:
    """Rows whose place changed: (id, where failures of the signature are shown, what the id
    stands for). Never in circles: the merge that would close one counts for nothing.

    >>> a, b, c = (UUID(int=n) for n in (1, 2, 3))
    >>> rows = [Name(a, a, merged_into=b), Name(b, b), Name(c, a)]
    >>> [(shown.int, stands.int) for _, shown, stands in moved(rows)]
    [(2, 2), (2, 2), (2, 3)]
    """
    after = {name.id: name.alias_of or name.merged_into for name in names}

    def root(at: UUID) -> UUID:
        passed = {at}
        while (further := after.get(at)) is not None and further not in passed:
            passed.add(further)
            at = further
        return at

    placed = [(name, root(name.home_id), root(name.id)) for name in names]
    return [
        (name.id, shown, stands)
        for name, shown, stands in placed
        if (name.shown_id, name.stands_for) != (shown, stands)
    ]
