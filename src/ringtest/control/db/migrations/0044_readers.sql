-- A policy FOR ALL is looked at by SELECT too, beside the one FOR SELECT. Where whoever may write
-- a row may read it anyway, that told SELECT the same twice and doubled what PostgreSQL prepares
-- for each table of a query: such policies become one each for INSERT, UPDATE and DELETE.
DO $$
DECLARE
  p record;
  reads_team text; writes_team text; writes_all text := '( SELECT rt_writes_all() AS rt_writes_all)';
BEGIN
  SELECT pg_get_expr(polqual, polrelid) INTO reads_team FROM pg_policy
    WHERE polname = 'jobs_read' AND polrelid = 'jobs'::regclass;
  SELECT pg_get_expr(polqual, polrelid) INTO writes_team FROM pg_policy
    WHERE polname = 'jobs_write' AND polrelid = 'jobs'::regclass;
  FOR p IN
    SELECT w.polrelid::regclass AS of, w.polname AS name,
      pg_get_expr(w.polqual, w.polrelid) AS who, pg_get_expr(w.polwithcheck, w.polrelid) AS whose
    FROM pg_policy w JOIN pg_policy r ON r.polrelid = w.polrelid AND r.polcmd = 'r'
    WHERE w.polcmd = '*'
      AND (pg_get_expr(r.polqual, r.polrelid) = reads_team
        AND pg_get_expr(w.polqual, w.polrelid) IN (writes_team, writes_all)
        OR w.polrelid IN ('teams'::regclass, 'products'::regclass, 'products_teams'::regclass,
          'topics'::regclass, 'components'::regclass))
  LOOP
    EXECUTE format('DROP POLICY %I ON %s', p.name, p.of);
    EXECUTE format('CREATE POLICY %I ON %s FOR INSERT WITH CHECK (%s)',
      p.name || '_new', p.of, coalesce(p.whose, p.who));
    EXECUTE format('CREATE POLICY %I ON %s FOR UPDATE USING (%s) WITH CHECK (%s)',
      p.name, p.of, p.who, coalesce(p.whose, p.who));
    EXECUTE format('CREATE POLICY %I ON %s FOR DELETE USING (%s)', p.name || '_gone', p.of, p.who);
  END LOOP;
END $$;
