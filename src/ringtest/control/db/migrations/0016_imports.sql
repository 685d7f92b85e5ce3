-- Bringing another server's database here: how far it is, what is still to be fetched, and
-- what could not be kept. Written by the owner of the schema, shown to no tenant.

-- One row per source and table. A pass reads the rows that changed since `since` (NULL: all)
-- in the order of their keys; `position` is the last key of what is here. When a pass ends,
-- `since` becomes the moment it `began`: the next one brings what changed meanwhile.
CREATE TABLE import_passes (
  source text NOT NULL, name text NOT NULL,
  began timestamp, since timestamp, position text[],
  passes integer NOT NULL DEFAULT 0, written bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (source, name));

-- Bytes that are not here yet: of rows that are.
CREATE TABLE import_contents (
  kind text NOT NULL CHECK (kind IN ('file', 'component_file')),
  id uuid NOT NULL, source_key text NOT NULL, target_key text NOT NULL,
  error text, PRIMARY KEY (kind, id));

-- Result files that are here and not read yet, in the order they are to be read in.
CREATE TABLE import_results (
  file_id uuid PRIMARY KEY REFERENCES files ON DELETE CASCADE, created_at timestamp NOT NULL);
CREATE INDEX import_results_order ON import_results (created_at, file_id);

-- Rows that were left out (`skipped`) or kept in another form, and why.
CREATE TABLE import_notes (
  source text NOT NULL, name text NOT NULL, key text NOT NULL, reason text NOT NULL,
  skipped boolean NOT NULL, PRIMARY KEY (source, name, key, reason));

ALTER TABLE import_passes ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_contents ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_results ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_notes ENABLE ROW LEVEL SECURITY;

-- JSON of somebody else: PostgreSQL's jsonb holds no NUL, and a text column may hold anything.
CREATE FUNCTION rt_foreign_json(given text, otherwise jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF given IS NULL OR given = 'null' THEN RETURN otherwise; END IF;
  IF strpos(given, '\u0000') > 0 THEN
    given := regexp_replace(given, '(?<!\\)((?:\\\\)*)\\u0000', '\1', 'g');
  END IF;
  RETURN given::jsonb;
EXCEPTION WHEN data_exception THEN RETURN otherwise;
END $$;

-- jobs.model.component_set_key
CREATE FUNCTION rt_set_key(ids uuid[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN coalesce(cardinality(ids), 0) = 0 THEN '' ELSE left(encode(sha256(convert_to(
    (SELECT string_agg(DISTINCT one::text COLLATE "C", ',') FROM unnest(ids) one), 'UTF8')),
    'hex'), 16) END $$;
