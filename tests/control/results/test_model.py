"""Packing and comparing, for any results."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.outcome import CaseState, TestOutcome
from ringtest.control.kernel.places import NOT_THERE, match
from ringtest.control.reading.model import (
    bad_positions,
    pack_durations,
    plan_digest,
    totals,
    unpack_durations,
)
from ringtest.control.results.model import (
    ACTIONS,
    STATES,
    WORDS,
    TestQuery,
    compare,
    dci_state,
    id_of_test,
    read_test_query,
    state_of,
)

OUTCOME = st.sampled_from([ord(outcome) for outcome in TestOutcome])
VECTOR = st.lists(OUTCOME, max_size=30).map(bytes)
PLAN = st.lists(st.integers(0, 9), max_size=20)
NAMES = st.lists(st.tuples(st.text("ab/", max_size=3), st.text("ab", max_size=2), st.text("ab")))


@given(before=PLAN, now=PLAN)
def test_every_test_is_matched_once_or_new_or_gone(before: list[int], now: list[int]) -> None:
    places, gone = match(before, now)
    found = [place for place in places if place != NOT_THERE]
    assert len(places) == len(now)
    assert sorted(found + gone) == list(range(len(before)))
    assert all(before[place] == now[at] for at, place in enumerate(places) if place != NOT_THERE)
    for test in {*before, *now}:
        assert sum(now[at] == test for at, p in enumerate(places) if p != NOT_THERE) == min(
            before.count(test), now.count(test)
        )


@given(plan=PLAN)
def test_the_same_plan_matches_itself(plan: list[int]) -> None:
    places, gone = match(plan, list(plan))
    assert (list(places), gone) == (list(range(len(plan))), [])


@given(pairs=st.lists(st.tuples(OUTCOME, OUTCOME)))
def test_comparing_with_the_same_plan_is_comparing_at_the_same_places(
    pairs: list[tuple[int, int]],
) -> None:
    before, now = bytes(one for one, _ in pairs), bytes(other for _, other in pairs)
    assert compare(before, now, None) == compare(before, now, range(len(now)))
    assert compare(before, now, None) == bytes(ord(state_of(*pair)) for pair in pairs)


@given(now=VECTOR)
def test_without_an_earlier_run_everything_is_added(now: bytes) -> None:
    assert compare(b"", now, [NOT_THERE] * len(now)) == b"a" * len(now)


@pytest.mark.parametrize(
    ("before", "now", "ours", "dci"),
    [("p", "p", "UNCHANGED", "UNCHANGED"), ("f", "f", "UNCHANGED", "UNCHANGED"),
     ("p", "f", "REGRESSED", "REGRESSED"), ("f", "p", "RECOVERED", "RECOVERED"),
     ("p", "e", "REGRESSED", None), ("e", "p", "RECOVERED", None),
     ("f", "e", "NONE", None), ("p", "s", "NONE", None), ("f", "s", "NONE", None),
     ("s", "p", "ADDED", "ADDED"), ("s", "f", "ADDED", "ADDED"), ("x", "f", "ADDED", "ADDED"),
     ("s", "x", "NONE", "UNCHANGED"), ("s", "s", "UNCHANGED", "UNCHANGED"),
     ("p", "X", "NONE", "UNCHANGED"), ("X", "f", "REGRESSED", "REGRESSED")],
)  # fmt: skip
def test_states_follow_the_wire_format_and_know_errors(
    before: str, now: str, ours: str, dci: str | None
) -> None:
    assert state_of(ord(before), ord(now)).name == ours
    assert dci_state(ord(before), ord(now)) == dci


@given(outcomes=VECTOR)
def test_totals_add_up_and_bad_cases_are_found(outcomes: bytes) -> None:
    found = totals(outcomes)
    assert found.total == len(outcomes)
    assert found.total == found.success + found.skips + found.failures + found.errors
    bad = bad_positions(outcomes)
    assert len(bad) == found.failures + found.errors
    assert bad == [at for at, byte in enumerate(outcomes) if TestOutcome(chr(byte)).is_bad]


@given(seconds=st.lists(st.floats(0, 1e6), max_size=20))
def test_durations_keep_seven_digits(seconds: list[float]) -> None:
    packed = pack_durations(seconds)
    assert len(packed) == 4 * len(seconds)
    assert list(unpack_durations(packed)) == pytest.approx(seconds, rel=1e-6, abs=1e-6)


@given(one=NAMES, other=NAMES)
def test_digests_are_equal_for_equal_plans_only(
    one: list[tuple[str, str, str]], other: list[tuple[str, str, str]]
) -> None:
    digests = [
        plan_digest(*([name[part] for name in names] for part in range(3)))
        for names in (one, other)
    ]
    assert (digests[0] == digests[1]) == (one == other)


@given(
    one=st.tuples(*[st.text("ab", max_size=3)] * 3),
    other=st.tuples(*[st.text("ab", max_size=3)] * 3),
)
def test_ids_of_tests_fit_a_bigint_and_tell_tests_apart(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assert -(2**63) <= id_of_test(*one) < 2**63
    assert (id_of_test(*one) == id_of_test(*other)) == (one == other)


def test_the_id_of_a_test_is_the_same_for_ever() -> None:
    assert id_of_test("suite", "class", "name") == 2096787907233792731


def test_every_outcome_and_state_has_its_words() -> None:
    assert set(WORDS) == set(ACTIONS) == {ord(outcome) for outcome in TestOutcome}
    assert set(STATES) == {ord(state) for state in CaseState}
    assert set(ACTIONS.values()) == {"success", "failure", "error", "skipped"}


@given(outcomes=VECTOR, wanted=VECTOR, data=st.data())
def test_a_query_finds_the_places_that_fit_both_sets(
    outcomes: bytes, wanted: bytes, data: st.DataObject
) -> None:
    states = bytes(data.draw(st.sampled_from(list(STATES))) for _ in outcomes)
    query = TestQuery(outcomes=wanted, states=b"ur")
    assert list(query.positions(outcomes, states)) == [
        at
        for at in range(len(outcomes))
        if (not wanted or outcomes[at] in wanted) and states[at] in b"ur"
    ]
    assert list(TestQuery().positions(outcomes, states)) == list(range(len(outcomes)))


@pytest.mark.parametrize(
    "params",
    [{"outcome": "broken"}, {"state": "new"}, {"limit": "many"}, {"offset": "-1"}, {"sort": "name"},
     {"attempt": "last"}, {"limit": "9" * 20}],
)  # fmt: skip
def test_a_query_that_makes_no_sense_is_refused(params: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        read_test_query(params)


def test_a_page_has_at_most_a_thousand_cases() -> None:
    assert read_test_query({"limit": "5000"}).limit == 1000
    assert read_test_query({}).limit == 100
