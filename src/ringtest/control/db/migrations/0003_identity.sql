-- Who is asking? Answered before any tenant is known, hence by the owner's rights; each
-- function returns one identity and nothing else. In plpgsql, which keeps plans: every request
-- calls one of them, and planning was most of the cost of the same in plain SQL.

CREATE FUNCTION rt_identity(the_user uuid) RETURNS jsonb LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT to_jsonb(u) || jsonb_build_object(
    'teams', coalesce((SELECT jsonb_agg(jsonb_build_object(
        'id', t.id, 'name', t.name, 'state', t.state,
        'has_pre_release_access', t.has_pre_release_access) ORDER BY t.name)
      FROM users_teams ut JOIN teams t ON t.id = ut.team_id AND t.state <> 'archived'
      WHERE ut.user_id = u.id), '[]'),
    'component_teams', coalesce((SELECT jsonb_agg(DISTINCT a.access_team_id)
      FROM teams_components_access a JOIN users_teams ut ON ut.team_id = a.team_id
      WHERE ut.user_id = u.id), '[]'))
  FROM users u WHERE u.id = the_user AND u.state = 'active');
END $$;

CREATE FUNCTION rt_identity_by_login(login text) RETURNS jsonb LANGUAGE plpgsql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT rt_identity(u.id) FROM users u
    WHERE u.state = 'active' AND (u.name = login OR u.email = login)
    ORDER BY (u.name = login) DESC LIMIT 1);
END $$;

CREATE FUNCTION rt_identity_by_session(hash bytea, at timestamp) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT rt_identity(s.user_id) FROM sessions s
    WHERE s.token_hash = hash AND s.expires_at > at);
END $$;

CREATE FUNCTION rt_identity_of_machine(kind text, machine uuid, at timestamp)
RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT jsonb_build_object('id', m.id, 'name', m.name, 'etag', m.etag, 'state', m.state,
    'team', jsonb_build_object('id', t.id, 'name', t.name, 'state', t.state,
      'has_pre_release_access', t.has_pre_release_access),
    'component_teams', coalesce((SELECT jsonb_agg(a.access_team_id)
      FROM teams_components_access a WHERE a.team_id = t.id), '[]'),
    'secrets', coalesce((SELECT jsonb_agg(encode(c.secret, 'base64') ORDER BY c.created_at DESC)
      FROM credentials c WHERE c.holder_kind = kind AND c.holder_id = m.id
      AND (c.retires_at IS NULL OR c.retires_at > at)), '[]'))
  FROM (SELECT r.id, r.name, r.etag, r.state, r.team_id FROM remotecis r
          WHERE kind = 'remoteci' AND r.id = machine
        UNION ALL
        SELECT f.id, f.name, f.etag, f.state, f.team_id FROM feeders f
          WHERE kind = 'feeder' AND f.id = machine) m
  JOIN teams t ON t.id = m.team_id
  WHERE m.state = 'active');
END $$;
