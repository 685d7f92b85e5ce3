-- 401 or 404, for every resource that a caller may hold the id of and not the right to.
-- In plpgsql, which keeps plans; an id alone tells nobody anything: ids are random.

CREATE OR REPLACE FUNCTION rt_known(noun text, the_id uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  CASE noun
    WHEN 'team' THEN RETURN EXISTS (SELECT FROM teams WHERE id = the_id AND state <> 'archived');
    WHEN 'product' THEN RETURN EXISTS (SELECT FROM products WHERE id = the_id AND state <> 'archived');
    WHEN 'topic' THEN RETURN EXISTS (SELECT FROM topics WHERE id = the_id AND state <> 'archived');
    WHEN 'component' THEN RETURN EXISTS (SELECT FROM components WHERE id = the_id AND state <> 'archived');
    WHEN 'remoteci' THEN RETURN EXISTS (SELECT FROM remotecis WHERE id = the_id AND state <> 'archived');
    WHEN 'feeder' THEN RETURN EXISTS (SELECT FROM feeders WHERE id = the_id AND state <> 'archived');
    WHEN 'pipeline' THEN RETURN EXISTS (SELECT FROM pipelines WHERE id = the_id AND state <> 'archived');
    WHEN 'job' THEN RETURN EXISTS (SELECT FROM jobs WHERE id = the_id AND state <> 'archived');
    WHEN 'file' THEN RETURN EXISTS (SELECT FROM files f JOIN jobs j ON j.id = f.job_id
      WHERE f.id = the_id AND f.state <> 'archived' AND j.state <> 'archived');
    WHEN 'jobstate' THEN RETURN EXISTS (SELECT FROM jobstates s JOIN jobs j ON j.id = s.job_id
      WHERE s.id = the_id AND j.state <> 'archived');
    ELSE RETURN false;
  END CASE;
END $$;
