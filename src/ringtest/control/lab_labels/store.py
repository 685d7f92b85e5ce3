"""SQL of lab labels. Reaching up the ladder: inventories are what agents told of their machines."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from ringtest.control.db.conditions import Conditions
from ringtest.control.db.pool import Transaction
from ringtest.control.lab_labels.model import Lab
from ringtest.control.labs.model import CONNECTED_FOR
from ringtest.language.labels import Wish

MOST_LABS = 1000


async def select_labs(
    tx: Transaction,
    *,
    teams: Sequence[UUID] | None = None,
    ids: Sequence[UUID] | None = None,
    topic_id: UUID | None = None,
    only_subscribed: bool = False,
) -> list[Lab]:
    """Active labs of these teams (None: all), of these ids, with the newest labels of each agent;
    `subscribed` to the topic. The first thousand by name."""
    conditions = Conditions(["m.state = 'active'"])
    since = conditions.param(tx.now - CONNECTED_FOR)
    topic = conditions.param(topic_id)
    subscribed = f"""EXISTS (SELECT FROM remotecis_topics s WHERE s.remoteci_id = m.id
      AND s.topic_id = {topic}::uuid)"""
    if teams is not None:
        conditions.add("m.team_id = ANY ({})", list(teams))
    if ids is not None:
        conditions.add("m.id = ANY ({})", list(ids))
    if only_subscribed:
        conditions.add(subscribed)
    rows = await tx.fetch(
        f"""SELECT json_build_object('id', m.id, 'name', m.name, 'team_id', m.team_id,
          'connected', coalesce(m.last_seen_at > {since}, false), 'subscribed', {subscribed},
          'machines', coalesce((SELECT json_agg(json_build_object('agent', n.agent,
              'labels', n.labels) ORDER BY n.agent)
            FROM (SELECT DISTINCT ON (i.agent) i.agent, i.labels FROM lab_inventories i
              WHERE i.remoteci_id = m.id AND i.team_id = m.team_id
              ORDER BY i.agent, i.created_at DESC, i.id DESC) n), '[]'))::text AS lab
        FROM remotecis m WHERE {conditions.sql()} ORDER BY m.name, m.id LIMIT {MOST_LABS}""",
        *conditions.values,
    )
    return [msgspec.json.decode(row["lab"], type=Lab) for row in rows]


async def select_wishes(
    tx: Transaction, *, definition_id: UUID | None = None, job_id: UUID | None = None
) -> dict[str, Wish]:
    """What a definition, or that of a job, needs of machines; nothing when there is none."""
    found = await tx.fetchval(
        """SELECT d.spec -> 'labels' FROM job_definitions d WHERE d.id = coalesce($1,
          (SELECT j.definition_id FROM jobs j WHERE j.id = $2))""",
        definition_id,
        job_id,
    )
    return msgspec.json.decode(found, type=dict[str, Wish]) if found else {}
