"""Verbs of plans: decoded lists of tests, and the names of tests."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.ids import test_id_text
from ringtest.control.plans import model, store
from ringtest.control.plans.model import Part, ShapeKey

_decoded = model.Decoded()
"""Of this process, whichever database a plan is of: ids are random, and plans never change."""


async def load_plans(tx: Transaction, plan_ids: Iterable[UUID]) -> "dict[UUID, array[int]]":
    """Test ids of plans in their order. The ids come from rows that the caller may see."""
    wanted = list(dict.fromkeys(plan_ids))
    missing = _decoded.missing(wanted)
    found = _decoded.known(wanted)
    if missing:
        for row in await store.select_plans(tx, missing):
            tests = array("q", row["test_ids"])
            found[row["id"]] = tests
            _decoded.keep(row["id"], tests)
    return found


async def load_parts(tx: Transaction, runs: Mapping[ShapeKey, int]) -> list[Part]:
    """Runs by shape as runs by plan, with who did not run. The keys come from rows that the
    caller may see. At most two statements, and none when all is known."""
    missing = _decoded.missing_shapes(runs)
    shapes = _decoded.known_shapes(runs)
    if missing:
        teams, ids = [key[0] for key in missing], [key[1] for key in missing]
        for row in await store.select_shapes(tx, teams, ids):
            absent = model.places_of_bits(row["absent"])
            shape = model.Shape(row["plan_id"], row["digest"], absent)
            shapes[row["team_id"], row["id"]] = shape
            _decoded.keep_shape((row["team_id"], row["id"]), shape)
    first = {shape.digest: shape.plan_id for shape in reversed(shapes.values())}
    plans = await load_plans(tx, first.values())
    by_digest = {digest: plans[plan_id] for digest, plan_id in first.items()}
    present = {key: number for key, number in runs.items() if key in shapes}
    return model.parts_of(present, shapes, by_digest)


def show(test_id: int, names: Mapping[int, tuple[str, str, str]]) -> dict[str, Any]:
    """A test as the API shows it."""
    suite, classname, name = names.get(test_id, ("", "", ""))
    text = test_id_text(test_id)
    return {"id": text, "suite": suite, "classname": classname, "name": name}


async def names_of(
    tx: Transaction, *, teams: Sequence[UUID] | None, ids: Iterable[int]
) -> dict[int, tuple[str, str, str]]:
    """Suite, class name and name of tests that one of the teams (None: any) has."""
    found = await store.select_names(tx, teams, list(ids))
    return {one: (suite, classname, name) for one, suite, classname, name in found}


async def search(
    tx: Transaction,
    *,
    teams: Sequence[UUID] | None,
    ids: Iterable[int],
    text: str = "",
    suite: str = "",
) -> frozenset[int]:
    """Those of `ids` in whose suite, class name or name `text` stands, in any case, and that
    are of the suite of that name; empty texts leave it open."""
    found = await store.search(tx, teams, list(ids), text=text, suite=suite)
    return frozenset(found)
