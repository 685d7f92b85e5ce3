-- Results count themselves: a row of test_results whose `is_counted` is set is in the tallies,
-- whoever adds, changes or takes it away, and no other row is.

-- A lab may change hands: the same lab and day may have results of two teams.
ALTER TABLE shape_days DROP CONSTRAINT shape_days_pkey;
ALTER TABLE shape_days ADD PRIMARY KEY (topic_id, day, set_key, remoteci_id, team_id, shape_id);
ALTER TABLE topic_days DROP CONSTRAINT topic_days_pkey;
ALTER TABLE topic_days ADD PRIMARY KEY (topic_id, day, set_key, remoteci_id, team_id);

-- Long texts of failures are packed in their rows, and quickly where PostgreSQL can.
DO $$
DECLARE
  part text;
  field text;
BEGIN
  FOREACH part IN ARRAY ARRAY['test_failures', 'test_failures_any'] LOOP
    FOREACH field IN ARRAY ARRAY['detail', 'stdout', 'stderr'] LOOP
      EXECUTE format('ALTER TABLE %I ALTER COLUMN %I SET STORAGE MAIN', part, field);
      BEGIN
        EXECUTE format('ALTER TABLE %I ALTER COLUMN %I SET COMPRESSION lz4', part, field);
      EXCEPTION WHEN feature_not_supported THEN
        NULL;
      END;
    END LOOP;
  END LOOP;
END $$;

-- Counting ----------------------------------------------------------------------

-- Where a byte stands in a packed vector, from 1 on. Cutting a text is one call, looking at
-- each byte would be one per case.
CREATE FUNCTION rt_places(vector text, byte text) RETURNS SETOF integer LANGUAGE sql IMMUTABLE AS $$
  SELECT z.place::integer FROM (
    SELECT sum(length(part) + 1) OVER (ORDER BY n) AS place, n, count(*) OVER () AS parts
    FROM unnest(string_to_array(vector, byte)) WITH ORDINALITY u (part, n)) z
  WHERE z.n < z.parts
$$;

-- One result into the tallies (sign 1) or out of them (-1). Whoever adds holds the topic of
-- the team together with others who add, and meets them in rows in the order of their keys;
-- whoever takes away, maybe many results in one transaction, holds it alone: nobody deadlocks.
CREATE FUNCTION rt_count_result(r test_results, sign integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  lock_key bigint := hashtextextended(r.topic_id::text || r.team_id::text, 0);
  the_day date := r.created_at::date;
  the_month date := date_trunc('month', r.created_at)::date;
  the_week date := greatest(date_trunc('week', r.created_at)::date, the_month);
  vector text := convert_from(r.outcomes, 'LATIN1');
  states text := convert_from(r.states, 'LATIN1');
  absent integer := CASE WHEN vector = '' THEN r.skips
    ELSE length(vector) - length(translate(vector, 'sb', '')) END;
  ids bigint[];
  tests bigint[];
  failed integer[];
  errored integer[];
  regressed integer[];
  recovered integer[];
  retried integer[];
BEGIN
  IF r.topic_id IS NULL OR r.remoteci_id IS NULL THEN
    RETURN;
  END IF;
  IF sign > 0 THEN
    PERFORM pg_advisory_xact_lock_shared(lock_key);
  ELSE
    PERFORM pg_advisory_xact_lock(lock_key);
  END IF;
  INSERT INTO topic_days AS d VALUES (r.topic_id, the_day, r.set_key, r.remoteci_id, r.team_id,
      sign, sign * r.total, sign * (r.total - r.failures - r.errors - absent),
      sign * r.failures, sign * r.errors, sign * absent,
      sign * coalesce(r.regressed, r.regressions), sign * coalesce(r.recovered, r.successfixes),
      sign * cardinality(r.retried), sign * round(least(greatest(r.time, 0), 1e9) * 1e6)::bigint)
    ON CONFLICT (topic_id, day, set_key, remoteci_id, team_id) DO UPDATE SET
      results = d.results + excluded.results, total = d.total + excluded.total,
      passed = d.passed + excluded.passed, failed = d.failed + excluded.failed,
      errored = d.errored + excluded.errored, skipped = d.skipped + excluded.skipped,
      regressed = d.regressed + excluded.regressed, recovered = d.recovered + excluded.recovered,
      retried = d.retried + excluded.retried, micros = d.micros + excluded.micros;
  IF sign > 0 AND r.set_key <> '' THEN
    INSERT INTO component_sets (team_id, topic_id, set_key, component_id)
      SELECT r.team_id, r.topic_id, r.set_key, c.component_id FROM jobs_components c
      WHERE c.job_id = r.job_id AND NOT EXISTS (SELECT FROM component_sets s
        WHERE s.topic_id = r.topic_id AND s.set_key = r.set_key AND s.team_id = r.team_id
          AND s.component_id = c.component_id)
      ORDER BY c.component_id ON CONFLICT DO NOTHING;
  END IF;
  IF r.shape_id IS NOT NULL THEN
    INSERT INTO shape_days AS d (topic_id, day, set_key, remoteci_id, shape_id, team_id, runs)
      VALUES (r.topic_id, the_day, r.set_key, r.remoteci_id, r.shape_id, r.team_id, sign)
      ON CONFLICT (topic_id, day, set_key, remoteci_id, team_id, shape_id)
      DO UPDATE SET runs = d.runs + excluded.runs;
    SELECT p.test_ids INTO ids FROM test_plans p WHERE p.id = r.plan_id;
    SELECT array_agg(z.test), array_agg(z.failed), array_agg(z.errored), array_agg(z.regressed),
        array_agg(z.recovered), array_agg(z.retried)
      INTO tests, failed, errored, regressed, recovered, retried
      FROM (SELECT ids[n.place] AS test, sign * count(*) FILTER (WHERE n.what = 1) AS failed,
          sign * count(*) FILTER (WHERE n.what = 2) AS errored,
          sign * count(*) FILTER (WHERE n.what = 3) AS regressed,
          sign * count(*) FILTER (WHERE n.what = 4) AS recovered,
          sign * count(*) FILTER (WHERE n.what = 5) AS retried
        FROM (SELECT place, 1 AS what FROM rt_places(vector, 'f') place
          UNION ALL SELECT place, 2 FROM rt_places(vector, 'e') place
          UNION ALL SELECT place, 3 FROM rt_places(states, 'r') place
          UNION ALL SELECT place, 4 FROM rt_places(states, 'c') place
          UNION ALL SELECT place + 1, 5 FROM unnest(r.retried) place) n
        GROUP BY 1 ORDER BY 1) z;
  END IF;
  IF tests IS NOT NULL THEN
    INSERT INTO test_days AS d (topic_id, test_id, day, team_id, failed, errored, regressed,
        recovered, retried)
      SELECT r.topic_id, n.test, the_day, r.team_id, n.f, n.e, n.g, n.c, n.t
      FROM unnest(tests, failed, errored, regressed, recovered, retried) n (test, f, e, g, c, t)
      ON CONFLICT (topic_id, test_id, day, team_id) DO UPDATE SET
        failed = d.failed + excluded.failed, errored = d.errored + excluded.errored,
        regressed = d.regressed + excluded.regressed,
        recovered = d.recovered + excluded.recovered, retried = d.retried + excluded.retried;
    INSERT INTO test_weeks AS d (topic_id, test_id, week, team_id, failed, errored, regressed,
        recovered, retried)
      SELECT r.topic_id, n.test, the_week, r.team_id, n.f, n.e, n.g, n.c, n.t
      FROM unnest(tests, failed, errored, regressed, recovered, retried) n (test, f, e, g, c, t)
      ON CONFLICT (topic_id, test_id, week, team_id) DO UPDATE SET
        failed = d.failed + excluded.failed, errored = d.errored + excluded.errored,
        regressed = d.regressed + excluded.regressed,
        recovered = d.recovered + excluded.recovered, retried = d.retried + excluded.retried;
    INSERT INTO test_sets AS d (topic_id, set_key, test_id, month, team_id, failed, errored,
        regressed, recovered, retried)
      SELECT r.topic_id, r.set_key, n.test, the_month, r.team_id, n.f, n.e, n.g, n.c, n.t
      FROM unnest(tests, failed, errored, regressed, recovered, retried) n (test, f, e, g, c, t)
      ON CONFLICT (topic_id, set_key, test_id, month, team_id) DO UPDATE SET
        failed = d.failed + excluded.failed, errored = d.errored + excluded.errored,
        regressed = d.regressed + excluded.regressed,
        recovered = d.recovered + excluded.recovered, retried = d.retried + excluded.retried;
  END IF;
  IF sign < 0 THEN
    PERFORM rt_drop_zeros(r, the_day, the_week, the_month, tests);
  END IF;
END $$;

-- Rows of tallies that nothing is left of: as if they had never been.
CREATE FUNCTION rt_drop_zeros(r test_results, the_day date, the_week date, the_month date,
  tests bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM topic_days d WHERE d.topic_id = r.topic_id AND d.day = the_day
    AND d.set_key = r.set_key AND d.remoteci_id = r.remoteci_id AND d.team_id = r.team_id
    AND d.results = 0;
  DELETE FROM shape_days d WHERE d.topic_id = r.topic_id AND d.day = the_day
    AND d.set_key = r.set_key AND d.remoteci_id = r.remoteci_id AND d.team_id = r.team_id
    AND d.shape_id = r.shape_id AND d.runs = 0;
  DELETE FROM test_days d WHERE d.topic_id = r.topic_id AND d.day = the_day
    AND d.team_id = r.team_id AND d.test_id = ANY (tests)
    AND (d.failed, d.errored, d.regressed, d.recovered, d.retried) = (0, 0, 0, 0, 0);
  DELETE FROM test_weeks d WHERE d.topic_id = r.topic_id AND d.week = the_week
    AND d.team_id = r.team_id AND d.test_id = ANY (tests)
    AND (d.failed, d.errored, d.regressed, d.recovered, d.retried) = (0, 0, 0, 0, 0);
  DELETE FROM test_sets d WHERE d.topic_id = r.topic_id AND d.set_key = r.set_key
    AND d.month = the_month AND d.team_id = r.team_id AND d.test_id = ANY (tests)
    AND (d.failed, d.errored, d.regressed, d.recovered, d.retried) = (0, 0, 0, 0, 0);
END $$;

-- Results that wait to be counted: those from before there were tallies, and imported ones.
CREATE TABLE uncounted_results (
  result_id uuid NOT NULL, created_at timestamp NOT NULL, PRIMARY KEY (result_id, created_at));
ALTER TABLE uncounted_results ENABLE ROW LEVEL SECURITY;
CREATE POLICY uncounted_results_all ON uncounted_results FOR ALL USING ((SELECT rt_writes_all()));

CREATE FUNCTION rt_result_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.is_counted THEN
    PERFORM rt_count_result(OLD, -1);
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.is_counted THEN
    PERFORM rt_count_result(NEW, 1);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER test_results_came AFTER INSERT ON test_results FOR EACH ROW
  WHEN (NEW.is_counted) EXECUTE FUNCTION rt_result_counts();
CREATE TRIGGER test_results_changed AFTER UPDATE ON test_results FOR EACH ROW
  WHEN (OLD.is_counted OR NEW.is_counted) EXECUTE FUNCTION rt_result_counts();
CREATE TRIGGER test_results_went AFTER DELETE ON test_results FOR EACH ROW
  WHEN (OLD.is_counted) EXECUTE FUNCTION rt_result_counts();

CREATE FUNCTION rt_result_waits() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO uncounted_results VALUES (NEW.id, NEW.created_at) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER test_results_wait AFTER INSERT ON test_results FOR EACH ROW
  WHEN (NOT NEW.is_counted) EXECUTE FUNCTION rt_result_waits();

CREATE FUNCTION rt_wait_for_count(ids uuid[], moments timestamp[]) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO uncounted_results SELECT * FROM unnest(ids, moments) ON CONFLICT DO NOTHING;
$$;

-- What is archived does not count. A hundred results are taken out at once; what one transaction
-- archives beyond (a laboratory with all its jobs) waits for the loop, as what comes back does.
CREATE FUNCTION rt_take_out(ids uuid[], moments timestamp[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  spent integer := coalesce(nullif(current_setting('ringtest.taken_out', true), '')::integer, 0);
BEGIN
  IF ids IS NULL THEN
    RETURN;
  ELSIF spent >= 100 THEN
    PERFORM rt_wait_for_count(ids, moments);
  ELSE
    UPDATE test_results SET is_counted = false WHERE id = ANY (ids);
    PERFORM set_config('ringtest.taken_out', (spent + cardinality(ids))::text, true);
  END IF;
END $$;
CREATE FUNCTION rt_count_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM test_results WHERE job_id = NEW.id LIMIT 1;
  IF NOT FOUND THEN
    RETURN NULL; -- and nobody is told of a change
  END IF;
  IF (OLD.set_key, OLD.topic_id, OLD.remoteci_id)
      IS DISTINCT FROM (NEW.set_key, NEW.topic_id, NEW.remoteci_id) THEN
    UPDATE test_results SET topic_id = NEW.topic_id, remoteci_id = NEW.remoteci_id,
      set_key = NEW.set_key WHERE job_id = NEW.id;
  END IF;
  IF NEW.state = 'archived' THEN
    PERFORM rt_take_out(array_agg(id), array_agg(created_at)) FROM test_results
      WHERE job_id = NEW.id AND is_counted;
  ELSIF OLD.state = 'archived' THEN
    PERFORM rt_wait_for_count(array_agg(id), array_agg(created_at)) FROM test_results
      WHERE job_id = NEW.id AND NOT is_counted;
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION rt_count_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.state = 'archived' THEN
    PERFORM rt_take_out(array_agg(id), array_agg(created_at)) FROM test_results
      WHERE file_id = NEW.id AND is_counted;
  ELSE
    PERFORM rt_wait_for_count(array_agg(id), array_agg(created_at)) FROM test_results
      WHERE file_id = NEW.id AND NOT is_counted;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER jobs_count AFTER UPDATE OF state, set_key, topic_id, remoteci_id ON jobs
  FOR EACH ROW WHEN ((OLD.state = 'archived') <> (NEW.state = 'archived')
    OR (OLD.set_key, OLD.topic_id, OLD.remoteci_id)
      IS DISTINCT FROM (NEW.set_key, NEW.topic_id, NEW.remoteci_id))
  EXECUTE FUNCTION rt_count_job();
CREATE TRIGGER files_count AFTER UPDATE OF state ON files FOR EACH ROW
  WHEN ((OLD.state = 'archived') <> (NEW.state = 'archived')) EXECUTE FUNCTION rt_count_file();

INSERT INTO uncounted_results SELECT id, created_at FROM test_results WHERE NOT is_counted;

-- Months ------------------------------------------------------------------------

-- Months whose results are gone, that pages can say so.
CREATE TABLE retired_months (month date PRIMARY KEY, retired_at timestamp NOT NULL);
ALTER TABLE retired_months ENABLE ROW LEVEL SECURITY;
CREATE POLICY retired_months_read ON retired_months FOR SELECT USING (true);
CREATE POLICY retired_months_write ON retired_months FOR ALL USING ((SELECT rt_writes_all()));

-- Tables that are cut into months, and by which column.
CREATE FUNCTION rt_monthly() RETURNS TABLE (name text, by_column text) LANGUAGE sql IMMUTABLE AS $$
  VALUES ('test_results', 'created_at'), ('test_failures', 'created_at'), ('shape_days', 'day'),
    ('topic_days', 'day'), ('test_days', 'day'), ('test_weeks', 'week'), ('test_sets', 'month')
$$;

-- A month gets tables of its own; what lies in the default ones moves there. True when it had
-- none. Nobody reads or writes a month but through the whole table: nothing is granted on it.
-- Who waits longer than the locks may take tries again later: writers must not queue up behind.
CREATE FUNCTION rt_add_month(the_date date) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '300ms' AS $$
DECLARE
  first date := date_trunc('month', the_date)::date;
  past date := (date_trunc('month', the_date) + interval '1 month')::date;
  t record;
  part text;
BEGIN
  IF NOT rt_writes_all() THEN
    RAISE insufficient_privilege USING MESSAGE = 'months are added by the server itself';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('ringtest.months'));
  IF to_regclass('test_results_' || to_char(first, 'YYYY_MM')) IS NOT NULL THEN
    RETURN false;
  END IF;
  LOCK TABLE jobs, files, test_plans IN SHARE ROW EXCLUSIVE MODE; -- as writers come to them
  LOCK TABLE test_failures, test_results, topic_days, shape_days, test_days, test_weeks, test_sets
    IN ACCESS EXCLUSIVE MODE;
  ALTER TABLE test_results_any DISABLE TRIGGER USER; -- what moves is not gone
  FOR t IN SELECT * FROM rt_monthly() LOOP
    part := t.name || '_' || to_char(first, 'YYYY_MM');
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, t.name);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC', part);
    IF t.by_column <> 'created_at' THEN -- room for the next number beside the last
      EXECUTE format('ALTER TABLE %I SET (fillfactor = 90)', part);
    END IF;
    EXECUTE format('WITH moved AS (DELETE FROM %I WHERE %I >= $1 AND %I < $2 RETURNING *)'
      ' INSERT INTO %I SELECT * FROM moved', t.name || '_any', t.by_column, t.by_column, part)
      USING first, past;
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
      t.name, part, first, past);
  END LOOP;
  ALTER TABLE test_results_any ENABLE TRIGGER USER;
  DELETE FROM retired_months WHERE month = first;
  RETURN true;
END $$;

-- All that is known of a month's results goes, at once: files and jobs stay.
CREATE FUNCTION rt_drop_month(the_date date, at timestamp) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '300ms' AS $$
DECLARE
  first date := date_trunc('month', the_date)::date;
  t record;
BEGIN
  IF NOT rt_writes_all() THEN
    RAISE insufficient_privilege USING MESSAGE = 'months are dropped by the server itself';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('ringtest.months'));
  IF to_regclass('test_results_' || to_char(first, 'YYYY_MM')) IS NULL THEN
    RETURN false;
  END IF;
  LOCK TABLE jobs, files, test_plans IN SHARE ROW EXCLUSIVE MODE;
  LOCK TABLE test_failures, test_results, topic_days, shape_days, test_days, test_weeks, test_sets
    IN ACCESS EXCLUSIVE MODE;
  FOR t IN SELECT * FROM rt_monthly() LOOP
    EXECUTE format('DROP TABLE %I', t.name || '_' || to_char(first, 'YYYY_MM'));
  END LOOP;
  INSERT INTO retired_months VALUES (first, at) ON CONFLICT DO NOTHING;
  RETURN true;
END $$;

REVOKE EXECUTE ON FUNCTION rt_add_month, rt_drop_month, rt_wait_for_count FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rt_add_month, rt_drop_month, rt_wait_for_count TO ringtest_app;
