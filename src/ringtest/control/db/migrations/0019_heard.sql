-- An event that only report targets hear of is queued for reporting while one listens to it:
-- else the hottest writes would each cost a consumer a transaction that does nothing.

-- A consumer with a question mark gets the event only if a target listens. Whoever asks holds
-- a shared lock until commit, and whoever makes a target listen takes it alone: a target that
-- has committed when the event does was seen, or the event was told to nobody before it.
CREATE OR REPLACE FUNCTION rt_add_event(
  the_type text, the_payload jsonb, the_team uuid, the_topic uuid, at timestamp, consumers text[])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE new_id bigint;
BEGIN
  INSERT INTO events (created_at, type, payload, team_id, topic_id)
    VALUES (at, the_type, the_payload, the_team, the_topic) RETURNING id INTO new_id;
  IF 'reporting?' = ANY (consumers) THEN
    consumers := array_remove(consumers, 'reporting?');
    PERFORM pg_advisory_xact_lock_shared(hashtext('report_targets'));
    IF EXISTS (SELECT FROM report_targets t WHERE t.state = 'active' AND the_type = ANY (t.events))
    THEN
      consumers := array_append(consumers, 'reporting');
    END IF;
  END IF;
  IF cardinality(consumers) > 0 THEN
    INSERT INTO event_queue (consumer, event_id, run_after)
      SELECT consumer, new_id, at FROM unnest(consumers) AS consumer;
  END IF;
  PERFORM pg_notify('ringtest_events',
    the_type || ' ' || new_id || ' ' || array_to_string(consumers, ','));
  RETURN new_id;
END $$;

CREATE FUNCTION rt_listen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('report_targets'));
  RETURN NULL;
END $$;
CREATE TRIGGER report_targets_listen AFTER INSERT OR UPDATE OF state, events ON report_targets
  FOR EACH STATEMENT EXECUTE FUNCTION rt_listen();
