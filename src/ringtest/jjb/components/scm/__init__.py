"""Where sources come from, a file per system."""

from ringtest.jjb.components.scm import (
    git,
    others,
    perforce,
    subversion,
)

__all__ = ["git", "others", "perforce", "subversion"]
