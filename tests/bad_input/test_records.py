"""What a broken agent may send of its job: refused by name, or kept as far as it makes sense."""

import base64
from typing import Any

import httpx
import pytest

from tests.bad_input.ground import Ground

STAGE = {"kind": "stage", "stage": "test", "status": "running"}
COUNTS = {"kind": "progress", "total": 1, "passed": 0, "failed": 0, "errored": 0, "skipped": 0}
FIRST, LAST = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"
REFUSED: list[tuple[Any, str]] = [
    ({"kind": "nonsense"}, "kind"),
    (STAGE | {"stage": "nonsense"}, "stage"),
    (STAGE | {"status": "nonsense"}, "status"),
    (STAGE | {"exit_code": 2**31}, "exit_code"),
    (STAGE | {"exit_code": -(2**80)}, "exit_code"),
    (STAGE | {"at": "nonsense"}, "at"),
    (STAGE | {"message": 1}, "message"),
    (COUNTS | {"total": -1}, "total"),
    (COUNTS | {"passed": 2**80}, "passed"),
    ({"kind": "log", "data": "!!!"}, "data"),
    ({"kind": "log", "data": 1}, "data"),
    ({"kind": "finish", "result": "nonsense"}, "result"),
    ({"kind": "release"}, "reason"),
    (STAGE | {"seq": "1"}, "seq"),
    (STAGE | {"seq": 1.5}, "seq"),
    ([], "records[0]"),
    (None, "records[0]"),
]


@pytest.fixture
async def lease(scratch: Ground) -> dict[str, str]:
    """The header of an agent that has just claimed the job."""
    url = f"/jobs/{scratch.estate.ids['job_id']}"
    assert (await scratch["lab"].post(f"{url}/retry")).status_code == 201
    answer = await scratch["lab"].post(f"{url}/claim", json={"agent": "broken"})
    return {"X-Ringtest-Lease": answer.json()["claim"]["lease_token"]}


async def _tell(ground: Ground, lease: dict[str, str], records: Any) -> httpx.Response:
    url = f"/jobs/{ground.estate.ids['job_id']}/records"
    return await ground["lab"].post(url, json={"records": records}, headers=lease)


async def test_records_that_make_no_sense_are_named(scratch: Ground, lease: dict[str, str]) -> None:
    for record, name in REFUSED:
        whole = {"seq": 1, **record} if isinstance(record, dict) else record
        answer = await _tell(scratch, lease, [whole])
        assert (answer.status_code, scratch.complaints(answer)) == (400, []), record
        assert name in answer.json()["payload"]["error"], record
    odd: tuple[object, ...] = (None, 1, {}, "x")
    for records in odd:
        answer = await _tell(scratch, lease, records)
        assert (answer.status_code, scratch.complaints(answer)) == (400, []), records


async def test_strange_numbers_of_records_change_nothing(
    scratch: Ground, lease: dict[str, str]
) -> None:
    for number, status in ((0, 200), (-1, 200), (2, 409), (2**63, 409), (2**80, 409)):
        answer = await _tell(scratch, lease, [STAGE | {"seq": number}])
        assert (answer.status_code, scratch.complaints(answer)) == (status, [])
    assert (await _tell(scratch, lease, [])).json()["applied_seq"] == 0


async def test_nothing_that_a_program_prints_keeps_its_job_from_ending(
    scratch: Ground, lease: dict[str, str]
) -> None:
    dirt = "\0\x1b]0;title\x07<script>\u202e" + "x" * 70_000
    printed = base64.b64encode(b"\0\xff\xfe\x1b[2J<script>\r\n" * 2000 + b"\n" * 50_000).decode()
    records: list[dict[str, Any]] = [
        STAGE | {"at": FIRST},
        STAGE | {"status": "failed", "at": LAST, "message": dirt, "evidence": dirt},
        {"kind": "log", "data": printed},
        {"kind": "log", "data": ""},
        {"kind": "finish", "result": "failed", "reason": dirt, "at": LAST},
    ]
    told = [record | {"seq": number} for number, record in enumerate(records, 1)]
    answer = await _tell(scratch, lease, told)
    assert (answer.status_code, answer.json().get("applied_seq")) == (200, len(records))
    job = f"/jobs/{scratch.estate.ids['job_id']}"
    for path in ("", "/stages", "/log", "/log/raw", "/log/search?q=script", "/log/search?q=%00"):
        answer = await scratch["user"].get(job + path)
        assert (answer.status_code, scratch.complaints(answer)) == (200, []), path
    stages = (await scratch["user"].get(f"{job}/stages")).json()["stages"]
    assert stages[-1]["message"].startswith("␀\x1b]0;title")
    assert 60_000 < len(stages[-1]["evidence"]) < 70_000


async def test_an_unknown_lease_is_refused(scratch: Ground) -> None:
    url = f"/jobs/{scratch.estate.ids['job_id']}/records"
    for token in (b"", b"x" * 50_000, b"\xff", b"' or 1=1"):
        answer = await scratch["lab"].post(
            url, json={"records": []}, headers={b"X-Ringtest-Lease": token}
        )
        assert (answer.status_code, scratch.complaints(answer)) == (401, [])
