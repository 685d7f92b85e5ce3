"""A bench of jobs on a clock to turn."""

from tests.control.jobs.conftest import bench

__all__ = ["bench"]
