-- Controllers of other CI systems that stand for a lab: its jobs are builds there.
CREATE TABLE ci_controllers (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  name text NOT NULL, kind text NOT NULL, url text NOT NULL,
  username text NOT NULL DEFAULT '', secret bytea, ca text NOT NULL DEFAULT '',
  remoteci_id uuid NOT NULL REFERENCES remotecis ON DELETE CASCADE,
  team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE);
CREATE UNIQUE INDEX ci_controllers_lab ON ci_controllers (remoteci_id) WHERE state <> 'archived';
CREATE UNIQUE INDEX ci_controllers_name ON ci_controllers (name) WHERE state <> 'archived';
CREATE INDEX ci_controllers_team ON ci_controllers (team_id);

ALTER TABLE ci_controllers ENABLE ROW LEVEL SECURITY;
CREATE POLICY ci_controllers_read ON ci_controllers FOR SELECT USING
  ((SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
CREATE POLICY ci_controllers_write ON ci_controllers FOR ALL USING
  ((SELECT rt_writes_all())) WITH CHECK ((SELECT rt_writes_all()));

-- The build of an attempt; its id is what it is found again by. The lease is sealed.
CREATE TABLE ci_builds (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL,
  job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
  team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE,
  controller_id uuid NOT NULL REFERENCES ci_controllers ON DELETE CASCADE,
  attempt integer NOT NULL, lease bytea NOT NULL,
  name text NOT NULL, parameters jsonb NOT NULL, offered jsonb NOT NULL,
  artifacts jsonb NOT NULL,
  queue_id bigint, number bigint, result text,
  log_start bigint NOT NULL DEFAULT 0, seq integer NOT NULL DEFAULT 0,
  starts integer NOT NULL DEFAULT 0, problem text,
  due_at timestamp NOT NULL, claimed_until timestamp, ended_at timestamp,
  UNIQUE (job_id, attempt));
CREATE INDEX ci_builds_due ON ci_builds (due_at) WHERE ended_at IS NULL;
CREATE INDEX ci_builds_controller ON ci_builds (controller_id);
CREATE INDEX ci_builds_team ON ci_builds (team_id);

ALTER TABLE ci_builds ENABLE ROW LEVEL SECURITY;
CREATE POLICY ci_builds_read ON ci_builds FOR SELECT USING
  ((SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
CREATE POLICY ci_builds_write ON ci_builds FOR ALL USING
  ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[])) WITH CHECK
  ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
