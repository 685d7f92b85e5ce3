"""Killed anywhere, an import goes on, and comes to the same."""

import random
import signal
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT
from tests.control.importing.moving import Move

KILLS = 10
# What is made here, and not brought: it differs from one import to another.
_OWN = {
    "credentials": "'x'",
    "audits": "created_at, actor_id, action",
    "users": "id, etag, name, email",  # a login elsewhere renews the hash
    "test_plans": "team_id, digest, test_ids",
    "test_shapes": "team_id, id, absent",
}


async def test_killed_at_many_points_it_comes_to_the_same(
    move: Move, moved: Move, dci_files: Path, tmp_path: Path
) -> None:
    dice, killed = random.Random(7), 0
    command = [sys.executable, "-m", "tests.control.importing.dying", move.dci, move.db.dsn]
    command += [str(dci_files), str(tmp_path)]
    for turn in range(KILLS):
        at = str(dice.randrange(5, 60 + 60 * turn))
        done = subprocess.run([*command, at], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        killed += done.returncode != 0
    assert killed > KILLS // 2
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    tables = [
        row[0]
        for row in await move.here(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relname !~ '^import_'"
            " AND relnamespace = 'public'::regnamespace"
        )
        if row[0] not in ("schema_migrations", "object_sweeps")
    ]
    differ = [name for name in tables if await _content(move, name) != await _content(moved, name)]
    assert differ == []


async def _content(side: Move, table: str) -> str:
    chosen = _OWN.get(table, "t.*")
    if table == "test_results":
        chosen = "id, job_id, outcomes, states, previous_result_id, total, failures, created_at"
    if table == "counters":
        chosen = "name, sequence"
    found = await side.here(
        f"SELECT count(*) || md5(coalesce(string_agg(x::text, '' ORDER BY x::text), ''))"
        f" FROM (SELECT {chosen} FROM {table} t) x"
    )
    text: str = found[0][0]
    return text
