-- A team has definitions of its own beside those of the topic's owner: what its labs ran by
-- themselves, and what its people want to run once. Nobody else reads them.
ALTER TABLE job_definitions ADD COLUMN team_id uuid REFERENCES teams ON DELETE CASCADE;
ALTER TABLE job_definitions DROP CONSTRAINT job_definitions_topic_id_name_key;
CREATE UNIQUE INDEX job_definitions_name ON job_definitions (topic_id, name, team_id)
  NULLS NOT DISTINCT;
CREATE INDEX job_definitions_team ON job_definitions (team_id) WHERE team_id IS NOT NULL;

DROP POLICY job_definitions_read ON job_definitions;
DROP POLICY job_definitions_write ON job_definitions;
CREATE POLICY job_definitions_read ON job_definitions FOR SELECT USING (
  topic_id IN (SELECT id FROM topics) AND
  (team_id IS NULL OR (SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[])));
CREATE POLICY job_definitions_write ON job_definitions FOR ALL USING (
  (SELECT rt_writes_catalog()) AND team_id IS NULL OR (SELECT rt_writes_all())
  OR team_id = ANY ((SELECT rt_teams())::uuid[]));
