-- Lists in the order they are shown, so that a page reads its own rows alone.
CREATE INDEX components_of_topic ON components (topic_id, released_at DESC, id)
  WHERE state <> 'archived';
CREATE INDEX components_released ON components (released_at DESC, id) WHERE state <> 'archived';
-- Counting jobs: few values, so it is small, and who may see a row stands in it.
CREATE INDEX jobs_counted ON jobs (team_id) WHERE state <> 'archived';
