"""A libvirt whose state lasts, inside a daemon of the test's own: its test driver, or QEMU's.

`test:///default` is a fresh world for each process that opens it. Behind a daemon it is one
world for all, as long as somebody stays connected. No other driver is loaded: nothing of the
machine is touched. QEMU's driver keeps its files in folders of the system: it gets its own, in
a mount namespace, and ends with its process namespace, guests and all.
"""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
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


QEMU = """\
for one in /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt /run/libvirt; do
  mkdir -p $one && mount -t tmpfs tmpfs $one || exit 1
done
cp /etc/passwd /etc/group "$1" || exit 1
echo 'libvirt-qemu:x:64055:64055::/:/bin/false' >> "$1/passwd"
printf '%s:x:6405%s:\\n' libvirt-qemu 5 kvm 6 >> "$1/group"
mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group || exit 1
cat > /etc/libvirt/qemu.conf <<END
security_driver = "none"
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
END
shift
"$@" &
wait
"""
"""A shell stays the first process: it takes over what QEMU leaves behind."""
_DRIVERS = "/usr/lib"


@contextmanager
def libvirt_daemon(folder: Path) -> Iterator[str]:
    """The address of a fresh world. `folder` has a short path, as sockets need."""
    with _daemon(folder, []) as socket:
        address = f"test+unix:///default?socket={socket}"
        with subprocess.Popen(
            ["virsh", "-c", address, "event --all --loop"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as staying:  # fmt: skip
            try:
                _wait(lambda: _answers(address))
                yield address
            finally:
                staying.kill()


@contextmanager
def qemu_daemon(folder: Path) -> Iterator[str]:
    """The address of a libvirt that starts guests under QEMU, emulated, as root."""
    _require("qemu-system-x86_64", "unshare")
    apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    drivers = [*Path(_DRIVERS).glob("*/libvirt/connection-driver/libvirt_driver_qemu.so")]
    assert drivers, "libvirt's driver for QEMU is missing: make setup-tests installs it"
    with _daemon(folder, [*apart, "sh", "-c", QEMU, "sh", str(folder)], *drivers) as socket:
        yield f"qemu+unix:///system?socket={socket}"


@contextmanager
def _daemon(folder: Path, around: list[str], *drivers: Path) -> Iterator[Path]:
    _require("libvirtd", "virsh")
    config, socket = folder / "libvirtd.conf", folder / "libvirt-sock"
    config.write_text(CONFIG.format(folder=folder))
    (folder / "drivers").mkdir()
    for driver in drivers:
        (folder / "drivers" / driver.name).symlink_to(driver)
    daemon = subprocess.Popen(
        [*around, "libvirtd", "-f", str(config), "-p", str(folder / "pid"), "-t", "60"],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder),
             "LIBVIRT_DRIVER_DIR": str(folder / "drivers"), "XDG_RUNTIME_DIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(lambda: socket.exists() or daemon.poll() is not None)
        assert daemon.poll() is None, "libvirtd has ended"
        yield socket
    finally:
        daemon.kill()
        daemon.wait()


def _require(*programs: str) -> None:
    missing = [one for one in programs if not shutil.which(one)]
    assert not missing, f"{', '.join(missing)} is missing: make setup-tests installs it"


def _answers(address: str) -> bool:
    return subprocess.run(["virsh", "-c", address, "list"], capture_output=True).returncode == 0


def _wait(ready: Callable[[], bool]) -> None:
    limit = time.monotonic() + 30
    while not ready():
        assert time.monotonic() < limit, "libvirtd does not answer"
        time.sleep(0.02)
