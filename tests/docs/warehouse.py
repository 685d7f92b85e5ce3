"""What stands for a ClickHouse on the pages: `python -m tests.docs.warehouse HOST:PORT PASSWORD`.

It becomes the program of `tests.cli.clickhouse_server`, which is the engine itself.
"""

import os
import sys

from tests.cli.clickhouse_server import PROGRAM

if __name__ == "__main__":
    address, password = sys.argv[1:]
    port = address.rpartition(":")[2]
    os.execv(sys.executable, [sys.executable, "-c", PROGRAM, password, port])
