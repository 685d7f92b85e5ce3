"""Rows of a DCI database become ours."""

from tests.control.importing.moving import Move, lost
from tests.control.importing.seed import one


async def test_everything_is_here_or_said_to_be_left_out(moved: Move) -> None:
    outcome = moved.outcome
    assert lost(outcome) == []
    skipped = {compared.table: compared.skipped for compared in outcome.compared}
    assert {name: number for name, number in skipped.items() if number} == {
        "users_teams": 1,
        "components": 1,
        "jobs": 1,
        "jobs_components": 1,
        "jobstates": 2,
        "tests_results": 1,
    }
    assert outcome.missing == []


async def test_ids_etags_times_and_states_are_those_of_dci(moved: Move) -> None:
    for table in ("teams", "users", "products", "topics", "remotecis", "feeders", "pipelines",
                  "jobs", "files", "component_files"):  # fmt: skip
        sql = f"SELECT id, etag, created_at, updated_at, state::text AS state FROM {table}"
        there = {row["id"]: dict(row) for row in await moved.there(sql)}
        here = {row["id"]: dict(row) for row in await moved.here(sql)}
        for key, row in there.items():
            row["state"] = row["state"] or "active"
            if key not in (one("lost job"),):
                assert here[key] == row, table


async def test_mixed_status_is_taken_apart(moved: Move) -> None:
    found = await moved.here(
        "SELECT status::text, stage::text, result::text, count(*), min(started_at) IS NULL,"
        " min(finished_at) IS NULL FROM jobs WHERE name = 'nightly' GROUP BY 1, 2, 3"
    )
    assert {tuple(row) for row in found} == {
        ("queued", None, None, 12, True, True),
        ("running", "test", None, 12, False, True),
        ("finished", None, "passed", 60, False, False),
        ("finished", None, "failed", 12, False, False),
        ("finished", None, "errored", 12, False, False),
        ("finished", None, "cancelled", 12, False, False),
    }


async def test_end_of_a_job_is_the_moment_of_its_last_state(moved: Move) -> None:
    found = await moved.here("SELECT * FROM jobs WHERE id = $1", one("job 0"))
    assert str(found[0]["started_at"]) == "2025-01-01 08:05:00.250000"
    assert str(found[0]["finished_at"]) == "2025-01-01 08:20:00.250000"
    wanted = await moved.here(
        "SELECT rt_set_key(array_agg(component_id)) FROM jobs_components WHERE job_id = $1",
        one("job 0"),
    )
    assert found[0]["set_key"] == wanted[0][0] != ""


async def test_numbers_of_results_stand_at_their_jobs_before_any_file_is_read(move: Move) -> None:
    await move.run("teams", "users", "products", "topics", "remotecis", "components", "jobs",
                   "jobstates", "files", "tests_results")  # fmt: skip
    found = await move.here("SELECT tests FROM jobs WHERE id = $1", one("job 5"))
    assert '"total": 20' in found[0]["tests"]
    assert '"failures": 2' in found[0]["tests"]


async def test_topics_know_the_next_one(moved: Move) -> None:
    found = await moved.here("SELECT next_topic_id FROM topics WHERE name = 'P-0'")
    assert found[0][0] == one("topic 1")


async def test_rows_without_a_home_are_taken_in(moved: Move) -> None:
    found = await moved.here(
        "SELECT j.status::text, t.name, e.name FROM jobs j JOIN topics t ON t.id = j.topic_id"
        " JOIN teams e ON e.id = j.team_id WHERE j.id = $1",
        one("odd job"),
    )
    assert [tuple(row) for row in found] == [("queued", "none in DCI", "none in DCI")]
    odd = await moved.here("SELECT data::text FROM topics WHERE id = $1", one("odd topic"))
    assert odd[0][0] == '{"a": "bc", "d": "\\\\u0000"}'


async def test_of_equal_components_the_newest_stays_active(moved: Move) -> None:
    found = await moved.here("SELECT id, state FROM components WHERE display_name = 'twin'")
    assert {row["id"] for row in found if row["state"] == "active"} == {one("twin 3")}
    assert len(found) == 3
    active = "SELECT count(*) FROM components WHERE state = 'active'"
    there = (await moved.there(active))[0][0]
    assert (await moved.here(active))[0][0] == there - 3  # two twins, one of a lost team


async def test_every_row_left_out_or_changed_is_named(moved: Move) -> None:
    told = await moved.told()
    about = {(table, key): (what, why) for table, key, what, why in told}
    assert about["jobs", str(one("lost job"))][0] == "skipped"
    assert about["users", str(one("odd user"))][0] == "changed"
    assert "inactive" in about["components", str(one("twin 1"))][1]
    assert about["files", str(one("no bytes"))][0] == "no content"
    assert ("files", str(one("old file"))) not in about


async def test_a_team_and_a_user_of_the_first_start_give_way(move: Move) -> None:
    await move.here("INSERT INTO teams (id, created_at, updated_at, etag, name)"
                    " VALUES (gen_random_uuid(), now(), now(), 'x', 'admin')")  # fmt: skip
    await move.here("INSERT INTO users (id, created_at, updated_at, etag, name, fullname)"
                    " VALUES (gen_random_uuid(), now(), now(), 'x', 'admin', 'first')")  # fmt: skip
    await move.here("INSERT INTO users_teams SELECT u.id, t.id FROM users u, teams t")
    assert lost(await move.rows()) == []
    found = await move.here(
        "SELECT u.name, u.fullname, t.id FROM users u JOIN users_teams ut ON ut.user_id = u.id"
        " JOIN teams t ON t.id = ut.team_id WHERE t.name = 'admin' ORDER BY u.fullname"
    )
    assert {row["id"] for row in found} == {one("team 0")}
    assert found[0]["name"] == "admin"
    assert found[-1]["name"].startswith("admin (")
    closed = await move.here("SELECT state FROM teams WHERE name LIKE 'admin (%'")
    assert [row[0] for row in closed] == ["archived"]


async def test_audits_events_and_subscriptions_come_too(moved: Move) -> None:
    assert (await moved.here("SELECT count(*) FROM audits"))[0][0] == 100
    assert (await moved.here("SELECT count(*) FROM users_topics"))[0][0] == 7
    assert (await moved.here("SELECT sequence FROM counters"))[0][0] == 12
    numbers = await moved.here(
        "SELECT max(id), nextval(pg_get_serial_sequence('jobs_events', 'id')) FROM jobs_events"
    )
    assert numbers[0][1] > numbers[0][0] == 36


async def test_another_version_of_dci_is_read_too(move: Move) -> None:
    await move.there("ALTER TABLE jobs DROP COLUMN pipeline_id")
    await move.there("ALTER TABLE components DROP COLUMN display_name")
    await move.there("DROP TABLE users_topics")
    outcome = await move.rows()
    assert lost(outcome) == []
    assert set(outcome.missing) == {
        "table users_topics", "column jobs.pipeline_id", "column components.display_name",
    }  # fmt: skip
