"""How each row of a DCI database becomes one of ours, and what came of it. Pure.

Values are SQL over the row `s` that arrives and over rows of ours that it names: `n_<column>`
for those it needs, `m_<column>` for those that may lack.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.outcome import DCI_STATUSES, from_dci_status

HOMELESS = {
    "products": "00000000-0000-4000-8000-000000000d01",
    "teams": "00000000-0000-4000-8000-000000000d02",
    "topics": "00000000-0000-4000-8000-000000000d03",
}
"""Who takes in rows that name no product, team or topic; made only when there are such."""


@dataclass(frozen=True, slots=True)
class Landing:
    """Where rows of DCI's `table` go, and how.

    Without a row of each table in `needs` a row is left out; what `may` names and is not
    there is forgotten; `homes` are like needs, but somebody takes the row in. A row that is
    here is written again when its `version` column differs. `unique` columns belong to the
    row that arrives: whoever else has its value gives way.
    """

    table: str
    into: str
    values: Mapping[str, str]
    key: tuple[str, ...] = ("id",)
    needs: Mapping[str, str] = field(default_factory=dict)
    may: Mapping[str, str] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    mended: Mapping[str, str] = field(default_factory=dict)
    version: str | None = "etag"
    unique: tuple[str, ...] = ()
    whole: bool = False
    parent: str | None = None

    @property
    def dated(self) -> bool:
        """Rows say when they were written last, so that a later change of ours is seen."""
        return self.version == "etag" and "updated_at" in self.values


_HEAD = {
    "id": "s.id",
    "created_at": "coalesce(s.created_at, s.updated_at, 'epoch')",
    "updated_at": "coalesce(s.updated_at, s.created_at, 'epoch')",
    "etag": "left(coalesce(s.etag, md5(s.id::text || coalesce(s.updated_at::text, ''))), 40)",
    "state": "coalesce(s.state, 'active')",
}
_DATA = {"data": "rt_foreign_json(s.data, '{}')"}
_NUL = r"strpos(s.data, '\u0000') > 0"
_MENDED_DATA = {"its data had characters that cannot be stored: they are dropped": _NUL}


def _same(*names: str) -> dict[str, str]:
    return {name: f"s.{name}" for name in names}


def _flags(*names: str) -> dict[str, str]:
    return {name: f"coalesce(s.{name}, false)" for name in names}


def _whole_numbers(*names: str) -> dict[str, str]:
    return {name: f"least(greatest(coalesce(s.{name}, 0), 0), 2147483647)::int" for name in names}


def _links(table: str, **ends: str) -> Landing:
    pair = tuple(ends)
    return Landing(table, table, _same(*pair), key=pair, needs=ends, version=None, parent=pair[0])


def _words(part: int, kind: str) -> str:
    """The status, stage or result of a DCI status, as SQL."""
    cases = []
    for word in DCI_STATUSES:
        value = from_dci_status(word)[part]
        cases.append(f"WHEN '{word}' THEN " + (f"'{value.value}'" if value else "NULL"))
    otherwise = "'queued'" if part == 0 else "NULL"
    return f"(CASE s.status {' '.join(cases)} ELSE {otherwise} END)::{kind}"


_STATUS_LIST = ", ".join(f"'{word}'" for word in DCI_STATUSES)
_FINISHED = "s.status IN ('success', 'failure', 'error', 'killed')"
_NAMELESS = {"it had no name: it goes by its id": "s.name IS NULL"}
_JOB = {"job_id": "jobs"}
_MACHINE = {
    **_HEAD, **_DATA, "name": "coalesce(s.name, s.id::text)",
    "team_id": "coalesce(m_team_id.id, '{teams}')",
}  # fmt: skip

LANDINGS: tuple[Landing, ...] = (
    Landing("teams", "teams",
            {**_HEAD, "name": "coalesce(s.name, s.id::text)", "country": "s.country",
             **_flags("external", "has_pre_release_access")},
            mended=_NAMELESS, unique=("name",)),
    Landing("users", "users",
            {**_HEAD, "name": "coalesce(s.name, s.id::text)",
             "fullname": "coalesce(s.fullname, s.name, s.email, s.sso_username, s.id::text)",
             **_same("sso_username", "sso_sub", "email", "password"),
             "timezone": "coalesce(s.timezone, 'UTC')"},
            mended=_NAMELESS, unique=("name", "email", "sso_username", "sso_sub")),
    _links("users_teams", user_id="users", team_id="teams"),
    _links("teams_components_access", team_id="teams", access_team_id="teams"),
    Landing("products", "products",
            {**_HEAD, "name": "coalesce(s.name, s.label, s.id::text)",
             "label": "coalesce(s.label, s.id::text)", "description": "s.description"},
            mended={"it had no label: it goes by its id": "s.label IS NULL"}, unique=("label",)),
    _links("products_teams", product_id="products", team_id="teams"),
    Landing("topics", "topics",
            {**_HEAD, **_DATA, "name": "coalesce(s.name, s.id::text)",
             "component_types": "rt_foreign_json(s.component_types, '[]')",
             "component_types_optional": "rt_foreign_json(s.component_types_optional, '[]')",
             "product_id": "coalesce(m_product_id.id, '{products}')",
             "next_topic_id": "m_next_topic_id.id", **_flags("export_control")},
            homes={"product_id": "products"}, may={"next_topic_id": "topics"},
            mended={**_NAMELESS, **_MENDED_DATA}, unique=("name",), whole=True),
    Landing("remotecis", "remotecis", {**_MACHINE, **_flags("public")},
            homes={"team_id": "teams"}, mended={**_NAMELESS, **_MENDED_DATA},
            unique=("name",)),
    Landing("feeders", "feeders", _MACHINE, homes={"team_id": "teams"},
            mended={**_NAMELESS, **_MENDED_DATA}, unique=("name",)),
    _links("user_remotecis", user_id="users", remoteci_id="remotecis"),
    Landing(
        "users_topics",
        "users_topics",
        {**_same("user_id", "topic_id"), "created_at": "'epoch'"},
        key=("user_id", "topic_id"),
        needs={"user_id": "users", "topic_id": "topics"},
        version=None,
        parent="user_id",
    ),
    Landing("pipelines", "pipelines",
            {**_HEAD, "name": "coalesce(s.name, s.id::text)",
             "team_id": "coalesce(m_team_id.id, '{teams}')"},
            homes={"team_id": "teams"}, mended=_NAMELESS, parent="team_id"),
    Landing("components", "components",
            {**_HEAD, **_DATA,
             # who of several equals stays active is settled when all are here
             "state": "CASE WHEN coalesce(s.state, 'active') = 'active' THEN 'inactive'"
                      " ELSE s.state END",
             "released_at": "coalesce(s.released_at, s.created_at, 'epoch')",
             "type": "coalesce(s.type, 'unknown')",
             "display_name": "coalesce(s.display_name, s.name, s.canonical_project_name,"
                             " s.id::text)",
             **_same("name", "canonical_project_name", "version", "uid", "title", "message",
                     "url"),
             "tags": "coalesce(array_remove(s.tags, NULL), '{}')",
             "topic_id": "coalesce(m_topic_id.id, '{topics}')", "team_id": "m_team_id.id"},
            homes={"topic_id": "topics"}, may={"team_id": "teams"}, mended=_MENDED_DATA,
            refused={"it belongs to a team that is not there, and would be everybody's":
                     "s.team_id IS NOT NULL AND m_team_id.id IS NULL"}, parent="topic_id"),
    Landing("component_files", "component_files",
            {**_HEAD, "name": "coalesce(s.name, s.id::text)", **_same("mime", "md5"),
             "sha256": "''", "size": "greatest(coalesce(s.size, 0), 0)",
             "object_key": "concat_ws('/', 'components', n_component_id.topic_id,"
                           " n_component_id.id, s.id)",
             "component_id": "s.component_id"},
            needs={"component_id": "components"}),
    Landing("jobs", "jobs",
            {**_HEAD, **_DATA, "status": _words(0, "job_status"), "stage": _words(1, "job_stage"),
             "result": _words(2, "job_result"),
             **_same("status_reason", "comment", "name", "configuration", "url", "user_agent",
                     "client_version", "previous_job_id", "update_previous_job_id",
                     "remoteci_id"),
             **_whole_numbers("duration"),
             "tags": "coalesce(array_remove(s.tags, NULL), '{}')",
             "topic_id": "coalesce(m_topic_id.id, '{topics}')", "product_id": "m_product_id.id",
             "team_id": "coalesce(m_team_id.id, n_remoteci_id.team_id)",
             "pipeline_id": "m_pipeline_id.id", "set_key": "rt_set_key(s.component_ids)",
             "tests": "s.tests::jsonb",
             "started_at": "CASE WHEN s.status <> 'new' THEN coalesce(s.started_at,"
                           " s.created_at) END",
             "finished_at": f"CASE WHEN {_FINISHED} THEN coalesce(s.ended_at, s.updated_at) END"},
            needs={"remoteci_id": "remotecis"}, homes={"topic_id": "topics"},
            may={"product_id": "products", "pipeline_id": "pipelines", "team_id": "teams"},
            mended={**_MENDED_DATA, "its status is unknown: it is new again":
                    f"s.status IS NULL OR s.status NOT IN ({_STATUS_LIST})"},
            parent="remoteci_id"),
    Landing("jobs_components", "jobs_components",
            {**_same("job_id", "component_id"), "team_id": "n_job_id.team_id"},
            key=("job_id", "component_id"), needs={**_JOB, "component_id": "components"},
            version=None, parent="job_id"),
    Landing("jobstates", "jobstates",
            {"id": "s.id", "created_at": "coalesce(s.created_at, 'epoch')",
             "status": "s.status::dci_status", "comment": "s.comment", "job_id": "s.job_id",
             "team_id": "n_job_id.team_id"},
            needs=_JOB, version=None, parent="job_id",
            refused={"its status is unknown":
                     f"s.status IS NULL OR s.status NOT IN ({_STATUS_LIST})"}),
    Landing("files", "files",
            {**_HEAD, "name": "coalesce(s.name, s.id::text)", **_same("mime", "md5", "job_id"),
             "sha256": "''", "size": "greatest(coalesce(s.size, 0), 0)",
             "object_key": "concat_ws('/', n_job_id.team_id, s.job_id, s.id)",
             "jobstate_id": "m_jobstate_id.id", "team_id": "n_job_id.team_id"},
            needs=_JOB, may={"jobstate_id": "jobstates"}, mended=_NAMELESS, parent="job_id"),
    Landing("tests_results", "test_results",
            {"id": "s.id", "created_at": "coalesce(s.created_at, 'epoch')",
             "job_id": "n_file_id.job_id", "file_id": "s.file_id",
             "team_id": "n_file_id.team_id", "name": "coalesce(s.name, n_file_id.name)",
             **_whole_numbers("total", "success", "skips", "failures", "errors", "regressions",
                              "successfixes"),
             "time": "coalesce(s.time, 0)", "outcomes": "''", "states": "''",
             "durations": "''"},
            needs={"file_id": "files"}, version=None, parent="job_id"),
    Landing("jobs_keys_values", "jobs_keys_values",
            {**_same("job_id", "key"), "value": "coalesce(s.value, 0)",
             "team_id": "n_job_id.team_id"},
            key=("job_id", "key"), needs=_JOB, version="value", parent="job_id"),
    Landing("jobs_events", "jobs_events",
            {"id": "s.id", "created_at": "coalesce(s.created_at, 'epoch')", "job_id": "s.job_id",
             "topic_id": "n_job_id.topic_id", "team_id": "n_job_id.team_id",
             "status": "s.status::dci_status"},
            needs=_JOB, version=None, parent="job_id",
            refused={"its status is unknown":
                     f"s.status IS NULL OR s.status NOT IN ({_STATUS_LIST})"}),
    Landing("counter", "counters",
            {"name": "s.name", "sequence": "coalesce(s.sequence, 0)",
             "etag": "md5(s.name || coalesce(s.sequence, 0))"},
            key=("name",), version="sequence"),
    Landing("logs", "audits",
            {"created_at": "coalesce(s.created_at, 'epoch')", "actor_kind": "'user'",
             "actor_id": "s.user_id", "action": "coalesce(s.action, '')"},
            key=("created_at", "id"), version=None),
)  # fmt: skip

BY_TABLE = {landing.table: landing for landing in LANDINGS}
APPENDED = frozenset({"logs"})
"""Tables that only grow, and whose rows have no id here: each row is read once."""
MACHINES = ("remotecis", "feeders")
CONTENTS, RESULTS = "contents", "results"
"""Parts that are no tables: the bytes of files, and the cases in result files."""
PARTS = (*BY_TABLE, CONTENTS, RESULTS)


def chosen(names: Sequence[str]) -> frozenset[str]:
    """The parts of these names (none: all), or BadRequest.

    >>> sorted(chosen(["users", "teams"]))
    ['teams', 'users']
    """
    unknown = sorted(set(names) - set(PARTS))
    if unknown:
        raise BadRequest(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    return frozenset(names or PARTS)


@dataclass(frozen=True, slots=True)
class Compared:
    """A table at the end: rows there, how many of them are here, how many left out."""

    table: str
    source: int
    here: int
    skipped: int = 0

    @property
    def lost(self) -> int:
        """Rows that are not here and of which nothing says why: there must be none."""
        return self.source - self.here - self.skipped


@dataclass(frozen=True, slots=True)
class Noted:
    """Rows of a table of which the same is to be said."""

    table: str
    reason: str
    skipped: bool
    rows: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to. `changes` are rows written or removed."""

    compared: Sequence[Compared]
    noted: Sequence[Noted]
    changes: int = 0
    missing: Sequence[str] = ()
    unknown: Sequence[str] = ()
    contents_left: int = 0
    results_left: int = 0

    @property
    def complete(self) -> bool:
        """Everything is here, or is said to be left out.

        >>> Outcome([Compared("jobs", 3, 2, 1)], []).complete
        True
        >>> Outcome([Compared("jobs", 3, 2)], []).complete
        False
        """
        return not any(one.lost for one in self.compared)
