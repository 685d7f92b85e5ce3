-- Writing before any tenant is known, by the owner's rights: users of the single sign-on, and
-- a password hashed anew when its owner logs in.

SELECT rt_track_changes('api_tokens', '{last_used_at}');

-- A user of the provider, member of the active teams of these names. False when the name is a
-- user's here who has no single sign-on; an address that somebody else has is left out.
CREATE FUNCTION rt_sso_add(
  the_id uuid, the_name text, the_fullname text, the_email text, the_sub text, the_etag text,
  now timestamp, the_teams text[]) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO users (id, created_at, updated_at, etag, name, sso_username, sso_sub, fullname, email)
    VALUES (the_id, now, now, the_etag, the_name, the_name,
      CASE WHEN NOT EXISTS (SELECT 1 FROM users u WHERE u.sso_sub = the_sub) THEN the_sub END,
      the_fullname,
      CASE WHEN NOT EXISTS (SELECT 1 FROM users u WHERE u.email = the_email) THEN the_email END)
    ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RETURN EXISTS (SELECT 1 FROM users u WHERE u.sso_username = the_name);
  END IF;
  INSERT INTO users_teams (user_id, team_id)
    SELECT the_id, t.id FROM teams t WHERE t.name = ANY (the_teams) AND t.state = 'active';
  RETURN true;
END $$;

-- The address and the id that the provider gives a user; false when somebody else has them.
CREATE FUNCTION rt_sso_update(
  the_user uuid, the_email text, the_sub text, the_etag text, now timestamp)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE users SET email = coalesce(the_email, email), sso_sub = coalesce(sso_sub, the_sub),
      etag = the_etag, updated_at = now
    WHERE id = the_user AND NOT EXISTS (SELECT 1 FROM users o WHERE o.id <> the_user
      AND (o.email = the_email OR o.sso_sub = the_sub));
  RETURN FOUND;
EXCEPTION WHEN unique_violation THEN
  RETURN false;
END $$;

CREATE FUNCTION rt_rehash(the_user uuid, old_hash text, new_hash text) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE users SET password = new_hash WHERE id = the_user AND password = old_hash $$;
