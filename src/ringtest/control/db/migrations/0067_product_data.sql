-- What all labs that test a product should know, as topics have it: `parameters` of their jobs.
ALTER TABLE products ADD COLUMN data jsonb NOT NULL DEFAULT '{}';
