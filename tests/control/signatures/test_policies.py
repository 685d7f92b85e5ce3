"""How a product's failures are told apart: read by who sees it, changed by who may change it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from ringtest.control.accounts import api as accounts_api
from ringtest.control.catalog import api as catalog_api
from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.masks.model import Policy
from ringtest.control.signatures import api as signatures_api
from ringtest.control.signatures.model import Failure, own_frames, sign
from tests.control.people import World, open_world

NEVER = "0" * 32


@pytest.fixture
async def world(db: Database) -> AsyncIterator[World]:
    async with open_world(db, [identity_api, accounts_api, catalog_api, signatures_api]) as opened:
        yield opened


async def add_product(world: World) -> UUID:
    async with world.db.transaction(SYSTEM) as tx:
        product = await rows.insert(tx, "products", {"name": "p", "label": "P"})
        await tx.execute("INSERT INTO products_teams VALUES ($1, $2)", product, world.teams["red"])
    return product


async def put(world: World, product: UUID, etag: str, **body: Any) -> Any:
    return await world["super admin"].put(
        f"/products/{product}/signature_policy", json=body, headers={"If-match": etag}
    )


async def test_a_policy_is_empty_until_it_is_set_and_then_needs_its_etag(world: World) -> None:
    product = await add_product(world)
    told = await world["red user"].get(f"/products/{product}/signature_policy")
    policy = told.json()["signature_policy"]
    assert (policy["keep"], policy["own_code"], told.headers["etag"]) == ([], [], NEVER)
    first = await put(world, product, NEVER, keep=["port [0-9]+"])
    assert first.status_code == 200
    etag = first.headers["etag"]
    assert (await put(world, product, NEVER, keep=[])).status_code == 409
    changed = await put(world, product, etag, own_code=["*/ringlib/*"])
    policy = changed.json()["signature_policy"]
    assert (policy["keep"], policy["own_code"]) == (["port [0-9]+"], ["*/ringlib/*"])
    assert (await put(world, product, etag, keep=[])).status_code == 409
    async with world.db.transaction(SYSTEM) as tx:
        noted = await tx.fetch(
            "SELECT subject_id FROM audits"
            " WHERE action = 'update_signature_policy' AND outcome = 'done'"
        )
    assert [row["subject_id"] for row in noted] == [product, product]


@pytest.mark.parametrize(
    "body", [{"keep": ["(a"]}, {"keep": ["a*"]}, {"keep": ["a"] * 21}, {"own_code": [""]}]
)
async def test_a_policy_that_nobody_can_pay_for_is_refused(world: World, body: Any) -> None:
    product = await add_product(world)
    assert (await put(world, product, NEVER, **body)).status_code == 400


TRACE = """Traceback (most recent call last):
  File "/w/tests/test_a.py", line 3, in test_a
  File "/w/venv/lib/python3.11/site-packages/ringlib/core.py", line 9, in close
  File "/w/venv/lib/python3.11/site-packages/other/core.py", line 9, in wait
ValueError: open
"""


def test_own_code_names_the_frames_that_count() -> None:
    assert own_frames(TRACE) == ("test_a.py test_a",)
    assert own_frames(TRACE, Policy(own_code=("*/ringlib/*",))) == ("core.py close",)
    assert own_frames(TRACE, Policy(own_code=("nothing",))) == ()


def test_kept_digits_make_failures_different() -> None:
    one, other = (Failure("test", f"no answer of port {n}", "c t") for n in (443, 80))
    assert sign(one).key == sign(other).key
    policy = Policy(keep=("port [0-9]+",))
    assert sign(one, policy).key != sign(other, policy).key
    assert sign(one, policy).template == "no answer of port 443"
