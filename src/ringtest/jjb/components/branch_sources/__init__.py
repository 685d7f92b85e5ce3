"""Where the branches of a multibranch job come from: `scm` there, a file per kind of host.

Their names are those of sources of other jobs; what they render is not. `traits` are what
sources share, `strategies` say which branches are built and how.
"""

from ringtest.jjb.components.branch_sources import bitbucket, github, repositories

__all__ = ["bitbucket", "github", "repositories"]
