"""What filters of jobs may speak of beside a job's own columns: its topic, lab, tests, ….

`j` is the job in every statement that uses them.
"""

from collections.abc import Mapping

from ringtest.control.db.conditions import Column, Conditions, Kind
from ringtest.control.db.filters import Fields, Nested, condition_of
from ringtest.control.db.vocabulary import understood
from ringtest.control.kernel.outcome import DCI_STATUSES
from ringtest.control.kernel.query import Node

# The same derivation as kernel.outcome.dci_status; a test compares them.
STATUS_WORD = """CASE {0}.status WHEN 'queued' THEN 'new'
  WHEN 'running' THEN CASE WHEN {0}.stage = 'test' THEN 'running'
    WHEN {0}.stage > 'test' THEN 'post-run' ELSE 'pre-run' END
  ELSE CASE {0}.result WHEN 'failed' THEN 'failure' WHEN 'errored' THEN 'error'
    WHEN 'cancelled' THEN 'killed' ELSE 'success' END END"""

JOB_COLUMNS: Mapping[str, Kind | Column] = {
    "id": "uuid", "created_at": "time", "updated_at": "time", "etag": "text", "state": "enum",
    "duration": "int", "comment": "text", "status_reason": "text", "configuration": "text",
    "url": "text", "name": "text",
    "status": Column("enum", f"({STATUS_WORD.format('j')})", tuple(DCI_STATUSES)),
    "topic_id": "uuid", "remoteci_id": "uuid",
    "team_id": "uuid", "product_id": "uuid", "pipeline_id": "uuid", "user_agent": "text",
    "client_version": "text", "previous_job_id": "uuid", "update_previous_job_id": "uuid",
    "tags": "array", "phase": Column("enum", "j.status"), "stage": "enum",
    "result": "enum", "attempt": "int",
    "set_key": "text", "started_at": "time", "finished_at": "time", "request_id": "uuid",
    "definition_id": "uuid",
}  # fmt: skip
"""What `where` and `sort` may name; `data` is refused because it may hold anything."""


def columns(alias: str, **kinds: Kind) -> dict[str, Column]:
    """Columns of a table under its own names."""
    return {name: Column(kind, f"{alias}.{name}") for name, kind in kinds.items()}


def _named(alias: str, **kinds: Kind) -> dict[str, Column]:
    """What names a row, and its other columns."""
    label = Column("names", f"ARRAY[{alias}.name, {alias}.id::text]")
    return {**columns(alias, id="uuid", name="text", **kinds), "label": label}


OWNERS: Mapping[str, tuple[str, str, dict[str, Column]]] = {
    # name: rows, how they hang on job j, their columns
    "topic": ("topics t", "t.id = j.topic_id", _named("t")),
    "remoteci": ("remotecis r", "r.id = j.remoteci_id", _named("r")),
    "team": ("teams m", "m.id = j.team_id", _named("m", country="text")),
    "product": ("products o", "o.id = j.product_id", _named("o")),
    "pipeline": ("pipelines l", "l.id = j.pipeline_id", _named("l", created_at="time")),
    "components": (
        "jobs_components jc JOIN components c ON c.id = jc.component_id",
        "jc.job_id = j.id",
        {
            **columns(
                "c", id="uuid", name="text", type="text", display_name="text", version="text",
                uid="text", url="text", topic_id="uuid", team_id="uuid", tags="array",
                released_at="time", canonical_project_name="text",
            ),
            "label": Column("names", "ARRAY[c.display_name, c.name, c.version,"
                                     " c.type || ' ' || c.version, c.id::text]"),
        },
    ),
    "results": (
        "test_results s", "s.job_id = j.id AND s.attempt = j.attempt",
        columns("s", name="text", total="int", success="int", skips="int", failures="int",
                errors="int", regressions="int", successfixes="int", time="float"),
    ),
    "keys_values": (
        "jobs_keys_values k", "k.job_id = j.id", columns("k", key="text", value="float")
    ),
    "jobstates": (
        "jobstates a", "a.job_id = j.id",
        columns("a", status="enum", comment="text", created_at="time"),
    ),
    "files": (
        "files f", "f.job_id = j.id AND f.state <> 'archived'",
        columns("f", id="uuid", name="text", mime="text", size="int"),
    ),
    "tests": (
        "test_results s LEFT JOIN test_failures x ON x.result_id = s.id"
        " LEFT JOIN tests n ON n.team_id = x.team_id AND n.id = x.test_id",
        "s.job_id = j.id AND s.attempt = j.attempt",
        {
            "name": Column("text", "s.name"),
            "testsuites.name": Column("text", "n.suite"),
            "testsuites.testcases.name": Column("text", "n.name"),
            "testsuites.testcases.classname": Column("text", "n.classname"),
            "testsuites.testcases.action": Column(
                "text", "CASE x.outcome WHEN 'f' THEN 'failure' WHEN 'e' THEN 'error' END",
                ("failure", "error"),
            ),
        },
    ),
}  # fmt: skip
_MAIN: Mapping[str, str] = {
    "results": "name", "keys_values": "key", "jobstates": "comment", "files": "name",
    "tests": "testsuites.testcases.name",
}  # fmt: skip


def _nested(name: str) -> Nested:
    source, link, known = OWNERS[name]
    main = _MAIN.get(name, "label")
    if name in ("topic", "remoteci", "team"):  # asked once, not for each job
        table = source.split()[0]
        key = link.rpartition(" ")[2]
        return Nested(
            f"{key} IN (SELECT {link[0]}.id FROM {table} {link[0]} WHERE {{}})", known, main
        )
    return Nested(f"EXISTS (SELECT 1 FROM {source} WHERE {link} AND {{}})", known, main)


JOB_FIELDS: Mapping[str, Nested] = {name: _nested(name) for name in OWNERS}
_FIELDS: Fields = {
    **{
        name: kind if isinstance(kind, Column) else Column(kind, f"j.{name}")
        for name, kind in JOB_COLUMNS.items()
    },
    **JOB_FIELDS,
}


def add_job_filter(conditions: Conditions, node: Node | None) -> None:
    """Narrow to the jobs `j` that a filter is about; 400 for what it cannot be about."""
    if node is not None:
        conditions.parts.append(condition_of(understood(node, _FIELDS), _FIELDS, conditions))
