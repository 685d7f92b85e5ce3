"""Every row of the contract's tables, asked by every role it names, in both versions."""

import pytest

from tests.conformance.contract.engine import ask_everybody, ask_stale, ask_without_etag
from tests.conformance.contract.rows import Row
from tests.conformance.contract.scene import Scene
from tests.conformance.contract.tables import ALL

GUARDED = [row for row in ALL if row.if_match and row.stale]


@pytest.mark.parametrize("row", ALL, ids=[row.title for row in ALL])
async def test_the_row_is_true(scene: Scene, row: Row) -> None:
    wrong = await ask_everybody(scene, row)
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("row", GUARDED, ids=[row.title for row in GUARDED])
async def test_a_change_names_the_state_it_saw(scene: Scene, row: Row) -> None:
    await ask_without_etag(scene, row)


@pytest.mark.parametrize("row", GUARDED, ids=[row.title for row in GUARDED])
async def test_a_change_of_an_older_state_is_refused(scene: Scene, row: Row) -> None:
    await ask_stale(scene, row)
