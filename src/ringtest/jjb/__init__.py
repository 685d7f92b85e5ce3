"""Jenkins jobs as code: the YAML language of jenkins-job-builder 6.5.0, as an engine of our own.

`engine.render(paths)` loads files, expands templates and macros, and gives each job and view
as the XML that jenkins-job-builder writes, byte for byte; what is wrong comes as problems with
file, line and column, many per run. Pure: no server, no database, no network. Rare components
are rendered by the installed library (`ringtest[jenkins]`), through `borrowed`.
"""
