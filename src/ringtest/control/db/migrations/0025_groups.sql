-- Groups that stay what they are: signatures may change, people may merge; numbers of groups
-- are kept; rules that name what is known.

-- Signatures and groups ----------------------------------------------------------
-- A row per signature, whose id may be that of a group too. As a signature: `home_id` is the
-- group its failures belong to, most often itself; `shown_id` is where they are counted,
-- listed and told. As a group: `alias_of` is the one of which it is a former id, since an
-- algorithm or a policy gave its failures another signature; `merged_into` what a person said
-- it is; `stands_for` what comes of both.
ALTER TABLE failure_groups ADD COLUMN home_id uuid, ADD COLUMN shown_id uuid,
  ADD COLUMN alias_of uuid, ADD COLUMN merged_into uuid, ADD COLUMN stands_for uuid;
UPDATE failure_groups SET home_id = id, shown_id = id, stands_for = id;
CREATE FUNCTION rt_at_home() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.home_id := coalesce(NEW.home_id, NEW.id);
  NEW.shown_id := coalesce(NEW.shown_id, NEW.home_id);
  NEW.stands_for := coalesce(NEW.stands_for, NEW.id);
  RETURN NEW;
END $$;
CREATE TRIGGER failure_groups_home BEFORE INSERT ON failure_groups FOR EACH ROW
  EXECUTE FUNCTION rt_at_home();
CREATE INDEX failure_groups_shown ON failure_groups (shown_id);
CREATE INDEX failure_groups_merged ON failure_groups (stands_for) WHERE merged_into IS NOT NULL;

-- The group that an id stands for, whoever asks; who may see it is another question.
CREATE FUNCTION rt_group(the_id uuid) RETURNS uuid LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT stands_for FROM failure_groups WHERE id = the_id $$;

-- What of an occurrence is its job's, kept here so that counting need not join it: when the
-- job was made and when it ended, its set, and whether it counts (is not archived).
ALTER TABLE failure_occurrences ADD COLUMN made_at timestamp, ADD COLUMN ended_at timestamp,
  ADD COLUMN is_live boolean NOT NULL DEFAULT true;
UPDATE failure_occurrences o SET made_at = j.created_at, set_key = j.set_key,
  ended_at = coalesce(j.finished_at, j.created_at), is_live = j.state <> 'archived'
FROM jobs j WHERE j.id = o.job_id;

CREATE FUNCTION rt_occurrence() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  SELECT created_at, coalesce(finished_at, created_at), set_key, state <> 'archived'
  INTO NEW.made_at, NEW.ended_at, NEW.set_key, NEW.is_live FROM jobs WHERE id = NEW.job_id;
  RETURN NEW;
END $$;
CREATE TRIGGER failure_occurrences_job BEFORE INSERT ON failure_occurrences FOR EACH ROW
  WHEN (NEW.made_at IS NULL) EXECUTE FUNCTION rt_occurrence();
CREATE FUNCTION rt_job_of_occurrences() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE failure_occurrences SET is_live = NEW.state <> 'archived', set_key = NEW.set_key
  WHERE job_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER jobs_occurrences AFTER UPDATE OF state, set_key ON jobs FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.set_key IS DISTINCT FROM NEW.set_key)
  EXECUTE FUNCTION rt_job_of_occurrences();
CREATE INDEX failure_occurrences_set ON failure_occurrences (group_id, set_key);
CREATE INDEX failure_occurrences_made ON failure_occurrences (group_id, made_at DESC);
CREATE INDEX failure_occurrences_topic ON failure_occurrences (topic_id, made_at DESC, job_id DESC);

-- Numbers of a signature in a lab, made of its occurrences that count: how many, the first by
-- when its job was made, the last by when its job ended. Only rows with an occurrence stay.
CREATE TABLE failure_labs (
  group_id uuid NOT NULL REFERENCES failure_groups ON DELETE CASCADE,
  remoteci_id uuid NOT NULL, team_id uuid NOT NULL, topic_id uuid NOT NULL,
  shown_id uuid NOT NULL, -- of the signature's row
  occurrences bigint NOT NULL, cases bigint NOT NULL,
  first_made_at timestamp NOT NULL, first_job_id uuid NOT NULL, first_ended_at timestamp NOT NULL,
  last_ended_at timestamp NOT NULL, last_made_at timestamp NOT NULL, last_job_id uuid NOT NULL,
  first_grouped_at timestamp NOT NULL, last_grouped_at timestamp NOT NULL,
  PRIMARY KEY (group_id, remoteci_id));
CREATE INDEX failure_labs_shown ON failure_labs (shown_id);
CREATE INDEX failure_labs_topic ON failure_labs (topic_id);
CREATE INDEX failure_labs_team ON failure_labs (team_id);

-- Count these signatures in these labs anew. Whoever adds to one of them waits until it is
-- done, or was seen here.
CREATE FUNCTION rt_count_failures(groups uuid[], labs uuid[]) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO failure_labs SELECT DISTINCT g.id, r.id, r.team_id, g.topic_id, g.shown_id, 0, 0,
    g.created_at, g.id, g.created_at, g.created_at, g.created_at, g.id, g.created_at, g.created_at
  FROM unnest(groups, labs) x (group_id, lab_id) JOIN failure_groups g ON g.id = x.group_id
  JOIN remotecis r ON r.id = x.lab_id ORDER BY 1, 2
  ON CONFLICT (group_id, remoteci_id) DO NOTHING;
  PERFORM 1 FROM failure_labs WHERE (group_id, remoteci_id) IN (SELECT * FROM unnest(groups, labs))
  ORDER BY group_id, remoteci_id FOR UPDATE;
  UPDATE failure_labs l SET occurrences = n.occurrences, cases = n.cases,
    first_made_at = n.first_made_at, first_job_id = n.first_job_id,
    first_ended_at = n.first_ended_at,
    last_ended_at = n.last_ended_at, last_made_at = n.last_made_at, last_job_id = n.last_job_id,
    first_grouped_at = n.first_grouped_at, last_grouped_at = n.last_grouped_at
  FROM (
    SELECT o.group_id, o.remoteci_id, count(*) AS occurrences, sum(o.cases) AS cases,
      min(o.made_at) AS first_made_at, max(o.ended_at) AS last_ended_at,
      (array_agg(o.job_id ORDER BY o.made_at, o.job_id))[1] AS first_job_id,
      (array_agg(o.ended_at ORDER BY o.made_at, o.job_id))[1] AS first_ended_at,
      (array_agg(o.made_at ORDER BY o.ended_at DESC, o.made_at DESC))[1] AS last_made_at,
      (array_agg(o.job_id ORDER BY o.ended_at DESC, o.made_at DESC, o.job_id DESC))[1]
        AS last_job_id,
      min(o.created_at) AS first_grouped_at, max(o.created_at) AS last_grouped_at
    FROM failure_occurrences o WHERE o.is_live
      AND (o.group_id, o.remoteci_id) IN (SELECT * FROM unnest(groups, labs))
    GROUP BY o.group_id, o.remoteci_id) n
  WHERE l.group_id = n.group_id AND l.remoteci_id = n.remoteci_id;
  DELETE FROM failure_labs l USING (SELECT DISTINCT * FROM unnest(groups, labs)) x (group_id, lab_id)
  WHERE l.group_id = x.group_id AND l.remoteci_id = x.lab_id AND NOT EXISTS (
    SELECT 1 FROM failure_occurrences o WHERE o.group_id = l.group_id
      AND o.remoteci_id = l.remoteci_id AND o.is_live);
END $$;
REVOKE ALL ON FUNCTION rt_count_failures FROM PUBLIC;

CREATE FUNCTION rt_failures_came() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO failure_labs AS l (group_id, remoteci_id, team_id, topic_id, shown_id, occurrences,
    cases, first_made_at, first_job_id, first_ended_at, last_ended_at, last_made_at, last_job_id,
    first_grouped_at, last_grouped_at)
  SELECT n.group_id, n.remoteci_id, (array_agg(n.team_id))[1], (array_agg(n.topic_id))[1],
    (array_agg(g.shown_id))[1], count(*), sum(n.cases),
    min(n.made_at), (array_agg(n.job_id ORDER BY n.made_at, n.job_id))[1],
    (array_agg(n.ended_at ORDER BY n.made_at, n.job_id))[1], max(n.ended_at),
    (array_agg(n.made_at ORDER BY n.ended_at DESC, n.made_at DESC))[1],
    (array_agg(n.job_id ORDER BY n.ended_at DESC, n.made_at DESC, n.job_id DESC))[1],
    min(n.created_at), max(n.created_at)
  FROM came n JOIN failure_groups g ON g.id = n.group_id
  WHERE n.is_live GROUP BY n.group_id, n.remoteci_id ORDER BY n.group_id, n.remoteci_id
  ON CONFLICT (group_id, remoteci_id) DO UPDATE SET
    occurrences = l.occurrences + excluded.occurrences, cases = l.cases + excluded.cases,
    (first_made_at, first_job_id, first_ended_at) = (SELECT a, b, c FROM (VALUES
      (l.first_made_at, l.first_job_id, l.first_ended_at),
      (excluded.first_made_at, excluded.first_job_id, excluded.first_ended_at)) v (a, b, c)
      ORDER BY a, b LIMIT 1),
    (last_ended_at, last_made_at, last_job_id) = (SELECT a, b, c FROM (VALUES
      (l.last_ended_at, l.last_made_at, l.last_job_id),
      (excluded.last_ended_at, excluded.last_made_at, excluded.last_job_id)) v (a, b, c)
      ORDER BY a DESC, b DESC, c DESC LIMIT 1),
    first_grouped_at = least(l.first_grouped_at, excluded.first_grouped_at),
    last_grouped_at = greatest(l.last_grouped_at, excluded.last_grouped_at);
  RETURN NULL;
END $$;
CREATE TRIGGER failure_occurrences_came AFTER INSERT ON failure_occurrences
  REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION rt_failures_came();

CREATE FUNCTION rt_failures_changed() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE groups uuid[]; labs uuid[];
BEGIN
  SELECT array_agg(group_id), array_agg(remoteci_id) INTO groups, labs
  FROM (SELECT DISTINCT group_id, remoteci_id FROM gone) x;
  IF groups IS NOT NULL THEN
    PERFORM rt_count_failures(groups, labs);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER failure_occurrences_changed AFTER UPDATE ON failure_occurrences
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rt_failures_changed();
CREATE TRIGGER failure_occurrences_went AFTER DELETE ON failure_occurrences
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION rt_failures_changed();

CREATE FUNCTION rt_group_moved() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE failure_labs SET shown_id = NEW.shown_id WHERE group_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER failure_groups_moved AFTER UPDATE OF shown_id ON failure_groups FOR EACH ROW
  WHEN (OLD.shown_id IS DISTINCT FROM NEW.shown_id) EXECUTE FUNCTION rt_group_moved();

SELECT rt_count_failures(array_agg(group_id), array_agg(remoteci_id))
FROM (SELECT DISTINCT group_id, remoteci_id FROM failure_occurrences) x HAVING count(*) > 0;

ALTER TABLE failure_labs ENABLE ROW LEVEL SECURITY;
CREATE POLICY failure_labs_read ON failure_labs FOR SELECT USING
  ((SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
DROP POLICY failure_groups_read ON failure_groups;
CREATE POLICY failure_groups_read ON failure_groups FOR SELECT USING
  ((SELECT rt_reads_all()) OR id IN (SELECT group_id FROM failure_labs)
    OR id IN (SELECT shown_id FROM failure_labs));

-- Policies of signatures, and what follows when they change --------------------------
CREATE TABLE signature_policies (
  product_id uuid PRIMARY KEY REFERENCES products ON DELETE CASCADE,
  created_at timestamp NOT NULL, updated_at timestamp NOT NULL, etag varchar(40) NOT NULL,
  version text NOT NULL, -- a digest of the policy
  keep text[] NOT NULL, own_code text[] NOT NULL);
ALTER TABLE signature_policies ENABLE ROW LEVEL SECURITY;
CREATE POLICY signature_policies_read ON signature_policies FOR SELECT USING
  (product_id IN (SELECT id FROM products));
CREATE POLICY signature_policies_write ON signature_policies FOR ALL USING ((SELECT rt_writes_all()));

-- Which algorithm and policy made a topic's signatures; `target` is what they are being made
-- into, job by job from the newest on, as far as `before_at` and `before_id`.
CREATE TABLE failure_topics (
  topic_id uuid PRIMARY KEY REFERENCES topics ON DELETE CASCADE,
  version text NOT NULL, policy jsonb NOT NULL,
  target text, before_at timestamp, before_id uuid, jobs_done bigint NOT NULL DEFAULT 0,
  updated_at timestamp NOT NULL);
-- Of which group how many jobs had what has a signature in the new way.
CREATE TABLE failure_votes (
  topic_id uuid NOT NULL REFERENCES topics ON DELETE CASCADE,
  group_id uuid NOT NULL REFERENCES failure_groups ON DELETE CASCADE,
  home_id uuid NOT NULL, votes bigint NOT NULL,
  PRIMARY KEY (topic_id, group_id, home_id));
ALTER TABLE failure_topics ENABLE ROW LEVEL SECURITY;
CREATE POLICY failure_topics_all ON failure_topics FOR ALL USING ((SELECT rt_writes_all()));
ALTER TABLE failure_votes ENABLE ROW LEVEL SECURITY;
CREATE POLICY failure_votes_all ON failure_votes FOR ALL USING ((SELECT rt_writes_all()));

-- Known issues -------------------------------------------------------------------
-- A rule that names failures which somebody knows. Of a team: for its own jobs alone. Without
-- topic and product: for all. `after_…`: how far what was there before has been looked at.
CREATE TABLE known_issues (
  id uuid PRIMARY KEY, created_at timestamp NOT NULL, updated_at timestamp NOT NULL,
  etag varchar(40) NOT NULL, state row_state NOT NULL DEFAULT 'active',
  name text NOT NULL, kind text NOT NULL CHECK (kind IN ('regex', 'text', 'signature')),
  pattern text NOT NULL,
  topic_id uuid REFERENCES topics ON DELETE CASCADE,
  product_id uuid REFERENCES products ON DELETE CASCADE,
  team_id uuid REFERENCES teams ON DELETE CASCADE,
  owner text NOT NULL, expires_at timestamp, is_expired boolean NOT NULL DEFAULT false,
  link text, note text,
  after_group uuid, after_lab uuid, labelled_at timestamp);
CREATE INDEX known_issues_topic ON known_issues (topic_id);
CREATE INDEX known_issues_product ON known_issues (product_id);
CREATE INDEX known_issues_team ON known_issues (team_id);

-- What rules found, by signature and the team whose failures it was found in.
CREATE TABLE known_issue_labels (
  issue_id uuid NOT NULL REFERENCES known_issues ON DELETE CASCADE,
  group_id uuid NOT NULL REFERENCES failure_groups ON DELETE CASCADE,
  team_id uuid NOT NULL, created_at timestamp NOT NULL,
  PRIMARY KEY (issue_id, group_id, team_id));
CREATE INDEX known_issue_labels_group ON known_issue_labels (group_id, team_id);

ALTER TABLE known_issues ENABLE ROW LEVEL SECURITY;
CREATE POLICY known_issues_read ON known_issues FOR SELECT USING
  ((SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[])
   OR (team_id IS NULL AND ((topic_id IS NULL AND product_id IS NULL)
     OR topic_id IN (SELECT id FROM topics) OR product_id IN (SELECT id FROM products))));
CREATE POLICY known_issues_write ON known_issues FOR ALL USING
  ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[])) WITH CHECK
  ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
ALTER TABLE known_issue_labels ENABLE ROW LEVEL SECURITY;
CREATE POLICY known_issue_labels_read ON known_issue_labels FOR SELECT USING
  ((SELECT rt_reads_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));
CREATE POLICY known_issue_labels_write ON known_issue_labels FOR ALL USING
  ((SELECT rt_writes_all()) OR team_id = ANY ((SELECT rt_teams())::uuid[]));

SELECT rt_track_changes(t) FROM unnest(ARRAY['failure_labs', 'signature_policies',
  'known_issues', 'known_issue_labels', 'failure_groups', 'failure_occurrences']) t;
