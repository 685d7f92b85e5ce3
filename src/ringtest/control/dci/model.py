"""The tables of a DCI control server, as they are read. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ringtest.control.kernel.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and the type that each column is read as.

    `key` names its rows and gives them their order; `changed` is the column that tells when a
    row was written last (None: there is none, so it is read whole each time). `made` are
    columns that DCI has not, put together while reading.
    """

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...] = ("id",)
    changed: str | None = "updated_at"
    made: Mapping[str, str] = field(default_factory=dict)

    @property
    def stage(self) -> Mapping[str, str]:
        """Columns and types of the rows as they arrive."""
        return {**self.columns, **self.made}


_DATED = {"id": "uuid", "created_at": "timestamp", "updated_at": "timestamp"}
_HEAD = {**_DATED, "etag": "text", "state": "text"}


def _texts(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "text")


def _ids(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "uuid")


def _numbers(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "bigint")


def _links(name: str, *columns: str) -> Table:
    return Table(name, _ids(*columns), key=columns, changed=None)


_MACHINE = {**_HEAD, **_texts("name", "data"), "team_id": "uuid"}

TABLES: tuple[Table, ...] = (
    Table("teams", {**_HEAD, **_texts("name", "country"),
                    "external": "boolean", "has_pre_release_access": "boolean"}),
    Table("users", {**_HEAD, **_texts("name", "sso_username", "sso_sub", "fullname", "email",
                                      "password", "timezone")}),
    _links("users_teams", "user_id", "team_id"),
    _links("teams_components_access", "team_id", "access_team_id"),
    Table("products", {**_HEAD, **_texts("name", "label", "description")}),
    _links("products_teams", "product_id", "team_id"),
    Table("topics", {**_HEAD, **_texts("name", "component_types", "component_types_optional",
                                       "data"),
                     **_ids("product_id", "next_topic_id"), "export_control": "boolean"}),
    Table("remotecis", {**_MACHINE, "public": "boolean"}),
    Table("feeders", _MACHINE),
    _links("user_remotecis", "user_id", "remoteci_id"),
    _links("users_topics", "user_id", "topic_id"),
    Table("pipelines", {**_HEAD, "name": "text", "team_id": "uuid"}),
    Table("components", {**_HEAD, "released_at": "timestamp",
                         **_texts("name", "type", "canonical_project_name", "display_name",
                                  "version", "uid", "data", "title", "message", "url"),
                         **_ids("topic_id", "team_id"), "tags": "text[]"}),
    Table("component_files", {**_HEAD, **_texts("name", "mime", "md5"), "size": "bigint",
                              "component_id": "uuid"}, made=_ids("topic_id")),
    Table("jobs", {**_HEAD, "duration": "bigint",
                   **_texts("comment", "status_reason", "configuration", "url", "name", "status",
                            "user_agent", "client_version", "data"),
                   **_ids("topic_id", "remoteci_id", "team_id", "product_id", "pipeline_id",
                          "previous_job_id", "update_previous_job_id"), "tags": "text[]"},
          made={"started_at": "timestamp", "ended_at": "timestamp", "component_ids": "uuid[]",
                "tests": "text"}),
    _links("jobs_components", "job_id", "component_id"),
    Table("jobstates", {"id": "uuid", "created_at": "timestamp", **_texts("status", "comment"),
                        "job_id": "uuid"}, changed="created_at"),
    Table("files", {**_HEAD, **_texts("name", "mime", "md5"), "size": "bigint",
                    **_ids("jobstate_id", "team_id", "job_id")}),
    Table("tests_results", {**_DATED, "name": "text",
                            **_numbers("total", "success", "skips", "failures", "errors",
                                       "regressions", "successfixes"),
                            "time": "double precision", **_ids("job_id", "file_id")}),
    Table("jobs_keys_values", {"job_id": "uuid", "key": "text", "value": "double precision"},
          key=("job_id", "key"), changed=None),
    Table("jobs_events", {"id": "bigint", "created_at": "timestamp", **_ids("job_id", "topic_id"),
                          "status": "text"}, changed=None),
    Table("counter", {"name": "text", "sequence": "bigint"}, key=("name",), changed=None),
    Table("logs", {"id": "uuid", "created_at": "timestamp", "user_id": "uuid", "action": "text"},
          key=("created_at", "id"), changed=None),
)  # fmt: skip
"""Everything there is to bring, each table after those that it refers to."""

BY_NAME = {table.name: table for table in TABLES}

_ESSENTIAL = frozenset({"teams", "users", "topics", "remotecis", "components", "jobs", "files"})


@dataclass(frozen=True, slots=True)
class Survey:
    """What of the known tables a database has. `columns`: type by column, by table."""

    columns: Mapping[str, Mapping[str, str]]

    def has(self, table: str) -> bool:
        """Is the table there?"""
        return table in self.columns

    @property
    def tables(self) -> tuple[Table, ...]:
        """Known tables that are there, in their order."""
        return tuple(table for table in TABLES if self.has(table.name))

    def missing(self) -> list[str]:
        """Known tables and columns that are not there: other versions had others.

        >>> Survey({}).missing()[0]
        'table teams'
        """
        gone = [f"table {table.name}" for table in TABLES if not self.has(table.name)]
        for table in self.tables:
            there = self.columns[table.name]
            gone += [f"column {table.name}.{name}" for name in table.columns if name not in there]
        return gone

    def unknown(self) -> list[str]:
        """Columns of known tables that nothing here can hold."""
        held_apart = {("remotecis", "api_secret"), ("feeders", "api_secret")}
        return [
            f"column {table.name}.{name}"
            for table in self.tables
            for name in sorted(self.columns[table.name])
            if name not in table.columns and (table.name, name) not in held_apart
        ]


def check_survey(survey: Survey) -> None:
    """BadRequest unless this is a DCI database of a version that can be read."""
    absent = sorted(_ESSENTIAL - set(survey.columns))
    if absent:
        raise BadRequest(f"this is not a DCI database: it has no table {', '.join(absent)}")
    if "api_secret" not in survey.columns["remotecis"]:
        raise BadRequest("this is not a DCI database: its remotecis have no api_secret")
    for table in survey.tables:
        lost = [name for name in table.key if name not in survey.columns[table.name]]
        if lost:
            raise BadRequest(
                f"the table {table.name} has no column {lost[0]}, which names its rows"
            )
