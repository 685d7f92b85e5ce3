"""A database cluster on disk: where it lies, who owns it, its configuration and passwords.

Layout of `<data>/postgres` (or of the folder that this name links to):

    cluster/         what initdb made; PostgreSQL's own
    socket/          the Unix socket, the only way in
    postgresql.conf  written at every start; settings of your own go to local.conf
    pg_hba.conf  *.password  postgres.log  lock
"""

import fcntl
import hashlib
import os
import secrets
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from ringtest.control.db.binaries import Binaries
from ringtest.control.db.os_account import OsAccount, choose_account
from ringtest.control.kernel.errors import Conflict, Unavailable

SUPERUSER = "postgres"
OWNER = "ringtest_owner"
SYSTEM_STATE = Path("/var/lib/ringtest")
"""Where root keeps what the account of the database cannot reach below the data folder."""

_SOCKET_LIMIT = 107 - len("/.s.PGSQL.5432")  # bytes; sockaddr_un.sun_path has 108 with its NUL
_MAX_LOG = 10 * 1024 * 1024

_HBA = "# Written at every start.\nlocal all all scram-sha-256\n"
_CONF = """\
# Written at every start. Settings of your own: local.conf beside this file.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
hba_file = '{hba}'
password_encryption = scram-sha-256
max_connections = 100
shared_buffers = 128MB
max_wal_size = 1GB
wal_compression = on
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
"""
_NO_FSYNC = "fsync = off\nfull_page_writes = off\n"


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster; `place` is a real path, links resolved."""

    place: Path
    account: OsAccount

    @property
    def folder(self) -> Path:
        return self.place / "cluster"

    @property
    def sockets(self) -> Path:
        """Beside the cluster, or a short path in /tmp when that one is too long."""
        beside = self.place / "socket"
        if len(os.fsencode(beside)) <= _SOCKET_LIMIT:
            return beside
        return Path(f"/tmp/ringtest-{self.account.uid}-{_digest(self.place)}")

    @property
    def log(self) -> Path:
        return self.place / "postgres.log"

    @property
    def config(self) -> Path:
        return self.place / "postgresql.conf"

    def major(self) -> int | None:
        """Version of PostgreSQL that made the cluster; None before there is one."""
        try:
            return int((self.folder / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None

    def password(self, role: str) -> str:
        """The role's password, made at first use."""
        file = self.place / f"{role}.password"
        if not file.exists():
            self._write(file, secrets.token_urlsafe(32), mode=0o600)
        return file.read_text()

    def lock(self) -> int:
        """Take the cluster for this process; returns the descriptor that holds it.

        Conflict when another server has it.
        """
        try:
            handle = self._open(self.place / "lock", os.O_RDWR)
        except PermissionError:
            raise _of_another_user(self.place) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 20, 0).decode() or "unknown"
            os.close(handle)
            raise Conflict(
                f"another server (process {holder}) uses this data folder: "
                "stop it, or give this one another folder"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        return handle

    def open_log(self) -> int:
        """A descriptor to append to; the log before last is dropped when it grows too big."""
        if self.log.exists() and self.log.stat().st_size > _MAX_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        return self._open(self.log, os.O_WRONLY | os.O_APPEND)

    def log_end(self, size: int = 2000) -> str:
        """The last lines of the log, for error messages."""
        return self.log.read_text(errors="replace")[-size:].strip()

    def prepare(self, binaries: Binaries, *, fsync: bool) -> None:
        """Make the cluster if there is none, and write its configuration."""
        if not self.folder.exists():
            self._initialise(binaries, fsync=fsync)
        self._make_sockets()
        hba = self.place / "pg_hba.conf"
        self._write(hba, _HBA)
        if not (local := self.place / "local.conf").exists():
            self._write(local, "# Settings of your own; read last, never overwritten.\n")
        text = _CONF.format(sockets=_quote(self.sockets), hba=_quote(hba))
        self._write(self.config, f"{text}{'' if fsync else _NO_FSYNC}include = 'local.conf'\n")

    def _initialise(self, binaries: Binaries, *, fsync: bool) -> None:
        new = self.place / "cluster.new"  # renamed when complete: a crash leaves no half cluster
        if new.exists():
            shutil.rmtree(new)
        self.account.make_folder(new)
        password_file = new.parent / "initdb.password"
        self._write(password_file, self.password(SUPERUSER), mode=0o600)
        if self.account.switch:
            os.chown(password_file, self.account.uid, self.account.gid)
        command = [str(binaries.initdb), "-D", str(new), "-U", SUPERUSER, "-E", "UTF8"]
        command += [f"--pwfile={password_file}", "--auth=scram-sha-256", "--data-checksums"]
        command += ["--lc-messages=C", *_locale(binaries.major), *([] if fsync else ["--no-sync"])]
        code, output = self.account.run(command)
        password_file.unlink()
        if code:
            raise Unavailable(f"initdb failed ({code}): {output[-1500:].strip()}")
        new.rename(self.folder)

    def _make_sockets(self) -> None:
        if not self.sockets.is_symlink() and not self.sockets.exists():
            self.account.make_folder(self.sockets)
        found = self.sockets.lstat()
        mine = stat.S_ISDIR(found.st_mode) and found.st_uid == self.account.uid
        if not mine or found.st_mode & 0o077:
            raise Unavailable(f"{self.sockets} is not a private folder of the database's account")

    def _open(self, path: Path, flags: int, mode: int = 0o600) -> int:
        """Open or create without following links, owned as the folder is."""
        handle = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        if os.geteuid() == 0:
            owner = self.place.stat()
            os.fchown(handle, owner.st_uid, owner.st_gid)
        return handle

    def _write(self, path: Path, text: str, mode: int = 0o644) -> None:
        new = path.with_name(f"{path.name}.new")
        new.unlink(missing_ok=True)
        with os.fdopen(self._open(new, os.O_WRONLY | os.O_EXCL, mode), "w") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())  # a password lost in a power cut is a database lost
        new.replace(path)


def locate_cluster(data: Path, state: Path = SYSTEM_STATE) -> Cluster:
    """Where the cluster of a data folder is, or will be.

    Below the folder, unless root's database account cannot get there (a home of
    mode 0700, say): then below `state`, with a link from the folder.
    """
    data.mkdir(parents=True, exist_ok=True)
    place = data.resolve() / "postgres"
    account = choose_account(place / "cluster")
    if not os.access(data, os.W_OK):
        raise _of_another_user(data)
    if not place.exists() and not account.reaches(data.resolve()):
        _link_elsewhere(place, state)
    elif not place.exists():
        _make_passage(place)
    place = place.resolve()
    if not account.reaches(place):
        raise Unavailable(
            f"the account of the database (uid {account.uid}) cannot reach {place}: "
            "open the folders above it to others (chmod o+x)"
        )
    return Cluster(place, account)


def _of_another_user(folder: Path) -> Unavailable:
    return Unavailable(f"the data folder {folder} belongs to another user: start as that user")


def _link_elsewhere(place: Path, state: Path) -> None:
    elsewhere = state / f"postgres-{_digest(place)}"
    _make_passage(state)
    if elsewhere.exists():
        # The data folder was deleted and made again: it must start empty, and
        # nothing of the old one is thrown away without being asked.
        number = sum(1 for _ in state.glob(f"{elsewhere.name}.left-*")) + 1
        elsewhere.rename(f"{elsewhere}.left-{number}")
    _make_passage(elsewhere)
    place.unlink(missing_ok=True)
    place.symlink_to(elsewhere)


def _make_passage(folder: Path) -> None:
    """Others may pass through and not look: what is inside has modes of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)  # whatever the umask


def _locale(major: int) -> list[str]:
    # Code point order and Unicode case, the same whichever build serves the cluster.
    if major >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8"]


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _quote(path: Path) -> str:
    return str(path).replace("'", "''")
