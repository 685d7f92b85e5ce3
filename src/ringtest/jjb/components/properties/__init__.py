"""Properties of jobs, a file per concern."""

from ringtest.jjb.components.properties import (
    access,
    limits,
    marks,
)

__all__ = ["access", "limits", "marks"]
