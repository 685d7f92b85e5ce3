-- The database of a DCI control server: its tables, types and keys.

CREATE TYPE states AS ENUM ('active', 'inactive', 'archived');
CREATE TYPE statuses AS ENUM
  ('new', 'pre-run', 'running', 'post-run', 'success', 'failure', 'killed', 'error');
CREATE TYPE final_statuses AS ENUM ('success', 'failure', 'error');

CREATE TABLE teams (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, name varchar(255) NOT NULL UNIQUE, country varchar(255),
  state states DEFAULT 'active', external boolean DEFAULT true,
  has_pre_release_access boolean NOT NULL DEFAULT false);

CREATE TABLE users (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, name varchar(255) UNIQUE, sso_username varchar(255) UNIQUE,
  sso_sub varchar(255) UNIQUE, fullname varchar(255), email varchar(255) UNIQUE,
  password text, timezone varchar(255) NOT NULL DEFAULT 'UTC', state states DEFAULT 'active');

CREATE TABLE users_teams (
  user_id uuid NOT NULL, team_id uuid NOT NULL, UNIQUE (user_id, team_id));
CREATE TABLE teams_components_access (
  team_id uuid NOT NULL, access_team_id uuid NOT NULL, UNIQUE (team_id, access_team_id));

CREATE TABLE products (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, name varchar(255) NOT NULL, label varchar(255) UNIQUE,
  description text, state states DEFAULT 'active');
CREATE TABLE products_teams (
  product_id uuid NOT NULL, team_id uuid NOT NULL, UNIQUE (product_id, team_id));

CREATE TABLE topics (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, name varchar(255) NOT NULL UNIQUE, component_types json,
  component_types_optional json, product_id uuid, next_topic_id uuid,
  export_control boolean NOT NULL DEFAULT false, state states DEFAULT 'active', data json);

CREATE TABLE remotecis (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, name varchar(255), data json, api_secret varchar(64),
  team_id uuid, public boolean DEFAULT false, state states DEFAULT 'active',
  UNIQUE (name, team_id));
CREATE TABLE feeders (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, name varchar(255), data json, api_secret varchar(64),
  team_id uuid, state states DEFAULT 'active', UNIQUE (name, team_id));
CREATE TABLE user_remotecis (
  user_id uuid NOT NULL, remoteci_id uuid NOT NULL, UNIQUE (user_id, remoteci_id));
CREATE TABLE users_topics (
  user_id uuid NOT NULL, topic_id uuid NOT NULL, UNIQUE (user_id, topic_id));

CREATE TABLE pipelines (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, name varchar(255) NOT NULL, team_id uuid NOT NULL,
  state states DEFAULT 'active');

CREATE TABLE components (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  released_at timestamp, etag varchar(40) NOT NULL, name varchar(255), type varchar(255) NOT NULL,
  canonical_project_name varchar, display_name text, version text, uid text, data json,
  title text, message text, url text, state states DEFAULT 'active', topic_id uuid,
  team_id uuid, tags text[]);
CREATE INDEX components_topic ON components (topic_id);
CREATE UNIQUE INDEX components_once ON components (display_name, topic_id, type, version)
  WHERE state = 'active' AND team_id IS NULL;

CREATE TABLE component_files (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, name varchar(255) NOT NULL, mime varchar, md5 varchar(32),
  size bigint, component_id uuid, state states DEFAULT 'active');

CREATE TABLE jobs (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, duration integer, comment text, status_reason text,
  configuration text, url text, name text, status statuses DEFAULT 'new', topic_id uuid,
  remoteci_id uuid NOT NULL, team_id uuid NOT NULL, product_id uuid, pipeline_id uuid,
  user_agent varchar(255), client_version varchar(255), previous_job_id uuid,
  update_previous_job_id uuid, state states DEFAULT 'active', tags text[], data json);
CREATE INDEX jobs_created_at ON jobs (created_at);
CREATE TABLE jobs_components (
  job_id uuid NOT NULL, component_id uuid NOT NULL, PRIMARY KEY (job_id, component_id));

CREATE TABLE jobstates (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, status statuses, comment text,
  job_id uuid);
CREATE INDEX jobstates_job ON jobstates (job_id);

CREATE TABLE files (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, name varchar(255) NOT NULL, mime varchar, md5 varchar(32),
  size bigint, jobstate_id uuid, team_id uuid, job_id uuid, state states DEFAULT 'active');
CREATE INDEX files_job ON files (job_id);

CREATE TABLE tests_results (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  name varchar(255) NOT NULL, total integer, success integer, skips integer, failures integer,
  errors integer, regressions integer, successfixes integer, time bigint, job_id uuid,
  file_id uuid);
CREATE INDEX tests_results_job ON tests_results (job_id);
CREATE TABLE jobs_keys_values (
  job_id uuid NOT NULL, key varchar(255) NOT NULL, value double precision,
  PRIMARY KEY (job_id, key));
CREATE TABLE jobs_events (
  id serial PRIMARY KEY, created_at timestamp NOT NULL, job_id uuid, topic_id uuid,
  status final_statuses);
CREATE TABLE counter (name varchar(255) PRIMARY KEY, sequence integer, etag varchar(40));
CREATE TABLE logs (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, user_id uuid, action text);
