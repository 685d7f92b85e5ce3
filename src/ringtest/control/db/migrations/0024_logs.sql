-- Logs: when lines came, what is held back until it is known to be no secret, where steps and
-- errors begin. Files: one object for the same content of a team.

-- `moments` are pairs: a line, and when it came (ms of the epoch, never less than the one
-- before); `ended_at` is the last of them. A frame of earlier times has its created_at alone.
ALTER TABLE log_frames ADD COLUMN ended_at timestamp, ADD COLUMN moments bigint[];

-- Where the taking in of an attempt's log stands. `held` is the end of the last line: not
-- stored as log before it is known whether it is part of a secret, and encrypted with the
-- server's key; `shown` is what readers get of it meanwhile. `seen`: its first byte is stored,
-- and there for what looks back.
CREATE TABLE log_states (
  job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
  team_id uuid NOT NULL, attempt integer NOT NULL, stage job_stage,
  held bytea NOT NULL, seen boolean NOT NULL, shown bytea NOT NULL, key_lines integer NOT NULL,
  is_open boolean NOT NULL, steps integer NOT NULL, errors text[] NOT NULL,
  PRIMARY KEY (job_id, attempt));
CREATE INDEX log_states_held ON log_states (job_id, attempt) WHERE held <> '';

-- Lines worth a jump: each step's first one, the first error of each stage.
CREATE TABLE log_marks (
  job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
  team_id uuid NOT NULL, attempt integer NOT NULL, line bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('step', 'error')), stage job_stage, text text NOT NULL,
  PRIMARY KEY (job_id, attempt, kind, line));

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['log_states', 'log_marks']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING
      ((SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]))', t || '_read', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR ALL USING
      ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[])) WITH CHECK
      ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]))', t || '_write', t);
  END LOOP;
END $$;

-- Which object has this content already; what lives in its row has none.
CREATE INDEX files_content ON files (team_id, sha256) WHERE content IS NULL;
-- Files whose object was made for another file: its key ends in the id of that one.
CREATE INDEX files_shared ON files (object_key) WHERE right(object_key, 36) <> id::text;

-- An object stays while any file names it, the one it was made for or another.
CREATE OR REPLACE FUNCTION rt_objects_in_use(keys text[]) RETURNS SETOF text LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
  SELECT k FROM unnest(keys) AS k
  WHERE EXISTS (SELECT FROM files f WHERE f.object_key = k
      AND f.id = substring(k FROM '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$')::uuid)
    OR EXISTS (SELECT FROM files f WHERE f.object_key = k AND right(f.object_key, 36) <> f.id::text)
    OR EXISTS (SELECT FROM component_files c WHERE c.object_key = k)
    OR EXISTS (SELECT FROM log_frames l WHERE l.object_key = k)
    OR EXISTS (SELECT FROM upload_parts p WHERE p.object_key = k)
$$;
