-- Row-level security: who sees and writes which row.

-- policies -------------------------------------------------------------------
-- Team rows: read with scope all/read or by members; written with scope all or by members.

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['remotecis', 'feeders', 'pipelines', 'jobs', 'jobs_components',
    'job_attempts', 'job_stages', 'jobstates', 'jobs_keys_values', 'files', 'log_frames',
    'tests', 'test_plans', 'test_results', 'test_failures', 'remotecis_topics',
    'failure_occurrences', 'report_targets', 'deliveries', 'users_teams',
    'teams_components_access']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING
      ((SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]))', t || '_read', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR ALL USING
      ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[])) WITH CHECK
      ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]))', t || '_write', t);
  END LOOP;
END $$;

ALTER TABLE teams ENABLE ROW LEVEL SECURITY;
CREATE POLICY teams_read ON teams FOR SELECT USING
  ((SELECT rt_reads_all()) OR id = ANY ((SELECT rt_component_teams())::uuid[]));
CREATE POLICY teams_write ON teams FOR ALL USING ((SELECT rt_writes_all()));

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY users_read ON users FOR SELECT USING
  ((SELECT rt_reads_all()) OR id IN (SELECT user_id FROM users_teams));
CREATE POLICY users_write ON users FOR ALL USING
  ((SELECT rt_writes_all()) OR id::text = current_setting('ringtest.user_id', true));

ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY sessions_own ON sessions FOR ALL USING
  ((SELECT rt_writes_all()) OR user_id::text = current_setting('ringtest.user_id', true));

ALTER TABLE credentials ENABLE ROW LEVEL SECURITY;
CREATE POLICY credentials_write ON credentials FOR ALL USING
  ((SELECT rt_writes_all()) OR holder_id IN (
    SELECT id FROM remotecis WHERE team_id = ANY ((SELECT rt_teams())::uuid[])
    UNION ALL SELECT id FROM feeders WHERE team_id = ANY ((SELECT rt_teams())::uuid[])));

ALTER TABLE user_remotecis ENABLE ROW LEVEL SECURITY;
CREATE POLICY user_remotecis_read ON user_remotecis FOR SELECT USING
  ((SELECT rt_reads_all()) OR remoteci_id IN (SELECT id FROM remotecis));
CREATE POLICY user_remotecis_write ON user_remotecis FOR ALL USING
  ((SELECT rt_writes_all()) OR remoteci_id IN (
    SELECT id FROM remotecis WHERE team_id = ANY ((SELECT rt_teams())::uuid[])));

ALTER TABLE audits ENABLE ROW LEVEL SECURITY;
CREATE POLICY audits_read ON audits FOR SELECT USING ((SELECT rt_writes_all()));
CREATE POLICY audits_add ON audits FOR INSERT WITH CHECK (true);

ALTER TABLE products_teams ENABLE ROW LEVEL SECURITY;
CREATE POLICY products_teams_read ON products_teams FOR SELECT USING
  ((SELECT rt_reads_catalog()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
CREATE POLICY products_teams_write ON products_teams FOR ALL USING ((SELECT rt_writes_all()));

ALTER TABLE products ENABLE ROW LEVEL SECURITY;
CREATE POLICY products_read ON products FOR SELECT USING
  ((SELECT rt_reads_catalog()) OR id IN (SELECT product_id FROM products_teams));
CREATE POLICY products_write ON products FOR ALL USING ((SELECT rt_writes_all()));

ALTER TABLE topics ENABLE ROW LEVEL SECURITY;
CREATE POLICY topics_read ON topics FOR SELECT USING
  ((SELECT rt_reads_catalog()) OR
   (product_id IN (SELECT product_id FROM products_teams) AND (export_control OR (SELECT rt_pre_release()))));
CREATE POLICY topics_write ON topics FOR ALL USING ((SELECT rt_writes_catalog()));

ALTER TABLE components ENABLE ROW LEVEL SECURITY;
CREATE POLICY components_read ON components FOR SELECT USING
  ((SELECT rt_reads_all())
   OR (team_id IS NULL AND ((SELECT rt_reads_catalog()) OR topic_id IN (SELECT id FROM topics)))
   OR team_id = ANY ((SELECT rt_component_teams())::uuid[]));
CREATE POLICY components_write ON components FOR ALL USING
  ((SELECT rt_writes_all()) OR (team_id IS NULL AND (SELECT rt_writes_catalog()))
   OR team_id = ANY ((SELECT rt_teams())::uuid[]));

ALTER TABLE component_files ENABLE ROW LEVEL SECURITY;
CREATE POLICY component_files_all ON component_files FOR ALL USING
  (component_id IN (SELECT id FROM components));

ALTER TABLE job_definitions ENABLE ROW LEVEL SECURITY;
CREATE POLICY job_definitions_read ON job_definitions FOR SELECT USING (topic_id IN (SELECT id FROM topics));
CREATE POLICY job_definitions_write ON job_definitions FOR ALL USING ((SELECT rt_writes_catalog()));

ALTER TABLE trigger_rules ENABLE ROW LEVEL SECURITY;
CREATE POLICY trigger_rules_read ON trigger_rules FOR SELECT USING (topic_id IN (SELECT id FROM topics));
CREATE POLICY trigger_rules_write ON trigger_rules FOR ALL USING ((SELECT rt_writes_catalog()));

ALTER TABLE job_requests ENABLE ROW LEVEL SECURITY;
CREATE POLICY job_requests_read ON job_requests FOR SELECT USING (topic_id IN (SELECT id FROM topics));
CREATE POLICY job_requests_write ON job_requests FOR ALL USING ((SELECT rt_writes_all()));

ALTER TABLE failure_groups ENABLE ROW LEVEL SECURITY;
CREATE POLICY failure_groups_read ON failure_groups FOR SELECT USING
  ((SELECT rt_reads_all()) OR id IN (SELECT group_id FROM failure_occurrences));
CREATE POLICY failure_groups_write ON failure_groups FOR ALL USING ((SELECT rt_writes_all()));

ALTER TABLE events ENABLE ROW LEVEL SECURITY;
CREATE POLICY events_read ON events FOR SELECT USING
  ((SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[])
   OR (team_id IS NULL AND topic_id IN (SELECT id FROM topics)));
CREATE POLICY events_add ON events FOR INSERT WITH CHECK (true);

ALTER TABLE event_queue ENABLE ROW LEVEL SECURITY;
CREATE POLICY event_queue_all ON event_queue FOR ALL USING ((SELECT rt_writes_all()));
CREATE POLICY event_queue_add ON event_queue FOR INSERT WITH CHECK (true);

-- Does it exist at all? Row-level security hides what a caller may not see, but the wire
-- format answers 401 for what may not be used and 404 for what is not there.
CREATE FUNCTION rt_known(noun text, the_id uuid) RETURNS boolean LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT CASE noun
    WHEN 'topic' THEN EXISTS (SELECT 1 FROM topics WHERE id = the_id AND state <> 'archived')
    WHEN 'component' THEN EXISTS (SELECT 1 FROM components WHERE id = the_id AND state <> 'archived')
    ELSE false END $$;
