"""Rules of labs' keys and presence. Pure."""

from datetime import timedelta

from ringtest.control.kernel.errors import BadRequest

CONNECTED_FOR = timedelta(seconds=45)
"""A lab counts as connected for so long after its agent last spoke."""
LONGEST_OVERLAP = timedelta(days=30)
"""A replaced API key may go on working for so long, so that labs can roll without a gap."""
TOUCH_EVERY = timedelta(seconds=5)
"""Agents speak many times a second while logs flow; one note in so long is enough."""


def read_overlap(text: str) -> timedelta:
    """Seconds that a replaced key goes on working; 400 when they are none, or too many.

    >>> read_overlap("3600")
    datetime.timedelta(seconds=3600)
    """
    most = int(LONGEST_OVERLAP.total_seconds())
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= most):
        raise BadRequest(f"overlap_seconds must be a whole number from 0 to {most}")
    return timedelta(seconds=int(text))
