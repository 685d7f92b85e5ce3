"""Rules of labs' keys and presence. Pure."""

from datetime import timedelta

CONNECTED_FOR = timedelta(seconds=45)
"""A lab counts as connected for so long after its agent last spoke."""
KEY_OVERLAP = timedelta(hours=24)
"""A replaced API key goes on working for so long, so that labs can roll without a gap."""
TOUCH_EVERY = timedelta(seconds=5)
"""Agents speak many times a second while logs flow; one note in so long is enough."""
