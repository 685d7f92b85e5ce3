-- A DCI client says how its job is, in one round trip: like rt_place_file a call may be a
-- transaction of its own, has the caller's rights, and knows `the_tenant`, `the_note`, `the_teams`
-- (whose jobs to look at) and `the_members` (whose jobs the caller may write; NULL: all).
-- What a word means comes from jobs/model.py: how the job stands after it, the word and the
-- result that are told of it, those of a job whose tests had not begun (`early`), and `rivals`,
-- after which it is not the job's first end. Nothing is written, and no state returned, when
-- the caller is no member or an agent runs the job.
CREATE FUNCTION rt_post_status(
  the_tenant text[], the_note text[], the_job uuid, the_teams uuid[], the_members uuid[],
  at timestamp, the_id uuid, the_etag text, the_comment text, is_edit boolean,
  the_status text, the_stage text, the_result text, the_word text,
  early_word text, early_result text, rivals text[], is_verdict boolean,
  changed text, finished text, consumers text[])
RETURNS TABLE (team_id uuid, phase text, is_leased boolean, state text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  j record;
  is_first boolean := false;
BEGIN
  IF the_tenant IS NOT NULL THEN
    PERFORM set_config('ringtest.scope', the_tenant[1], true),
      set_config('ringtest.teams', the_tenant[2], true),
      set_config('ringtest.component_teams', the_tenant[3], true),
      set_config('ringtest.pre_release', the_tenant[4], true),
      set_config('ringtest.user_id', the_tenant[5], true);
  END IF;
  SELECT x.team_id, x.topic_id, x.status::text AS phase, x.stage, x.definition_id,
    CASE x.result WHEN 'failed' THEN 'failure' WHEN 'errored' THEN 'error'
      WHEN 'cancelled' THEN 'killed' ELSE 'success' END AS ended
  INTO j FROM jobs x WHERE x.id = the_job AND x.state <> 'archived'
    AND (the_teams IS NULL OR x.team_id = ANY (the_teams)) FOR UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  team_id := j.team_id;
  phase := j.phase;
  is_leased := j.definition_id IS NOT NULL;
  IF is_leased OR NOT (the_members IS NULL OR j.team_id = ANY (the_members)) THEN
    RETURN NEXT;
    RETURN;
  END IF;
  IF j.phase = 'queued' OR (j.phase = 'running' AND coalesce(j.stage, 'prepare') = 'prepare') THEN
    the_word := early_word;
  ELSE
    early_result := the_result;
  END IF;
  IF the_status = 'finished' THEN
    is_first := NOT (j.phase = 'finished' AND j.ended = ANY (rivals)) AND NOT EXISTS (
      SELECT FROM jobstates s WHERE s.job_id = the_job AND s.status = ANY (rivals::dci_status[]));
  END IF;
  INSERT INTO jobstates AS s (id, created_at, status, comment, job_id, team_id)
    VALUES (the_id, at, the_word::dci_status, the_comment, the_job, j.team_id)
    RETURNING (SELECT row_to_json(z)::text FROM
      (SELECT s.id, s.created_at, s.status, s.comment, s.job_id) z) INTO state;
  UPDATE jobs x SET updated_at = at, etag = the_etag, status = the_status::job_status,
    stage = the_stage::job_stage, result = the_result::job_result,
    started_at = CASE WHEN the_status = 'queued' THEN x.started_at
      ELSE coalesce(x.started_at, at) END,
    finished_at = CASE WHEN the_status = 'finished' THEN at END,
    duration = greatest(0, floor(extract(epoch FROM at - x.created_at))),
    progress = CASE WHEN x.status <> 'finished' OR the_status <> 'queued' THEN x.progress END,
    tests = CASE WHEN x.status <> 'finished' OR the_status <> 'queued' THEN x.tests END
    WHERE x.id = the_job;
  IF is_verdict AND (is_first OR is_edit) THEN
    PERFORM rt_add_job_end(the_job, j.topic_id, j.team_id, the_word::dci_status, at);
  END IF;
  IF is_first THEN
    PERFORM rt_add_event(finished, jsonb_build_object('job_id', the_job, 'result', early_result),
      j.team_id, j.topic_id, at, consumers);
  ELSE
    PERFORM rt_add_event(changed, jsonb_build_object('job_id', the_job),
      j.team_id, j.topic_id, at, '{}');
  END IF;
  IF the_note IS NOT NULL THEN
    PERFORM rt_note(at, the_note[1], the_note[2]::uuid, the_note[3],
      coalesce(the_note[5]::uuid, the_job), j.team_id, the_note[4], 'done', true);
  END IF;
  RETURN NEXT;
END $$;
