"""Published numbers tell nothing of a few: whatever happens, however two of them are compared."""

import itertools
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from ringtest.control.blast_radius import model
from ringtest.control.blast_radius.model import Number, Others, Teams, Truth, publish, told

TOPICS = [UUID(int=n) for n in (1, 2)]
FAILURES = ("one", "other")


def team(number: int) -> bytes:
    return UUID(int=number).bytes


class Product:
    """What is true of a product, what is published of it, and all that ever was."""

    def __init__(self, minimum: int) -> None:
        self.floor = model.floor_of(minimum)
        self.hit: dict[tuple[str, UUID], set[bytes]] = {}
        self.run: dict[tuple[str, UUID], set[bytes]] = {}
        self.sets: list[Teams] = []
        self.shown: dict[str, dict[tuple[UUID, Number], Teams]] = {one: {} for one in FAILURES}
        self.ever: set[tuple[Teams, int]] = set()

    def happens(self, kind: str, failure: str, topic: UUID, teams: set[bytes]) -> None:
        hit = self.hit.setdefault((failure, topic), set())
        run = self.run.setdefault((failure, topic), set())
        if kind == "gone":
            hit -= teams
            run -= teams
            return
        run |= teams
        if kind == "hit":
            hit |= teams

    def look(self, failure: str) -> dict[UUID, Others]:
        """What every partner is told then."""
        truth = {
            topic: Truth(
                frozenset(self.hit.get((failure, topic), ())),
                frozenset(self.run.get((failure, topic), ())),
            )
            for topic in TOPICS
            if self.run.get((failure, topic))
        }
        now, new = publish(truth, self.shown[failure], self.sets, floor=self.floor)
        self.shown[failure] = now
        self.sets += new
        numbers = told(now, TOPICS, self.floor)
        for (topic, kind), teams in now.items():
            shown = getattr(numbers[topic], f"teams_{kind}")
            if shown is not None:
                self.ever.add((teams, shown))
        return numbers


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["hit", "hit", "passed", "gone"]),
        st.sampled_from(FAILURES),
        st.sampled_from(TOPICS),
        st.one_of(
            st.integers(0, 29).map(lambda n: {team(n)}),
            st.tuples(st.integers(0, 29), st.integers(1, 12)).map(
                lambda span: {team(n) for n in range(span[0], min(30, sum(span)))}
            ),
        ),
        st.booleans(),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(EVENTS, st.integers(1, 5))
def test_no_two_numbers_set_few_teams_apart(
    events: list[tuple[str, str, UUID, set[bytes], bool]], minimum: int
) -> None:
    """Over time, between topics, kinds and failures, by a viewer who takes itself away."""
    product = Product(minimum)
    for kind, failure, topic, moved, asks in events:
        product.happens(kind, failure, topic, moved)
        if not asks:
            continue
        for numbers in product.look(failure).values():
            if numbers.teams_hit is not None:
                assert numbers.teams_run is not None
                rest = numbers.teams_run - numbers.teams_hit
                assert rest == 0 or rest > minimum
    for teams, number in product.ever:
        assert number == len(teams) > minimum
    for (one, _), (two, _) in itertools.combinations(product.ever, 2):
        for apart in (one - two, two - one):
            for viewer in (None, *apart):
                assert not apart or len(apart - {viewer}) >= minimum


@settings(max_examples=100, deadline=None)
@given(EVENTS)
def test_a_number_is_never_more_than_the_truth_was(
    events: list[tuple[str, str, UUID, set[bytes], bool]],
) -> None:
    product = Product(2)
    most: dict[tuple[str, UUID], int] = {}
    for kind, failure, topic, teams, _ in events:
        product.happens(kind, failure, topic, teams)
        key = (failure, topic)
        most[key] = max(most.get(key, 0), len(product.run[key]))
        for where, numbers in product.look(failure).items():
            assert (numbers.teams_run or 0) <= most.get((failure, where), 0)


def grow(sizes: list[int]) -> list[int | None]:
    """The number that is told while teams are hit one after the other."""
    product, told_then = Product(5), []
    for size in sizes:
        product.happens("hit", "one", TOPICS[0], {team(n) for n in range(size)})
        told_then.append(product.look("one")[TOPICS[0]].teams_hit)
    return told_then


def test_a_number_appears_with_the_sixth_team_and_moves_by_six_at_least() -> None:
    assert grow([1, 5, 6, 7, 11, 12, 13, 30]) == [None, None, 6, 6, 6, 12, 12, 30]


def test_a_number_that_shrank_stays_until_enough_differ() -> None:
    product = Product(5)
    topic = TOPICS[0]
    product.happens("hit", "one", topic, {team(n) for n in range(20)})
    assert product.look("one")[topic].teams_hit == 20
    product.happens("gone", "one", topic, {team(n) for n in range(3)})
    assert product.look("one")[topic].teams_hit == 20
    product.happens("gone", "one", topic, {team(n) for n in range(6)})
    assert product.look("one")[topic].teams_hit == 14


def test_two_failures_of_nearly_the_same_teams_tell_the_same_number() -> None:
    product = Product(5)
    topic = TOPICS[0]
    product.happens("hit", "one", topic, {team(n) for n in range(8)})
    product.happens("hit", "other", topic, {team(n) for n in range(9)})
    assert product.look("one")[topic].teams_hit == 8
    assert product.look("other")[topic].teams_hit == 8, "a lower bound: 9 would betray the ninth"


def test_passing_teams_are_told_when_there_are_enough_of_them() -> None:
    product = Product(5)
    topic = TOPICS[0]
    product.happens("hit", "one", topic, {team(n) for n in range(8)})
    product.look("one")
    product.happens("passed", "one", topic, {team(n) for n in range(20, 25)})
    assert product.look("one")[topic] == Others(8, 8)
    product.happens("passed", "one", topic, {team(25)})
    assert product.look("one")[topic] == Others(8, 14)


def test_a_larger_minimum_hides_what_was_published_under_a_smaller_one() -> None:
    product = Product(2)
    topic = TOPICS[0]
    product.happens("hit", "one", topic, {team(n) for n in range(4)})
    assert product.look("one")[topic].teams_hit == 4
    product.floor = model.floor_of(5)
    assert product.look("one")[topic].teams_hit is None
