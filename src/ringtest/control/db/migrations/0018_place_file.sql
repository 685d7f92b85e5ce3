-- The hottest write there is, in one round trip: a call is a transaction of its own, which sets
-- whose it is, places the file, tells of it and notes who did it. With the caller's rights, so
-- that every policy counts. The values it sets end with the transaction.
-- `the_tenant`: scope, teams, component teams, pre-release, user as `Tenant` has them, NULL
-- within a transaction that has set them. `the_note`: kind and id of the actor, action, request;
-- NULL: none. `the_members`: teams whose jobs the caller may add to; NULL: all.
CREATE FUNCTION rt_place_file(
  the_tenant text[], the_note text[], the_job uuid, the_jobstate uuid, the_key text,
  the_teams uuid[], the_members uuid[], the_attempt integer, at timestamp,
  the_id uuid, the_etag text, the_job_etag text, the_name text, the_mime text, the_md5 text,
  the_sha256 text, the_size bigint, the_object text, the_content bytea,
  the_event text, consumers text[])
RETURNS TABLE (id uuid, team_id uuid, attempt integer, jobstate_id uuid, added text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  IF the_tenant IS NOT NULL THEN
    PERFORM set_config('ringtest.scope', the_tenant[1], true),
      set_config('ringtest.teams', the_tenant[2], true),
      set_config('ringtest.component_teams', the_tenant[3], true),
      set_config('ringtest.pre_release', the_tenant[4], true),
      set_config('ringtest.user_id', the_tenant[5], true);
  END IF;
  RETURN QUERY WITH target AS (
    SELECT j.id, j.team_id, j.attempt, s.id AS jobstate_id, f.id AS file_id
    FROM jobs j
    LEFT JOIN jobstates s ON s.id = the_jobstate AND s.job_id = j.id
    LEFT JOIN files f ON f.job_id = j.id AND f.idempotency_key = the_key
    WHERE j.id = coalesce(the_job, (SELECT job_id FROM jobstates WHERE id = the_jobstate))
      AND j.state <> 'archived' AND (the_teams IS NULL OR j.team_id = ANY (the_teams))),
  touched AS (
    UPDATE jobs j SET etag = the_job_etag, updated_at = at,
      duration = CASE WHEN the_jobstate IS NULL
      THEN j.duration ELSE greatest(0, floor(extract(epoch FROM CASE
        WHEN j.definition_id IS NULL THEN at - j.created_at
        ELSE coalesce(j.finished_at, at) - coalesce(j.started_at, j.created_at) END))) END
    FROM target t WHERE j.id = t.id AND j.state <> 'archived' AND t.file_id IS NULL
      AND (the_members IS NULL OR t.team_id = ANY (the_members))
      AND (the_jobstate IS NULL OR t.jobstate_id = the_jobstate)
      AND coalesce(the_attempt, 0) <= t.attempt
    RETURNING j.id, j.team_id, j.topic_id, j.attempt),
  f AS (
    INSERT INTO files (id, etag, created_at, updated_at, name, mime, md5, sha256, size,
      object_key, content, attempt, jobstate_id, job_id, team_id, idempotency_key)
    SELECT the_id, the_etag, at, at, the_name, the_mime, the_md5, the_sha256, the_size,
      the_object, the_content, coalesce(the_attempt, t.attempt), the_jobstate, t.id, t.team_id,
      the_key FROM touched t
    ON CONFLICT (job_id, idempotency_key) DO NOTHING RETURNING *),
  told AS MATERIALIZED (
    SELECT f.id, rt_add_event(the_event, jsonb_build_object('job_id', t.id, 'file_id', f.id),
      t.team_id, t.topic_id, at, consumers),
      CASE WHEN the_note IS NOT NULL THEN rt_note(at, the_note[1], the_note[2]::uuid,
        the_note[3], coalesce(the_note[5]::uuid, f.id), t.team_id, the_note[4], 'done', true)::text END
    FROM touched t JOIN f ON f.job_id = t.id)
  SELECT target.id, target.team_id, target.attempt, target.jobstate_id,
    (SELECT row_to_json(z)::text FROM (SELECT f.id, f.created_at, f.updated_at, f.etag, f.state,
      f.name, f.mime, f.md5, f.sha256, f.size, f.attempt, f.jobstate_id, f.job_id, f.team_id
      FROM f, told WHERE told.id = f.id) z)
  FROM target;
END $$;
