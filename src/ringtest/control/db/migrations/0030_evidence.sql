-- What failing cases said lies together: packed by the server, some dozens of texts to a block,
-- beside the rows of the failures and as long as their result. A text of its own row is too
-- short for PostgreSQL to pack; together they take a tenth.

-- `first` is the position of the first case in the block; the last one is before that of the
-- next block. `texts` are packed already: control.evidence.model opens them.
CREATE TABLE failure_texts (
  result_id uuid NOT NULL, first integer NOT NULL, created_at timestamp NOT NULL,
  team_id uuid NOT NULL, texts bytea NOT NULL,
  PRIMARY KEY (result_id, first, created_at)) PARTITION BY RANGE (created_at);
ALTER TABLE failure_texts ALTER COLUMN texts SET STORAGE EXTERNAL;
ALTER TABLE failure_texts ENABLE ROW LEVEL SECURITY;
CREATE POLICY failure_texts_read ON failure_texts FOR SELECT USING
  ((SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
CREATE POLICY failure_texts_write ON failure_texts FOR ALL USING
  ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[])) WITH CHECK
  ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));

-- The months that there are have tables of it too, empty ones.
CREATE TABLE failure_texts_any PARTITION OF failure_texts DEFAULT;
ALTER TABLE failure_texts_any ENABLE ROW LEVEL SECURITY; -- nobody reads it so
DO $$
DECLARE
  first date;
  part text;
BEGIN
  FOR first IN SELECT to_date(right(c.relname, 7), 'YYYY_MM')
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'test_results'::regclass AND c.relname ~ '_[0-9]{4}_[0-9]{2}$'
  LOOP
    part := 'failure_texts_' || to_char(first, 'YYYY_MM');
    EXECUTE format('CREATE TABLE %I PARTITION OF failure_texts FOR VALUES FROM (%L) TO (%L)',
      part, first, (first + interval '1 month')::date);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC', part);
  END LOOP;
END $$;

-- They go with their result, as the rows of its failures do.
CREATE OR REPLACE FUNCTION rt_drop_failures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM test_failures WHERE result_id = OLD.id AND created_at = OLD.created_at;
  DELETE FROM failure_texts WHERE result_id = OLD.id AND created_at = OLD.created_at;
  RETURN NULL;
END $$;

-- Results stored before, whose texts lie in their failure rows: a loop packs them, and until
-- then both places are read. Here nothing but results is looked at, however many failures
-- there are.
CREATE TABLE unpacked_results (
  result_id uuid NOT NULL, created_at timestamp NOT NULL, PRIMARY KEY (created_at, result_id));
ALTER TABLE unpacked_results ENABLE ROW LEVEL SECURITY;
CREATE POLICY unpacked_results_all ON unpacked_results FOR ALL USING ((SELECT rt_writes_all()));
INSERT INTO unpacked_results SELECT id, created_at FROM test_results WHERE failures + errors > 0;

-- Months ------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION rt_monthly() RETURNS TABLE (name text, by_column text)
LANGUAGE sql IMMUTABLE AS $$
  VALUES ('test_results', 'created_at'), ('test_failures', 'created_at'),
    ('failure_texts', 'created_at'), ('shape_days', 'day'), ('topic_days', 'day'),
    ('test_days', 'day'), ('test_weeks', 'week'), ('test_sets', 'month')
$$;

-- As before, of one table more. A month gets tables of its own; what lies in the default ones
-- moves there. True when it had none. Nobody reads or writes a month but through the whole table: nothing is granted on it.
-- Who waits longer than the locks may take tries again later: writers must not queue up behind.
CREATE OR REPLACE FUNCTION rt_add_month(the_date date) RETURNS boolean LANGUAGE plpgsql
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
  LOCK TABLE test_failures, failure_texts, test_results, topic_days, shape_days, test_days,
    test_weeks, test_sets IN ACCESS EXCLUSIVE MODE;
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

-- All that is known of the results of some months goes at once: files and jobs stay. How many of
-- them had tables. Most of the time is for files of the disk, whatever is in them, and for the
-- end of the transaction: months that are due together go together, in one statement.
DROP FUNCTION rt_drop_month;
CREATE FUNCTION rt_drop_months(the_dates date[], at timestamp) RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '300ms' AS $$
DECLARE
  months date[];
  parts text;
BEGIN
  IF NOT rt_writes_all() THEN
    RAISE insufficient_privilege USING MESSAGE = 'months are dropped by the server itself';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('ringtest.months'));
  SELECT array_agg(z.first) INTO months
    FROM (SELECT DISTINCT date_trunc('month', d)::date AS first FROM unnest(the_dates) d) z
    WHERE to_regclass('test_results_' || to_char(z.first, 'YYYY_MM')) IS NOT NULL;
  IF months IS NULL THEN
    RETURN 0;
  END IF;
  LOCK TABLE jobs, files, test_plans IN SHARE ROW EXCLUSIVE MODE;
  LOCK TABLE test_failures, failure_texts, test_results, topic_days, shape_days, test_days,
    test_weeks, test_sets IN ACCESS EXCLUSIVE MODE;
  SELECT string_agg(format('%I', t.name || '_' || to_char(m, 'YYYY_MM')), ', ') INTO parts
    FROM rt_monthly() t, unnest(months) m;
  EXECUTE 'DROP TABLE ' || parts;
  DELETE FROM unpacked_results WHERE date_trunc('month', created_at)::date = ANY (months);
  INSERT INTO retired_months SELECT m, at FROM unnest(months) m ON CONFLICT DO NOTHING;
  RETURN cardinality(months);
END $$;
REVOKE EXECUTE ON FUNCTION rt_drop_months FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rt_drop_months TO ringtest_app;
