-- Which object has this content already, among the components of a topic and team.
CREATE INDEX component_files_content ON component_files (sha256, size);
