-- Where agents of a lab give kept files to its other agents: for as long as they keep telling it.
-- Whose it is follows the lab, which may move to another team.
CREATE TABLE lab_caches (
  remoteci_id uuid NOT NULL REFERENCES remotecis (id) ON DELETE CASCADE,
  agent text NOT NULL,
  address text NOT NULL,
  expires_at timestamp NOT NULL,
  PRIMARY KEY (remoteci_id, agent)
);

ALTER TABLE lab_caches ENABLE ROW LEVEL SECURITY;
CREATE POLICY lab_caches_read ON lab_caches FOR SELECT USING
  ((SELECT rt_reads_all()) OR remoteci_id IN (SELECT m.id FROM remotecis m
    WHERE m.team_id = ANY ((SELECT rt_teams())::uuid[])));
CREATE POLICY lab_caches_write ON lab_caches FOR ALL USING
  ((SELECT rt_writes_all()) OR remoteci_id IN (SELECT m.id FROM remotecis m
    WHERE m.team_id = ANY ((SELECT rt_teams())::uuid[])));
