-- Adding an event: the log row, one queue row per consumer, and the wake-up, in one call.
-- Runs with the owner's rights because the writer need not see what it tells.
CREATE FUNCTION rt_add_event(
  the_type text, the_payload jsonb, the_team uuid, the_topic uuid, at timestamp, consumers text[])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE new_id bigint;
BEGIN
  INSERT INTO events (created_at, type, payload, team_id, topic_id)
    VALUES (at, the_type, the_payload, the_team, the_topic) RETURNING id INTO new_id;
  INSERT INTO event_queue (consumer, event_id, run_after)
    SELECT consumer, new_id, at FROM unnest(consumers) AS consumer;
  PERFORM pg_notify('ringtest_events', the_type || ' ' || new_id);
  RETURN new_id;
END $$;
