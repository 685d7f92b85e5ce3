"""Parameters of jobs, a file per way to choose their values."""

from ringtest.jjb.components.parameters import (
    builds,
    plain,
    scripted,
)

__all__ = ["builds", "plain", "scripted"]
