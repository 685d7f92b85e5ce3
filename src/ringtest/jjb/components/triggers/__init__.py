"""Triggers: what starts a build, a file per source of events."""

from ringtest.jjb.components.triggers import (
    clocks,
    events,
    gerrit,
    github,
    hosting,
    watchers,
)

__all__ = ["clocks", "events", "gerrit", "github", "hosting", "watchers"]
