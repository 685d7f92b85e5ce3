"""Lists and single jobs: who sees what, filters, order, pages, and what is never shown."""

from typing import Any

import pytest

from ringtest.control.db.job_fields import STATUS_WORD
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.outcome import JobResult, JobStatus, Stage, dci_status
from tests.control.jobs.bench import Bench
from tests.control.people import count_statements


async def listed(bench: Bench, who: str = "red user", **params: Any) -> list[str]:
    return [job["id"] for job in (await bench.world.get(who, "/jobs", **params))["jobs"]]


async def several(bench: Bench, clock: VirtualClock, count: int, **more: Any) -> list[str]:
    """Jobs a second apart, newest first."""
    made = []
    for number in range(count):
        clock.advance(1)
        made.append((await bench.created(name=f"job {number}", **more))["id"])
    return made[::-1]


async def test_teams_see_their_own_jobs_and_readers_all(bench: Bench) -> None:
    red = (await bench.created())["id"]
    blue = await bench.queued("blue lab")
    assert await listed(bench, "red user") == await listed(bench, "red lab") == [red]
    assert await listed(bench, "blue user") == [blue]
    for who in ("super admin", "epm", "read-only"):
        assert set(await listed(bench, who)) == {red, blue}
    assert await listed(bench, "feeder") == []
    for path in ("", "/components", "/jobstates"):
        answer = await bench.world["blue user"].get(f"/jobs/{red}{path}")
        assert answer.status_code == 401
    assert (await bench.world["nobody"].get("/jobs")).status_code == 401


async def test_a_job_carries_the_embeds_of_the_wire_format(bench: Bench) -> None:
    job = await bench.created(data={"a": 1})
    await bench.world["red lab"].post(f"/jobs/{job['id']}/kv", json={"key": "k", "value": 1.5})
    (seen,) = (await bench.world.get("red user", "/jobs"))["jobs"]
    embeds = {"results", "remoteci", "components", "topic", "team", "pipeline", "keys_values"}
    assert embeds <= set(seen)
    assert not {"data", "jobstates", "files"} & set(seen)
    assert seen["keys_values"] == [{"job_id": job["id"], "key": "k", "value": 1.5}]
    got = await bench.job(job["id"], "red user")
    assert set(got) == set(seen) | {"data", "jobstates", "files"}
    assert got["data"] == {"a": 1}
    assert (got["pipeline"], got["results"], got["files"]) == (None, [], [])


async def test_no_secret_shows_in_a_job(bench: Bench) -> None:
    job_id = await bench.queued()
    await bench.claim(job_id)
    for who in ("red user", "red lab", "read-only", "super admin"):
        for path in ("/jobs", f"/jobs/{job_id}"):
            text = (await bench.world[who].get(path)).text
            assert "registry secret" not in text
            assert "api_secret" not in text
            assert "lease_token" not in text


async def test_results_and_free_files_are_embedded(bench: Bench) -> None:
    job_id = (await bench.created())["id"]
    row = (
        "gen_random_uuid(), now(), now(), 'e', '{}', 'text/plain', 'beef', 7, 'key', $1::uuid,"
        " (SELECT team_id FROM jobs WHERE id = $1)"
    )
    columns = "id, created_at, updated_at, etag, name, mime, sha256, size, object_key, job_id"
    state = await bench.world["red lab"].post(
        "/jobstates", json={"job_id": job_id, "status": "running"}
    )
    await bench.world.sql(
        f"INSERT INTO files ({columns}, team_id) VALUES ({row.format('free')}) RETURNING 1", job_id
    )
    await bench.world.sql(
        f"INSERT INTO files ({columns}, team_id, jobstate_id) VALUES ({row.format('tied')}, $2)"
        " RETURNING 1",
        job_id,
        state.json()["jobstate"]["id"],
    )
    await bench.world.sql(
        "INSERT INTO test_results (id, created_at, job_id, file_id, team_id, name, total, success,"
        " skips, failures, errors, outcomes, states, durations) SELECT gen_random_uuid(), now(),"
        " $1, f.id, f.team_id, 'unit', 2, 1, 0, 1, 0, '', '', '' FROM files f WHERE f.name = 'free'"
        " RETURNING 1",
        job_id,
    )
    got = await bench.job(job_id, "red user")
    assert [one["name"] for one in got["files"]] == ["free"]
    assert "object_key" not in got["files"][0]
    (result,) = got["results"]
    assert (result["name"], result["total"], result["failures"]) == ("unit", 2, 1)
    (jobstate,) = (await bench.world.get("red user", f"/jobs/{job_id}/jobstates"))["jobstates"]
    assert [one["name"] for one in jobstate["files"]] == ["tied"]
    one = (await bench.world.get("red user", f"/jobstates/{jobstate['id']}"))["jobstate"]
    assert one == jobstate


async def test_results_are_those_of_the_last_attempt_and_of_files_that_are_there(
    bench: Bench,
) -> None:
    job_id = (await bench.created())["id"]
    await bench.world.sql("UPDATE jobs SET attempt = 2 WHERE id = $1 RETURNING 1", job_id)
    for name, attempt, state in (
        ("first", 1, "active"), ("gone", 2, "archived"), ("last", 2, "active"),
    ):  # fmt: skip
        await bench.world.sql(
            "WITH f AS (INSERT INTO files (id, created_at, updated_at, etag, state, name, sha256,"
            " size, object_key, attempt, job_id, team_id) SELECT gen_random_uuid(), now(), now(),"
            " 'e', $4::row_state, $2, 'beef', 7, 'key', $3, id, team_id FROM jobs WHERE id = $1"
            " RETURNING *) INSERT INTO test_results (id, created_at, job_id, file_id, team_id,"
            " attempt, name, total, success, skips, failures, errors, outcomes, states, durations)"
            " SELECT gen_random_uuid(), now(), job_id, id, team_id, attempt, name, 1, 1, 0, 0, 0,"
            " '', '', '' FROM f RETURNING 1",
            job_id, name, attempt, state,
        )  # fmt: skip
    (listed,) = (await bench.world.get("red user", "/jobs"))["jobs"]
    for job in (listed, await bench.job(job_id, "red user")):
        assert [result["name"] for result in job["results"]] == ["last"]


async def test_the_status_of_the_wire_format_is_derived_alike_in_sql_and_in_python(
    bench: Bench,
) -> None:
    row = "SELECT $1::job_status AS status, $2::job_stage AS stage, $3::job_result AS result"
    for status in JobStatus:
        for stage in (None, *Stage):
            for result in (None, *JobResult):
                word = await bench.world.sql(
                    f"SELECT {STATUS_WORD.format('j')} FROM ({row}) j", status, stage, result
                )
                assert word == dci_status(status, stage, result)


async def test_filters_find_by_column(bench: Bench, clock: VirtualClock) -> None:
    first = (await bench.created(name="Smoke Test", tags=["a"], configuration="x"))["id"]
    clock.advance(1)
    second = (await bench.created(name="other", tags=["a", "b"]))["id"]
    await bench.world["red lab"].post("/jobstates", json={"job_id": first, "status": "failure"})
    for where, found in (
        ("name:smoke test", [first]),
        ("name:smoke*", [first]),
        ("tags:b", [second]),
        ("tags:a,status:failure", [first]),
        ("status:new", [second]),
        ("phase:queued", [second]),
        ("configuration:", [second]),
        (f"id:{first}", [first]),
        (f"remoteci_id:{bench.world.machines['red lab']}", [second, first]),
    ):
        assert await listed(bench, where=where) == found, where
    body = await bench.world.get("red user", "/jobs", where="tags:b")
    assert body["_meta"]["count"] == 1


@pytest.mark.parametrize(
    "params",
    [
        {"where": "data:x"},
        {"where": "colour:x"},
        {"where": "status:fine"},
        {"where": "id:abc"},
        {"sort": "data"},
        {"limit": "0", "offset": "0"},
        {"limit": "5"},
        {"colour": "red"},
        {"after": "nonsense"},
        {"after": "o20"},
        {"after": "kyesterday_x"},
    ],
)
async def test_a_list_that_makes_no_sense_is_400(bench: Bench, params: dict[str, str]) -> None:
    answer = await bench.world["red user"].get("/jobs", params=params)
    assert answer.status_code == 400
    assert "SELECT" not in answer.text


async def test_order_follows_sort(bench: Bench, clock: VirtualClock) -> None:
    newest_first = await several(bench, clock, 3)
    assert await listed(bench) == newest_first
    assert await listed(bench, sort="created_at") == newest_first[::-1]
    assert await listed(bench, sort="name") == newest_first[::-1]
    body = {"job_id": newest_first[2], "status": "running"}
    await bench.world["red lab"].post("/jobstates", json=body)
    assert (await listed(bench, sort="-status"))[0] == newest_first[2]


@pytest.mark.parametrize("sort", ["", "created_at", "-name"])
async def test_pages_by_cursor_hold_every_job_once(
    bench: Bench, clock: VirtualClock, sort: str
) -> None:
    for number in range(4):  # two of each moment
        await bench.created(name=f"job {number}")
        await bench.created(name=f"job {number}")
        clock.advance(1)
    order = {"sort": sort} if sort else {}
    whole = await listed(bench, limit="50", offset="0", **order)
    seen: list[str] = []
    body = await bench.world.get("red user", "/jobs", limit="3", offset="0", **order)
    while body["jobs"]:
        assert body["_meta"].get("count", 8) == 8  # not counted again after a cursor
        seen.extend(job["id"] for job in body["jobs"])
        after = body["_meta"]["next"]
        if after is None:
            break
        body = await bench.world.get("red user", "/jobs", limit="3", after=after, **order)
    assert seen == whole
    assert await listed(bench, limit="3", offset="3", **order) == whole[3:6]


async def test_a_cursor_misses_nothing_when_new_jobs_come(
    bench: Bench, clock: VirtualClock
) -> None:
    jobs = await several(bench, clock, 4)
    body = await bench.world.get("red user", "/jobs", limit="2", offset="0")
    await several(bench, clock, 2)
    after = body["_meta"]["next"]
    assert await listed(bench, limit="2", after=after) == jobs[2:]


async def test_a_list_costs_few_statements(bench: Bench, clock: VirtualClock) -> None:
    await several(bench, clock, 3)
    await listed(bench)
    counter = count_statements()
    await listed(bench)
    assert counter[0] <= 4  # who asks; begin, page, commit


@pytest.mark.parametrize(
    ("change", "embed", "field"),
    [
        ("UPDATE components SET display_name = 'new'", "components", "display_name"),
        ("UPDATE topics SET name = 'new'", "topic", "name"),
        ("UPDATE remotecis SET name = 'new' WHERE name = 'red lab'", "remoteci", "name"),
        ("UPDATE teams SET name = 'new' WHERE name = 'red'", "team", "name"),
        ("UPDATE pipelines SET name = 'new'", "pipeline", "name"),
    ],
)
async def test_a_change_of_what_jobs_share_shows_at_once(
    bench: Bench, change: str, embed: str, field: str
) -> None:
    """Also one that forgets the etag: what is remembered goes by the row's own version."""
    await bench.world.sql("DELETE FROM topics WHERE name = 'secret' RETURNING 1")
    await bench.world.sql("DELETE FROM components WHERE display_name <> 'compose 1' RETURNING 1")
    body = {"name": "old", "team_id": str(bench.world.teams["red"])}
    pipeline = (await bench.world["red user"].post("/pipelines", json=body)).json()["pipeline"]
    await bench.created(pipeline_id=pipeline["id"])

    async def shown() -> str:
        (job,) = (await bench.world.get("red user", "/jobs"))["jobs"]
        embedded = job[embed][0] if embed == "components" else job[embed]
        text: str = embedded[field]
        return text

    assert await shown() != "new"
    await bench.world.sql(f"{change} RETURNING 1")
    assert await shown() == "new"


async def test_what_one_caller_may_see_is_not_shown_to_another(bench: Bench) -> None:
    await bench.created()
    both = [await bench.world.get(who, "/jobs") for who in ("epm", "red user")]
    assert [len(body["jobs"][0]["components"]) for body in both] == [1, 1]
    await bench.world.sql("DELETE FROM products_teams RETURNING 1")
    (job,) = (await bench.world.get("red user", "/jobs"))["jobs"]
    assert (job["components"], job["topic"]) == ([], None)
    (job,) = (await bench.world.get("epm", "/jobs"))["jobs"]
    assert len(job["components"]) == 1


async def test_big_totals_are_exact(bench: Bench) -> None:
    job = await bench.created()
    await bench.world.sql(
        "INSERT INTO jobs (id, created_at, updated_at, etag, topic_id, remoteci_id, team_id)"
        " SELECT gen_random_uuid(), created_at, created_at, etag, topic_id, remoteci_id, team_id"
        " FROM jobs, generate_series(1, 1500) WHERE id = $1 RETURNING 1",
        job["id"],
    )

    async def total(who: str) -> int:
        count: int = (await bench.world.get(who, "/jobs"))["_meta"]["count"]
        return count

    assert await total("red user") == await total("red user") == 1501
    await bench.created()
    assert await total("red user") == await total("epm") == 1502
    assert await total("blue user") == 0
