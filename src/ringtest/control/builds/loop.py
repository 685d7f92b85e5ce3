"""What builds do by themselves: take jobs, follow builds, keep their leases."""

from ringtest.control.builds import service
from ringtest.control.builds.service import Shop
from ringtest.control.db.loops import Loop
from ringtest.control.kernel.events import EventType


def loops(shop: Shop) -> list[Loop]:
    """Leases are kept beside the rest: fetching artifacts may take longer than one lasts."""
    assigned = frozenset({EventType.JOB_ASSIGNED, EventType.JOB_RETRIED})
    lease = shop.settings.lease_seconds
    return [
        Loop("builds.take", lambda: service.take_jobs(shop), 5.0, assigned),
        Loop("builds.follow", lambda: service.follow(shop, is_over=False), 1.0),
        Loop("builds.gather", lambda: service.follow(shop, is_over=True), 2.0),
        Loop("builds.beat", lambda: service.beat(shop), lease / 4),
    ]
