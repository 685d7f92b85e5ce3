"""Builders: the steps of a build, a file per trade."""

from ringtest.jjb.components.builders import (
    compilers,
    conditional,
    files,
    machines,
    provisioning,
    reports,
    scripts,
    triggering,
)

__all__ = [
    "compilers",
    "conditional",
    "files",
    "machines",
    "provisioning",
    "reports",
    "scripts",
    "triggering",
]
