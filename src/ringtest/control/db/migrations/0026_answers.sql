-- The first answer on a job that failed, and what numbers of others a partner may read.

-- Masked lines of a job's log as sorted 64-bit hashes, little-endian: what later jobs are
-- compared with. A row without hashes says that there was no log.
CREATE TABLE log_templates (
  job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE, attempt integer NOT NULL,
  team_id uuid NOT NULL, created_at timestamp NOT NULL, version integer NOT NULL,
  lines bigint NOT NULL, is_whole boolean NOT NULL, hashes bytea NOT NULL,
  PRIMARY KEY (job_id, attempt));
ALTER TABLE log_templates ALTER COLUMN hashes SET STORAGE EXTERNAL; -- hashes do not compress

-- What a team's own rows say of its job. `ground` names what it was made of: another one
-- makes the answer stale.
CREATE TABLE job_answers (
  job_id uuid PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
  team_id uuid NOT NULL, created_at timestamp NOT NULL,
  version integer NOT NULL, ground text NOT NULL, answer jsonb NOT NULL);

-- Jobs whose log is to be read; `claimed_until` while somebody does.
CREATE TABLE answers_wanted (
  job_id uuid PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
  team_id uuid NOT NULL, created_at timestamp NOT NULL,
  claimed_until timestamp, tries integer NOT NULL DEFAULT 0);
CREATE INDEX answers_wanted_at ON answers_wanted (created_at);

-- Sets of teams whose size was ever told to somebody of another team, as sorted ids of 16
-- bytes; and which of them stands behind the number of a failure in a topic now. Hidden from
-- everybody: a new number may be told only if it is far enough from all of these.
CREATE TABLE published_sets (
  product_id uuid NOT NULL REFERENCES products ON DELETE CASCADE, digest bytea NOT NULL,
  created_at timestamp NOT NULL, teams bytea NOT NULL,
  PRIMARY KEY (product_id, digest));
CREATE TABLE published_numbers (
  topic_id uuid NOT NULL REFERENCES topics ON DELETE CASCADE, family text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('hit', 'run')),
  updated_at timestamp NOT NULL, digest bytea NOT NULL,
  PRIMARY KEY (topic_id, family, kind));

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['log_templates', 'job_answers', 'answers_wanted']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING
      ((SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]))', t || '_read', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR ALL USING ((SELECT rt_writes_all()))', t || '_write', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['published_sets', 'published_numbers']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR ALL USING ((SELECT rt_writes_all()))', t || '_all', t);
  END LOOP;
END $$;

-- A lab's last verdict on a topic.
CREATE INDEX jobs_judged ON jobs (topic_id, remoteci_id, created_at DESC)
  WHERE status = 'finished';

-- The group that an id stands for: what people read of it, its signatures, and the groups in
-- which these are shown in every topic of the product. Whoever asks; who may see it is asked of
-- failure_labs, once: the policy of failure_groups would read all of that for each mention.
CREATE FUNCTION rt_failure(the_id uuid) RETURNS TABLE (id uuid, product_id uuid, kind text,
  exception_type text, template text, signatures text[], siblings uuid[])
LANGUAGE sql STABLE ROWS 1 SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT g.id, t.product_id, g.kind, g.exception_type, g.template,
    ARRAY(SELECT a.signature FROM failure_groups a WHERE a.shown_id = g.id ORDER BY a.signature),
    ARRAY(SELECT DISTINCT b.shown_id FROM failure_groups a
      JOIN topics o ON o.product_id = t.product_id
      JOIN failure_groups b ON b.topic_id = o.id AND b.signature = a.signature
      WHERE a.shown_id = g.id)
  FROM failure_groups g JOIN topics t ON t.id = g.topic_id WHERE g.id = rt_group(the_id)
$$;
