"""A libvirt whose state lasts: its test driver inside a daemon of the test's own.

`test:///default` is a fresh world for each process that opens it. Behind a daemon it is one
world for all, as long as somebody stays connected. No other driver is loaded: nothing of the
machine is touched.
"""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONFIG = """\
listen_tls = 0
unix_sock_dir = "{folder}"
auth_unix_rw = "none"
min_workers = 1
max_workers = 4
prio_workers = 1
"""


@contextmanager
def libvirt_daemon(folder: Path) -> Iterator[str]:
    """The address of a fresh world. `folder` has a short path, as sockets need."""
    missing = [one for one in ("libvirtd", "virsh") if not shutil.which(one)]
    assert not missing, f"{', '.join(missing)} is missing: make setup-tests installs it"
    config = folder / "libvirtd.conf"
    config.write_text(CONFIG.format(folder=folder))
    (folder / "none").mkdir()
    daemon = subprocess.Popen(
        ["libvirtd", "-f", str(config), "-p", str(folder / "pid"), "-t", "60"],
        env={"PATH": "/usr/sbin:/usr/bin:/bin", "LIBVIRT_DRIVER_DIR": str(folder / "none"),
             "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"test+unix:///default?socket={folder}/libvirt-sock"
    try:
        _wait(lambda: (folder / "libvirt-sock").exists(), daemon)
        with subprocess.Popen(
            ["virsh", "-c", address, "event --all --loop"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as staying:  # fmt: skip
            try:
                _wait(lambda: _answers(address), daemon)
                yield address
            finally:
                staying.kill()
    finally:
        daemon.kill()
        daemon.wait()


def _answers(address: str) -> bool:
    return subprocess.run(["virsh", "-c", address, "list"], capture_output=True).returncode == 0


def _wait(ready: "object", daemon: "subprocess.Popen[bytes]") -> None:
    assert callable(ready)
    limit = time.monotonic() + 30
    while not ready():
        assert daemon.poll() is None, "libvirtd has ended"
        assert time.monotonic() < limit, "libvirtd does not answer"
        time.sleep(0.02)
