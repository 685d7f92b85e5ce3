"""Publishers: what happens after a build, a file per trade."""

from ringtest.jjb.components.publishers import (
    analysis,
    archives,
    chat,
    conditional,
    coverage,
    mail,
    marks,
    scripts,
    tests,
    triggering,
    uploads,
)

__all__ = [
    "analysis",
    "archives",
    "chat",
    "conditional",
    "coverage",
    "mail",
    "marks",
    "scripts",
    "tests",
    "triggering",
    "uploads",
]
