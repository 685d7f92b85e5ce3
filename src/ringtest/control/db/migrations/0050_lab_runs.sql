-- What people want to run on a lab, and whose wishes the lab lets in: never, after a question,
-- or always. A lab's own team needs nobody's consent; nobody else has any unless it was given.
CREATE TABLE lab_consents (
  remoteci_id uuid NOT NULL REFERENCES remotecis (id) ON DELETE CASCADE,
  team_id uuid NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  asker_team_id uuid REFERENCES teams (id) ON DELETE CASCADE,
  product_id uuid REFERENCES products (id) ON DELETE CASCADE,
  answer text NOT NULL CHECK (answer IN ('never', 'ask', 'always')),
  created_at timestamp NOT NULL,
  UNIQUE NULLS NOT DISTINCT (remoteci_id, team_id, asker_team_id, product_id)
);
CREATE INDEX lab_consents_team ON lab_consents (team_id);

CREATE TABLE lab_runs (
  id uuid PRIMARY KEY,
  created_at timestamp NOT NULL,
  updated_at timestamp NOT NULL,
  remoteci_id uuid NOT NULL REFERENCES remotecis (id) ON DELETE CASCADE,
  team_id uuid NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  topic_id uuid NOT NULL REFERENCES topics (id) ON DELETE CASCADE,
  product_id uuid NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  asker_team_id uuid NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  asker_name text NOT NULL,
  name text NOT NULL,
  comment text,
  spec jsonb NOT NULL,
  components_ids uuid[],
  status text NOT NULL CHECK (status IN ('asked', 'placed', 'refused')),
  expires_at timestamp NOT NULL,
  answered_at timestamp,
  answered_by text,
  reason text,
  job_id uuid REFERENCES jobs (id) ON DELETE SET NULL
);
CREATE INDEX lab_runs_lab ON lab_runs (remoteci_id, created_at DESC);
CREATE INDEX lab_runs_team ON lab_runs (team_id, created_at DESC);
CREATE INDEX lab_runs_asker ON lab_runs (asker_team_id, created_at DESC);
SELECT rt_track_changes(t) FROM unnest(ARRAY['lab_consents', 'lab_runs']) AS t;

-- What a lab says to people of these teams about a product. The narrowest rule counts: of team
-- and product, of the team, of the product, of everybody; of equals the most generous.
CREATE FUNCTION rt_lab_consent(lab uuid, askers uuid[], product uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT jsonb_build_object('name', m.name, 'team', jsonb_build_object('id', t.id,
      'name', t.name, 'state', t.state, 'has_pre_release_access', t.has_pre_release_access),
      'answer', CASE WHEN m.team_id = ANY (askers) THEN 'always'
        ELSE coalesce(c.answer, 'never') END,
      'asker', CASE WHEN m.team_id = ANY (askers) THEN m.team_id
        ELSE coalesce(c.asker_team_id, askers[1]) END)
    FROM remotecis m JOIN teams t ON t.id = m.team_id
    LEFT JOIN LATERAL (SELECT x.answer, x.asker_team_id FROM lab_consents x
      WHERE x.remoteci_id = m.id AND x.team_id = m.team_id
        AND (x.asker_team_id IS NULL OR x.asker_team_id = ANY (askers))
        AND (x.product_id IS NULL OR x.product_id = product)
      ORDER BY x.asker_team_id IS NULL, x.product_id IS NULL,
        array_position(ARRAY['always', 'ask', 'never'], x.answer) LIMIT 1) c ON true
    WHERE m.id = lab AND m.state = 'active' AND t.state = 'active');
END $$;

ALTER TABLE lab_consents ENABLE ROW LEVEL SECURITY;
CREATE POLICY lab_consents_read ON lab_consents FOR SELECT USING
  ((SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
-- nobody gives it for another team, however much they may else
CREATE POLICY lab_consents_write ON lab_consents FOR ALL USING
  (team_id = ANY ((SELECT rt_teams())::uuid[]));

ALTER TABLE lab_runs ENABLE ROW LEVEL SECURITY;
CREATE POLICY lab_runs_read ON lab_runs FOR SELECT USING
  ((SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[])
   OR asker_team_id = ANY ((SELECT rt_teams())::uuid[]));
CREATE POLICY lab_runs_write_new ON lab_runs FOR INSERT WITH CHECK
  (team_id = ANY ((SELECT rt_teams())::uuid[])
   OR (status = 'asked' AND ((SELECT rt_writes_all())
     OR (asker_team_id = ANY ((SELECT rt_teams())::uuid[])
       AND rt_lab_consent(remoteci_id, ARRAY[asker_team_id], product_id) ->> 'answer' <> 'never'))));
CREATE POLICY lab_runs_write ON lab_runs FOR UPDATE USING
  (team_id = ANY ((SELECT rt_teams())::uuid[]));
