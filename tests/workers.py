"""Which worker runs which test: tests that share one running example stay together."""

from xdist.scheduler import LoadScopeScheduling

_TOGETHER = {
    "the running example": ("tests/examples/test_demo.py", "tests/examples/test_pages.py"),
    "the server of dciclient": ("tests/conformance/dciclient/",),
}


class Workers(LoadScopeScheduling):  # type: ignore[misc]
    """Single tests go to whichever worker is free; the long story goes first, to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        shared = (name for name, files in _TOGETHER.items() if nodeid.startswith(files))
        return next(shared, nodeid)
