"""PostgreSQL for a data folder: starts, survives, stops, and never serves two servers."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from ringtest.control.db.binaries import Binaries, find_binaries
from ringtest.control.db.cluster import SUPERUSER, SYSTEM_STATE, Cluster
from ringtest.control.db.launcher import Postgres
from ringtest.control.kernel.errors import BadRequest, Conflict, Unavailable

ROOT = os.geteuid() == 0
NOBODY = 65534
needs_root = pytest.mark.skipif(not ROOT, reason="only root lends PostgreSQL another account")


def _missing(source: str) -> bool:
    try:
        find_binaries(source)
    except Unavailable:
        return True
    return False


SOURCES = [
    pytest.param(
        source, marks=pytest.mark.skipif(_missing(source), reason=f"no {source} PostgreSQL here")
    )
    for source in ("system", "wheel")
]


async def ask(dsn: str, sql: str) -> object:
    connection: asyncpg.Connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


@asynccontextmanager
async def running(
    data: Path, source: str = "", state: Path = SYSTEM_STATE
) -> AsyncIterator[tuple[Postgres, str]]:
    server = Postgres(data, source=source, fsync=False, state=state)
    dsn = await server.start()
    try:
        yield server, dsn
    finally:
        await server.stop()


def lives(pid: int) -> bool:
    """Runs, and is not only waiting for its parent to notice that it ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False


async def until(happens: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


_made: dict[tuple[Path, int, int], Path] = {}


@pytest.fixture(autouse=True)
def clusters_are_made_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The first cluster of a version and an account is made by initdb; others are its copies.

    Copies hold the same bytes. To make one takes a second, most of what a test here costs.
    """
    real = Cluster._initialise

    def initialise(cluster: Cluster, binaries: Binaries, *, fsync: bool) -> None:
        account = cluster.account
        kept = _made.get(key := (binaries.folder, account.uid, account.gid))
        password = cluster.place / f"{SUPERUSER}.password"
        if kept is None or password.exists():
            real(cluster, binaries, fsync=fsync)
            kept = _made[key] = tmp_path_factory.mktemp("cluster")
            subprocess.run(["cp", "-a", cluster.folder, password, kept], check=True)
        else:
            subprocess.run(["cp", "-a", kept / password.name, cluster.place], check=True)
            subprocess.run(["cp", "-a", kept / "cluster", cluster.folder], check=True)

    monkeypatch.setattr(Cluster, "_initialise", initialise)


@pytest.mark.parametrize("source", SOURCES)
async def test_a_data_folder_gets_a_database_and_keeps_it(data_folder: Path, source: str) -> None:
    async with running(data_folder / "data", source) as (server, dsn):
        assert server.source == source
        assert await ask(dsn, "SELECT current_user || '@' || current_database()") == (
            "ringtest_owner@ringtest"
        )
        await ask(dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    async with running(data_folder / "data") as (server, dsn):
        assert server.source == source, "the cluster's version decides"
        assert await ask(dsn, "SELECT answer FROM kept") == 42


@pytest.mark.parametrize("source", SOURCES)
async def test_the_owner_may_make_roles_and_nothing_more(data_folder: Path, source: str) -> None:
    async with running(data_folder, source) as (_, dsn):
        rights = "SELECT (rolcreaterole, rolsuper, rolbypassrls, rolcreatedb)::text FROM pg_roles"
        assert await ask(f"{dsn}", f"{rights} WHERE rolname = current_user") == "(t,f,f,f)"


@pytest.mark.parametrize("source", SOURCES)
async def test_text_is_ordered_by_code_point_and_case_is_unicodes(
    data_folder: Path, source: str
) -> None:
    async with running(data_folder, source) as (_, dsn):
        assert await ask(dsn, "SELECT lower('ÄÉ') || ('a' > 'B')::text") == "äétrue"


async def test_only_the_password_lets_in_and_only_by_the_socket(data_folder: Path) -> None:
    async with running(data_folder) as (_, dsn):
        assert await ask(dsn, "SHOW listen_addresses") == ""
        password = (data_folder / "postgres" / "ringtest_owner.password").read_text()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(dsn.replace(password, "guessed"), "SELECT 1")
        for file in (data_folder / "postgres").glob("*.password"):
            assert file.stat().st_mode & 0o777 == 0o600


async def test_stopping_takes_less_than_a_second_with_clients_connected(data_folder: Path) -> None:
    async with running(data_folder) as (server, dsn):
        client: asyncpg.Connection = await asyncpg.connect(dsn)
        before = time.monotonic()
        await server.stop()
        assert time.monotonic() - before < 1
        client.terminate()


async def test_a_killed_postgresql_is_started_again_with_its_data(data_folder: Path) -> None:
    async with running(data_folder) as (server, dsn):
        await ask(dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
        killed = server.pid
        assert killed
        os.kill(killed, signal.SIGKILL)
        await until(lambda: server.pid != killed)
        for _ in range(200):
            try:
                assert await ask(dsn, "SELECT answer FROM kept") == 42
                break
            except (OSError, asyncpg.CannotConnectNowError):
                await asyncio.sleep(0.02)
        else:
            pytest.fail("it does not answer again")


_SERVER = """
import asyncio, sys
from pathlib import Path
from ringtest.control.db.cluster import SUPERUSER, SYSTEM_STATE
from ringtest.control.db.launcher import Postgres
async def main():
    server = Postgres(Path(sys.argv[1]), fsync=False)
    dsn = await server.start()
    print(server.source, server.pid, dsn, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()
asyncio.run(main())
"""


async def test_a_postgresql_that_outlived_its_server_is_taken_over(data_folder: Path) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(data_folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout
    _, orphan, dsn = (await asyncio.to_thread(first.stdout.readline)).split()
    await ask(dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    first.kill()
    first.communicate()
    assert lives(int(orphan))
    async with running(data_folder) as (_, dsn):
        assert await ask(dsn, "SELECT answer FROM kept") == 42
        assert not lives(int(orphan))


async def test_a_pid_file_that_names_a_stranger_does_not_prevent_the_start(
    data_folder: Path,
) -> None:
    async with running(data_folder):
        left = (data_folder / "postgres/cluster/postmaster.pid").read_text()
    stranger = left.replace(left.split("\n", 1)[0], str(os.getpid()), 1)
    (data_folder / "postgres/cluster/postmaster.pid").write_text(stranger)
    async with running(data_folder) as (_, dsn):
        assert await ask(dsn, "SELECT 1") == 1


async def test_two_servers_never_share_a_data_folder(data_folder: Path) -> None:
    async with running(data_folder) as (_, dsn):
        with pytest.raises(Conflict, match=f"process {os.getpid()}"):
            await Postgres(data_folder).start()
        assert await ask(dsn, "SELECT 1") == 1


async def test_a_path_too_long_for_a_socket_works(data_folder: Path) -> None:
    data = data_folder / ("a-rather-long-name" * 4) / ("another-one" * 5)
    async with running(data) as (server, dsn):
        assert await ask(dsn, "SELECT 1") == 1
        admin = server.dsn(SUPERUSER, "postgres")
        sockets = Path(str(await ask(admin, "SHOW unix_socket_directories")))
        assert sockets.parent == Path("/tmp")
        assert sockets.stat().st_mode & 0o777 == 0o700
    sockets.rmdir()


async def test_half_a_cluster_is_made_anew(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # made by initdb
    half = data_folder / "postgres" / "cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("9")
    async with running(data_folder) as (_, dsn):
        assert await ask(dsn, "SELECT 1") == 1


async def test_settings_of_ones_own_win(data_folder: Path) -> None:
    async with running(data_folder):
        (data_folder / "postgres" / "local.conf").write_text("max_connections = 7\n")
    async with running(data_folder) as (_, dsn):
        assert await ask(dsn, "SHOW max_connections") == "7"


async def test_a_postgresql_that_cannot_start_says_why_and_leaves_the_folder_free(
    data_folder: Path,
) -> None:
    async with running(data_folder):
        local = data_folder / "postgres" / "local.conf"
        local.write_text("no_such_setting = 7\n")
    with pytest.raises(Unavailable, match="no_such_setting"):
        await Postgres(data_folder, fsync=False).start()
    local.write_text("")
    async with running(data_folder) as (_, dsn):
        assert await ask(dsn, "SELECT 1") == 1


async def test_a_cluster_of_another_version_is_refused(data_folder: Path) -> None:
    cluster = data_folder / "postgres" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("9\n")
    with pytest.raises(Unavailable, match="holds a PostgreSQL 9 cluster"):
        await Postgres(data_folder).start()


async def test_a_given_dsn_is_used_as_it_is(data_folder: Path) -> None:
    server = Postgres(data_folder, dsn="postgresql://somewhere/else")
    assert await server.start() == "postgresql://somewhere/else"
    assert server.source == "dsn"
    await server.stop()
    assert list(data_folder.iterdir()) == []


def test_forcing_what_does_not_exist_is_refused(data_folder: Path) -> None:
    with pytest.raises(BadRequest, match="dsn, system, wheel"):
        Postgres(data_folder, source="sqlite")
    with pytest.raises(BadRequest, match="RINGTEST_DATABASE_URL"):
        Postgres(data_folder, source="dsn")


@needs_root
async def test_root_never_runs_postgresql_itself(data_folder: Path) -> None:
    async with running(data_folder) as (server, _):
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0


@needs_root
async def test_a_data_folder_in_a_closed_home_keeps_its_cluster_elsewhere(
    data_folder: Path, tmp_path: Path
) -> None:
    home = data_folder / "home"
    home.mkdir(mode=0o700)
    state = data_folder / "state"
    async with running(home / "data", state=state) as (_, dsn):
        await ask(dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
        assert (home / "data" / "postgres").resolve().parent == state
    async with running(home / "data", state=state) as (_, dsn):
        assert await ask(dsn, "SELECT answer FROM kept") == 42


@needs_root
async def test_a_data_folder_made_again_starts_empty_and_loses_nothing(data_folder: Path) -> None:
    home = data_folder / "home"
    home.mkdir(mode=0o700)
    state = data_folder / "state"
    async with running(home, state=state) as (_, dsn):
        await ask(dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    (home / "postgres").unlink()
    async with running(home, state=state) as (_, dsn):
        assert await ask(dsn, "SELECT to_regclass('kept')") is None
    assert [path.suffix for path in state.glob("*.left-*")] == [".left-1"]


def _interpreter_for_everyone() -> str | None:
    """A Python of our version that any account may run; ours may lie in a closed home."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for name in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        check = [name, "-c", "import sqlite3, ssl"]
        try:
            if subprocess.run(check, user="nobody", cwd="/", check=False).returncode == 0:
                return name
        except OSError:
            continue
    return None


def as_nobody(data: Path, source: str = "") -> subprocess.Popen[str]:
    """A server of the account nobody, which says its source, process and DSN on one line."""
    python = _interpreter_for_everyone()
    if python is None:
        pytest.skip("no Python that the account nobody may run")
    return subprocess.Popen(
        [python, "-c", _SERVER.replace("fsync=False", f"source={source!r}"), str(data)],
        user="nobody",
        group=NOBODY,
        extra_groups=[],
        cwd="/",
        env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@needs_root
@pytest.mark.parametrize("source", SOURCES)
def test_a_normal_user_needs_no_root(data_folder: Path, source: str) -> None:
    data = data_folder / "data"
    data.mkdir()
    os.chown(data, NOBODY, NOBODY)
    process = as_nobody(data, source)
    assert process.stdout
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    found, pid, dsn = line.split()
    assert found == source
    assert Path(f"/proc/{pid}").stat().st_uid == NOBODY
    assert asyncio.run(ask(dsn, "SELECT 1")) == 1
    process.communicate("")
    assert process.returncode == 0
    assert not lives(int(pid))


@needs_root
async def test_root_goes_on_with_a_normal_users_cluster_as_that_user(data_folder: Path) -> None:
    data = data_folder / "data"
    data.mkdir()
    os.chown(data, NOBODY, NOBODY)
    for _ in range(2):  # and the user goes on after root
        process = as_nobody(data)
        assert process.stdout
        line = await asyncio.to_thread(process.stdout.readline)
        error = (await asyncio.to_thread(process.communicate, ""))[1]
        assert line, error
        async with running(data) as (server, dsn):
            assert Path(f"/proc/{server.pid}").stat().st_uid == NOBODY
            assert await ask(dsn, "SELECT 1") == 1


@needs_root
async def test_a_data_folder_of_another_user_is_refused(data_folder: Path) -> None:
    async with running(data_folder / "data"):
        pass
    _, error = await asyncio.to_thread(as_nobody(data_folder / "data").communicate, "")
    assert "belongs to another user: start as that user" in error
