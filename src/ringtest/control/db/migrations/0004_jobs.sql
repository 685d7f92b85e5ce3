-- What jobs and their logs need beside their tables.

-- Does it exist at all? Row-level security hides what a caller may not see, but the wire
-- format answers 401 for what may not be used and 404 for what is not there.
CREATE FUNCTION rt_known(noun text, the_id uuid) RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT CASE noun
    WHEN 'topic' THEN EXISTS (SELECT 1 FROM topics WHERE id = the_id AND state <> 'archived')
    WHEN 'component' THEN EXISTS (SELECT 1 FROM components WHERE id = the_id AND state <> 'archived')
    ELSE false END $$;

-- Frames that still wait in the database for the object store.
CREATE INDEX log_frames_hot ON log_frames (job_id, attempt) WHERE data IS NOT NULL;
