"""What can be purged, how much at once, and after how many days by itself. Pure."""

from datetime import timedelta

from ringtest.control.kernel.errors import BadRequest

KINDS = (
    "jobs", "components", "files", "products", "topics", "teams", "users", "remotecis", "feeders",
)  # fmt: skip
BATCH = 500
"""Rows of one table that go in one transaction: locks are short, memory stays flat."""


def read_retention(text: str) -> dict[str, timedelta]:
    """The setting `retention`: how long archived rows of a kind are kept.

    >>> read_retention("jobs=365, files=90")
    {'jobs': datetime.timedelta(days=365), 'files': datetime.timedelta(days=90)}
    """
    kept: dict[str, timedelta] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        kind, _, days = part.partition("=")
        kind, days = kind.strip(), days.strip()
        if kind not in KINDS or not (days.isascii() and days.isdigit()) or len(days) > 5:
            raise BadRequest(
                f"RINGTEST_RETENTION: expected kind=days, got {part!r}; kinds: {', '.join(KINDS)}"
            )
        kept[kind] = timedelta(days=int(days))
    return kept
