"""SQL that reads a DCI database. The names in it are those of `model`, and nobody's input."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from ringtest.control.db.bulk import Rows
from ringtest.control.dci.model import BY_NAME, Survey, Table

_LAST = "('success', 'failure', 'error', 'killed')"
_NUMBERS = ("total", "success", "failures", "errors", "skips", "regressions", "successfixes")
_SUMS = ", ".join(f"'{name}', coalesce(sum(r.{name}), 0)" for name in _NUMBERS)
_MADE = {
    "topic_id": ("components", "(SELECT c.topic_id FROM components c WHERE c.id = t.component_id)"),
    "started_at": ("jobstates", "m_states.started_at"),
    "ended_at": ("jobstates", "m_states.ended_at"),
    "component_ids": ("jobs_components", "m_components.ids"),
    "tests": ("tests_results", "m_results.tests"),
}
"""What a column is made of: a table, and an expression over it or over a join of `_JOINS`."""
# Aggregates of a whole page at once: whether there is an index or not, no row costs a scan.
_JOINS = {
    "jobstates": "LEFT JOIN (SELECT s.job_id,"
    " min(s.created_at) FILTER (WHERE s.status::text <> 'new') AS started_at,"
    f" min(s.created_at) FILTER (WHERE s.status::text IN {_LAST}) AS ended_at FROM jobstates s"
    " WHERE s.job_id IN (SELECT id FROM t) GROUP BY 1) m_states ON m_states.job_id = t.id",
    "jobs_components": "LEFT JOIN (SELECT c.job_id, array_agg(c.component_id) AS ids"
    " FROM jobs_components c WHERE c.job_id IN (SELECT id FROM t) GROUP BY 1) m_components"
    " ON m_components.job_id = t.id",
    "tests_results": f"LEFT JOIN (SELECT r.job_id, json_build_object({_SUMS})::text AS tests"
    " FROM tests_results r WHERE r.job_id IN (SELECT id FROM t) GROUP BY 1) m_results"
    " ON m_results.job_id = t.id",
}
# A file of a jobstate may name its job there alone.
_THROUGH_STATE = "coalesce(t.job_id, (SELECT s.job_id FROM jobstates s WHERE s.id = t.jobstate_id))"


async def survey(source: Rows) -> Survey:
    """Known tables and their columns, wherever the search path of the reader finds them."""
    found = await source.fetch(
        """
        SELECT c.relname AS name, a.attname AS column, format_type(a.atttypid, NULL) AS type
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
          AND NOT a.attisdropped
        WHERE c.relname = ANY ($1) AND c.relkind IN ('r', 'p', 'v', 'm')
          AND pg_table_is_visible(c.oid)
        """,
        list(BY_NAME),
    )
    columns: dict[str, dict[str, str]] = {}
    for row in found:
        columns.setdefault(row["name"], {})[row["column"]] = row["type"]
    return Survey(columns)


async def about(source: Rows) -> tuple[str, datetime]:
    """What the database calls itself, and the moment (naive UTC) it is read at."""
    row = await source.fetchrow(
        "SELECT current_database() || '@' || coalesce(host(inet_server_addr()), 'local') || ':'"
        " || coalesce(inet_server_port(), 0) AS name, now() AT TIME ZONE 'UTC' AS at"
    )
    assert row is not None
    return row["name"], row["at"]


async def count(source: Rows, table: Table, survey: Survey, history: datetime | None) -> int:
    """Rows of a table."""
    within = _within(table, survey, history)
    number: int = await source.fetchval(f"SELECT count(*) FROM {table.name} t WHERE {within}")
    return number


def _value(table: Table, there: Mapping[str, str], column: str, kind: str) -> str:
    if (table.name, column) == ("files", "job_id") and "jobstate_id" in there:
        return f"{_THROUGH_STATE} AS job_id"
    if column not in there:
        return f"NULL::{kind} AS {column}"
    if kind == "text[]" and not there[column].endswith("[]"):
        return f"ARRAY(SELECT json_array_elements_text(t.{column}::json)) AS {column}"
    return f"t.{column}::{kind} AS {column}"


def _within(table: Table, survey: Survey, history: datetime | None) -> str:
    """SQL for: the row `t` is no older part of a job's than `history`."""
    if history is None or (table.name != "jobs" and "job_id" not in table.columns):
        return "true"
    moment = f"'{history.isoformat()}'::timestamp"
    if table.name == "jobs":
        return f"t.created_at >= {moment}"
    through_state = table.name == "files" and "jobstate_id" in survey.columns["files"]
    job = _THROUGH_STATE if through_state else "t.job_id"
    return f"EXISTS (SELECT FROM jobs h WHERE h.id = {job} AND h.created_at >= {moment})"


def _values(table: Table, survey: Survey) -> str:
    there = survey.columns[table.name]
    plain = [_value(table, there, name, kind) for name, kind in table.columns.items()]
    for name, kind in table.made.items():
        wanted, made = _MADE[name]
        plain.append(f"{made if survey.has(wanted) else 'NULL'}::{kind} AS {name}")
    return ", ".join(plain)


def _select(table: Table, survey: Survey, rest: str) -> str:
    """The rows that `rest` (from WHERE on) chooses, with all that is made of others."""
    values = _values(table, survey)
    if not table.made:
        return f"SELECT {values} FROM {table.name} t {rest}"
    wanted = {_MADE[name][0] for name in table.made}
    joins = " ".join(join for name, join in _JOINS.items() if name in wanted and survey.has(name))
    return f"WITH t AS (SELECT t.* FROM {table.name} t {rest}) SELECT {values} FROM t {joins}"


def _key(table: Table) -> str:
    return ", ".join(f"t.{name}" for name in table.key)


def page(
    table: Table,
    survey: Survey,
    *,
    after: Sequence[str] | None,
    since: datetime | None,
    history: datetime | None,
    limit: int,
) -> tuple[str, list[Any]]:
    """The next rows in the order of their keys, that changed `since` (None: whenever)."""
    conditions, values = [_within(table, survey, history)], list[Any]()
    if after is not None:
        places = []
        for name, text in zip(table.key, after, strict=True):
            values.append(text)
            places.append(f"${len(values)}::text::{table.columns[name]}")
        conditions.append(f"({_key(table)}) > ({', '.join(places)})")
    if since is not None and table.changed in survey.columns[table.name]:
        values.append(since)
        conditions.append(f"t.{table.changed}::timestamp >= ${len(values)}::timestamp")
    rest = f"WHERE {' AND '.join(conditions)} ORDER BY {_key(table)} LIMIT {limit}"
    return _select(table, survey, rest), values


def of_keys(table: Table, survey: Survey, keys: Sequence[Sequence[str]]) -> tuple[str, list[Any]]:
    """The rows of these keys."""
    columns = [[key[at] for key in keys] for at in range(len(table.key))]
    wanted = ", ".join(
        f"${number}::text[]::{table.columns[name]}[]" for number, name in enumerate(table.key, 1)
    )
    rest = f"WHERE ({_key(table)}) IN (SELECT * FROM unnest({wanted}))"
    return _select(table, survey, rest), list(columns)


def keys(table: Table, survey: Survey, history: datetime | None) -> str:
    """Every key."""
    kinds = ", ".join(f"t.{name}::{table.columns[name]}" for name in table.key)
    return f"SELECT {kinds} FROM {table.name} t WHERE {_within(table, survey, history)}"


def losers(survey: Survey) -> str:
    """Active components that are there twice, but for the newest of each."""
    there = survey.columns["components"]
    version = "coalesce(t.version, '')" if "version" in there else "''"
    shown = [name for name in ("display_name", "name") if name in there]
    name = f"coalesce({', '.join(f't.{one}' for one in shown)}, '')"
    team = "t.team_id" if "team_id" in there else "NULL::uuid"
    return (
        "SELECT id FROM (SELECT t.id, row_number() OVER (PARTITION BY"
        f" {name}, t.topic_id, t.type, {version}, {team}"
        " ORDER BY t.created_at DESC, t.id DESC) AS place FROM components t"
        " WHERE t.state::text = 'active') twins WHERE place > 1"
    )


def actives() -> str:
    """Active components."""
    return "SELECT id FROM components WHERE state::text = 'active'"


async def known(source: Rows, table: str, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these ids that are there."""
    found = await source.fetch(f"SELECT id FROM {table} WHERE id = ANY ($1)", list(ids))
    return {row["id"] for row in found}


async def secrets(source: Rows, table: str) -> list[tuple[UUID, str | None, datetime]]:
    """Machines that are not archived, their keys in clear text, and when they changed."""
    found = await source.fetch(
        "SELECT id, api_secret::text, coalesce(updated_at, created_at, 'epoch')::timestamp"
        f" FROM {table} WHERE state::text <> 'archived' ORDER BY id"
    )
    return [(row[0], row[1], row[2]) for row in found]
