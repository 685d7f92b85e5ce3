"""Metadata of jobs: texts, numbers, dates."""

from ringtest.jjb.components.kinds import metadata
from ringtest.jjb.components.parts import constant, lower, text
from ringtest.jjb.components.shapes import node

SAID = (
    text("name"),
    constant("generated", "false"),
    node("parent", class_="job-metadata", reference="../../.."),
    lower("expose-to-env", False, "exposedToEnvironment"),
)

metadata("string", "metadata-string", *SAID, text("value", ""))
metadata("number", "metadata-number", *SAID, text("value", ""))

metadata(
    "date",
    "metadata-date",
    *SAID,
    node("value", text("time"), text("timezone")),
    constant("checked", "true"),
)
