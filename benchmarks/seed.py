"""A database of the size that jobs lists are measured on, made in bulk by SQL.

100,000 jobs with 6 components, 6 jobstates, 8 files and 2 results each; 40 teams, 200
labs, 12,000 components in 24 topics of 6 products. Everything is derived from its
number, so two runs make the same rows. Ids: `md5('<noun>' || number)`.
"""

import argparse
import asyncio
import contextlib
import time

import asyncpg

from ringtest.control.db.migrate import migrate

TEAMS, LABS, PRODUCTS, TOPICS, COMPONENTS = 40, 200, 6, 24, 12_000
PER_JOB = 6
"""Components of a job."""

_CATALOG = f"""
INSERT INTO teams (id, created_at, updated_at, etag, name, country, external)
SELECT md5('team' || i)::uuid, at, at, md5('te' || i), 'partner ' || i, 'XX', true
FROM generate_series(1, {TEAMS}) i, (VALUES (timestamp '2025-01-01')) v(at);

INSERT INTO products (id, created_at, updated_at, etag, name, label, description)
SELECT md5('product' || i)::uuid, at, at, md5('pr' || i), 'Product ' || i, 'PRODUCT-' || i, 'seeded'
FROM generate_series(1, {PRODUCTS}) i, (VALUES (timestamp '2025-01-01')) v(at);

INSERT INTO products_teams
SELECT md5('product' || p)::uuid, md5('team' || t)::uuid
FROM generate_series(1, {PRODUCTS}) p, generate_series(1, {TEAMS}) t;

INSERT INTO topics (id, created_at, updated_at, etag, name, component_types, product_id,
  export_control, data)
SELECT md5('topic' || i)::uuid, at, at, md5('to' || i), 'topic-' || i,
  '["compose", "kernel", "installer", "operator", "images", "docs"]',
  md5('product' || (1 + i % {PRODUCTS}))::uuid, true,
  '{{"registry": {{"login": "reader", "password": "never in a job"}}}}'
FROM generate_series(1, {TOPICS}) i, (VALUES (timestamp '2025-01-01')) v(at);

INSERT INTO remotecis (id, created_at, updated_at, etag, name, data, team_id)
SELECT md5('lab' || i)::uuid, at, at, md5('la' || i), 'lab ' || i,
  '{{"site": "rack 7", "arch": "x86_64"}}', md5('team' || (1 + i % {TEAMS}))::uuid
FROM generate_series(1, {LABS}) i, (VALUES (timestamp '2025-01-01')) v(at);

INSERT INTO pipelines (id, created_at, updated_at, etag, name, team_id)
SELECT md5('pipeline' || i)::uuid, at, at, md5('pi' || i), 'nightly',
  md5('team' || (1 + i % {TEAMS}))::uuid
FROM generate_series(1, {LABS}) i, (VALUES (timestamp '2025-01-01')) v(at);

-- type n of topic t: every {TOPICS * PER_JOB}th number
INSERT INTO components (id, created_at, updated_at, etag, released_at, name, type,
  canonical_project_name, display_name, version, uid, title, message, url, data, tags, topic_id)
SELECT md5('component' || i)::uuid, at, at, md5('co' || i), at, 'build ' || i,
  (ARRAY['compose', 'kernel', 'installer', 'operator', 'images', 'docs'])
    [1 + i / {TOPICS} % {PER_JOB}],
  'project', 'build ' || i, '9.4.' || i, md5('uid' || i), NULL, NULL,
  'https://builds.example/' || i,
  json_build_object('architecture', 'x86_64', 'channel', 'nightly', 'commit', md5('c' || i)),
  ARRAY['build:nightly'], md5('topic' || (1 + i % {TOPICS}))::uuid
FROM generate_series(1, {COMPONENTS}) i,
  LATERAL (SELECT timestamp '2025-01-01' + i * interval '40 minutes') v(at);
"""

_JOBS = """
INSERT INTO jobs (id, created_at, updated_at, etag, status, result, name, configuration, comment,
  duration, tags, data, user_agent, client_version, topic_id, product_id, remoteci_id, team_id,
  pipeline_id, set_key, started_at, finished_at, tests)
SELECT md5('job' || i)::uuid, at, at + interval '1 hour', md5('jo' || i), 'finished',
  (ARRAY['passed', 'failed', 'passed', 'errored', 'passed'])[1 + i % 5]::job_result,
  'job ' || i % 7, 'default', 'seeded', 3600, ARRAY['daily', 'agent:demo'],
  '{"cluster": "c1", "nodes": 3}', 'seed', '1.0', md5('topic' || topic)::uuid,
  md5('product' || (1 + topic % {products}))::uuid, md5('lab' || lab)::uuid,
  md5('team' || (1 + lab % {teams}))::uuid, md5('pipeline' || lab)::uuid,
  left(md5(build || 'set' || topic), 16), at, at + interval '1 hour',
  '{"total": 100, "success": 98, "failures": 1, "errors": 0, "skips": 1}'
FROM generate_series(1, {jobs}) i,
  LATERAL (SELECT timestamp '2025-02-01' + i * interval '5 minutes',
    1 + i % {topics}, 1 + (i * 7) % {labs}, i / 200) v(at, topic, lab, build);

-- six neighbours in the topic's list of builds: one of each type
INSERT INTO jobs_components
SELECT md5('job' || i)::uuid,
  md5('component' || (topic - 1 + {topics} * (n + 6 * (i / 200 % 83))))::uuid,
  md5('team' || (1 + lab % {teams}))::uuid
FROM generate_series(1, {jobs}) i, generate_series(1, 6) n,
  LATERAL (SELECT 1 + i % {topics}, 1 + (i * 7) % {labs}) v(topic, lab);

INSERT INTO jobstates
SELECT md5('state' || i || '/' || n)::uuid, timestamp '2025-02-01' + i * interval '5 minutes',
  (enum_range(NULL::dci_status))[least(n, 5)], 'step', md5('job' || i)::uuid,
  md5('team' || (1 + (1 + (i * 7) % {labs}) % {teams}))::uuid
FROM generate_series(1, {jobs}) i, generate_series(1, {states}) n;

INSERT INTO jobs_keys_values
SELECT md5('job' || i)::uuid, md5('team' || (1 + (1 + (i * 7) % {labs}) % {teams}))::uuid,
  'duration', i
FROM generate_series(1, {jobs}) i;

-- result files are the job's own, the others are what a jobstate left behind
INSERT INTO files (id, created_at, updated_at, etag, name, mime, sha256, size, object_key, job_id,
  jobstate_id, team_id)
SELECT md5('file' || i || '/' || n)::uuid, at, at, md5('f' || i), 'log-' || n, 'text/plain',
  md5('f' || i), 2000, 'k', md5('job' || i)::uuid,
  CASE WHEN n BETWEEN 3 AND {states} + 2 THEN md5('state' || i || '/' || n - 2)::uuid END,
  md5('team' || (1 + (1 + (i * 7) % {labs}) % {teams}))::uuid
FROM generate_series(1, {jobs}) i, generate_series(1, {files}) n,
  LATERAL (SELECT timestamp '2025-02-01' + i * interval '5 minutes') v(at);

INSERT INTO test_results (id, created_at, job_id, file_id, team_id, name, total, success, skips,
  failures, errors, time, outcomes, states, durations)
SELECT md5('result' || i || '/' || n)::uuid, at, md5('job' || i)::uuid,
  md5('file' || i || '/' || n)::uuid,
  md5('team' || (1 + (1 + (i * 7) % {labs}) % {teams}))::uuid,
  'tests-' || n, 50, 49, 0, 1, 0, 12.5, '', '', ''
FROM generate_series(1, {jobs}) i, generate_series(1, least(2, {files})) n,
  LATERAL (SELECT timestamp '2025-02-01' + i * interval '5 minutes') v(at);
"""


_HASTE = """
SET session_replication_role = replica;
SET synchronous_commit = off;
SET maintenance_work_mem = '256MB';
UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid IN ('jobs'::regclass,
  'jobs_components'::regclass, 'jobstates'::regclass, 'jobs_keys_values'::regclass,
  'files'::regclass, 'test_results_any'::regclass);
"""
"""References are right by construction, and indexes are made quicker at the end."""
_WITHOUT_INDEXES = (
    "SELECT DISTINCT indrelid::regclass::text AS name FROM pg_index WHERE NOT indisready"
)


async def seed(dsn: str, *, jobs: int = 100_000, states: int = 6, files: int = 8) -> None:
    """Fill the migrated, empty database of `dsn`, whose user owns the tables.

    A superuser is quicker: it need not check references that are right by construction.
    """
    numbers = {
        "jobs": jobs, "states": states, "files": files,
        "teams": TEAMS, "labs": LABS, "topics": TOPICS, "products": PRODUCTS,
    }  # fmt: skip
    sql = _JOBS
    for name, number in numbers.items():
        sql = sql.replace(f"{{{name}}}", str(number))
    connection: asyncpg.Connection = await asyncpg.connect(dsn)
    try:
        with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
            await connection.execute(_HASTE)
        await connection.execute(_CATALOG)
        for statement in filter(str.strip, sql.split(";\n")):
            await connection.execute(statement)
        for table in await connection.fetch(_WITHOUT_INDEXES):
            await connection.execute(f"REINDEX TABLE {table['name']}")
        await connection.execute("SELECT rt_find_latest_jobs()")
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dsn")
    parser.add_argument("--jobs", type=int, default=100_000)
    arguments = parser.parse_args()
    await migrate(arguments.dsn)
    began = time.monotonic()
    await seed(arguments.dsn, jobs=arguments.jobs)
    print(f"{arguments.jobs} jobs seeded in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    asyncio.run(_main())
