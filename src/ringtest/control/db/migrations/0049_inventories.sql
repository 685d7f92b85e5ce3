-- What labs' machines are made of: a row per agent and change, the newest is how it is.
CREATE TABLE lab_inventories (
  id uuid PRIMARY KEY,
  created_at timestamp NOT NULL,
  remoteci_id uuid NOT NULL REFERENCES remotecis (id) ON DELETE CASCADE,
  team_id uuid NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  agent text NOT NULL,
  digest text NOT NULL,
  labels jsonb NOT NULL,
  inventory jsonb NOT NULL
);
CREATE INDEX lab_inventories_newest ON lab_inventories (remoteci_id, agent, created_at DESC, id DESC);
CREATE INDEX lab_inventories_team ON lab_inventories (team_id);
SELECT rt_track_changes('lab_inventories');

ALTER TABLE lab_inventories ENABLE ROW LEVEL SECURITY;
CREATE POLICY lab_inventories_read ON lab_inventories FOR SELECT USING
  ((SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
CREATE POLICY lab_inventories_write_new ON lab_inventories FOR INSERT WITH CHECK
  ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
CREATE POLICY lab_inventories_write_gone ON lab_inventories FOR DELETE USING
  ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
