"""The Test Anything Protocol, versions 12 to 14, and the kernel's dialect of it: port
`result_parser`.

Read line by line. A test point that has subtests is a suite and no case, unless its runner
says that it is a test, or it is bad and none of its subtests is. Lines that are no TAP are
output: of the point before them, in KTAP of the point behind them.
"""

from ringtest.control.connectors.tap.session import TapParser
from ringtest.control.kernel.settings import Settings

PORT = "result_parser"


def create(settings: Settings) -> TapParser:
    """The reader of TAP."""
    return TapParser()
