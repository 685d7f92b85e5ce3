-- What a job left in its lab and people may look at: one hold per job, of its latest attempt.
CREATE TABLE job_holds (
  job_id uuid PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
  team_id uuid NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  attempt integer NOT NULL,
  host text NOT NULL,
  shell text NOT NULL,
  created_at timestamp NOT NULL,
  until timestamp NOT NULL,
  released_at timestamp,
  released_by text
);
CREATE INDEX job_holds_team ON job_holds (team_id);

ALTER TABLE job_holds ENABLE ROW LEVEL SECURITY;
CREATE POLICY job_holds_read ON job_holds FOR SELECT USING
  ((SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
CREATE POLICY job_holds_write_new ON job_holds FOR INSERT WITH CHECK
  ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
CREATE POLICY job_holds_write ON job_holds FOR UPDATE USING
  ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[])) WITH CHECK
  ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
CREATE POLICY job_holds_write_gone ON job_holds FOR DELETE USING
  ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
