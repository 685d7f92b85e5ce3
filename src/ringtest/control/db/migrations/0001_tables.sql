-- Every table of the control server and its indexes; who sees which row is in 0002.

-- Times are naive UTC (the wire format is naive too), always written from the
-- server's clock and never by a column default, so that tests can turn it.
-- Rows that belong to a team carry team_id themselves, also where it could be
-- joined: a policy must be one comparison, not a join.

-- Text and not an enum: under row-level security the planner may use statistics with
-- leakproof operators alone, which those of enums are not. Where every row is active it
-- would take `state <> 'archived'` for a condition that no row meets.
CREATE DOMAIN row_state AS text CHECK (VALUE IN ('active', 'inactive', 'archived'));
CREATE TYPE job_status AS ENUM ('queued', 'running', 'finished');
CREATE TYPE job_result AS ENUM ('passed', 'failed', 'errored', 'cancelled');
CREATE TYPE job_stage AS ENUM ('prepare', 'test', 'collect');
CREATE TYPE stage_status AS ENUM ('running', 'passed', 'failed', 'errored', 'skipped');
CREATE TYPE dci_status AS ENUM
  ('new', 'pre-run', 'running', 'post-run', 'success', 'failure', 'killed', 'error');

-- The tenant of a transaction ------------------------------------------------
-- Set with SET LOCAL by db.pool; unset means: sees nothing.
--   ringtest.scope            all | read | catalog | team
--   ringtest.teams            csv of team ids the caller is a member of
--   ringtest.component_teams  the same plus teams that granted component access
--   ringtest.pre_release      on when a team of the caller has pre-release access

CREATE FUNCTION rt_scope() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(current_setting('ringtest.scope', true), '') $$;

CREATE FUNCTION rt_reads_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT rt_scope() IN ('all', 'read') $$;

CREATE FUNCTION rt_writes_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT rt_scope() = 'all' $$;

CREATE FUNCTION rt_reads_catalog() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT rt_scope() IN ('all', 'read', 'catalog') $$;

CREATE FUNCTION rt_writes_catalog() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT rt_scope() IN ('all', 'catalog') $$;

CREATE FUNCTION rt_teams() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(string_to_array(nullif(current_setting('ringtest.teams', true), ''), ',')::uuid[], '{}') $$;

CREATE FUNCTION rt_component_teams() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(string_to_array(nullif(current_setting('ringtest.component_teams', true), ''), ',')::uuid[], '{}') $$;

CREATE FUNCTION rt_pre_release() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT coalesce(current_setting('ringtest.pre_release', true), '') = 'on' $$;

-- accounts -------------------------------------------------------------------

CREATE TABLE teams (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  name text NOT NULL UNIQUE, country text,
  external boolean NOT NULL DEFAULT false,
  has_pre_release_access boolean NOT NULL DEFAULT false);

CREATE TABLE users (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  name text NOT NULL UNIQUE, sso_username text UNIQUE, sso_sub text UNIQUE,
  fullname text NOT NULL, email text UNIQUE, password text,
  timezone text NOT NULL DEFAULT 'UTC');

CREATE TABLE users_teams (
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE,
  PRIMARY KEY (user_id, team_id));
CREATE INDEX users_teams_team ON users_teams (team_id);

CREATE TABLE teams_components_access (
  team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE,
  access_team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE,
  PRIMARY KEY (team_id, access_team_id));

CREATE TABLE remotecis (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  name text NOT NULL, data jsonb NOT NULL DEFAULT '{}',
  public boolean NOT NULL DEFAULT false,
  team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE,
  last_seen_at timestamp, agent_version text,
  UNIQUE (name, team_id));
CREATE INDEX remotecis_team ON remotecis (team_id);

CREATE TABLE feeders (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  name text NOT NULL, data jsonb NOT NULL DEFAULT '{}',
  team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE,
  UNIQUE (name, team_id));

-- Secrets of remote CIs and feeders, encrypted with the server's key. They live
-- apart from their holders so that no SELECT of a lab can ever carry its key.
CREATE TABLE credentials (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL,
  holder_kind text NOT NULL CHECK (holder_kind IN ('remoteci', 'feeder')),
  holder_id uuid NOT NULL,
  secret bytea NOT NULL,
  retires_at timestamp);
CREATE INDEX credentials_holder ON credentials (holder_kind, holder_id);

-- Browser sessions: only a hash of the cookie is kept.
CREATE TABLE sessions (
  token_hash bytea PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  created_at timestamp NOT NULL, expires_at timestamp NOT NULL);

CREATE TABLE user_remotecis (
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  remoteci_id uuid NOT NULL REFERENCES remotecis ON DELETE CASCADE,
  PRIMARY KEY (user_id, remoteci_id));

CREATE TABLE audits (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  created_at timestamp NOT NULL, actor_kind text NOT NULL, actor_id uuid,
  action text NOT NULL, subject_id uuid, team_id uuid);

-- catalog --------------------------------------------------------------------

CREATE TABLE products (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  name text NOT NULL, label text NOT NULL UNIQUE, description text);

CREATE TABLE products_teams (
  product_id uuid NOT NULL REFERENCES products ON DELETE CASCADE,
  team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE,
  PRIMARY KEY (product_id, team_id));
CREATE INDEX products_teams_team ON products_teams (team_id);

CREATE TABLE topics (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  name text NOT NULL UNIQUE,
  component_types jsonb NOT NULL DEFAULT '[]',
  component_types_optional jsonb NOT NULL DEFAULT '[]',
  product_id uuid NOT NULL REFERENCES products ON DELETE CASCADE,
  next_topic_id uuid REFERENCES topics,
  export_control boolean NOT NULL DEFAULT false,
  data jsonb NOT NULL DEFAULT '{}');
CREATE INDEX topics_product ON topics (product_id);
CREATE INDEX topics_next ON topics (next_topic_id);

CREATE TABLE components (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  released_at timestamp NOT NULL,
  name text, type text NOT NULL, canonical_project_name text,
  display_name text NOT NULL, version text, uid text,
  title text, message text, url text,
  data jsonb NOT NULL DEFAULT '{}', tags text[] NOT NULL DEFAULT '{}',
  topic_id uuid NOT NULL REFERENCES topics ON DELETE CASCADE,
  team_id uuid REFERENCES teams ON DELETE CASCADE);
CREATE INDEX components_topic ON components (topic_id, type, released_at DESC);
CREATE INDEX components_team ON components (team_id);
CREATE UNIQUE INDEX components_unique_global ON components
  (display_name, topic_id, type, coalesce(version, '')) WHERE state = 'active' AND team_id IS NULL;
CREATE UNIQUE INDEX components_unique_team ON components
  (display_name, topic_id, type, coalesce(version, ''), team_id) WHERE state = 'active' AND team_id IS NOT NULL;

CREATE TABLE component_files (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  name text NOT NULL, mime text, md5 text, sha256 text NOT NULL, size bigint NOT NULL,
  object_key text NOT NULL,
  component_id uuid NOT NULL REFERENCES components ON DELETE CASCADE);
CREATE INDEX component_files_component ON component_files (component_id);

-- jobs -----------------------------------------------------------------------

CREATE TABLE pipelines (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  name text NOT NULL, team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE);

-- What a job of a topic does: stages, steps, files to collect (jobs/model.py).
CREATE TABLE job_definitions (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  name text NOT NULL,
  topic_id uuid NOT NULL REFERENCES topics ON DELETE CASCADE,
  spec jsonb NOT NULL,
  UNIQUE (topic_id, name));

-- A wish: this definition with this component set, wherever it fits.
-- rule_id names the trigger rule without a foreign key: rules live higher up.
CREATE TABLE job_requests (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  status text NOT NULL CHECK (status IN ('waiting', 'placed', 'withdrawn')),
  rule_id uuid, set_key text NOT NULL,
  topic_id uuid NOT NULL REFERENCES topics ON DELETE CASCADE,
  definition_id uuid NOT NULL REFERENCES job_definitions,
  component_ids uuid[] NOT NULL,
  UNIQUE (rule_id, set_key));
CREATE INDEX job_requests_waiting ON job_requests (topic_id) WHERE status = 'waiting';

CREATE TABLE jobs (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  status job_status NOT NULL DEFAULT 'queued', stage job_stage, result job_result,
  status_reason text, comment text, name text, configuration text, url text,
  duration integer NOT NULL DEFAULT 0,
  tags text[] NOT NULL DEFAULT '{}', data jsonb NOT NULL DEFAULT '{}',
  user_agent text, client_version text,
  topic_id uuid NOT NULL REFERENCES topics,
  product_id uuid REFERENCES products,
  remoteci_id uuid NOT NULL REFERENCES remotecis,
  team_id uuid NOT NULL REFERENCES teams,
  pipeline_id uuid REFERENCES pipelines,
  previous_job_id uuid, update_previous_job_id uuid,
  -- what DCI lacks
  request_id uuid REFERENCES job_requests, definition_id uuid REFERENCES job_definitions,
  set_key text NOT NULL DEFAULT '',
  attempt integer NOT NULL DEFAULT 0, max_attempts integer NOT NULL DEFAULT 3,
  timeout_seconds integer NOT NULL DEFAULT 21600,
  cancel_requested_at timestamp, started_at timestamp, finished_at timestamp,
  progress jsonb, tests jsonb,
  UNIQUE (request_id, remoteci_id));
CREATE INDEX jobs_created ON jobs (created_at DESC, id) WHERE state <> 'archived';
CREATE INDEX jobs_team ON jobs (team_id, created_at DESC, id) WHERE state <> 'archived';
CREATE INDEX jobs_topic ON jobs (topic_id, created_at DESC);
CREATE INDEX jobs_remoteci ON jobs (remoteci_id, created_at DESC);
CREATE INDEX jobs_pipeline ON jobs (pipeline_id);
CREATE INDEX jobs_open ON jobs (remoteci_id, status) WHERE status <> 'finished';
CREATE INDEX jobs_comparable ON jobs (topic_id, remoteci_id, name, created_at DESC);
CREATE INDEX jobs_set ON jobs (topic_id, set_key);
CREATE INDEX jobs_tags ON jobs USING gin (tags);

CREATE TABLE jobs_components (
  job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
  component_id uuid NOT NULL REFERENCES components,
  team_id uuid NOT NULL,
  PRIMARY KEY (job_id, component_id));
CREATE INDEX jobs_components_component ON jobs_components (component_id);

-- One row per try. The lease token fences: writes with an older one change nothing.
CREATE TABLE job_attempts (
  job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
  team_id uuid NOT NULL,
  number integer NOT NULL,
  agent text, lease_token text NOT NULL, lease_expires_at timestamp NOT NULL,
  claimed_at timestamp NOT NULL, ended_at timestamp,
  outcome text CHECK (outcome IN ('finished', 'lost', 'released')),
  applied_seq bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (job_id, number));
CREATE INDEX job_attempts_leases ON job_attempts (lease_expires_at) WHERE ended_at IS NULL;

CREATE TABLE job_stages (
  job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
  team_id uuid NOT NULL,
  attempt integer NOT NULL, name job_stage NOT NULL,
  status stage_status NOT NULL, started_at timestamp NOT NULL, ended_at timestamp,
  message text, evidence text, exit_code integer, first_line bigint,
  PRIMARY KEY (job_id, attempt, name));

CREATE TABLE jobstates (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL,
  status dci_status NOT NULL, comment text,
  job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
  team_id uuid NOT NULL);
CREATE INDEX jobstates_job ON jobstates (job_id, created_at);

CREATE TABLE jobs_keys_values (
  job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
  team_id uuid NOT NULL, key text NOT NULL, value double precision NOT NULL,
  PRIMARY KEY (job_id, key));

-- results --------------------------------------------------------------------

CREATE TABLE files (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  name text NOT NULL, mime text, md5 text, sha256 text NOT NULL, size bigint NOT NULL,
  object_key text NOT NULL, attempt integer NOT NULL DEFAULT 0,
  jobstate_id uuid REFERENCES jobstates ON DELETE CASCADE,
  job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
  team_id uuid NOT NULL,
  -- set by clients that retry: the same key stores the same file once
  idempotency_key text, UNIQUE (job_id, idempotency_key));
CREATE INDEX files_job ON files (job_id, created_at);
CREATE INDEX files_jobstate ON files (jobstate_id);

-- A log is a row of zstd frames; a frame is in `data` while hot and moves to the
-- object store, joined with its neighbours, when the job ends or 256 KiB are full.
CREATE TABLE log_frames (
  job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
  team_id uuid NOT NULL, attempt integer NOT NULL, seq bigint NOT NULL,
  stage job_stage, created_at timestamp NOT NULL,
  first_line bigint NOT NULL, line_count bigint NOT NULL,
  byte_start bigint NOT NULL, byte_count bigint NOT NULL,
  data bytea, object_key text,
  PRIMARY KEY (job_id, attempt, seq));
-- Frames that still wait in the database for the object store.
CREATE INDEX log_frames_hot ON log_frames (job_id, attempt) WHERE data IS NOT NULL;

-- Every test ever seen by a team. id = first 8 bytes of blake2b(suite NUL class NUL name).
CREATE TABLE tests (
  team_id uuid NOT NULL, id bigint NOT NULL,
  suite text NOT NULL, classname text NOT NULL, name text NOT NULL,
  PRIMARY KEY (team_id, id));

-- The ordered list of tests of a result file, shared by all files with the same list.
CREATE TABLE test_plans (
  id uuid PRIMARY KEY, team_id uuid NOT NULL, digest bytea NOT NULL,
  test_ids bigint[] NOT NULL, UNIQUE (team_id, digest));

-- One row per parsed result file: totals, and one byte per case in plan order.
CREATE TABLE test_results (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL,
  job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
  file_id uuid NOT NULL REFERENCES files ON DELETE CASCADE,
  team_id uuid NOT NULL, attempt integer NOT NULL DEFAULT 0,
  name text NOT NULL,
  total integer NOT NULL, success integer NOT NULL, skips integer NOT NULL,
  failures integer NOT NULL, errors integer NOT NULL,
  regressions integer NOT NULL DEFAULT 0, successfixes integer NOT NULL DEFAULT 0,
  additions integer NOT NULL DEFAULT 0, deletions integer NOT NULL DEFAULT 0,
  time double precision NOT NULL DEFAULT 0,
  previous_result_id uuid,
  plan_id uuid REFERENCES test_plans,
  outcomes bytea NOT NULL, states bytea NOT NULL, durations bytea NOT NULL,
  warnings jsonb NOT NULL DEFAULT '[]');
CREATE INDEX test_results_job ON test_results (job_id);
CREATE INDEX test_results_file ON test_results (file_id);

-- A row per case that did not pass and was not skipped. It lives and dies with its result,
-- and that with its job: checking the job once more for every row cost a fifth of writing.
CREATE TABLE test_failures (
  result_id uuid NOT NULL REFERENCES test_results ON DELETE CASCADE,
  position integer NOT NULL,
  job_id uuid NOT NULL,
  team_id uuid NOT NULL, test_id bigint NOT NULL,
  outcome "char" NOT NULL, exception_type text, message text, detail text,
  stdout text, stderr text,
  since_job_id uuid NOT NULL, since_at timestamp NOT NULL,
  PRIMARY KEY (result_id, position));
CREATE INDEX test_failures_job ON test_failures (job_id);
CREATE INDEX test_failures_test ON test_failures (team_id, test_id);

-- triggers, scheduling -------------------------------------------------------

CREATE TABLE trigger_rules (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  name text NOT NULL,
  topic_id uuid NOT NULL REFERENCES topics ON DELETE CASCADE,
  definition_id uuid NOT NULL REFERENCES job_definitions,
  component_types text[] NOT NULL DEFAULT '{}',
  UNIQUE (topic_id, name));

CREATE TABLE remotecis_topics (
  remoteci_id uuid NOT NULL REFERENCES remotecis ON DELETE CASCADE,
  topic_id uuid NOT NULL REFERENCES topics ON DELETE CASCADE,
  team_id uuid NOT NULL, created_at timestamp NOT NULL,
  PRIMARY KEY (remoteci_id, topic_id));
CREATE INDEX remotecis_topics_topic ON remotecis_topics (topic_id);

-- triage ---------------------------------------------------------------------

-- One group per signature and topic. Holds nothing a single team wrote but the
-- masked template, and is visible only to teams with an occurrence of their own.
CREATE TABLE failure_groups (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  topic_id uuid NOT NULL REFERENCES topics ON DELETE CASCADE,
  signature text NOT NULL, algorithm integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('test', 'stage')),
  exception_type text, template text NOT NULL,
  first_seen_at timestamp NOT NULL, last_seen_at timestamp NOT NULL,
  UNIQUE (topic_id, signature));

CREATE TABLE failure_occurrences (
  group_id uuid NOT NULL REFERENCES failure_groups ON DELETE CASCADE,
  job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
  team_id uuid NOT NULL, remoteci_id uuid NOT NULL, topic_id uuid NOT NULL,
  set_key text NOT NULL, created_at timestamp NOT NULL,
  stage job_stage, test_ids bigint[] NOT NULL DEFAULT '{}',
  cases integer NOT NULL DEFAULT 1, sample text,
  PRIMARY KEY (group_id, job_id));
CREATE INDEX failure_occurrences_job ON failure_occurrences (job_id);
CREATE INDEX failure_occurrences_group ON failure_occurrences (group_id)
  INCLUDE (job_id, team_id, cases, created_at);
CREATE INDEX failure_occurrences_team ON failure_occurrences (team_id, group_id);

-- reporting ------------------------------------------------------------------

CREATE TABLE report_targets (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  name text NOT NULL, channel text NOT NULL CHECK (channel IN ('webhook', 'mail')),
  address text NOT NULL, secret bytea,
  topic_id uuid REFERENCES topics ON DELETE CASCADE,
  team_id uuid NOT NULL REFERENCES teams ON DELETE CASCADE);

CREATE TABLE deliveries (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  target_id uuid NOT NULL REFERENCES report_targets ON DELETE CASCADE,
  group_id uuid NOT NULL REFERENCES failure_groups ON DELETE CASCADE,
  team_id uuid NOT NULL, topic_id uuid NOT NULL,
  status text NOT NULL CHECK (status IN ('pending', 'delivered', 'failed')),
  subject text NOT NULL, body jsonb NOT NULL,
  attempts integer NOT NULL DEFAULT 0, next_at timestamp NOT NULL,
  claimed_until timestamp, delivered_at timestamp, answer text,
  UNIQUE (target_id, group_id));
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE status = 'pending';

-- the outbox -----------------------------------------------------------------

CREATE TABLE events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  created_at timestamp NOT NULL, type text NOT NULL, payload jsonb NOT NULL,
  team_id uuid, topic_id uuid);
CREATE INDEX events_created ON events (created_at);

-- One row per event and consumer, deleted in the transaction of its effect:
-- that is what makes every event count exactly once.
CREATE TABLE event_queue (
  consumer text NOT NULL, event_id bigint NOT NULL REFERENCES events ON DELETE CASCADE,
  attempts integer NOT NULL DEFAULT 0, run_after timestamp NOT NULL, error text,
  PRIMARY KEY (consumer, event_id));

