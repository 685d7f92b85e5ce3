"""SQL of moving: rows arrive in a temporary table and become ours in one statement.

Written for the owner of the schema; the names in it are those of `model`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from ringtest.control.db.bulk import Rows
from ringtest.control.dci.model import Table
from ringtest.control.importing.model import APPENDED, HOMELESS, Landing, Noted
from ringtest.control.kernel.ids import new_id

_LOCK = 0x52494E49
# What a file is here is known when its bytes are: rows that come again do not say otherwise.
_KEPT = {
    "files": {"sha256", "size", "md5", "object_key"},
    "component_files": {"sha256", "size", "md5", "object_key"},
}
_GONE_FOR_GOOD = {
    "users_teams", "teams_components_access", "products_teams", "user_remotecis", "users_topics",
    "jobs_components", "jobstates", "tests_results", "jobs_keys_values", "jobs_events",
}  # fmt: skip


async def lock(rows: Rows) -> bool:
    """One import at a time, for as long as the connection lives."""
    return bool(await rows.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK))


async def has_table(rows: Rows, name: str) -> bool:
    return await rows.fetchval("SELECT to_regclass($1)", name) is not None


# passes ------------------------------------------------------------------------


async def passes(rows: Rows, source: str) -> dict[str, asyncpg.Record]:
    """How far each table of a source is."""
    found = await rows.fetch("SELECT * FROM import_passes WHERE source = $1", source)
    return {row["name"]: row for row in found}


async def begin_pass(rows: Rows, source: str, name: str, began: datetime) -> None:
    """A new pass, unless one is under way: that one is gone on with."""
    await rows.execute(
        "INSERT INTO import_passes (source, name, began) VALUES ($1, $2, $3)"
        " ON CONFLICT (source, name) DO UPDATE SET began = excluded.began"
        " WHERE import_passes.began IS NULL",
        source,
        name,
        began,
    )


async def note_position(
    rows: Rows, source: str, name: str, position: Sequence[str], written: int
) -> None:
    await rows.execute(
        "UPDATE import_passes SET position = $3, written = written + $4"
        " WHERE source = $1 AND name = $2",
        source,
        name,
        position,
        written,
    )


async def end_pass(rows: Rows, source: str, name: str) -> None:
    await rows.execute(
        "UPDATE import_passes SET since = began, began = NULL, passes = passes + 1,"
        " position = CASE WHEN $3 THEN position END WHERE source = $1 AND name = $2",
        source,
        name,
        name in APPENDED,
    )


# arriving ----------------------------------------------------------------------


def stage(table: Table) -> str:
    """The temporary table in which rows of a table arrive."""
    return f"import_{table.name}"


def keys_of(table: str) -> str:
    """The temporary table that holds every key of a table there."""
    return f"import_keys_{table}"


async def make_stages(rows: Rows, table: Table) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in table.stage.items())
    keys = ", ".join(f"{name} {table.columns[name]}" for name in table.key)
    names = ", ".join(table.key)
    await rows.execute(
        f"CREATE TEMP TABLE IF NOT EXISTS {stage(table)} ({columns});"
        f"CREATE TEMP TABLE IF NOT EXISTS {keys_of(table.name)} ({keys}, PRIMARY KEY ({names}))"
    )


async def clear(rows: Rows, table: Table) -> None:
    """Make room for other rows to arrive."""
    await rows.execute(f"TRUNCATE {stage(table)}")


async def last_key(rows: Rows, table: Table) -> list[str]:
    """The key of the last row that arrived."""
    names = ", ".join(table.key)
    backwards = ", ".join(f"{name} DESC" for name in table.key)
    row = await rows.fetchrow(
        f"SELECT {', '.join(f'{name}::text' for name in table.key)} FROM {stage(table)}"
        f" ORDER BY {backwards} LIMIT 1"
    )
    assert row is not None, names
    return list(row)


def _parent(landing: Landing, table: str) -> str:
    if table == landing.into:  # of the same kind: it may arrive together with this row
        return f"(SELECT id FROM {table} UNION SELECT id FROM import_{landing.table})"
    return table


def _arrived(landing: Landing) -> str:
    joins = [
        f"LEFT JOIN {_parent(landing, parent)} {side}_{column} ON {side}_{column}.id = s.{column}"
        for side, named in (("n", landing.needs), ("m", {**landing.homes, **landing.may}))
        for column, parent in named.items()
    ]
    return f"import_{landing.table} s {' '.join(joins)}"


def _good(landing: Landing) -> str:
    wanted = [f"n_{column}.id IS NOT NULL" for column in landing.needs]
    wanted += [f"NOT coalesce(({condition}), false)" for condition in landing.refused.values()]
    return " AND ".join(wanted) or "true"


def merge(landing: Landing) -> str:
    """The statement that makes rows that arrived ours."""
    values = {name: text.format(**HOMELESS) if "{" in text and "'{}'" not in text else text
              for name, text in landing.values.items()}  # fmt: skip
    kept = _KEPT.get(landing.table, set()) | set(landing.key)
    text = (
        f"INSERT INTO {landing.into} AS t ({', '.join(values)})"
        f" SELECT {', '.join(values.values())} FROM {_arrived(landing)} WHERE {_good(landing)}"
    )
    if landing.table in APPENDED:
        return text
    if landing.version is None:
        return text + " ON CONFLICT DO NOTHING"
    news = ", ".join(f"{name} = excluded.{name}" for name in values if name not in kept)
    text += f" ON CONFLICT ({', '.join(landing.key)}) DO UPDATE SET {news}"
    text += f" WHERE t.{landing.version} IS DISTINCT FROM excluded.{landing.version}"
    return text + (" AND t.updated_at <= excluded.updated_at" if landing.dated else "")


async def house(rows: Rows, landing: Landing) -> None:
    """Make who takes in rows that name nobody, if such rows arrived."""
    for column, parent in landing.homes.items():
        if await rows.fetchval(
            f"SELECT EXISTS (SELECT FROM {_arrived(landing)} WHERE m_{column}.id IS NULL)"
        ):
            await _make_home(rows, parent)


async def _make_home(rows: Rows, parent: str) -> None:
    if parent == "topics":
        await _make_home(rows, "products")
    more = {
        "teams": ("", ""),
        "products": (", label", ", 'DCI-NONE'"),
        "topics": (", product_id", f", '{HOMELESS['products']}'"),
    }
    columns, values = more[parent]
    await rows.execute(
        f"INSERT INTO {parent} (id, created_at, updated_at, etag, name{columns})"
        f" VALUES ($1, 'epoch', 'epoch', md5('{parent}'), 'none in DCI'{values})"
        " ON CONFLICT DO NOTHING",
        HOMELESS[parent],
    )


async def give_way(rows: Rows, landing: Landing) -> list[tuple[UUID, UUID]]:
    """Take unique values from whoever else has them: (who had it, who arrives with it)."""
    moved: list[tuple[UUID, UUID]] = []
    for column in landing.unique:
        another = f"left(t.{column}, 200) || ' (' || left(t.id::text, 8) || ')'"
        same_team = " AND t.team_id = s.team_id" if "team_id" in landing.values else ""
        found = await rows.fetch(
            f"UPDATE {landing.into} t SET"
            f" {column} = {another if column in ('name', 'label') else 'NULL'}"
            f" FROM import_{landing.table} s"
            f" WHERE t.{column} = s.{column} AND t.id <> s.id{same_team} RETURNING t.id, s.id"
        )
        moved += [(row[0], row[1]) for row in found]
    return moved


async def take_over_team(rows: Rows, earlier: UUID, now: UUID) -> None:
    """Members of a team whose name went to another one follow it; an empty team is closed."""
    await rows.execute(
        "INSERT INTO users_teams (user_id, team_id) SELECT user_id, $2 FROM users_teams"
        " WHERE team_id = $1 ON CONFLICT DO NOTHING",
        earlier,
        now,
    )
    owns = " AND ".join(
        f"NOT EXISTS (SELECT FROM {table} o WHERE o.team_id = t.id)"
        for table in ("remotecis", "feeders", "components", "pipelines", "jobs")
    )
    await rows.execute(f"UPDATE teams t SET state = 'archived' WHERE id = $1 AND {owns}", earlier)


async def note_arrived(rows: Rows, source: str, landing: Landing) -> None:
    """Of the rows that arrived: which are left out, which look another way, and why."""
    reasons: list[tuple[str, str, bool]] = [
        (f"the row of {parent} that its {column} names is not there", f"n_{column}.id IS NULL",
         True)
        for column, parent in landing.needs.items()
    ]  # fmt: skip
    reasons += [(reason, condition, True) for reason, condition in landing.refused.items()]
    reasons += [
        (f"its {column} named nothing that is there: it is under 'none in DCI'",
         f"m_{column}.id IS NULL", False) for column in landing.homes
    ]  # fmt: skip
    reasons += [
        (f"its {column} named nothing that is there: forgotten",
         f"s.{column} IS NOT NULL AND m_{column}.id IS NULL", False) for column in landing.may
    ]  # fmt: skip
    reasons += [(reason, condition, False) for reason, condition in landing.mended.items()]
    key = ", ".join(f"s.{name}" for name in landing.key)
    for reason, condition, skipped in reasons:
        await rows.execute(
            "INSERT INTO import_notes (source, name, key, reason, skipped)"
            f" SELECT $1, $2, concat_ws(' ', {key}), $3, $4 FROM {_arrived(landing)}"
            f" WHERE {condition}{'' if skipped else f' AND {_good(landing)}'}"
            " ON CONFLICT DO NOTHING",
            source,
            landing.table,
            reason,
            skipped,
        )


async def note(
    rows: Rows, source: str, table: str, keys: Sequence[str], reason: str, *, skipped: bool
) -> None:
    await rows.execute(
        "INSERT INTO import_notes (source, name, key, reason, skipped)"
        " SELECT $1, $2, key, $4, $5 FROM unnest($3::text[]) key ON CONFLICT DO NOTHING",
        source,
        table,
        keys,
        reason,
        skipped,
    )


async def after_files(rows: Rows, landing: Landing, mimes: Sequence[str]) -> None:
    """Remember which bytes and results belong to rows that arrived."""
    if landing.table == "files":
        where = "concat_ws('/', s.team_id, t.job_id, t.id)"
        await rows.execute(
            "INSERT INTO import_results (file_id, created_at)"
            " SELECT t.id, j.created_at FROM import_files s JOIN files t ON t.id = s.id"
            " JOIN jobs j ON j.id = t.job_id"
            " WHERE t.sha256 = '' AND t.state <> 'archived' AND t.mime = ANY ($1)"
            " ON CONFLICT DO NOTHING",
            mimes,
        )
    else:
        where = "concat_ws('/', s.topic_id, t.component_id, t.id)"
    await rows.execute(
        "INSERT INTO import_contents (kind, id, source_key, target_key)"
        f" SELECT $1, t.id, {where}, t.object_key"
        f" FROM import_{landing.table} s JOIN {landing.into} t ON t.id = s.id"
        " WHERE t.sha256 = '' AND t.state <> 'archived' ON CONFLICT DO NOTHING",
        landing.table.removesuffix("s"),
    )


async def sum_results(rows: Rows) -> None:
    """The numbers of jobs whose results arrived."""
    numbers = ("total", "success", "failures", "errors", "skips", "regressions", "successfixes")
    pairs = ", ".join(f"'{name}', sum(r.{name})" for name in numbers)
    await rows.execute(
        f"UPDATE jobs j SET tests = x.tests FROM (SELECT r.job_id, jsonb_build_object({pairs})"
        " AS tests FROM test_results r JOIN files f ON f.id = r.file_id AND f.state <> 'archived'"
        " WHERE r.job_id IN (SELECT job_id FROM import_tests_results) GROUP BY r.job_id) x"
        " WHERE j.id = x.job_id AND j.attempt = 0 AND j.tests IS DISTINCT FROM x.tests"
    )


# reconciling -------------------------------------------------------------------


def _same_key(landing: Landing, table: Table) -> str:
    pairs = zip(landing.key, table.key, strict=True)
    return " AND ".join(f"t.{ours} = k.{theirs}" for ours, theirs in pairs)


def _noted(landing: Landing, table: Table) -> str:
    key = ", ".join(f"k.{name}" for name in table.key)
    return (
        "EXISTS (SELECT FROM import_notes x WHERE x.source = $1 AND x.skipped"
        f" AND x.name = '{landing.table}' AND x.key = concat_ws(' ', {key}))"
    )


async def forget_skipped(rows: Rows, source: str, table: str) -> None:
    """Who was left out is looked at again: what it lacked may be there now."""
    await rows.execute(
        "DELETE FROM import_notes WHERE source = $1 AND name = $2 AND skipped", source, table
    )


async def missing(
    rows: Rows, source: str, landing: Landing, table: Table, *, limit: int
) -> list[list[str]]:
    """Keys that are there, not here, and of which nothing says why."""
    texts = ", ".join(f"k.{name}::text" for name in table.key)
    found = await rows.fetch(
        f"SELECT {texts} FROM {keys_of(table.name)} k"
        f" WHERE NOT EXISTS (SELECT FROM {landing.into} t WHERE {_same_key(landing, table)})"
        f" AND NOT {_noted(landing, table)} LIMIT {limit}",
        source,
    )
    return [list(row) for row in found]


async def compare(rows: Rows, source: str, landing: Landing, table: Table) -> tuple[int, int, int]:
    """Rows there, how many of these are here, and how many of the others are left out."""
    absent = f"t.{landing.key[0]} IS NULL"
    row = await rows.fetchrow(
        f"SELECT count(*), count(t.{landing.key[0]}),"
        f" count(*) FILTER (WHERE {absent} AND {_noted(landing, table)})"
        f" FROM {keys_of(table.name)} k"
        f" LEFT JOIN {landing.into} t ON {_same_key(landing, table)}",
        source,
    )
    assert row is not None
    return row[0], row[1], row[2]


async def remove_gone(
    rows: Rows, landing: Landing, table: Table, parent: str, before: datetime
) -> int:
    """What an earlier run brought and is no longer there: links go, other rows are archived."""
    key = " AND ".join(
        f"t.{ours} = k.{theirs}" for ours, theirs in zip(landing.key, table.key, strict=True)
    )
    where = (
        f"EXISTS (SELECT FROM {keys_of(parent)} p WHERE p.id = t.{landing.parent})"
        f" AND NOT EXISTS (SELECT FROM {keys_of(table.name)} k WHERE {key})"
    )
    values: list[Any] = []
    if "created_at" in landing.values:
        where += " AND t.created_at < $1"
        values.append(before)
    if landing.table in _GONE_FOR_GOOD:
        return await rows.execute(f"DELETE FROM {landing.into} t WHERE {where}", *values)
    return await rows.execute(
        f"UPDATE {landing.into} t SET state = 'archived' WHERE state <> 'archived' AND {where}",
        *values,
    )


async def own_jobs(rows: Rows, since: datetime) -> int:
    """Jobs that were made here since an import, and not there."""
    number: int = await rows.fetchval(
        f"SELECT count(*) FROM jobs t WHERE created_at > $1 AND NOT EXISTS"
        f" (SELECT FROM {keys_of('jobs')} k WHERE k.id = t.id)",
        since,
    )
    return number


async def settle_components(rows: Rows, source: str) -> None:
    """Of components that are the same only one is active: the newest."""
    await rows.execute(
        "UPDATE components c SET state = 'inactive' FROM import_losers l"
        " WHERE c.id = l.id AND c.state = 'active'"
    )
    await rows.execute(
        "UPDATE components c SET state = 'active' FROM import_actives a"
        " WHERE c.id = a.id AND c.state = 'inactive'"
        " AND NOT EXISTS (SELECT FROM import_losers l WHERE l.id = c.id)"
        " AND NOT EXISTS (SELECT FROM components o WHERE o.state = 'active' AND o.id <> c.id"
        "  AND o.display_name = c.display_name AND o.topic_id = c.topic_id AND o.type = c.type"
        "  AND coalesce(o.version, '') = coalesce(c.version, '')"
        "  AND o.team_id IS NOT DISTINCT FROM c.team_id)"
    )
    await rows.execute(
        "INSERT INTO import_notes (source, name, key, reason, skipped)"
        " SELECT $1, 'components', c.id::text, 'active, as one equal to it is: now inactive',"
        " false FROM components c JOIN import_actives a ON a.id = c.id"
        " WHERE c.state = 'inactive' ON CONFLICT DO NOTHING",
        source,
    )


async def settle_events(rows: Rows) -> None:
    """Numbers of events go on where they were."""
    await rows.execute(
        "SELECT setval(pg_get_serial_sequence('jobs_events', 'id'), greatest(max(id),"
        " nextval(pg_get_serial_sequence('jobs_events', 'id')))) FROM jobs_events"
        " HAVING max(id) IS NOT NULL"
    )


# keys --------------------------------------------------------------------------


async def machine_keys(rows: Rows, kind: str) -> dict[UUID, tuple[bytes, datetime] | None]:
    """The newest sealed key of each lab or feeder that is here, and when it was made."""
    found = await rows.fetch(
        f"SELECT m.id, c.secret, c.created_at FROM {kind}s m LEFT JOIN LATERAL ("
        "SELECT k.secret, k.created_at FROM credentials k WHERE k.holder_kind = $1"
        " AND k.holder_id = m.id ORDER BY k.created_at DESC LIMIT 1) c ON true",
        kind,
    )
    return {row[0]: (row[1], row[2]) if row[1] else None for row in found}


async def set_keys(rows: Rows, kind: str, keys: dict[UUID, bytes], now: datetime) -> None:
    await rows.execute(
        "DELETE FROM credentials WHERE holder_kind = $1 AND holder_id = ANY ($2)", kind, list(keys)
    )
    await rows.execute_many(
        "INSERT INTO credentials (id, created_at, holder_kind, holder_id, secret)"
        " VALUES ($1, $2, $3, $4, $5)",
        [(new_id(), now, kind, holder, sealed) for holder, sealed in keys.items()],
    )


# telling -----------------------------------------------------------------------


async def noted(rows: Rows, source: str) -> list[Noted]:
    """How many rows of which table were left out or changed, by reason."""
    found = await rows.fetch(
        "SELECT name, reason, skipped, count(*) FROM import_notes WHERE source = $1"
        " GROUP BY 1, 2, 3 ORDER BY 3 DESC, 1, 2",
        source,
    )
    return [Noted(*row) for row in found]


async def notes_after(
    rows: Rows, source: str, after: tuple[str, str, str], limit: int
) -> list[asyncpg.Record]:
    """Notes one by one: name, key, reason, skipped."""
    return await rows.fetch(
        "SELECT name, key, reason, skipped FROM import_notes WHERE source = $1"
        f" AND (name, key, reason) > ($2, $3, $4) ORDER BY name, key, reason LIMIT {limit}",
        source,
        *after,
    )
