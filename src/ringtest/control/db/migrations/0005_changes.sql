-- Processes remember answers until a table they were made of changes: every statement that
-- changes what shows of a table says so when it commits. The payload is the table's name,
-- with a plus when rows came, went, or may belong to another list now.

CREATE FUNCTION rt_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('ringtest_changes', TG_TABLE_NAME || TG_ARGV[0]);
  RETURN NULL;
END $$;

-- Tell of a table from now on. `quiet` columns change all the time and by themselves (when a
-- lab was last seen): what shows them is never remembered, and they wake nobody. A table with
-- quiet columns is told of anew when it gets a column.
CREATE FUNCTION rt_track_changes(the_table text, quiet text[] DEFAULT '{}') RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  membership text;
  shown text;
BEGIN
  EXECUTE format('DROP TRIGGER IF EXISTS rt_changes_rows ON %I', the_table);
  EXECUTE format('DROP TRIGGER IF EXISTS rt_changes_values ON %I', the_table);
  EXECUTE format('DROP TRIGGER IF EXISTS rt_changes_members ON %I', the_table);
  SELECT string_agg(quote_ident(attname), ', ') FILTER (WHERE attname = 'state' OR attname LIKE '%\_id'),
    string_agg(quote_ident(attname), ', ') FILTER (WHERE attname <> ALL (quiet))
  INTO membership, shown FROM pg_attribute
  WHERE attrelid = the_table::regclass AND attnum > 0 AND NOT attisdropped;
  EXECUTE format('CREATE TRIGGER rt_changes_rows AFTER INSERT OR DELETE OR TRUNCATE ON %I'
    ' FOR EACH STATEMENT EXECUTE FUNCTION rt_changed(''+'')', the_table);
  EXECUTE format('CREATE TRIGGER rt_changes_values AFTER UPDATE%s ON %I'
    ' FOR EACH STATEMENT EXECUTE FUNCTION rt_changed('''')',
    CASE WHEN cardinality(quiet) > 0 THEN ' OF ' || shown ELSE '' END, the_table);
  IF membership IS NOT NULL THEN
    EXECUTE format('CREATE TRIGGER rt_changes_members AFTER UPDATE OF %s ON %I'
      ' FOR EACH STATEMENT EXECUTE FUNCTION rt_changed(''+'')', membership, the_table);
  END IF;
END $$;

-- Not told of: leases, logs, test cases, audits and events. Nothing of them is remembered.
SELECT rt_track_changes(t) FROM unnest(ARRAY['teams', 'users', 'users_teams',
  'teams_components_access', 'feeders', 'credentials', 'sessions', 'user_remotecis', 'products',
  'products_teams', 'topics', 'components', 'component_files', 'pipelines', 'job_definitions',
  'job_requests', 'jobs', 'jobs_components', 'jobstates', 'jobs_keys_values', 'files',
  'test_results', 'trigger_rules', 'remotecis_topics', 'failure_groups', 'failure_occurrences',
  'report_targets', 'deliveries']) t;
SELECT rt_track_changes('remotecis', '{last_seen_at, agent_version}');
