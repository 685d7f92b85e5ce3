-- Results by month, and what is counted of them: retention drops a month as a whole, and
-- questions over many jobs look numbers up instead of reading every result.

-- Partitions ------------------------------------------------------------------
-- A month has a table of its own once somebody asked for it (`rt_add_month`); rows of any
-- other month lie in the default partition until then.

ALTER TABLE test_failures RENAME TO test_failures_before;
ALTER TABLE test_results RENAME TO test_results_before;
ALTER INDEX test_failures_pkey RENAME TO test_failures_before_pkey;
ALTER INDEX test_results_pkey RENAME TO test_results_before_pkey;
ALTER INDEX test_failures_job RENAME TO test_failures_before_job;
ALTER INDEX test_failures_test RENAME TO test_failures_before_test;
ALTER INDEX test_results_job RENAME TO test_results_before_job;
ALTER INDEX test_results_file RENAME TO test_results_before_file;

-- One row per parsed result file: totals, and one byte per case in plan order. `retried` are
-- the places of cases that another attempt decided; `shape_id` says which cases ran; what
-- `is_counted` is in the tallies below. Topic, lab and set are the job's, kept here so that
-- questions need not join it.
CREATE TABLE test_results (
  id uuid NOT NULL, created_at timestamp NOT NULL,
  job_id uuid NOT NULL REFERENCES jobs ON DELETE CASCADE,
  file_id uuid NOT NULL REFERENCES files ON DELETE CASCADE,
  team_id uuid NOT NULL, attempt integer NOT NULL DEFAULT 0,
  topic_id uuid, remoteci_id uuid, set_key text NOT NULL DEFAULT '',
  name text NOT NULL,
  total integer NOT NULL, success integer NOT NULL, skips integer NOT NULL,
  failures integer NOT NULL, errors integer NOT NULL,
  regressions integer NOT NULL DEFAULT 0, successfixes integer NOT NULL DEFAULT 0,
  regressed integer, recovered integer,
  additions integer NOT NULL DEFAULT 0, deletions integer NOT NULL DEFAULT 0,
  time double precision NOT NULL DEFAULT 0,
  previous_result_id uuid,
  plan_id uuid REFERENCES test_plans, shape_id bigint,
  is_counted boolean NOT NULL DEFAULT false,
  retried integer[] NOT NULL DEFAULT '{}',
  outcomes bytea NOT NULL, states bytea NOT NULL, durations bytea NOT NULL,
  asides bytea,
  warnings jsonb NOT NULL DEFAULT '[]',
  PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at);
CREATE INDEX test_results_job ON test_results (job_id);
CREATE INDEX test_results_file ON test_results (file_id);
CREATE INDEX test_results_topic ON test_results (topic_id, created_at DESC);
ALTER TABLE test_results ALTER COLUMN durations SET STORAGE EXTERNAL; -- read by the slice

-- A row per case that did not pass and was not skipped. It goes with its result, by the
-- trigger below: a foreign key would make dropping a month read all of it.
CREATE TABLE test_failures (
  result_id uuid NOT NULL, position integer NOT NULL, created_at timestamp NOT NULL,
  job_id uuid NOT NULL,
  team_id uuid NOT NULL, test_id bigint NOT NULL,
  outcome "char" NOT NULL, exception_type text, message text, detail text,
  stdout text, stderr text,
  since_job_id uuid NOT NULL, since_at timestamp NOT NULL,
  PRIMARY KEY (result_id, position, created_at)) PARTITION BY RANGE (created_at);
CREATE INDEX test_failures_job ON test_failures (job_id);
CREATE INDEX test_failures_test ON test_failures (team_id, test_id, created_at DESC);

-- Which cases of a plan ran: `absent` has a bit per case (get_bit) that is set for those that
-- did not. Most runs of a plan share one. The id is made of both, the same everywhere.
CREATE TABLE test_shapes (
  team_id uuid NOT NULL, id bigint NOT NULL,
  plan_id uuid NOT NULL REFERENCES test_plans ON DELETE CASCADE, absent bytea NOT NULL,
  PRIMARY KEY (team_id, id));

-- Components of a set that results were counted for.
CREATE TABLE component_sets (
  team_id uuid NOT NULL, topic_id uuid NOT NULL, set_key text NOT NULL, component_id uuid NOT NULL,
  PRIMARY KEY (topic_id, set_key, team_id, component_id));
CREATE INDEX component_sets_component ON component_sets (component_id);

-- Tallies ---------------------------------------------------------------------
-- How often which shape ran: with test_shapes the number of runs of every test, without a
-- row per test that passed.
CREATE TABLE shape_days (
  topic_id uuid NOT NULL, day date NOT NULL, set_key text NOT NULL, remoteci_id uuid NOT NULL,
  shape_id bigint NOT NULL, team_id uuid NOT NULL,
  runs integer NOT NULL,
  PRIMARY KEY (topic_id, day, set_key, remoteci_id, shape_id)) PARTITION BY RANGE (day);

-- Sums of results. `micros` are microseconds of tests.
CREATE TABLE topic_days (
  topic_id uuid NOT NULL, day date NOT NULL, set_key text NOT NULL, remoteci_id uuid NOT NULL,
  team_id uuid NOT NULL,
  results bigint NOT NULL, total bigint NOT NULL, passed bigint NOT NULL, failed bigint NOT NULL,
  errored bigint NOT NULL, skipped bigint NOT NULL, regressed bigint NOT NULL,
  recovered bigint NOT NULL, retried bigint NOT NULL, micros bigint NOT NULL,
  PRIMARY KEY (topic_id, day, set_key, remoteci_id)) PARTITION BY RANGE (day);

-- Tests that did anything but pass as before: what is missing passed every time it ran.
CREATE TABLE test_days (
  topic_id uuid NOT NULL, test_id bigint NOT NULL, day date NOT NULL, team_id uuid NOT NULL,
  failed integer NOT NULL, errored integer NOT NULL, regressed integer NOT NULL,
  recovered integer NOT NULL, retried integer NOT NULL,
  PRIMARY KEY (topic_id, test_id, day, team_id)) PARTITION BY RANGE (day);

-- The same by weeks, which begin on Monday and are cut where a month begins, so that a month
-- goes as a whole here too. `week` is the first day.
CREATE TABLE test_weeks (
  topic_id uuid NOT NULL, test_id bigint NOT NULL, week date NOT NULL, team_id uuid NOT NULL,
  failed integer NOT NULL, errored integer NOT NULL, regressed integer NOT NULL,
  recovered integer NOT NULL, retried integer NOT NULL,
  PRIMARY KEY (topic_id, test_id, week, team_id)) PARTITION BY RANGE (week);

-- The same by component set; `month` is its first day.
CREATE TABLE test_sets (
  topic_id uuid NOT NULL, set_key text NOT NULL, test_id bigint NOT NULL, month date NOT NULL,
  team_id uuid NOT NULL,
  failed integer NOT NULL, errored integer NOT NULL, regressed integer NOT NULL,
  recovered integer NOT NULL, retried integer NOT NULL,
  PRIMARY KEY (topic_id, set_key, test_id, month, team_id)) PARTITION BY RANGE (month);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['test_results', 'test_failures', 'shape_days', 'topic_days',
    'test_days', 'test_weeks', 'test_sets']
  LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', t || '_any', t);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t || '_any'); -- nobody reads it so
  END LOOP;
  FOREACH t IN ARRAY ARRAY['test_results', 'test_failures', 'shape_days', 'topic_days',
    'test_days', 'test_weeks', 'test_sets', 'test_shapes', 'component_sets']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING
      ((SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]))', t || '_read', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR ALL USING
      ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[])) WITH CHECK
      ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]))', t || '_write', t);
  END LOOP;
END $$;

CREATE FUNCTION rt_drop_failures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM test_failures WHERE result_id = OLD.id AND created_at = OLD.created_at;
  RETURN NULL;
END $$;
CREATE TRIGGER test_results_failures AFTER DELETE ON test_results FOR EACH ROW
  EXECUTE FUNCTION rt_drop_failures();

-- What was there already ---------------------------------------------------------
INSERT INTO test_results (id, created_at, job_id, file_id, team_id, attempt, topic_id,
  remoteci_id, set_key, name, total, success, skips, failures, errors, regressions, successfixes,
  regressed, recovered, additions, deletions, time, previous_result_id, plan_id, outcomes, states,
  durations, asides, warnings)
SELECT r.id, r.created_at, r.job_id, r.file_id, r.team_id, r.attempt, j.topic_id,
  j.remoteci_id, coalesce(j.set_key, ''), r.name, r.total, r.success, r.skips, r.failures,
  r.errors, r.regressions, r.successfixes, r.regressed, r.recovered, r.additions, r.deletions,
  r.time, r.previous_result_id, r.plan_id, r.outcomes, r.states, r.durations, r.asides, r.warnings
FROM test_results_before r JOIN jobs j ON j.id = r.job_id;
INSERT INTO test_failures (result_id, position, created_at, job_id, team_id, test_id, outcome,
  exception_type, message, detail, stdout, stderr, since_job_id, since_at)
SELECT x.result_id, x.position, r.created_at, x.job_id, x.team_id, x.test_id, x.outcome,
  x.exception_type, x.message, x.detail, x.stdout, x.stderr, x.since_job_id, x.since_at
FROM test_failures_before x JOIN test_results_before r ON r.id = x.result_id;
DROP TABLE test_failures_before;
DROP TABLE test_results_before;
SELECT rt_track_changes('test_results');
