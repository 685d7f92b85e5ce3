"""The API's description changes only on purpose: `make golden` writes it anew."""

import json
import os
from pathlib import Path

import httpx

from ringtest.control.app import create_app
from ringtest.control.db.pool import Database
from tests.parts import make_parts

GOLDEN = Path(__file__).with_name("openapi.json")


async def test_the_description_of_the_api_is_the_agreed_one(db: Database, tmp_path: Path) -> None:
    transport = httpx.ASGITransport(app=create_app(make_parts(db, tmp_path)))
    async with httpx.AsyncClient(transport=transport, base_url="http://ringtest") as http:
        served = (await http.get("/schema/openapi.json")).json()
    assert served["openapi"].startswith("3.1")
    if os.environ.get("RINGTEST_WRITE_GOLDEN"):
        GOLDEN.write_text(json.dumps(served, indent=1, sort_keys=True) + "\n")
    assert served == json.loads(GOLDEN.read_text())
