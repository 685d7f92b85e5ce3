-- One call notes who changed what, before the COMMIT and in its round trip. In plpgsql, which
-- keeps the plan: planning an INSERT anew was most of the cost. With the owner's rights, since
-- whoever may change something may not read the notes of it.
-- Unless `sure`, a transaction that changed nothing leaves no note.
CREATE FUNCTION rt_note(at timestamp, kind text, actor uuid, the_action text, subject uuid,
  team uuid, request text, the_outcome text, sure boolean)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF sure OR pg_current_xact_id_if_assigned() IS NOT NULL THEN
    INSERT INTO audits (created_at, actor_kind, actor_id, action, subject_id, team_id,
      request_id, outcome) VALUES (at, kind, actor, the_action, subject, team, request, the_outcome);
  END IF;
END $$;
