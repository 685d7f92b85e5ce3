"""How results are packed, how two runs compare, which cases a reader wants. Pure.

A result is a vector of bytes, one per case in the order of its plan (the list of its
tests, which most runs share), so that comparing two runs of a plan is comparing bytes.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec

from ringtest.control.evidence.model import Texts
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.outcome import CaseState, TestOutcome
from ringtest.control.kernel.paging import refuse_unknown
from ringtest.control.kernel.places import NOT_THERE, match
from ringtest.control.reading.model import (
    SKIPPED,
    Aside,
    Asides,
    blocks_with,
    open_block,
    unpack_durations,
)

# words -------------------------------------------------------------------------


def id_of_test(suite: str, classname: str, name: str) -> int:
    """The id of a test, everywhere and for ever: 64 bits of its full name, signed.

    >>> id_of_test("s", "c", "n") == id_of_test("s", "c", "n") != id_of_test("s", "cn", "")
    True
    """
    key = f"{suite}\0{classname}\0{name}".encode()
    return int.from_bytes(blake2b(key).digest()[:8], "big", signed=True)


_SUCCESS = b"pXi"
_BAD = b"fe"


WORDS = {ord(outcome): outcome.name.lower() for outcome in TestOutcome}
"""Outcome words of the API by packed byte."""
STATES = {ord(state): state.name.lower() for state in CaseState}
"""State words of the API by packed byte."""
ACTIONS = {
    ord(outcome): {ord("f"): "failure", ord("e"): "error"}.get(
        ord(outcome), "skipped" if ord(outcome) in SKIPPED else "success"
    )
    for outcome in TestOutcome
}
"""DCI's words for outcomes by packed byte."""


# comparing ---------------------------------------------------------------------


def state_of(before: int, now: int) -> CaseState:
    """How a case stands against the run before; both are packed outcomes.

    >>> state_of(ord("p"), ord("e")).name, state_of(ord("s"), ord("f")).name
    ('REGRESSED', 'ADDED')
    """
    if before == now:
        return CaseState.UNCHANGED
    if before in SKIPPED and now not in SKIPPED:
        return CaseState.ADDED
    if before in _SUCCESS and now in _BAD:
        return CaseState.REGRESSED
    if before in _BAD and now in _SUCCESS:
        return CaseState.RECOVERED
    return CaseState.NONE


_BYTES = [ord(outcome) for outcome in TestOutcome]
_STATE_BYTES = {(b, n): ord(state_of(b, n)) for b in _BYTES for n in _BYTES}
_ADDED = ord(CaseState.ADDED)
_UNCHANGED = ord(CaseState.UNCHANGED)


def compare(before: bytes, now: bytes, places: Sequence[int] | None) -> bytes:
    """The state of each case of `now`; `places` are those of `match`, None: the same plan.

    >>> compare(b"pfp", b"ppf", None)
    b'ucr'
    >>> compare(b"pf", b"fpp", [1, 0, -1])
    b'uua'
    """
    if places is not None:
        added = _ADDED
        return bytes(
            [
                added if place < 0 else _STATE_BYTES[before[place], byte]
                for place, byte in zip(places, now, strict=True)
            ]
        )
    states = bytearray([_UNCHANGED]) * len(now)
    if before != now:
        for place, (old, new) in enumerate(zip(before, now, strict=True)):
            if old != new:
                states[place] = _STATE_BYTES[old, new]
    return bytes(states)


def dci_counts(
    states: bytes, before: bytes, now: bytes, places: Sequence[int] | None
) -> tuple[int, int]:
    """Regressions and success fixes as DCI counts them: of these states, failures alone.

    >>> dci_counts(b"rrc", b"ppe", b"fep", None)
    (1, 0)
    """
    regressed = recovered = 0
    for found in re.finditer(b"[rc]", states):
        at = found.start()
        if states[at] == _REGRESSED:
            regressed += now[at] == _FAILED
        else:
            recovered += before[at if places is None else places[at]] == _FAILED
    return regressed, recovered


_REGRESSED, _FAILED = ord(CaseState.REGRESSED), ord(TestOutcome.FAILED)


def dci_state(before: int | None, now: int) -> str | None:
    """DCI's word for the same: it knows changes between success and failure only.

    >>> dci_state(ord("p"), ord("f")), dci_state(ord("p"), ord("e")), dci_state(None, ord("p"))
    ('REGRESSED', None, 'ADDED')
    """
    if before is None:
        return "ADDED"
    old, new = ACTIONS[before], ACTIONS[now]
    if old == new:
        return "UNCHANGED"
    if old == "skipped":
        return "ADDED"
    return {("success", "failure"): "REGRESSED", ("failure", "success"): "RECOVERED"}.get(
        (old, new)
    )


@dataclass(frozen=True, slots=True)
class Earlier:
    """A result of the same name in the previous comparable job."""

    id: UUID
    plan_id: UUID | None
    outcomes: bytes


def pick_earlier(
    candidates: Sequence[Earlier], *, plan_id: UUID | None, ordinal: int
) -> Earlier | None:
    """Which one to compare with, when both jobs may hold several results of one name.

    The one in the same place among its namesakes, unless only others have the same plan.

    >>> a, b = Earlier(UUID(int=1), None, b""), Earlier(UUID(int=2), UUID(int=9), b"")
    >>> pick_earlier([a, b], plan_id=None, ordinal=0) is a
    True
    >>> pick_earlier([a, b], plan_id=UUID(int=9), ordinal=0) is b
    True
    """
    if not candidates:
        return None
    twin = candidates[min(ordinal, len(candidates) - 1)]
    same_plan = [one for one in candidates if plan_id is not None and one.plan_id == plan_id]
    return twin if twin in same_plan or not same_plan else same_plan[0]


# reading -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FailedTest:
    """A failed or errored case, as rooms above see it."""

    file_id: UUID
    position: int
    test_id: int
    suite: str
    classname: str
    name: str
    outcome: TestOutcome
    exception_type: str | None
    message: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class TestQuery:
    """Which cases of a job to list; empty sets mean all. `text` is part of a full name."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    outcomes: bytes = b""
    states: bytes = b""
    text: str = ""
    attempt: int | None = None
    limit: int = 100
    offset: int = 0

    @property
    def wants_removed(self) -> bool:
        """Cases that are gone have no outcome of this run."""
        return not self.outcomes and (not self.states or b"d" in self.states)

    def positions(self, outcomes: bytes, states: bytes) -> Sequence[int]:
        """Where in a result the cases are that fit the two sets.

        >>> TestQuery(outcomes=b"f", states=b"ru").positions(b"pff", b"uur")
        [1, 2]
        """
        if not self.outcomes:
            return _places(self.states, states) if self.states else range(len(outcomes))
        found = _places(self.outcomes, outcomes)
        return [place for place in found if not self.states or states[place] in self.states]


def _places(wanted: bytes, vector: bytes) -> list[int]:
    """Where one of the wanted bytes stands."""
    return [found.start() for found in re.finditer(b"[" + re.escape(wanted) + b"]", vector)]


_MOST = 1000


def read_attempt(params: Mapping[str, str]) -> int | None:
    """The number of the attempt that a caller asks for; None: the last one."""
    return _whole("attempt", params["attempt"]) if "attempt" in params else None


def read_test_query(params: Mapping[str, str]) -> TestQuery:
    """The filters of `GET /jobs/:id/tests`, or BadRequest.

    >>> read_test_query({"outcome": "failed,errored", "state": "regressed"}).outcomes
    b'fe'
    """
    known = ("outcome", "state", "q", "attempt", "limit", "offset")
    refuse_unknown(params, known)
    return TestQuery(
        outcomes=_bytes_of("outcome", params.get("outcome", ""), WORDS),
        states=_bytes_of("state", params.get("state", ""), STATES),
        text=params.get("q", "")[:500],
        attempt=read_attempt(params),
        limit=min(_whole("limit", params.get("limit", "100"), least=1), _MOST),
        offset=_whole("offset", params.get("offset", "0")),
    )


def _bytes_of(name: str, text: str, words: Mapping[int, str]) -> bytes:
    by_word = {word: byte for byte, word in words.items()}
    asked = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in asked if word not in by_word]
    if unknown:
        raise BadRequest(f"{name}: {unknown[0][:40]!r} is unknown", allowed=sorted(by_word))
    return bytes(by_word[word] for word in asked)


def _whole(name: str, text: str, *, least: int = 0) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
        raise BadRequest(f"{name} must be a whole number of at least {least}, not {text[:40]!r}")
    return int(text)


@dataclass(frozen=True, slots=True)
class Vectors:
    """A stored result, packed, with the ids of its tests."""

    id: UUID
    created_at: datetime
    file_id: UUID
    file_name: str
    team_id: UUID
    outcomes: bytes
    states: bytes
    durations: bytes
    test_ids: Sequence[int]
    deletions: int = 0
    previous_result_id: UUID | None = None
    warnings: Sequence[Mapping[str, str]] = ()
    aside_blocks: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """Cases of one result: places in it, and behind them places in the earlier one's plan."""

    result: Vectors
    places: Sequence[int]
    earlier: Vectors | None = None
    gone: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.places) + len(self.gone)

    def ids(self) -> set[int]:
        """Tests of these cases."""
        ids = {self.result.test_ids[place] for place in self.places}
        if self.earlier:
            ids.update(self.earlier.test_ids[place] for place in self.gone)
        return ids

    def only(self, ids: frozenset[int]) -> "Chosen":
        """Those of these tests."""
        earlier = self.earlier.test_ids if self.earlier else ()
        return replace(
            self,
            places=[place for place in self.places if self.result.test_ids[place] in ids],
            gone=[place for place in self.gone if earlier[place] in ids],
        )

    def rows(self, start: int, stop: int) -> list[tuple[Any, ...]]:
        """A slice of the cases as rows of `CASE_COLUMNS`."""
        one, there = self.result, len(self.places)
        times = unpack_durations(one.durations)
        rows: list[tuple[Any, ...]] = [
            (one.id, one.file_id, at, one.test_ids[at], WORDS[one.outcomes[at]],
             STATES[one.states[at]], round(times[at], 6))
            for at in self.places[start:stop]
        ]  # fmt: skip
        if self.earlier is not None:
            old = self.earlier
            rows += [
                (one.id, one.file_id, NOT_THERE, old.test_ids[at], WORDS[old.outcomes[at]],
                 "removed", 0.0)
                for at in self.gone[max(0, start - there) : max(0, stop - there)]
            ]  # fmt: skip
        return rows


CASE_COLUMNS = ("result_id", "file_id", "position", "test_id", "outcome", "state", "time")
"""What the store needs to know of the cases of a page."""


def choose(result: Vectors, earlier: Vectors | None, query: TestQuery) -> Chosen:
    """The cases of a result that fit; `earlier` is given when gone cases are wanted."""
    places = query.positions(result.outcomes, result.states)
    gone = match(earlier.test_ids, result.test_ids)[1] if earlier else ()
    return Chosen(result, places, earlier, gone)


def page_of(chosen: Sequence[Chosen], query: TestQuery) -> dict[str, list[Any]]:
    """The query's page of all chosen cases, by column."""
    rows: list[tuple[Any, ...]] = []
    skip = query.offset
    for one in chosen:
        room = query.limit - len(rows)
        if skip < len(one) and room > 0:
            rows += one.rows(skip, skip + room)
        skip = max(0, skip - len(one))
    columns = zip(*rows, strict=True) if rows else [()] * len(CASE_COLUMNS)
    return {name: list(column) for name, column in zip(CASE_COLUMNS, columns, strict=True)}


def blocks_of_page(
    results: Sequence[Vectors], columns: Mapping[str, Sequence[Any]]
) -> list[tuple[UUID, int, int]]:
    """The blocks of asides (result, start, end) in which those of a page's cases may be."""
    places: dict[UUID, list[int]] = {}
    for result_id, position in zip(columns["result_id"], columns["position"], strict=True):
        if position != NOT_THERE:
            places.setdefault(result_id, []).append(position)
    return [
        (one.id, start, end)
        for one in results
        for start, end in blocks_with(one.aside_blocks, sorted(places.get(one.id, ())))
    ]


def failures_of_page(
    results: Sequence[Vectors], columns: Mapping[str, Sequence[Any]]
) -> list[tuple[UUID, datetime, int]]:
    """Those cases of a page that failed here: their result, its moment, their position."""
    known = {one.id: one for one in results}
    return [
        (result_id, known[result_id].created_at, position)
        for result_id, position in zip(columns["result_id"], columns["position"], strict=True)
        if position != NOT_THERE and known[result_id].outcomes[position] in _BAD
    ]


Said = Mapping[tuple[UUID, int], Texts]
"""Texts of failing cases by result and position."""


def beside_page(
    blocks: Iterable[tuple[UUID, bytes]], said: Said, columns: Mapping[str, Sequence[Any]]
) -> dict[str, list[str | None]]:
    """What is kept of a page's cases: `own`, their texts, and `more`, the keys that few cases
    have, both as JSON or None. `blocks` are those of asides."""
    places = list(zip(columns["result_id"], columns["position"], strict=True))
    wanted = set(places)
    found: dict[tuple[UUID, int], Aside] = {}
    for result_id, block in blocks:
        for position, text in open_block(block).items():
            if (result_id, position) in wanted:
                found[result_id, position] = msgspec.json.decode(text, type=Aside)
    own = {key: one.texts() for key, one in found.items()}
    own |= {key: one.shown() for key, one in said.items()}
    asides = [found.get(key) for key in places]
    return {
        "own": [_as_json(own.get(key, {})) for key in places],
        "more": [(_as_json(one.beside()) or "")[1:-1] or None if one else None for one in asides],
    }


def _as_json(shown: Mapping[str, Any]) -> str | None:
    return msgspec.json.encode(shown).decode() if shown else None


def count_words(words: Mapping[int, str], vectors: Iterable[bytes]) -> dict[str, int]:
    """How often each word's byte stands in the vectors.

    >>> count_words({ord("p"): "passed", ord("f"): "failed"}, [b"pp", b"pf"])
    {'passed': 3, 'failed': 1}
    """
    everything = list(vectors)
    return {word: sum(vector.count(byte) for vector in everything) for byte, word in words.items()}


Names = Mapping[int, tuple[str, str, str]]
"""Suite, class name and name by test id."""


def junit_suites(
    result: Vectors,
    earlier: Vectors | None,
    names: Names,
    said: Mapping[int, Texts],
    *,
    asides: Asides | None = None,
    most: int,
) -> list[dict[str, Any]]:
    """The first `most` cases of a result and all that are gone, by suite, in DCI's shape."""
    asides = asides or Asides()
    suites: dict[str, list[dict[str, Any]]] = {path: [] for path, _, _ in asides.suites}
    before = earlier.outcomes if earlier else b""
    places, gone = match(earlier.test_ids if earlier else [], result.test_ids)
    times = unpack_durations(result.durations)
    for at in range(min(most, len(result.outcomes))):
        byte, place = result.outcomes[at], places[at]
        suite, classname, name = names[result.test_ids[at]]
        state = dci_state(before[place] if place >= 0 else None, byte)
        case = _junit_case(classname, name, ACTIONS[byte], state, round(times[at], 6))
        if at in asides.cases:
            case.update(asides.cases[at].shown())
        if at in said:
            case.update(said[at].in_dci_words())
        suites.setdefault(suite, []).append(case)
    for place in gone if earlier else ():
        suite, classname, name = names[earlier.test_ids[place]] if earlier else ("", "", "")
        case = _junit_case(classname, name, ACTIONS[before[place]], "REMOVED", 0.0)
        suites.setdefault(suite, []).append(case)
    about = {path: (name, properties) for path, name, properties in reversed(asides.suites)}
    shown = []
    for number, (path, cases) in enumerate(suites.items()):
        own, properties = about.get(path, (path, []))
        shown.append(_junit_suite(number, own, properties, cases))
    return shown


def _junit_case(
    classname: str, name: str, action: str, state: str | None, seconds: float
) -> dict[str, Any]:
    return {
        "name": name, "classname": classname, "time": seconds, "action": action, "message": None,
        "type": None, "value": "", "stdout": None, "stderr": None, "properties": (),
        "state": state, "successfix": state == "RECOVERED", "regression": state == "REGRESSED",
    }  # fmt: skip


def _junit_suite(
    number: int, name: str, properties: Iterable[tuple[str, str]], cases: list[dict[str, Any]]
) -> dict[str, Any]:
    states = Counter(case["state"] for case in cases)
    actions = Counter(case["action"] for case in cases if case["state"] != "REMOVED")
    return {
        "id": number, "name": name, "tests": sum(actions.values()),
        "failures": actions["failure"], "errors": actions["error"],
        "skipped": actions["skipped"], "success": actions["success"],
        "time": round(sum(case["time"] for case in cases), 3),
        "properties": [{"name": key, "value": value} for key, value in properties],
        "successfixes": states["RECOVERED"], "regressions": states["REGRESSED"],
        "additions": states["ADDED"], "deletions": states["REMOVED"],
        "unchanged": states["UNCHANGED"],
        "testcases": sorted(cases, key=lambda case: str(case["name"])),
    }  # fmt: skip
