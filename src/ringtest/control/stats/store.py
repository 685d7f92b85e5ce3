"""SQL of stats."""

from collections.abc import Sequence
from uuid import UUID

from ringtest.control.db.pool import Transaction

# `result` is a verdict: cancelled jobs say nothing about a topic.
_STATS = """
SELECT coalesce(json_agg(json_build_object(
    'product', json_build_object('id', p.id, 'name', p.name),
    'topic', json_build_object('id', t.id, 'name', t.name),
    'jobs', s.jobs, 'percentageOfSuccess', round(100.0 * s.successful / s.number),
    'nbOfSuccessfulJobs', s.successful, 'nbOfJobs', s.number) ORDER BY p.name, t.name), '[]')::text
FROM (
  SELECT l.topic_id, count(*) AS number, count(*) FILTER (WHERE l.result = 'passed') AS successful,
    json_agg(json_build_object('id', l.job_id, 'team_name', m.name, 'remoteci_name', r.name,
      'status', CASE l.result WHEN 'passed' THEN 'success' WHEN 'failed' THEN 'failure'
        ELSE 'error' END, 'created_at', l.created_at) ORDER BY l.created_at DESC, l.job_id) AS jobs
  FROM latest_jobs l
  JOIN teams m ON m.id = l.team_id AND m.external AND m.state = 'active'
  JOIN remotecis r ON r.id = l.remoteci_id AND r.state <> 'archived'
  WHERE $1::uuid[] IS NULL OR l.team_id = ANY ($1) GROUP BY l.topic_id) s
JOIN topics t ON t.id = s.topic_id AND t.state <> 'archived' AND ($2 OR (
  (t.export_control OR $3) AND t.product_id IN (
    SELECT product_id FROM products_teams WHERE team_id = ANY ($4::uuid[]))))
JOIN products p ON p.id = t.product_id"""


async def select_stats(
    tx: Transaction,
    teams: Sequence[UUID] | None,
    *,
    all_topics: bool,
    pre_release: bool,
    members: Sequence[UUID],
) -> str:
    """JSON array, an object per topic, of jobs of `teams` (None: of all).

    Topics: all, or those that `members` of teams reach, early ones with `pre_release`.
    """
    text: str = await tx.fetchval(_STATS, teams, all_topics, pre_release, members)
    return text
