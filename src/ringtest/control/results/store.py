"""SQL of results. What of jobs is read here is read to find the run before."""

from array import array
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from ringtest.control.db.listing import Conditions
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.ids import new_id
from ringtest.control.results.model import Vectors

_BATCH = 2000
"""Rows that one statement writes: encoding more would hold up everyone else."""
_SENT = 200_000
"""Ids of tests that one statement writes: each is there four times while it is sent."""
_LIVE_RESULTS = """test_results r JOIN files f ON f.id = r.file_id AND f.state <> 'archived'"""


# writing results ---------------------------------------------------------------


async def select_ground(
    tx: Transaction,
    job: asyncpg.Record,
    *,
    attempt: int,
    name: str,
    digest: bytes,
    shape_id: int,
) -> list[asyncpg.Record]:
    """What a new result of `name` stands on.

    Every row has `plan_id` (of `digest`, or NULL), `has_shape` (whether `shape_id` is known)
    and `ordinal` (how many results of that name the job has). There is a row per earlier
    result to compare with, in their order (`id`, `earlier_plan_id`, `outcomes`), or one row
    whose `id` is NULL.

    The earlier job is the latest comparable one that has such a result: same topic, lab,
    name, configuration and url. A run that broke before its tests compares with nothing.
    """
    same = Conditions()
    given = [job["id"], attempt, name, job["team_id"], digest, shape_id]
    job_id, its_attempt, its_name, team, its_digest, its_shape = map(same.param, given)
    for column in ("topic_id", "remoteci_id"):
        same.add(f"p.{column} = {{}}", job[column])
    for column in ("name", "configuration", "url"):  # an equality each, so that the index serves
        if job[column] is None:
            same.add(f"p.{column} IS NULL")
        else:
            same.add(f"p.{column} = {{}}", job[column])
    same.add("p.created_at < {}", job["created_at"])
    return await tx.fetch(
        f"""
        WITH own AS (SELECT
            (SELECT count(*) FROM {_LIVE_RESULTS} WHERE r.job_id = {job_id}
               AND r.attempt = {its_attempt} AND r.name = {its_name}) AS ordinal,
            (SELECT t.id FROM test_plans t WHERE t.team_id = {team} AND t.digest = {its_digest})
              AS plan_id,
            EXISTS (SELECT FROM test_shapes s WHERE s.team_id = {team} AND s.id = {its_shape})
              AS has_shape),
        runs AS MATERIALIZED (
          SELECT p.id, p.attempt, p.created_at FROM jobs p
          WHERE {same.sql()} AND p.state <> 'archived' ORDER BY p.created_at DESC LIMIT 50),
        latest AS (
          SELECT p.id, p.attempt FROM runs p WHERE EXISTS (SELECT FROM {_LIVE_RESULTS}
            WHERE r.job_id = p.id AND r.attempt = p.attempt AND r.name = {its_name})
          ORDER BY p.created_at DESC LIMIT 1)
        SELECT own.ordinal, own.plan_id, own.has_shape, e.id, e.plan_id AS earlier_plan_id,
          e.outcomes
        FROM own LEFT JOIN (
          SELECT r.id, r.plan_id, r.outcomes, r.created_at
          FROM latest l JOIN {_LIVE_RESULTS} ON r.job_id = l.id AND r.attempt = l.attempt
          WHERE r.name = {its_name}) e ON true
        ORDER BY e.created_at, e.id
        """,
        *same.values,
    )


async def select_plans(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, "array[int]"]:
    """Test ids of plans."""
    plans = {}
    for one in ids:  # a list of a million numbers takes 40 MB before it is an array
        found = await tx.fetchval("SELECT test_ids FROM test_plans WHERE id = $1", one)
        plans[one] = array("q", found or ())
    return plans


async def hold_tests(tx: Transaction, team_id: UUID, *, alone: bool) -> None:
    """Before tests are inserted: in one sorted statement beside others, or in several alone."""
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    await tx.execute(
        f"SELECT {function}(hashtextextended('tests of ' || $1::uuid::text, 0))", team_id
    )


async def insert_tests(tx: Transaction, team_id: UUID, tests: Mapping[int, Sequence[str]]) -> None:
    """Remember tests (suite, classname, name) by id; sorted, so that writers never deadlock."""
    every = sorted(tests)
    for start in range(0, len(every), _BATCH):
        ids = every[start : start + _BATCH]
        suites, classnames, names = ([tests[one][part] for one in ids] for part in range(3))
        await tx.execute(
            """
            INSERT INTO tests (team_id, id, suite, classname, name)
            SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[])
            ON CONFLICT DO NOTHING
            """,
            team_id,
            ids,
            suites,
            classnames,
            names,
        )


async def insert_plan(
    tx: Transaction, team_id: UUID, digest: bytes, test_ids: "array[int]"
) -> UUID:
    """The plan of these tests; whoever comes second gets the first one's."""
    plan_id: UUID | None = await tx.fetchval(
        "INSERT INTO test_plans (id, team_id, digest, test_ids) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (team_id, digest) DO NOTHING RETURNING id",
        new_id(),
        team_id,
        digest,
        test_ids[:_SENT],
    )
    if plan_id is None:
        plan_id = await tx.fetchval(
            "SELECT id FROM test_plans WHERE team_id = $1 AND digest = $2", team_id, digest
        )
    else:
        for start in range(_SENT, len(test_ids), _SENT):
            await tx.execute(
                "UPDATE test_plans SET test_ids = test_ids || $2 WHERE id = $1",
                plan_id,
                test_ids[start : start + _SENT],
            )
    assert plan_id is not None
    return plan_id


async def select_stored(tx: Transaction, file_id: UUID) -> asyncpg.Record | None:
    """A file, its job as `select_ground` wants it, and what its result goes by (`result_id`,
    `result_at`): as it is stored, or anew."""
    return await tx.fetchrow(
        """
        SELECT j.id, j.team_id, j.topic_id, j.remoteci_id, j.name, j.configuration, j.url,
          j.created_at, f.name AS file_name, f.mime, f.object_key, f.content, f.attempt,
          coalesce(r.id, gen_random_uuid()) AS result_id,
          coalesce(r.created_at, f.created_at) AS result_at
        FROM files f JOIN jobs j ON j.id = f.job_id LEFT JOIN test_results r ON r.file_id = f.id
        WHERE f.id = $1 AND f.state <> 'archived' ORDER BY r.created_at LIMIT 1
        """,
        file_id,
    )


async def delete_result(tx: Transaction, file_id: UUID) -> None:
    """Forget what was read from a file."""
    await tx.execute("DELETE FROM test_results WHERE file_id = $1", file_id)


async def insert_result(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Add a result; topic, lab and set are its job's. It counts itself into the tallies,
    unless its job is archived: so it is the last thing that is written."""
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    await tx.execute(
        f"INSERT INTO test_results ({', '.join(values)}, topic_id, remoteci_id, set_key,"
        f" is_counted) SELECT {places}, j.topic_id, j.remoteci_id, j.set_key,"
        f" j.state <> 'archived' FROM jobs j WHERE j.id = ${len(values) + 1}",
        *values.values(),
        values["job_id"],
    )


async def insert_failures(
    tx: Transaction,
    result: Mapping[str, Any],
    columns: Mapping[str, Sequence[Any]],
) -> None:
    """Add failure rows. `columns`: position, place (in the earlier result, or NULL), test_id,
    outcome. What the cases said is the room `evidence`'s.

    A case that failed in the earlier result too keeps the job and time it first failed.
    """
    about = [result[name] for name in ("id", "job_id", "team_id", "created_at")]
    for start in range(0, len(columns["position"]), _BATCH):
        await tx.execute(
            """
            INSERT INTO test_failures (result_id, job_id, team_id, created_at, position, test_id,
              outcome, since_job_id, since_at)
            SELECT $1, $2, $3, $4, n.position, n.test_id, n.outcome::"char",
              coalesce(e.since_job_id, $2), coalesce(e.since_at, $4)
            FROM unnest($6::int[], $7::int[], $8::bigint[], $9::text[])
              AS n (position, place, test_id, outcome)
            LEFT JOIN test_failures e ON e.result_id = $5 AND e.position = n.place
            """,
            *about,
            result["previous_result_id"],
            *(column[start : start + _BATCH] for column in columns.values()),
        )


async def sum_results(tx: Transaction, job_id: UUID, attempt: int) -> dict[str, int] | None:
    """The numbers of all results of an attempt; None when it has none."""
    row = await tx.fetchrow(
        f"""
        SELECT count(*) AS files, sum(total) AS total, sum(success) AS success,
          sum(failures) AS failures, sum(errors) AS errors, sum(skips) AS skips,
          sum(coalesce(regressed, regressions)) AS regressions,
          sum(coalesce(recovered, successfixes)) AS successfixes
        FROM {_LIVE_RESULTS} WHERE r.job_id = $1 AND r.attempt = $2
        """,
        job_id,
        attempt,
    )
    assert row is not None
    return {name: number for name, number in row.items() if name != "files"} if row[0] else None


# reading results ---------------------------------------------------------------


async def select_results(tx: Transaction, job_id: UUID, attempt: int | None) -> tuple[str, int]:
    """Results of an attempt (None: the last one): JSON array and count."""
    row = await tx.fetchrow(
        f"""
        SELECT coalesce(json_agg(row_to_json(z)), '[]')::text AS items, count(*) AS count FROM (
          SELECT r.id, r.created_at, f.name AS filename, r.name, r.total, r.success, r.failures,
            r.errors, r.skips, r.regressions, r.successfixes, r.additions, r.deletions, r.time,
            r.attempt, r.job_id, r.file_id, r.warnings
          FROM {_LIVE_RESULTS} JOIN jobs j ON j.id = r.job_id
          WHERE r.job_id = $1 AND r.attempt = coalesce($2, j.attempt)
          ORDER BY r.created_at, r.id) z
        """,
        job_id,
        attempt,
    )
    assert row is not None
    return row["items"], row["count"]


_VECTORS = """r.id, r.created_at, r.team_id, r.file_id, f.name AS file_name, r.outcomes, r.states,
  r.durations, r.warnings, r.deletions, r.previous_result_id, r.aside_blocks, p.test_ids"""


async def select_vectors(tx: Transaction, job_id: UUID, attempt: int | None) -> list[Vectors]:
    """Results of an attempt (None: the last one) in the order they came."""
    found = await tx.fetch(
        f"""
        SELECT {_VECTORS} FROM {_LIVE_RESULTS} JOIN test_plans p ON p.id = r.plan_id
        JOIN jobs j ON j.id = r.job_id
        WHERE r.job_id = $1 AND r.attempt = coalesce($2, j.attempt) ORDER BY r.created_at, r.id
        """,
        job_id,
        attempt,
    )
    return list(map(_vectors, found))


async def select_vectors_by(
    tx: Transaction, *, ids: Sequence[UUID] = (), file_id: UUID | None = None
) -> list[Vectors]:
    """Results by their ids, or of a file."""
    found = await tx.fetch(
        f"""
        SELECT {_VECTORS} FROM test_results r JOIN files f ON f.id = r.file_id
        JOIN test_plans p ON p.id = r.plan_id WHERE r.id = ANY ($1) OR r.file_id = $2
        """,
        ids,
        file_id,
    )
    return list(map(_vectors, found))


def _vectors(row: asyncpg.Record) -> Vectors:
    return Vectors(**{**row, "warnings": msgspec.json.decode(row["warnings"])})


async def search_tests(
    tx: Transaction, team_id: UUID, ids: Sequence[int], text: str
) -> frozenset[int]:
    """Those of `ids` in whose suite, class name or name `text` stands, in any case."""
    found = await tx.fetch(
        """
        SELECT t.id FROM unnest($2::bigint[]) AS n (id) JOIN tests t ON t.team_id = $1
          AND t.id = n.id
        WHERE strpos(lower(t.suite || ' ' || t.classname || ' ' || t.name), lower($3)) > 0
        """,
        team_id,
        ids,
        text,
    )
    return frozenset(row["id"] for row in found)


async def select_blocks(
    tx: Transaction, wanted: Sequence[tuple[UUID, int, int]]
) -> list[tuple[UUID, bytes]]:
    """Pieces of what results keep aside: of each its result, where it starts and ends."""
    ids, starts, ends = zip(*wanted, strict=True)
    found = await tx.fetch(
        """
        SELECT r.id, substring(r.asides FROM n.start + 1 FOR n.stop - n.start) AS block
        FROM unnest($1::uuid[], $2::int[], $3::int[]) AS n (id, start, stop)
        JOIN test_results r ON r.id = n.id
        """,
        ids,
        starts,
        ends,
    )
    return [(row["id"], row["block"]) for row in found]


async def select_cases(tx: Transaction, team_id: UUID, columns: Mapping[str, Sequence[Any]]) -> str:
    """Cases as a JSON array in the given order. `columns`: result_id, file_id, position,
    test_id, outcome, state, time; own (JSON: its texts) and more (further keys: the inside of a
    JSON object); a case with a position of -1 has no failure row."""
    items: str = await tx.fetchval(
        """
        SELECT coalesce(json_agg(CASE WHEN z.more IS NULL THEN z.shown
          ELSE (left(z.shown::text, -1) || ', ' || z.more || '}')::json END
          ORDER BY z.n), '[]')::text
        FROM (SELECT n.n, n.more, json_build_object(
          'file_id', n.file_id, 'test_id', lpad(to_hex(n.test_id), 16, '0'),
          'suite', t.suite, 'classname', t.classname, 'name', t.name,
          'outcome', n.outcome, 'state', n.state, 'time', n.time,
          'type', n.own::json ->> 'type',
          'message', n.own::json ->> 'message',
          'detail', n.own::json ->> 'detail',
          'stdout', n.own::json ->> 'stdout',
          'stderr', n.own::json ->> 'stderr',
          'since_job_id', x.since_job_id, 'since_at', x.since_at) AS shown
        FROM unnest($2::uuid[], $3::uuid[], $4::int[], $5::bigint[], $6::text[], $7::text[],
            $8::float8[], $9::text[], $10::text[]) WITH ORDINALITY
          AS n (result_id, file_id, position, test_id, outcome, state, time, own, more, n)
        JOIN tests t ON t.team_id = $1 AND t.id = n.test_id
        LEFT JOIN test_failures x ON x.result_id = n.result_id AND x.position = n.position) z
        """,
        team_id,
        *columns.values(),
    )
    return items


async def select_names(
    tx: Transaction, team_id: UUID, ids: Sequence[int]
) -> dict[int, tuple[str, str, str]]:
    """Suite, class name and name of tests."""
    found = await tx.fetch(
        """
        SELECT t.id, t.suite, t.classname, t.name FROM unnest($2::bigint[]) AS n (id)
        JOIN tests t ON t.team_id = $1 AND t.id = n.id
        """,
        team_id,
        ids,
    )
    return {one: (suite, classname, name) for one, suite, classname, name in found}


async def select_jobs_of(tx: Transaction, result_id: UUID) -> asyncpg.Record:
    """Whose results these are: file's id and name, job's and previous job's as JSON; and what
    of them is kept aside (`model.Asides`)."""
    row = await tx.fetchrow(
        """
        SELECT f.id, f.name, r.asides, json_build_object('id', j.id, 'name', j.name)::text AS job,
          (SELECT json_build_object('id', e.id, 'name', e.name)::text FROM jobs e
           JOIN test_results b ON b.job_id = e.id WHERE b.id = r.previous_result_id) AS previous
        FROM test_results r JOIN files f ON f.id = r.file_id JOIN jobs j ON j.id = r.job_id
        WHERE r.id = $1
        """,
        result_id,
    )
    assert row is not None
    return row


async def select_failures(tx: Transaction, job_id: UUID, limit: int) -> list[asyncpg.Record]:
    """Failure rows of a job's last attempt in file order: result_id, file_id, position, test_id,
    suite, classname, name, outcome."""
    return await tx.fetch(
        f"""
        SELECT r.id AS result_id, r.file_id, x.position, x.test_id, t.suite, t.classname, t.name,
          x.outcome::text AS outcome
        FROM {_LIVE_RESULTS} JOIN jobs j ON j.id = r.job_id AND j.attempt = r.attempt
        JOIN test_failures x ON x.result_id = r.id
        JOIN tests t ON t.team_id = x.team_id AND t.id = x.test_id
        WHERE r.job_id = $1 ORDER BY r.created_at, r.id, x.position LIMIT $2
        """,
        job_id,
        limit,
    )
