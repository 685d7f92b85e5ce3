"""Wrappers: what stands around a build, a file per trade."""

from ringtest.jjb.components.wrappers import (
    environment,
    machines,
    releases,
    ruby,
    secrets,
    time,
)

__all__ = ["environment", "machines", "releases", "ruby", "secrets", "time"]
