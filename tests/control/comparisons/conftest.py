"""A track on a clock to turn."""

from tests.control.tests.conftest import track

__all__ = ["track"]
