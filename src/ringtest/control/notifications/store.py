"""SQL of notifications: subscriptions to topics, and notices for the next mail.

Who subscribed to a lab is in the room of labs (user_remotecis); it is read here.
"""

from collections.abc import Sequence
from uuid import UUID

from ringtest.control.accounts.model import USER_COLUMNS, Caller
from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions
from ringtest.control.db.pool import Transaction
from ringtest.control.notifications.model import MOST

_TOPIC = """t.id, t.created_at, t.updated_at, t.etag, t.state, t.name, t.component_types,
  t.component_types_optional, t.product_id, t.next_topic_id, t.export_control"""


async def subscribe(tx: Transaction, user_id: UUID, topic_id: UUID) -> None:
    await tx.execute(
        "INSERT INTO users_topics (user_id, topic_id, created_at) VALUES ($1, $2, $3)",
        user_id,
        topic_id,
        tx.now,
    )


async def unsubscribe(tx: Transaction, user_id: UUID, topic_id: UUID) -> bool:
    """False when there was no subscription."""
    gone = "DELETE FROM users_topics WHERE user_id = $1 AND topic_id = $2"
    return await tx.execute(gone, user_id, topic_id) == 1


def _reachable(caller: Caller) -> Conditions:
    """Topics `t` that the caller may see: the policy's rule, without policies too."""
    conditions = Conditions(["t.state <> 'archived'"])
    if not caller.reads_catalog:
        if not caller.has_pre_release_access:
            conditions.parts.append("t.export_control")
        conditions.add(
            "t.product_id IN (SELECT product_id FROM products_teams WHERE team_id = ANY ({}))",
            sorted(caller.team_ids),
        )
    return conditions


async def topics_of(tx: Transaction, caller: Caller) -> rows.Page:
    """Topics that the caller follows and may see."""
    conditions = _reachable(caller)
    conditions.add("l.user_id = {}", caller.id)
    source = "topics t JOIN users_topics l ON l.topic_id = t.id"
    return await rows.everything(tx, _TOPIC, source, conditions, order="t.name")


async def followers_of(tx: Transaction, topic_id: UUID) -> rows.Page:
    """Users who follow a topic."""
    conditions = Conditions(["u.state <> 'archived'"])
    conditions.add("l.topic_id = {}", topic_id)
    source = "users u JOIN users_topics l ON l.user_id = u.id"
    return await rows.everything(tx, USER_COLUMNS, source, conditions, order="u.name")


# notices ---------------------------------------------------------------------

_READER = "JOIN users u ON u.id = l.user_id AND u.state = 'active' AND u.email <> ''"


async def note_job(tx: Transaction, event_id: int, job_id: UUID) -> list[UUID]:
    """A notice for everyone who follows the job's lab; whom."""
    found = await tx.fetch(
        "INSERT INTO notices (user_id, event_id, created_at, job_id)"
        " SELECT l.user_id, $1, $2, j.id FROM jobs j"
        f" JOIN user_remotecis l ON l.remoteci_id = j.remoteci_id {_READER}"
        " WHERE j.id = $3 AND j.state <> 'archived' ORDER BY l.user_id"
        " ON CONFLICT DO NOTHING RETURNING user_id",
        event_id,
        tx.now,
        job_id,
    )
    return [row["user_id"] for row in found]


async def note_component(tx: Transaction, event_id: int, component_id: UUID) -> list[UUID]:
    """A notice for everyone who follows the component's topic; whom."""
    found = await tx.fetch(
        "INSERT INTO notices (user_id, event_id, created_at, component_id)"
        " SELECT l.user_id, $1, $2, c.id FROM components c"
        f" JOIN users_topics l ON l.topic_id = c.topic_id {_READER}"
        " WHERE c.id = $3 AND c.state = 'active' ORDER BY l.user_id"
        " ON CONFLICT DO NOTHING RETURNING user_id",
        event_id,
        tx.now,
        component_id,
    )
    return [row["user_id"] for row in found]


async def attach(tx: Transaction, user_id: UUID, event_id: int, delivery_id: UUID) -> None:
    """The notice goes with that delivery."""
    await tx.execute(
        "UPDATE notices SET delivery_id = $3 WHERE user_id = $1 AND event_id = $2",
        user_id,
        event_id,
        delivery_id,
    )


async def notices_of(tx: Transaction, delivery_id: UUID) -> tuple[Sequence[UUID], Sequence[UUID]]:
    """Jobs and components that a delivery tells of."""
    row = await tx.fetchrow(
        "SELECT coalesce(array_agg(job_id) FILTER (WHERE job_id IS NOT NULL), '{}') AS jobs,"
        " coalesce(array_agg(component_id) FILTER (WHERE component_id IS NOT NULL), '{}')"
        " AS components FROM notices WHERE delivery_id = $1",
        delivery_id,
    )
    assert row is not None
    return row["jobs"], row["components"]


async def select_matter(
    tx: Transaction, caller: Caller, jobs: Sequence[UUID], components: Sequence[UUID]
) -> str:
    """JSON of a `Matter`: of these jobs and components those that the caller sees now."""
    topics = _reachable(caller)
    wanted = topics.param(list(components))
    granted = topics.param(caller.visible_component_teams)
    mine = topics.param(caller.visible_teams)
    own = topics.param(list(jobs))
    text: str = await tx.fetchval(
        f"""
        WITH seen_jobs AS (
          SELECT j.id, CASE j.result WHEN 'failed' THEN 'failure' ELSE 'error' END AS status,
            j.name, j.status_reason AS reason, j.tests, t.name AS topic, r.name AS lab,
            m.name AS team, j.finished_at, (
              SELECT coalesce(json_agg(concat_ws(' ', c.type, coalesce(c.version, c.display_name))
                ORDER BY c.type, c.id), '[]') FROM jobs_components jc
              JOIN components c ON c.id = jc.component_id WHERE jc.job_id = j.id) AS components
          FROM jobs j JOIN topics t ON t.id = j.topic_id JOIN remotecis r ON r.id = j.remoteci_id
          JOIN teams m ON m.id = j.team_id
          WHERE j.id = ANY ({own}::uuid[]) AND j.state <> 'archived'
            AND j.result IN ('failed', 'errored')
            AND ({mine}::uuid[] IS NULL OR j.team_id = ANY ({mine}))),
        seen_components AS (
          SELECT c.id, c.topic_id, n.name AS topic, c.type, c.display_name AS name, c.tags, c.url,
            c.created_at
          FROM components c JOIN topics n ON n.id = c.topic_id
          WHERE c.id = ANY ({wanted}::uuid[]) AND c.state = 'active' AND (
            {granted}::uuid[] IS NULL OR c.team_id = ANY ({granted})
            OR (c.team_id IS NULL AND c.topic_id IN (SELECT t.id FROM topics t
              WHERE {topics.sql()}))))
        SELECT json_build_object(
          'jobs_count', (SELECT count(*) FROM seen_jobs),
          'jobs', (SELECT coalesce(json_agg(row_to_json(x)), '[]') FROM (
            SELECT * FROM seen_jobs ORDER BY finished_at DESC, id LIMIT {MOST}) x),
          'components_count', (SELECT count(*) FROM seen_components),
          'components', (SELECT coalesce(json_agg(row_to_json(x)), '[]') FROM (
            SELECT * FROM seen_components ORDER BY created_at DESC, id LIMIT {MOST}) x))::text
        """,
        *topics.values,
    )
    return text


# events ----------------------------------------------------------------------


async def select_told(tx: Transaction, event_id: int, teams: Sequence[UUID] | None) -> str | None:
    """JSON of a `Told`: an event that the tenant may see, of `teams` (None: of all) or of none."""
    text: str | None = await tx.fetchval(
        """
        SELECT json_build_object('id', e.id, 'type', e.type, 'created_at', e.created_at,
          'payload', e.payload,
          'job', (SELECT row_to_json(x) FROM (
            SELECT j.id, j.name, j.status AS phase, j.stage, j.result, j.attempt, j.tests,
              j.status_reason, j.tags, j.set_key, j.created_at, j.finished_at, j.duration,
              json_build_object('id', j.topic_id, 'name', coalesce(t.name, '')) AS topic,
              json_build_object('id', r.id, 'name', r.name) AS remoteci,
              json_build_object('id', m.id, 'name', m.name) AS team,
              (SELECT coalesce(json_agg(json_build_object('id', c.id, 'type', c.type,
                'version', c.version, 'display_name', c.display_name) ORDER BY c.type, c.id), '[]')
               FROM jobs_components jc JOIN components c ON c.id = jc.component_id
               WHERE jc.job_id = j.id) AS components
            FROM jobs j JOIN remotecis r ON r.id = j.remoteci_id JOIN teams m ON m.id = j.team_id
            LEFT JOIN topics t ON t.id = j.topic_id
            WHERE j.id = (e.payload ->> 'job_id')::uuid AND j.state <> 'archived'
              AND ($2::uuid[] IS NULL OR j.team_id = ANY ($2))) x),
          'component', (SELECT row_to_json(x) FROM (
            SELECT c.id, c.type, c.version, c.display_name, c.tags, c.url, c.released_at,
              json_build_object('id', t.id, 'name', t.name) AS topic
            FROM components c JOIN topics t ON t.id = c.topic_id
            WHERE c.id = (e.payload ->> 'component_id')::uuid AND c.state <> 'archived') x),
          'remoteci', (SELECT json_build_object('id', r.id, 'name', r.name) FROM remotecis r
            WHERE NOT e.payload ? 'job_id' AND r.id = (e.payload ->> 'remoteci_id')::uuid
              AND ($2::uuid[] IS NULL OR r.team_id = ANY ($2))))::text
        FROM events e WHERE e.id = $1
          AND ($2::uuid[] IS NULL OR e.team_id IS NULL OR e.team_id = ANY ($2))
        """,
        event_id,
        teams,
    )
    return text
