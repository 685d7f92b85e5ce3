"""Run again, an import brings what changed, and nothing else."""

from datetime import datetime

from ringtest.control import registry
from tests.control.importing.moving import Move, lost
from tests.control.importing.seed import one


async def test_nothing_changed_is_nothing_written(move: Move) -> None:
    await move.run()
    before = await move.here("SELECT md5(string_agg(j::text, '' ORDER BY id)) FROM jobs j")
    again = await move.run()
    assert lost(again) == []
    assert again.changes == 0
    after = await move.here("SELECT md5(string_agg(j::text, '' ORDER BY id)) FROM jobs j")
    assert before == after


async def test_changes_since_are_brought(move: Move) -> None:
    await move.rows()
    await move.there(
        "UPDATE jobs SET status = 'failure', etag = 'new', updated_at = now() WHERE id = $1",
        one("job 9"),
    )
    await move.there(
        "INSERT INTO jobstates VALUES (md5('late')::uuid, now(), 'failure', 'c', $1)", one("job 9")
    )
    await move.there(
        "UPDATE remotecis SET etag = 'k', updated_at = now(), api_secret = 'other' WHERE id = $1",
        one("lab 1"),
    )
    await move.there("UPDATE jobs_keys_values SET value = 7 WHERE job_id = $1", one("job 5"))
    keys = await move.here("SELECT holder_id, secret FROM credentials ORDER BY 1")
    again = await move.rows()
    assert lost(again) == []
    assert again.changes == 5
    job = await move.here("SELECT result::text, etag FROM jobs WHERE id = $1", one("job 9"))
    assert tuple(job[0]) == ("failed", "new")
    fresh = await move.here("SELECT holder_id, secret FROM credentials ORDER BY 1")
    assert [a[0] for a, b in zip(keys, fresh, strict=True) if a != b] == [one("lab 1")]
    kv = await move.here("SELECT value FROM jobs_keys_values WHERE job_id = $1", one("job 5"))
    assert kv[0][0] == 7


async def test_what_went_away_goes_here_too(move: Move) -> None:
    await move.rows()
    await move.there("DELETE FROM users_teams WHERE user_id = $1", one("user 3"))
    await move.there("DELETE FROM jobstates WHERE job_id = $1", one("job 8"))
    await move.there("DELETE FROM files WHERE id = $1", one("file 1 3"))
    again = await move.rows()
    assert lost(again) == []
    left = await move.here(
        "SELECT (SELECT count(*) FROM users_teams WHERE user_id = $1),"
        " (SELECT count(*) FROM jobstates WHERE job_id = $2),"
        " (SELECT state FROM files WHERE id = $3)",
        one("user 3"), one("job 8"), one("file 1 3"),
    )  # fmt: skip
    assert tuple(left[0]) == (0, 0, "archived")


async def test_names_may_change_places(move: Move) -> None:
    await move.rows()
    await move.there("UPDATE topics SET name = 'x' WHERE name = 'P-0'")
    await move.there("UPDATE topics SET name = 'P-0' WHERE name = 'P-1'")
    await move.there("UPDATE topics SET name = 'P-1' WHERE name = 'x'")
    await move.there("UPDATE topics SET etag = 'n' || etag, updated_at = now()")
    assert lost(await move.rows()) == []
    found = await move.here("SELECT id, name FROM topics WHERE name IN ('P-0', 'P-1')")
    assert {row["name"]: row["id"] for row in found} == {"P-0": one("topic 1"),
                                                         "P-1": one("topic 0")}  # fmt: skip


async def test_a_component_takes_the_place_of_an_equal_one(move: Move) -> None:
    await move.rows()
    await move.there(
        "UPDATE components SET state = 'archived', etag = 'n', updated_at = now() WHERE id = $1",
        one("twin 3"),
    )
    await move.rows()
    found = await move.here("SELECT id FROM components WHERE display_name = 'twin'"
                            " AND state = 'active'")  # fmt: skip
    assert [row[0] for row in found] == [one("twin 2")]


async def test_what_was_changed_here_later_stays(move: Move) -> None:
    await move.rows()
    await move.here(
        "UPDATE jobs SET comment = 'ours', etag = 'o', updated_at = now() + interval '1 day'"
        " WHERE id = $1",
        one("job 3"),
    )
    await move.there("UPDATE jobs SET etag = 't', updated_at = now() WHERE id = $1", one("job 3"))
    await move.rows()
    assert (await move.here("SELECT comment FROM jobs WHERE id = $1", one("job 3")))[0][0] == "ours"


async def test_a_key_that_was_made_here_later_stays(move: Move) -> None:
    await move.run()
    await move.here(
        "UPDATE credentials SET created_at = now() + interval '1 hour', secret = $1"
        " WHERE holder_id = (SELECT min(id::text)::uuid FROM remotecis)",
        registry.secret_box(move.settings).seal("made here"),
    )
    before = await move.here("SELECT holder_id, secret FROM credentials ORDER BY 1")
    await move.run()
    assert await move.here("SELECT holder_id, secret FROM credentials ORDER BY 1") == before


async def test_a_server_that_has_jobs_of_its_own_loses_nothing(move: Move) -> None:
    await move.rows()
    await move.here(
        "INSERT INTO jobs (id, created_at, updated_at, etag, topic_id, remoteci_id, team_id)"
        " SELECT gen_random_uuid(), now() + interval '1 s', now(), 'x', topic_id, remoteci_id,"
        " team_id FROM jobs WHERE id = $1",
        one("job 3"),
    )
    await move.there("DELETE FROM users_teams WHERE user_id = $1", one("user 3"))
    await move.rows()
    kept = await move.here("SELECT count(*) FROM users_teams WHERE user_id = $1", one("user 3"))
    assert kept[0][0] == 1


async def test_who_was_left_out_comes_when_what_it_lacked_is_there(move: Move) -> None:
    await move.rows()
    await move.there(
        "INSERT INTO remotecis SELECT md5('no lab')::uuid, now(), now(), 'x', 'late', NULL, NULL,"
        " team_id, false, 'active' FROM remotecis WHERE id = $1",
        one("lab 1"),
    )
    again = await move.rows()
    assert lost(again) == []
    job = await move.here("SELECT count(*) FROM jobs WHERE id = $1", one("lost job"))
    assert job[0][0] == 1
    assert [one for one in await move.told() if one[0] == "jobs" and one[2] == "skipped"] == []


async def test_history_may_begin_at_a_day(move: Move) -> None:
    outcome = await move.run(history=datetime(2025, 1, 1, 12))
    assert lost(outcome) == []
    oldest = await move.here("SELECT min(created_at) FROM jobs")
    assert str(oldest[0][0]) >= "2025-01-01 12"
    assert (await move.here("SELECT count(*) FROM files"))[0][0] > 0
