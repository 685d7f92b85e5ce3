"""What DCI has not and the server has beside it, in the same style: agents, plans, reports.

Not part of the contract; here so that no route is without a row. Rows of what is under a topic
or a job answer 404 where the caller does not see it.
"""

from tests.conformance.contract.rows import REST, ROLES, Call, Row
from tests.conformance.contract.scene import PASSWORD
from tests.conformance.contract.things_beyond import SPEC

READERS = "sa epm ro user lab"
REACH = f"{READERS} feeder"
MEMBERS = "sa epm user lab"
EVERYONE = {401: "nobody", 200: REST}
OUTSIDE = "other loner other_lab"
FAR = f"{OUTSIDE} feeder"

PLANS = [
    Row(
        "POST /job_definitions",
        {201: "sa epm feeder", 401: REST},
        {"name": ":new", "topic_id": ":topic", "spec": SPEC},
        gives="job_definition",
    ),
    Row("GET /job_definitions", EVERYONE, gives="job_definitions[]"),
    Row(
        "GET /job_definitions/:definition",
        {200: REACH, 404: OUTSIDE, 401: REST},
        gives="job_definition",
    ),
    Row(
        "GET /job_definitions/:definition/labs",
        {200: REACH, 404: OUTSIDE, 401: REST},
        gives="matching no etag",
    ),
    Row(
        "PUT /job_definitions/:definition",
        {200: "sa epm feeder", 404: OUTSIDE, 401: REST},
        {"name": ":new", "more": 1},
        if_match="definition",
        stale=404,
        gives="job_definition",
    ),
    Row(
        "DELETE /job_definitions/:definition",
        {204: "sa epm feeder", 404: OUTSIDE, 401: REST},
        if_match="definition",
        stale=404,
        gives="nothing",
    ),
    Row(
        "POST /trigger_rules",
        {201: "sa epm", 401: REST},
        {"name": ":new", "topic_id": ":topic", "definition_id": ":definition"},
        gives="trigger_rule",
    ),
    Row("GET /trigger_rules", EVERYONE, gives="trigger_rules[]"),
    Row("GET /trigger_rules/:rule", {200: REACH, 404: OUTSIDE, 401: REST}, gives="trigger_rule"),
    Row(
        "PUT /trigger_rules/:rule",
        {200: "sa epm", 401: REST},
        {"name": ":new", "more": 1},
        if_match="rule",
        stale=409,
        gives="trigger_rule",
    ),
    Row(
        "DELETE /trigger_rules/:rule",
        {204: "sa epm", 401: REST},
        if_match="rule",
        stale=409,
        gives="nothing",
    ),
    Row("GET /job_requests", EVERYONE, gives="job_requests[]"),
    Row(
        "POST /remotecis/:lab/topics",
        {201: MEMBERS, 404: FAR, 401: REST},
        {"topic_id": ":topic"},
        has={"remoteci_id": ":lab", "topic_id": ":topic"},
    ),
    Row("GET /remotecis/:lab/topics", {200: READERS, 404: FAR, 401: REST}, gives="topics[]"),
    Row(
        "DELETE /remotecis/:lab/topics/:topic",
        {204: MEMBERS, 404: FAR, 401: REST},
        given=(Call("POST /remotecis/:lab/topics", {"topic_id": ":topic"}),),
        gives="nothing",
    ),
]

AGENTS = [
    Row("GET /agent/stream", {200: "lab other_lab", 401: REST}, stream=True),
    Row(
        "POST /jobs/:defined_job/claim",
        {200: "lab", 401: REST},
        {"agent": "one"},
        gives="claim no etag",
    ),
    Row(
        "POST /jobs/reported",
        {201: "lab", 401: REST},
        {
            "topic_id": ":topic",
            "definition": {"stages": {"test": [{"run": "make check"}]}},
            "agent": "one",
            "name": "smoke",
            "started_at": "2999-01-01T00:00:00",
        },
        gives="claim no etag",
    ),
    Row(
        "POST /jobs/:defined_job/records",
        {401: " ".join(ROLES)},
        {"records": []},
        headers={"X-Ringtest-Lease": "none"},
        note="with a lease that there is not",
    ),
    Row("POST /jobs/:job/cancel", {202: MEMBERS, 401: REST}),
    Row("POST /jobs/:finished_job/retry", {201: MEMBERS, 401: REST}),
    Row(
        "POST /jobs/:finished_job/hold",
        {201: "lab", 401: REST},
        {"attempt": 1, "hours": 4, "host": "rack-7", "shell": "cd /srv/work"},
        gives="hold no etag",
    ),
    Row("GET /jobs/:held_job/holds", {200: READERS, 401: REST}, gives="holds[]"),
    Row(
        "POST /jobs/:held_job/hold/extend",
        {200: MEMBERS, 401: REST},
        {"hours": 24},
        gives="hold no etag",
    ),
    Row("POST /jobs/:held_job/hold/release", {200: MEMBERS, 401: REST}, gives="hold no etag"),
    Row(
        "POST /agent/inventory",
        {200: "lab other_lab", 401: REST},
        {"agent": "rack-7/1", "labels": {"rack": "7"}, "inventory": {"cpu": {"threads": 8}}},
        gives="inventory no etag",
    ),
    Row(
        "POST /agent/caches",
        {200: "lab other_lab", 401: REST},
        {"agent": "rack-7/1", "address": "http://rack-7:8970"},
        gives="caches[]",
    ),
    Row("GET /remotecis/:lab/inventory", {200: READERS, 401: REST}, gives="inventories[]"),
    Row("GET /remotecis/:lab/inventory/history", {200: READERS, 401: REST}, gives="inventories[]"),
    Row(
        "POST /lab_runs",
        {201: "user lab", 401: REST},
        {
            "remoteci_id": ":lab",
            "topic_id": ":topic",
            "definition": SPEC,
            "components_ids": [],
            "name": ":new",
        },
        gives="lab_run no etag",
    ),
    Row("GET /lab_runs", EVERYONE, gives="lab_runs[]"),
    Row(
        "GET /lab_runs/:asked_run",
        {200: READERS, 404: FAR, 401: REST},
        gives="lab_run no etag",
    ),
    Row(
        "POST /lab_runs/:asked_run/allow",
        {200: "user", 404: FAR, 401: REST},
        gives="lab_run no etag",
    ),
    Row(
        "POST /lab_runs/:asked_run/refuse",
        {200: "user", 404: FAR, 401: REST},
        {"reason": "the rack is being moved"},
        gives="lab_run no etag",
    ),
    Row("GET /remotecis/:lab/consent", {200: READERS, 401: REST}, gives="rules[]"),
    Row(
        "PUT /remotecis/:lab/consent",
        {200: "user", 401: REST},
        {"rules": [{"answer": "ask"}]},
        if_match="lab",
        stale=404,
        gives="rules[]",
    ),
    Row("GET /jobs/:told_job/labs", {200: READERS, 401: REST}, gives="matching no etag"),
    Row("GET /jobs/:told_job/inventory", {200: READERS, 401: REST}, gives="inventory no etag"),
    Row(
        "GET /jobs/:told_job/inventory/differences",
        {200: READERS, 401: REST},
        gives="comparison no etag",
    ),
    Row("GET /ci_controllers", EVERYONE, gives="ci_controllers[]"),
    Row(
        "POST /ci_controllers",
        {201: "sa epm", 401: REST},
        {"name": ":new", "url": "https://ci.example/", "secret": "s", "remoteci_id": ":lab"},
        gives="ci_controller",
        lacks=("secret",),
        note="the server calls that address: administrators",
    ),
    Row(
        "GET /ci_controllers/:controller",
        {200: READERS, 404: FAR, 401: REST},
        gives="ci_controller",
    ),
    Row(
        "PUT /ci_controllers/:controller",
        {200: "sa epm", 404: FAR, 401: REST},
        {"name": ":new", "more": 1},
        if_match="controller",
        stale=404,
        gives="ci_controller",
    ),
    Row(
        "DELETE /ci_controllers/:controller",
        {204: "sa epm", 404: FAR, 401: REST},
        if_match="controller",
        stale=404,
        gives="nothing",
    ),
    Row("GET /jobs/:built_job/builds", {200: READERS, 401: REST}, gives="builds[]"),
    Row("GET /jobs/:job/attempts", {200: READERS, 401: REST}, gives="attempts[]"),
    Row("GET /jobs/:job/stages", {200: READERS, 401: REST}, gives="stages[]"),
    Row("GET /jobs/:job/tests", {200: READERS, 401: REST}),
    Row("GET /jobs/:job/log", {200: READERS, 401: REST}),
    Row("GET /jobs/:job/log/raw", {200: READERS, 401: REST}),
    Row("GET /jobs/:job/log/search?q=x", {200: READERS, 401: REST}),
    Row("GET /jobs/:job/log/marks", {200: READERS, 401: REST}),
    Row("GET /jobs/:job/log/stream", {200: READERS, 401: REST}, stream=True),
]

ANSWERS = [
    Row("GET /events", EVERYONE),
    Row("GET /events/stream", EVERYONE, stream=True),
    Row("GET /products/:product/health", {200: REACH, 404: OUTSIDE, 401: REST}),
    Row("GET /jobs/:finished_job/answer", {200: READERS, 401: REST}),
    Row("GET /jobs/:job/files/zip?ids=:stored_file", {200: READERS, 401: REST}),
    Row("GET /files_zip?ids=:stored_file", {200: READERS, 401: REST}),
    Row("GET /log_search?q=x", EVERYONE, stream=True),
    Row("GET /tests?topic_id=:topic", {200: REACH, 401: REST}, gives="tests[]"),
    Row(
        "GET /tests/:test_id/history?topic_id=:topic",
        {404: REST, 401: "nobody"},
        note="that nobody ran",
    ),
    Row("GET /topics/:topic/flaky_tests", {200: REACH, 401: REST}),
    Row("GET /topics/:topic/trend", {200: REACH, 401: REST}),
    Row("GET /topics/:topic/durations", {200: REACH, 401: REST}),
    Row("GET /topics/:topic/coverage", {200: REACH, 401: REST}),
    Row(
        "GET /comparisons?topic_id=:topic&left=job::job&right=job::finished_job",
        {200: READERS, 401: REST},
    ),
    Row("GET /job_statistics?rows=topic&columns=status", EVERYONE),
    Row("GET /keys_values_series?key=boot_seconds", EVERYONE),
    Row("GET /failure_groups/:group/blast_radius", {200: READERS, 404: FAR, 401: REST}),
    Row("GET /failure_groups", EVERYONE, gives="failure_groups[]"),
    Row("GET /failure_groups/:group", {200: READERS, 404: FAR, 401: REST}),
    Row("GET /failure_groups/:group/similar", {200: READERS, 404: FAR, 401: REST}),
    Row(
        "POST /failure_groups/:group/merge",
        {200: "sa epm", 401: REST},
        {"into": ":second_group"},
    ),
    Row("DELETE /failure_groups/:merged_group/merge", {204: "sa epm", 401: REST}, gives="nothing"),
    Row("GET /known_issues", EVERYONE, gives="known_issues[]"),
    Row(
        "POST /known_issues",
        {201: "sa epm", 401: REST},
        {"name": ":new", "kind": "text", "pattern": "it broke", "owner": "somebody"},
        gives="known_issue",
        note="of everybody: the vendor",
    ),
    Row(
        "POST /known_issues",
        {201: "sa epm user", 401: REST},
        {
            "name": ":new",
            "kind": "regex",
            "pattern": "it broke [0-9]+",
            "owner": "somebody",
            "team_id": ":team",
        },
        gives="known_issue",
        note="of a team: its members",
    ),
    Row("GET /known_issues/:issue", {200: READERS, 404: FAR, 401: REST}, gives="known_issue"),
    Row(
        "PUT /known_issues/:issue",
        {200: "sa epm user", 404: OUTSIDE + " feeder", 401: REST},
        {"name": ":new", "more": 1},
        if_match="issue",
        stale=409,
        gives="known_issue",
    ),
    Row(
        "DELETE /known_issues/:issue",
        {204: "sa epm user", 404: OUTSIDE + " feeder", 401: REST},
        if_match="issue",
        stale=409,
        gives="nothing",
    ),
    Row(
        "GET /products/:product/signature_policy",
        {200: "sa epm ro user lab", 401: REST},
        gives="signature_policy",
    ),
    Row(
        "PUT /products/:product/signature_policy",
        {200: "sa", 401: REST},
        {"keep": ["ring[0-9]+"], "more": 1},
        headers={"If-match": "0" * 32},
        gives="signature_policy",
    ),
    Row(
        "POST /report_targets",
        {201: "sa epm", 400: "user", 401: REST},
        {"name": ":new", "channel": "mail", "address": "a@example.org", "team_id": ":team"},
        gives="report_target",
        lacks=("secret",),
        note="mail: administrators",
    ),
    Row(
        "POST /report_targets",
        {201: "sa epm user", 401: REST},
        {"name": ":new", "channel": "webhook", "address": "https://8.8.8.8/", "team_id": ":team"},
        gives="report_target",
        note="webhooks: members",
    ),
    Row("GET /report_targets", {200: "sa epm ro user other loner", 401: REST}),
    Row(
        "GET /report_targets/:target",
        {200: "sa epm user", 404: "ro other loner", 401: REST},
        gives="report_target",
    ),
    Row(
        "PUT /report_targets/:target",
        {200: "sa epm user", 404: "ro other loner", 401: REST},
        {"name": ":new", "more": 1},
        if_match="target",
        stale=409,
        gives="report_target",
    ),
    Row(
        "DELETE /report_targets/:target",
        {204: "sa epm user", 404: "ro other loner", 401: REST},
        if_match="target",
        stale=409,
        gives="nothing",
    ),
    Row(
        "GET /report_targets/:target/deliveries",
        {200: "sa epm user", 404: "ro other loner", 401: REST},
    ),
    Row(
        "POST /report_targets/:target/ping",
        {202: "sa epm user", 404: "ro other loner", 401: REST},
    ),
    Row("GET /deliveries", EVERYONE, gives="deliveries[]"),
    Row("POST /deliveries/:delivery/retry", {202: "sa epm user", 404: "ro other loner", 401: REST}),
]

TOKEN = {"name": ":new", "scopes": ["read"], "expires_at": ":tomorrow"}

CALLERS = [
    Row(
        "POST /session",
        {201: " ".join(ROLES)},
        {"name": ":user.name", "password": PASSWORD},
        gives="identity no etag",
        note="whoever knows the password",
    ),
    Row("DELETE /session", {401: "nobody", 204: REST}, gives="nothing"),
    Row("POST /tokens", {401: "nobody", 201: REST}, TOKEN),
    Row("GET /tokens", EVERYONE, gives="tokens[]"),
    Row("GET /tokens/:token", {200: "sa user", 404: REST}, gives="token"),
    Row(
        "DELETE /tokens/:token",
        {204: "sa user", 404: REST},
        if_match="token",
        stale=404,
        gives="nothing",
    ),
    Row("GET /remotecis/:lab/keys", {200: MEMBERS, 401: REST}, gives="keys[]"),
    Row("GET /feeders/:own_feeder/keys", {200: MEMBERS, 401: REST}, gives="keys[]"),
    Row("DELETE /remotecis/:lab/keys/:key", {204: MEMBERS, 401: REST}, gives="nothing"),
    Row("DELETE /feeders/:own_feeder/keys/:feeder_key", {204: MEMBERS, 401: REST}),
]

MAIL = [
    Row("POST /topics/:topic/notifications", {201: "sa epm ro user", 401: REST}),
    Row(
        "DELETE /topics/:topic/notifications",
        {204: "sa epm ro user", 401: REST},
        given=tuple(
            Call("POST /topics/:topic/notifications", by=who) for who in ("sa", "epm", "ro", "user")
        ),
    ),
    Row("GET /topics/notifications", {200: "sa epm ro user other loner", 401: REST}),
    Row("GET /topics/:topic/notifications/users", {200: "sa epm", 401: REST}, gives="users[]"),
]

BEGIN = {
    "Tus-Resumable": "1.0.0",
    "Upload-Length": "3",
    "Upload-Metadata": ":upload_metadata",
}
HERE = {"Tus-Resumable": "1.0.0"}
UPLOADS = [
    Row("POST /uploads", {201: MEMBERS, 401: REST}, headers=BEGIN, note="for a job"),
    Row("GET /uploads", EVERYONE, gives="uploads[]"),
    Row("GET /uploads/:upload", {200: "user", 404: REST}),
    Row(
        "PATCH /uploads/:upload",
        {204: "user", 404: REST},
        b"abc",
        headers={**HERE, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
    ),
    Row(
        "PUT /uploads/:upload",
        {204: "user", 404: REST},
        b"abc",
        headers={**HERE, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
    ),
    Row("DELETE /uploads/:upload", {204: "user", 404: REST}, headers=HERE),
]

NOTES = [
    Row("GET /audits", {200: "sa", 401: REST}, gives="audits[]"),
    Row("GET /purges", {200: "sa", 401: REST}, gives="purges[]"),
]

ARCHIVE = [
    Row("GET /archive", EVERYONE, gives="archive[]"),
    Row("GET /archive/:archived_file/content", {200: MEMBERS + " ro", 404: REST}),
    Row("POST /archive/write", {202: "sa epm", 401: REST}),
    Row("POST /archive/query", EVERYONE, {"sql": "SELECT 1", "from": "2026-01-01"}),
]

COMPONENT_FILES = [
    Row(
        "GET /components/:component/files/:component_file/permit",
        {200: "lab", 401: REST},
        gives="permit no etag",
        keys="window key",
    ),
    Row(
        "GET /components/:component/files/:component_file/chunks",
        {404: REACH, 401: REST},
        note="too small for a list",
    ),
    Row(
        "GET /components/:component/files/:component_file/parts",
        {404: REACH, 401: REST},
        note="not taken apart",
    ),
]

ROWS = [*COMPONENT_FILES, *ARCHIVE, *PLANS, *AGENTS, *ANSWERS, *CALLERS, *MAIL, *UPLOADS, *NOTES]
