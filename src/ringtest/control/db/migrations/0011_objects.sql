-- Uploads that may be cut and go on, and the end of objects that nobody needs.

-- `received` bytes from the beginning are durable, in parts. It belongs to who began it.
CREATE TABLE uploads (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  expires_at timestamp NOT NULL, owner_id uuid NOT NULL, team_id uuid REFERENCES teams ON DELETE CASCADE,
  size bigint NOT NULL, received bigint NOT NULL DEFAULT 0,
  metadata jsonb NOT NULL, file_id uuid, failure text);
CREATE INDEX uploads_expiry ON uploads (expires_at);
CREATE TABLE upload_parts (
  upload_id uuid NOT NULL REFERENCES uploads ON DELETE CASCADE,
  start bigint NOT NULL, size bigint NOT NULL, object_key text NOT NULL,
  PRIMARY KEY (upload_id, start));
CREATE INDEX upload_parts_object ON upload_parts (object_key);
ALTER TABLE uploads ENABLE ROW LEVEL SECURITY;
CREATE POLICY uploads_all ON uploads FOR ALL USING
  ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[])
   OR (team_id IS NULL AND (SELECT rt_writes_catalog())));
ALTER TABLE upload_parts ENABLE ROW LEVEL SECURITY;
CREATE POLICY upload_parts_all ON upload_parts FOR ALL USING
  (upload_id IN (SELECT id FROM uploads));

-- Whose object is it? Asked by the sweeper, for pages of keys.
CREATE INDEX component_files_object ON component_files (object_key);
CREATE INDEX log_frames_object ON log_frames (object_key) WHERE object_key IS NOT NULL;

-- Objects that nobody needs any more; a loop deletes them from the object store.
CREATE TABLE IF NOT EXISTS objects_to_delete (
  object_key text PRIMARY KEY, created_at timestamp NOT NULL);
ALTER TABLE objects_to_delete ADD COLUMN retry_at timestamp;
ALTER TABLE objects_to_delete ENABLE ROW LEVEL SECURITY;
CREATE POLICY objects_to_delete_all ON objects_to_delete FOR ALL USING ((SELECT rt_writes_all()));
-- Whoever may remove a row may say that its object goes.
CREATE POLICY objects_to_delete_add ON objects_to_delete FOR INSERT WITH CHECK (true);

-- How far the search for objects without a row is; one row.
CREATE TABLE object_sweeps (
  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  after_key text NOT NULL, next_at timestamp NOT NULL, found bigint NOT NULL DEFAULT 0);
INSERT INTO object_sweeps (after_key, next_at) VALUES ('', '2000-01-01');
ALTER TABLE object_sweeps ENABLE ROW LEVEL SECURITY;
CREATE POLICY object_sweeps_all ON object_sweeps FOR ALL USING ((SELECT rt_writes_all()));

-- Which of these objects have a row. A file of a job ends in its id, so that the hottest
-- table needs no index for this.
CREATE FUNCTION rt_objects_in_use(keys text[]) RETURNS SETOF text LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
  SELECT k FROM unnest(keys) AS k
  WHERE EXISTS (SELECT FROM files f WHERE f.object_key = k
      AND f.id = substring(k FROM '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$')::uuid)
    OR EXISTS (SELECT FROM component_files c WHERE c.object_key = k)
    OR EXISTS (SELECT FROM log_frames l WHERE l.object_key = k)
    OR EXISTS (SELECT FROM upload_parts p WHERE p.object_key = k)
$$;
