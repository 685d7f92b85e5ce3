-- Results of months that are over, as files of columns in the object store: one for each topic,
-- month and team, so that what somebody may read is a list of files.

-- `month` is its first day. A row without `object_key` is of a file that is being written first;
-- `claimed_until` while somebody writes. No reference to topic or team: the object goes by the
-- loop that finds nothing left to write.
CREATE TABLE archived_months (
  id uuid PRIMARY KEY, topic_id uuid NOT NULL, month date NOT NULL, team_id uuid NOT NULL,
  version integer NOT NULL DEFAULT 0, object_key text, rows bigint NOT NULL DEFAULT 0,
  bytes bigint NOT NULL DEFAULT 0, digest text, written_at timestamp, claimed_until timestamp,
  UNIQUE (topic_id, month, team_id));
CREATE INDEX archived_months_object ON archived_months (object_key);

-- Months whose results are written to files, first and whenever they change.
CREATE TABLE archive_begun (month date PRIMARY KEY, begun_at timestamp NOT NULL);

-- What is to be written (again). Only ever added to by those who change results: nobody waits
-- for anybody, and the writer takes the rows that it saw before it read the results.
CREATE TABLE archive_wanted (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic_id uuid NOT NULL, month date NOT NULL, team_id uuid NOT NULL);
CREATE INDEX archive_wanted_month ON archive_wanted (month, topic_id, team_id);

ALTER TABLE archived_months ENABLE ROW LEVEL SECURITY;
CREATE POLICY archived_months_read ON archived_months FOR SELECT USING
  ((SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
CREATE POLICY archived_months_write ON archived_months FOR ALL USING ((SELECT rt_writes_all()));
ALTER TABLE archive_begun ENABLE ROW LEVEL SECURITY;
CREATE POLICY archive_begun_read ON archive_begun FOR SELECT USING (true);
CREATE POLICY archive_begun_write ON archive_begun FOR ALL USING ((SELECT rt_writes_all()));
ALTER TABLE archive_wanted ENABLE ROW LEVEL SECURITY;
CREATE POLICY archive_wanted_all ON archive_wanted FOR ALL USING ((SELECT rt_writes_all()));

CREATE FUNCTION rt_want_archive(the_topic uuid, the_month date, the_team uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO archive_wanted (topic_id, month, team_id) VALUES (the_topic, the_month, the_team)
$$;

-- As before, and a change in a month that is written to files has its file written again. What
-- goes because it is kept no longer stays in its file.
CREATE OR REPLACE FUNCTION rt_result_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.is_counted THEN
    PERFORM rt_count_result(OLD, -1);
    IF EXISTS (SELECT FROM archive_begun WHERE month = date_trunc('month', OLD.created_at)::date)
        AND OLD.topic_id IS NOT NULL AND (TG_OP = 'UPDATE' OR NOT EXISTS (
          SELECT FROM retired_months WHERE month = date_trunc('month', OLD.created_at)::date)) THEN
      PERFORM rt_want_archive(OLD.topic_id, date_trunc('month', OLD.created_at)::date, OLD.team_id);
    END IF;
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.is_counted THEN
    PERFORM rt_count_result(NEW, 1);
    IF NEW.topic_id IS NOT NULL AND EXISTS (
        SELECT FROM archive_begun WHERE month = date_trunc('month', NEW.created_at)::date) THEN
      PERFORM rt_want_archive(NEW.topic_id, date_trunc('month', NEW.created_at)::date, NEW.team_id);
    END IF;
  END IF;
  RETURN NULL;
END $$;

-- A file that goes for good leaves the archive, also when its results are kept no longer: then
-- they are nowhere else, and the files of its team are looked through.
CREATE FUNCTION rt_file_leaves_archive() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO archive_wanted (topic_id, month, team_id)
    SELECT a.topic_id, a.month, a.team_id FROM archived_months a
    JOIN retired_months m ON m.month = a.month
    WHERE a.month = date_trunc('month', OLD.created_at)::date AND a.team_id = OLD.team_id;
  RETURN NULL;
END $$;
CREATE TRIGGER files_leave_archive AFTER DELETE ON files FOR EACH ROW
  EXECUTE FUNCTION rt_file_leaves_archive();

-- Whether the results of a month may be dropped: all of them are in files.
CREATE FUNCTION rt_is_archived(the_month date) RETURNS boolean LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM archive_begun WHERE month = the_month)
    AND NOT EXISTS (SELECT FROM archive_wanted WHERE month = the_month)
    AND NOT EXISTS (SELECT FROM uncounted_results WHERE created_at >= the_month
      AND created_at < the_month + interval '1 month')
$$;

CREATE OR REPLACE FUNCTION rt_objects_in_use(keys text[]) RETURNS SETOF text LANGUAGE sql STABLE
SET search_path = public, pg_temp AS $$
  SELECT k FROM unnest(keys) AS k
  WHERE EXISTS (SELECT FROM files f WHERE f.object_key = k
      AND f.id = substring(k FROM '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$')::uuid)
    OR EXISTS (SELECT FROM files f WHERE f.object_key = k AND right(f.object_key, 36) <> f.id::text)
    OR EXISTS (SELECT FROM component_files c WHERE c.object_key = k)
    OR EXISTS (SELECT FROM log_frames l WHERE l.object_key = k)
    OR EXISTS (SELECT FROM upload_parts p WHERE p.object_key = k)
    OR EXISTS (SELECT FROM archived_months a WHERE a.object_key = k)
$$;

REVOKE EXECUTE ON FUNCTION rt_want_archive FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rt_want_archive TO ringtest_app;
