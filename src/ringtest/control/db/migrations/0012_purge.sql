-- Removing archived rows for good: who asked for it, and how far it is.

-- Objects whose rows are gone; a loop of the files' rooms deletes them from the object store.
CREATE TABLE IF NOT EXISTS objects_to_delete (
  object_key text PRIMARY KEY, created_at timestamp NOT NULL);

-- A purge removes what was archived until `before`, in batches; one without finished_at
-- is still being worked on, by whichever process comes next.
CREATE TABLE purges (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  kind text NOT NULL, before timestamp NOT NULL, user_id uuid,
  removed bigint NOT NULL DEFAULT 0, finished_at timestamp);
CREATE INDEX purges_open ON purges (created_at) WHERE finished_at IS NULL;
ALTER TABLE purges ENABLE ROW LEVEL SECURITY;
CREATE POLICY purges_all ON purges FOR ALL USING ((SELECT rt_writes_all()));

-- Archived rows are few among many, and each batch looks for the next ones.
CREATE INDEX jobs_archived ON jobs (updated_at) WHERE state = 'archived';
CREATE INDEX files_archived ON files (updated_at) WHERE state = 'archived';
CREATE INDEX components_archived ON components (updated_at) WHERE state = 'archived';
CREATE INDEX component_files_archived ON component_files (updated_at) WHERE state = 'archived';
