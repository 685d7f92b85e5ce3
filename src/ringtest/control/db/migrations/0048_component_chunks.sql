-- Lists of the chunks of component files, kept as objects beside them. `chunks_size`: bytes of the
-- list, NULL while it has not been made; `chunks_at`: not to be tried before.
ALTER TABLE component_files ADD COLUMN chunks_size bigint, ADD COLUMN chunks_at timestamp;
CREATE INDEX component_files_unchunked ON component_files (created_at)
  WHERE chunks_size IS NULL AND state <> 'archived';

-- Secrets of hours: what proves to an agent of a lab that another one may read a file.
CREATE TABLE permit_hours (hour timestamp PRIMARY KEY, secret bytea NOT NULL);
ALTER TABLE permit_hours ENABLE ROW LEVEL SECURITY;
CREATE POLICY permit_hours_all ON permit_hours FOR ALL USING ((SELECT rt_writes_all()));
