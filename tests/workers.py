"""Which worker runs which test: tests that share one running example stay together."""

from xdist.scheduler import LoadScopeScheduling

_TOGETHER = ("tests/examples/test_demo.py", "tests/examples/test_pages.py")


class Workers(LoadScopeScheduling):  # type: ignore[misc]
    """Single tests go to whichever worker is free; the long story goes first, to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return "the running example" if nodeid.startswith(_TOGETHER) else nodeid
