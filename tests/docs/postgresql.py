"""`python -m tests.docs.postgresql 127.0.0.1:PORT`: a PostgreSQL that was there already.

Prints `ready` once it answers; the superuser is `postgres`, without a password. Writes the
files `programs` (the folder of psql) and `port`; it ends with SIGTERM.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

import asyncpg

from ringtest.control.db.binaries import find_binaries, reachable_copy
from ringtest.control.db.os_account import choose_account


async def serve(folder: Path, port: int) -> None:
    """Make a cluster in `folder` and run it until SIGTERM."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    account = choose_account(folder)
    binaries = reachable_copy(
        find_binaries(os.environ.get("RINGTEST_POSTGRES", "")), account, folder.parent
    )
    account.make_folder(folder)
    options = ["-D", str(folder), "-U", "postgres", "-E", "UTF8", "--auth=trust", "--no-sync"]
    code, output = account.run([str(binaries.initdb), *options, "--locale=C.UTF-8"])
    if code:
        raise SystemExit(output)
    settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
    command = [str(binaries.postgres), "-D", str(folder), "-F"]
    command += [word for one in settings for word in ("-c", one)]
    with Path("postgresql.log").open("w") as log:
        process = account.spawn(command, stderr=log)
    try:
        while not await _answers(port):
            if process.poll() is not None:
                raise SystemExit(f"PostgreSQL ended with {process.returncode}")
            await asyncio.sleep(0.05)
        Path("programs").write_text(str(binaries.folder))
        Path("port").write_text(str(port))
        print("ready", flush=True)
        await stopping.wait()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


async def _answers(port: int) -> bool:
    try:
        connection: asyncpg.Connection = await asyncpg.connect(
            host="127.0.0.1", port=port, user="postgres", database="postgres", timeout=5
        )
    except (OSError, TimeoutError, asyncpg.CannotConnectNowError):
        return False
    await connection.close()
    return True


if __name__ == "__main__":
    asyncio.run(serve(Path("postgresql").absolute(), int(sys.argv[1].rpartition(":")[2])))
