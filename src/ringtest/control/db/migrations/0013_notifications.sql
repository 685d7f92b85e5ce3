-- Who wants to hear of what: mail to people, events to the webhooks of teams.

CREATE TABLE users_topics (
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  topic_id uuid NOT NULL REFERENCES topics ON DELETE CASCADE,
  created_at timestamp NOT NULL,
  PRIMARY KEY (user_id, topic_id));
CREATE INDEX users_topics_topic ON users_topics (topic_id);
ALTER TABLE users_topics ENABLE ROW LEVEL SECURITY;
CREATE POLICY users_topics_read ON users_topics FOR SELECT USING
  ((SELECT rt_writes_all()) OR user_id::text = current_setting('ringtest.user_id', true));
CREATE POLICY users_topics_write ON users_topics FOR ALL USING
  ((SELECT rt_writes_all()) OR user_id::text = current_setting('ringtest.user_id', true));
CREATE INDEX user_remotecis_remoteci ON user_remotecis (remoteci_id);

-- A target hears of chosen event types. `by_member`: a member of its team made it, who
-- must not make the server reach what only the server can reach. `resting_until`: its last
-- try failed, and it gets no other before.
ALTER TABLE report_targets
  ADD events text[] NOT NULL DEFAULT '{failure.grouped}',
  ADD by_member boolean NOT NULL DEFAULT false,
  ADD resting_until timestamp;

-- A delivery goes to a target or to a person, and is of a group, an event or a collection
-- of notices. One for a person belongs to no team: its text may be of several.
ALTER TABLE deliveries
  ALTER target_id DROP NOT NULL, ALTER group_id DROP NOT NULL,
  ALTER team_id DROP NOT NULL, ALTER topic_id DROP NOT NULL,
  ADD type text NOT NULL DEFAULT 'failure.grouped',
  ADD event_id bigint,
  ADD user_id uuid REFERENCES users ON DELETE CASCADE,
  ADD CHECK (num_nonnulls(target_id, user_id) = 1);
CREATE UNIQUE INDEX deliveries_event ON deliveries (target_id, event_id);
CREATE UNIQUE INDEX deliveries_ping ON deliveries (target_id)
  WHERE type = 'ping' AND status = 'pending';
CREATE INDEX deliveries_user ON deliveries (user_id, created_at) WHERE user_id IS NOT NULL;
CREATE INDEX deliveries_group ON deliveries (group_id);
CREATE INDEX deliveries_created ON deliveries (created_at);
CREATE POLICY deliveries_own ON deliveries FOR SELECT USING
  (user_id::text = current_setting('ringtest.user_id', true));

-- What a person will be mailed of, several in one mail.
CREATE TABLE notices (
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  event_id bigint NOT NULL,
  created_at timestamp NOT NULL,
  job_id uuid REFERENCES jobs ON DELETE CASCADE,
  component_id uuid REFERENCES components ON DELETE CASCADE,
  delivery_id uuid REFERENCES deliveries ON DELETE CASCADE,
  PRIMARY KEY (user_id, event_id));
CREATE INDEX notices_delivery ON notices (delivery_id);
CREATE INDEX notices_job ON notices (job_id);
CREATE INDEX notices_component ON notices (component_id);
ALTER TABLE notices ENABLE ROW LEVEL SECURITY;
CREATE POLICY notices_all ON notices FOR ALL USING ((SELECT rt_writes_all()));
