-- What every request leaves: its key with its answer, and a note of what it changed.

-- One row per keyed POST, written in the transaction of its effect. The answer is encrypted
-- with the server's key: it may hold a secret that was just made and is kept nowhere else.
CREATE TABLE request_keys (
  actor text NOT NULL, key_hash bytea NOT NULL,
  request_hash bytea NOT NULL, created_at timestamp NOT NULL,
  answer bytea,
  PRIMARY KEY (actor, key_hash));
CREATE INDEX request_keys_created ON request_keys (created_at);

ALTER TABLE request_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY request_keys_own ON request_keys FOR ALL USING
  ((SELECT rt_writes_all()) OR actor = (SELECT current_setting('ringtest.actor', true)));

ALTER TABLE audits
  ADD COLUMN request_id text,
  ADD COLUMN outcome text NOT NULL DEFAULT 'done' CHECK (outcome IN ('done', 'refused'));
CREATE INDEX audits_created ON audits (created_at);

-- The server itself forgets what is older than the settings say.
CREATE POLICY audits_forget ON audits FOR DELETE USING ((SELECT rt_writes_all()));
