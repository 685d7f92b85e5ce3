"""Jinja2 against the versions of the library it stands on: what `make demo` runs.

`feeder` publishes real archives, two labs run the product's own tests as `definition.yaml`
says, `sink` receives the reports, `demo` starts them all and shows the answer.
"""
