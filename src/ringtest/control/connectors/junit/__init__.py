"""The JUnit family of result files, read as a stream by one expat parser.

`session` drives expat and goes on behind broken places; before it `recovery` makes
clean UTF-8, behind it `reader` knows what the elements mean, `evidence` keeps what a
failing case tells, `columns` collects all cases.
"""

from ringtest.control.connectors.junit.session import JunitParser
from ringtest.control.kernel.settings import Settings

PORT = "result_parser"


def create(settings: Settings) -> JunitParser:
    """The reader of JUnit files."""
    return JunitParser()
