-- Who is asking, in a form that processes may keep: what ends by itself says when. Scoped
-- tokens, failures that all processes count together, spent allowances, seen signatures.

-- Tokens of people and machines. Only a hash of the secret is kept; `hint` is its beginning.
-- team_id is the team of a machine, or the one team that a person's token is narrowed to.
CREATE TABLE api_tokens (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  name text NOT NULL,
  holder_kind text NOT NULL CHECK (holder_kind IN ('user', 'remoteci', 'feeder')),
  holder_id uuid NOT NULL,
  team_id uuid REFERENCES teams ON DELETE CASCADE,
  scopes text[] NOT NULL, token_hash bytea NOT NULL UNIQUE, hint text NOT NULL,
  expires_at timestamp NOT NULL, last_used_at timestamp);
CREATE INDEX api_tokens_holder ON api_tokens (holder_kind, holder_id);

ALTER TABLE api_tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY api_tokens_own ON api_tokens FOR ALL USING
  ((SELECT rt_writes_all())
   OR (holder_kind = 'user' AND holder_id::text = current_setting('ringtest.user_id', true))
   OR (holder_kind <> 'user' AND team_id = ANY ((SELECT rt_teams())::uuid[])));

-- A person with teams, and for each team the teams whose components it may see.
CREATE FUNCTION rt_person(the_user uuid) RETURNS jsonb LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT to_jsonb(u) || jsonb_build_object(
    'teams', coalesce((SELECT jsonb_agg(jsonb_build_object(
        'id', t.id, 'name', t.name, 'state', t.state,
        'has_pre_release_access', t.has_pre_release_access) ORDER BY t.name)
      FROM users_teams ut JOIN teams t ON t.id = ut.team_id AND t.state <> 'archived'
      WHERE ut.user_id = u.id), '[]'),
    'grants', coalesce((SELECT jsonb_agg(jsonb_build_array(a.team_id, a.access_team_id))
      FROM teams_components_access a JOIN users_teams ut ON ut.team_id = a.team_id
      WHERE ut.user_id = u.id), '[]'))
  FROM users u WHERE u.id = the_user AND u.state = 'active');
END $$;

CREATE FUNCTION rt_person_by_login(login text) RETURNS jsonb LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT rt_person(u.id) FROM users u
    WHERE u.state = 'active' AND (u.name = login OR u.email = login)
    ORDER BY (u.name = login) DESC LIMIT 1);
END $$;

CREATE FUNCTION rt_person_by_session(hash bytea) RETURNS jsonb LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT rt_person(s.user_id) || jsonb_build_object('ends_at', s.expires_at)
    FROM sessions s WHERE s.token_hash = hash);
END $$;

-- The user of a name at the single sign-on, of whatever state: the caller of this looks at it.
CREATE FUNCTION rt_person_of_sso(sso_name text) RETURNS jsonb LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT jsonb_build_object('id', u.id, 'state', u.state, 'email', u.email,
      'sso_sub', u.sso_sub, 'person', rt_person(u.id))
    FROM users u WHERE u.sso_username = sso_name);
END $$;

CREATE FUNCTION rt_machine(kind text, machine uuid) RETURNS jsonb LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT jsonb_build_object('id', m.id, 'name', m.name, 'etag', m.etag, 'state', m.state,
    'team', jsonb_build_object('id', t.id, 'name', t.name, 'state', t.state,
      'has_pre_release_access', t.has_pre_release_access),
    'component_teams', coalesce((SELECT jsonb_agg(a.access_team_id)
      FROM teams_components_access a WHERE a.team_id = t.id), '[]'),
    'keys', coalesce((SELECT jsonb_agg(jsonb_build_object(
        'secret', encode(c.secret, 'base64'), 'ends_at', c.retires_at) ORDER BY c.created_at DESC)
      FROM credentials c WHERE c.holder_kind = kind AND c.holder_id = m.id), '[]'))
  FROM (SELECT r.id, r.name, r.etag, r.state, r.team_id FROM remotecis r
          WHERE kind = 'remoteci' AND r.id = machine
        UNION ALL
        SELECT f.id, f.name, f.etag, f.state, f.team_id FROM feeders f
          WHERE kind = 'feeder' AND f.id = machine) m
  JOIN teams t ON t.id = m.team_id
  WHERE m.state = 'active');
END $$;

CREATE FUNCTION rt_by_token(hash bytea) RETURNS jsonb LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT jsonb_build_object('id', k.id, 'holder_kind', k.holder_kind,
      'scopes', k.scopes, 'ends_at', k.expires_at, 'last_used_at', k.last_used_at,
      'team_id', CASE k.holder_kind WHEN 'user' THEN k.team_id END,
      'holder', CASE k.holder_kind WHEN 'user' THEN rt_person(k.holder_id)
        ELSE rt_machine(k.holder_kind, k.holder_id) END)
    FROM api_tokens k WHERE k.token_hash = hash AND k.state = 'active');
END $$;

CREATE FUNCTION rt_token_used(token uuid, at timestamp) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE api_tokens SET last_used_at = at WHERE id = token
    AND (last_used_at IS NULL OR last_used_at < at) $$;

-- What all processes count together. Nobody reads these tables but the functions below; they
-- survive no crash of the database, which costs a window of counting and makes writing cheap.

CREATE UNLOGGED TABLE failures (key text NOT NULL, at timestamp NOT NULL);
CREATE INDEX failures_key ON failures (key, at);
ALTER TABLE failures ENABLE ROW LEVEL SECURITY;

CREATE UNLOGGED TABLE allowances (
  key text PRIMARY KEY, tokens double precision NOT NULL, at timestamp NOT NULL);
ALTER TABLE allowances ENABLE ROW LEVEL SECURITY;

CREATE UNLOGGED TABLE seen_signatures (digest bytea PRIMARY KEY, until timestamp NOT NULL);
ALTER TABLE seen_signatures ENABLE ROW LEVEL SECURITY;

-- Failures by key since a moment: {"<key>": ["<oldest>", …]}, at most 1,000 of a key.
CREATE FUNCTION rt_failures(keys text[], since timestamp) RETURNS jsonb LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT coalesce(jsonb_object_agg(k, moments), '{}') FROM (
    SELECT k, (SELECT jsonb_agg(f.at ORDER BY f.at) FROM (SELECT at FROM failures
        WHERE key = k AND at > since ORDER BY at DESC LIMIT 1000) f) AS moments
    FROM unnest(keys) k) found WHERE moments IS NOT NULL);
END $$;

CREATE FUNCTION rt_fail(keys text[], now timestamp, since timestamp) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM failures WHERE key = ANY (keys) AND at <= since;
  INSERT INTO failures SELECT k, now FROM unnest(keys) k;
  RETURN rt_failures(keys, since);
END $$;

CREATE FUNCTION rt_forgive(the_key text) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
  DELETE FROM failures WHERE key = the_key $$;

-- Take what a process gave out from the common buckets; what is left: {"<key>": tokens}.
-- A bucket may be overdrawn by one whole filling, so that debts end.
CREATE FUNCTION rt_spend(
  the_keys text[], the_used double precision[], bursts double precision[],
  rates double precision[], now timestamp) RETURNS jsonb LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE answer jsonb;
BEGIN
  WITH wanted AS (
    SELECT * FROM unnest(the_keys, the_used, bursts, rates) AS w(key, used, burst, rate)
    ORDER BY key
  ), spent AS (
    INSERT INTO allowances AS a SELECT key, burst - used, now FROM wanted
    ON CONFLICT (key) DO UPDATE SET at = greatest(a.at, now), tokens = (
      SELECT greatest(-w.burst, least(w.burst, a.tokens
        + w.rate * greatest(0, extract(epoch FROM now - a.at))) - w.used)
      FROM wanted w WHERE w.key = a.key)
    RETURNING a.key, a.tokens
  ) SELECT jsonb_object_agg(key, tokens) INTO answer FROM spent;
  RETURN answer;
END $$;

-- True the first time a signature is seen.
CREATE FUNCTION rt_first_seen(the_digest bytea, the_end timestamp) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO seen_signatures VALUES (the_digest, the_end) ON CONFLICT DO NOTHING;
  RETURN FOUND;
END $$;

-- Forget what no longer counts; how many rows went. Tokens go a month after their end.
CREATE FUNCTION rt_forget_callers(now timestamp, failed_before timestamp) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE gone bigint; more bigint;
BEGIN
  DELETE FROM failures WHERE at <= failed_before;
  GET DIAGNOSTICS gone = ROW_COUNT;
  DELETE FROM allowances WHERE at <= now - interval '1 hour';
  GET DIAGNOSTICS more = ROW_COUNT; gone := gone + more;
  DELETE FROM seen_signatures WHERE until <= now;
  GET DIAGNOSTICS more = ROW_COUNT; gone := gone + more;
  DELETE FROM sessions WHERE expires_at <= now;
  GET DIAGNOSTICS more = ROW_COUNT; gone := gone + more;
  DELETE FROM api_tokens WHERE expires_at <= now - interval '30 days';
  GET DIAGNOSTICS more = ROW_COUNT; gone := gone + more;
  DELETE FROM credentials WHERE retires_at <= now - interval '30 days';
  GET DIAGNOSTICS more = ROW_COUNT;
  RETURN gone + more;
END $$;
