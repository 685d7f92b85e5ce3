"""A DCI database with history, every oddity in it, and the files that belong to it.

`python -m tests.control.importing.seed DSN FOLDER` makes both.
"""

import asyncio
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg

HERE = Path(__file__).parent
PASSWORD = "dci password"
SECRET = "s3cretS3CRET" + "x" * 52
# sha512-crypt of PASSWORD, as DCI keeps it; with few rounds, to be quick in tests
HASH = (
    "$6$rounds=1000$saltsaltsaltsalt$rZ6vJbLh.Cs48zGA0mZzOdM6.SeaBXinpzmrr/EnaO5UQnoAysM17OSN"
    "Yp6irc.tINKRkVUZWixQjDIYenNyp/"
)


def junit(failing: int, cases: int = 20) -> bytes:
    """A result file whose first `failing` cases fail."""
    rows = "".join(
        f'<testcase classname="suite.Case" name="test_{n:03}" time="0.5">'
        + (f'<failure type="AssertionError" message="not {n}">at {n}</failure>' * (n < failing))
        + "</testcase>"
        for n in range(cases)
    )
    return f'<testsuite name="unit" tests="{cases}">{rows}</testsuite>'.encode()


_HISTORY = """
CREATE FUNCTION pg_temp.i(text, bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
  $$ SELECT md5($1 || ' ' || $2)::uuid $$;
CREATE FUNCTION pg_temp.t(bigint) RETURNS timestamp LANGUAGE sql IMMUTABLE AS
  $$ SELECT timestamp '2025-01-01 08:00:00.25' + $1 * interval '7 minutes' $$;

INSERT INTO teams SELECT pg_temp.i('team', n), pg_temp.t(n), pg_temp.t(n), md5('team etag ' || n),
  CASE n WHEN 0 THEN 'admin' WHEN 1 THEN 'EPM' WHEN 2 THEN 'Red Hat' ELSE 'Partner ' || n END,
  'FR', 'active', n > 2, n % 2 = 0 FROM generate_series(0, 9) n;
INSERT INTO users SELECT pg_temp.i('user', n), pg_temp.t(n), pg_temp.t(n), md5('user etag ' || n),
  CASE n WHEN 0 THEN 'admin' ELSE 'user' || n END, NULL, NULL, 'User ' || n,
  'user' || n || '@partner.example', '{hash}', 'Europe/Paris', 'active'
  FROM generate_series(0, 29) n;
INSERT INTO users_teams SELECT pg_temp.i('user', n), pg_temp.i('team', n % 10)
  FROM generate_series(0, 29) n;
INSERT INTO teams_components_access VALUES (pg_temp.i('team', 3), pg_temp.i('team', 4));
INSERT INTO products SELECT pg_temp.i('product', n), pg_temp.t(n), pg_temp.t(n), md5('p' || n),
  'Product ' || n, 'P' || n, 'a product', 'active' FROM generate_series(0, 1) n;
INSERT INTO products_teams SELECT pg_temp.i('product', n % 2), pg_temp.i('team', n)
  FROM generate_series(3, 9) n;
INSERT INTO topics SELECT pg_temp.i('topic', n), pg_temp.t(n), pg_temp.t(n), md5('topic' || n),
  'P-' || n, '["compose", "extra"]', '[]', pg_temp.i('product', n % 2),
  CASE WHEN n < 3 THEN pg_temp.i('topic', n + 1) END, true, 'active',
  '{{"registry": {{"login": "x"}}}}' FROM generate_series(0, 3) n;
INSERT INTO remotecis SELECT pg_temp.i('lab', n), pg_temp.t(n), pg_temp.t(n), md5('lab' || n),
  'lab-' || n, '{{"rack": 1}}', '{secret}', pg_temp.i('team', 3 + n % 7), false, 'active'
  FROM generate_series(0, 13) n;
INSERT INTO feeders SELECT pg_temp.i('feeder', n), pg_temp.t(n), pg_temp.t(n), md5('f' || n),
  'feeder-' || n, NULL, '{secret}', pg_temp.i('team', 1), 'active' FROM generate_series(0, 1) n;
INSERT INTO user_remotecis SELECT pg_temp.i('user', n), pg_temp.i('lab', n)
  FROM generate_series(3, 9) n;
INSERT INTO users_topics SELECT pg_temp.i('user', n), pg_temp.i('topic', n % 4)
  FROM generate_series(3, 9) n;
INSERT INTO pipelines SELECT pg_temp.i('pipeline', n), pg_temp.t(n), pg_temp.t(n), md5('q' || n),
  'nightly', pg_temp.i('team', 3 + n % 7), 'active' FROM generate_series(0, 9) n;
INSERT INTO components SELECT pg_temp.i('component', n), pg_temp.t(n), pg_temp.t(n), pg_temp.t(n),
  md5('c' || n), 'build-' || n, CASE n % 2 WHEN 0 THEN 'compose' ELSE 'extra' END, 'build',
  'build ' || n, n::text, NULL, '{{"url": "http://x"}}', NULL, NULL, NULL,
  CASE n % 50 WHEN 49 THEN 'archived'::states ELSE 'active' END, pg_temp.i('topic', n % 4),
  CASE n % 10 WHEN 9 THEN pg_temp.i('team', 3) END, ARRAY['build:nightly']
  FROM generate_series(0, greatest(99, {jobs} / 10)) n;
INSERT INTO component_files SELECT pg_temp.i('component file', n), pg_temp.t(n), pg_temp.t(n),
  md5('cf' || n), 'a-' || n, 'text/plain', NULL, 7, pg_temp.i('component', n), 'active'
  FROM generate_series(0, 9) n;
INSERT INTO jobs SELECT pg_temp.i('job', n), pg_temp.t(n), pg_temp.t(n) + interval '1 hour',
  md5('j' || n), 600, 'a comment', NULL, NULL, NULL, 'nightly',
  (ARRAY['success', 'success', 'failure', 'error', 'success', 'success', 'killed', 'success',
    'running', 'new'])[1 + n % 10]::statuses,
  pg_temp.i('topic', n % 4), pg_temp.i('lab', n % 14), pg_temp.i('team', 3 + n % 7),
  pg_temp.i('product', n % 2), CASE n % 3 WHEN 0 THEN pg_temp.i('pipeline', n % 10) END,
  'python-dciclient_4.2.0', '4.2.0', NULL, NULL,
  CASE n % 40 WHEN 39 THEN 'archived'::states ELSE 'active' END, ARRAY['daily'],
  '{{"pipeline": {{"name": "x"}}}}' FROM generate_series(0, {jobs} - 1) n;
INSERT INTO jobs_components SELECT pg_temp.i('job', n), pg_temp.i('component', (n * 7 + k) % 100)
  FROM generate_series(0, {jobs} - 1) n, generate_series(0, 5) k;
INSERT INTO jobstates SELECT pg_temp.i('state ' || k, n), pg_temp.t(n) + k * interval '5 minutes',
  (ARRAY['new', 'pre-run', 'running', 'post-run', 'success', 'success'])[k + 1]::statuses,
  NULL, pg_temp.i('job', n) FROM generate_series(0, {jobs} - 1) n, generate_series(0, 5) k
  WHERE k < 4 OR n % 10 IN (0, 1, 4, 5, 7);
INSERT INTO files SELECT pg_temp.i('file ' || k, n), pg_temp.t(n) + k * interval '1 second',
  pg_temp.t(n), md5('file' || k || n), CASE k WHEN 0 THEN 'junit.xml' ELSE 'TASK [step ' || k || ']'
  END, CASE k WHEN 0 THEN 'application/junit' ELSE 'application/x-ansible-output' END, NULL, 20,
  CASE k WHEN 0 THEN NULL ELSE pg_temp.i('state ' || least(k, 3), n) END,
  pg_temp.i('team', 3 + n % 7), pg_temp.i('job', n), 'active'
  FROM generate_series(0, {jobs} - 1) n, generate_series(0, 7) k;
INSERT INTO tests_results SELECT pg_temp.i('result', n), pg_temp.t(n), pg_temp.t(n), 'junit.xml',
  20, 18, 0, 2, 0, 0, 0, 10, pg_temp.i('job', n), pg_temp.i('file 0', n)
  FROM generate_series(0, {jobs} - 1) n;
INSERT INTO jobs_keys_values SELECT pg_temp.i('job', n), 'workarounds', n / 2.0
  FROM generate_series(0, {jobs} - 1) n WHERE n % 5 = 0;
INSERT INTO jobs_events (created_at, job_id, topic_id, status) SELECT pg_temp.t(n),
  pg_temp.i('job', n), pg_temp.i('topic', n % 4), 'success'
  FROM generate_series(0, {jobs} - 1) n WHERE n % 10 IN (0, 1, 4);
INSERT INTO counter VALUES ('jobs_events', {jobs} / 10, md5('counter'));
INSERT INTO logs SELECT pg_temp.i('log', n), pg_temp.t(n), pg_temp.i('user', n % 30),
  'update_job_by_id' FROM generate_series(0, 99) n;
"""

_ODD = r"""
-- nobody's topic, a lab without a team, a job of neither; a job of a lab that is gone
INSERT INTO topics VALUES (md5('odd topic')::uuid, now(), now(), 'x1', 'no product', NULL, NULL,
  NULL, md5('nowhere')::uuid, false, 'inactive', '{"a": "b\u0000c", "d": "\\u0000"}');
INSERT INTO remotecis VALUES (md5('odd lab')::uuid, now(), now(), 'x2', NULL, NULL, NULL, NULL,
  NULL, NULL);
INSERT INTO jobs (id, created_at, updated_at, etag, remoteci_id, team_id, status, pipeline_id)
  VALUES (md5('odd job')::uuid, now(), now(), 'x3', md5('odd lab')::uuid, md5('no')::uuid, NULL,
    md5('no')::uuid),
  (md5('lost job')::uuid, now(), now(), 'x4', md5('no lab')::uuid, md5('no')::uuid, 'success',
    NULL);
INSERT INTO jobstates VALUES (md5('lost state')::uuid, now(), 'success', NULL,
  md5('lost job')::uuid), (md5('odd state')::uuid, now(), NULL, NULL, md5('odd job')::uuid);
-- twins that are both active: no version, which counts as different there
INSERT INTO components (id, created_at, updated_at, etag, type, display_name, topic_id, state)
  SELECT md5('twin ' || n)::uuid, now() + n * interval '1 s', now(), 'tw' || n, 'compose',
    'twin', (SELECT id FROM topics WHERE name = 'P-0'), 'active' FROM generate_series(1, 3) n;
INSERT INTO components (id, created_at, updated_at, etag, type, topic_id, team_id, tags)
  VALUES (md5('odd component')::uuid, now(), now(), 'x5', 'compose', NULL, NULL, '{NULL,a}'),
    (md5('lost component')::uuid, now(), now(), 'x6', 'compose', NULL, md5('no')::uuid, NULL);
INSERT INTO jobs_components VALUES (md5('odd job')::uuid, md5('no component')::uuid);
-- people without a name or an address
INSERT INTO users (id, created_at, updated_at, etag, sso_username) VALUES
  (md5('odd user')::uuid, now(), now(), 'x7', 'sso');
INSERT INTO users_teams VALUES (md5('odd user')::uuid, md5('no')::uuid);
-- a file that names its job through a jobstate alone, one without bytes, one that is archived
INSERT INTO files (id, created_at, updated_at, etag, name, jobstate_id, team_id) VALUES
  (md5('state file')::uuid, now(), now(), 'x8', 'by state', md5('state 2 0')::uuid,
   md5('team 3')::uuid);
INSERT INTO files (id, created_at, updated_at, etag, name, job_id, team_id, state) VALUES
  (md5('no bytes')::uuid, now(), now(), 'x9', 'no bytes', md5('job 0')::uuid,
   md5('team 3')::uuid, 'active'),
  (md5('old file')::uuid, now(), now(), 'x10', 'old', md5('job 0')::uuid, md5('team 3')::uuid,
   'archived');
INSERT INTO tests_results (id, created_at, updated_at, name, total, file_id) VALUES
  (md5('lost result')::uuid, now(), now(), 'gone.xml', 1, md5('no file')::uuid);
"""


@dataclass(frozen=True, slots=True)
class Seeded:
    """What tests want to know of the database."""

    jobs: int

    @staticmethod
    def id(kind: str, number: int) -> UUID:
        """Ids are made of words."""
        return one(f"{kind} {number}")


def one(words: str) -> UUID:
    """The id that the seed gives."""
    return UUID(hashlib.md5(words.encode(), usedforsecurity=False).hexdigest())


async def make(dsn: str, *, jobs: int, odd: bool = True) -> Seeded:
    """Create the tables and fill them."""
    connection: asyncpg.Connection = await asyncpg.connect(dsn)
    try:
        await connection.execute((HERE / "dci.sql").read_text())
        await connection.execute(_HISTORY.format(jobs=jobs, hash=HASH, secret=SECRET))
        if odd:
            await connection.execute(_ODD)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
    return Seeded(jobs)


def contents(jobs: int) -> dict[str, bytes]:
    """Every file by its key in DCI's store."""
    found: dict[str, bytes] = {}
    for n in range(jobs):
        place = f"{one(f'team {3 + n % 7}')}/{one(f'job {n}')}"
        found[f"{place}/{one(f'file 0 {n}')}"] = junit(2 if n % 28 else 3)
        for k in range(1, 8):
            found[f"{place}/{one(f'file {k} {n}')}"] = f"output of step {k}".encode()
    found[f"{one('team 3')}/{one('job 0')}/{one('state file')}"] = b"by state"
    for n in range(10):
        topic, component = one(f"topic {n % 4}"), one(f"component {n}")
        found[f"{topic}/{component}/{one(f'component file {n}')}"] = b"payload"
    found[f"{one('component 0')}/BaseOS/x86_64/os/a file.rpm"] = b"an rpm"
    found[f"{one('component 0')}/dci_files_list.json"] = b"{}"
    return found


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Put files below a folder."""
    for key, data in files.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


if __name__ == "__main__":
    asyncio.run(make(sys.argv[1], jobs=40))
    write(Path(sys.argv[2]), contents(40))
