"""The same machine gives the same bytes; what differs is named by where it is plugged in."""

import json
import os
from pathlib import Path

import pytest

from ringtest.agent.inventory.labels import labels_of
from ringtest.agent.inventory.reading import read_inventory
from ringtest.language.differing import differences

CPU = """processor\t: 0
vendor_id\t: GenuineIntel
model name\t: Intel(R) Xeon(R)   Gold 6338
microcode\t: 0xd0003a5
cpu MHz\t\t: {mhz}
flags\t\t: {flags}

processor\t: 1
vendor_id\t: GenuineIntel
"""


class Rack:
    """A machine made of files, to be taken apart."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.cpu()
        self.put("proc/meminfo", "MemTotal:       32614912 kB\n")
        self.put(
            "proc/cmdline", "BOOT_IMAGE=/vmlinuz-6.1 ro console=tty0 console=ttyS0,115200 quiet"
        )
        self.put("proc/sys/kernel/osrelease", "6.12.0-55.el10.x86_64\n")
        self.put("etc/os-release", 'ID="rhel"\nVERSION_ID="10.1"\nPRETTY_NAME="RHEL 10.1"\n')
        for name in ("bios_vendor", "bios_version", "product_serial"):
            self.put(f"sys/class/dmi/id/{name}", f"{name} 7\n")
        for core in (0, 1):
            self.put(f"sys/devices/system/cpu/cpu{core}/topology/physical_package_id", "0")
            self.put(f"sys/devices/system/cpu/cpu{core}/topology/core_cpus_list", f"{core}")

    def put(self, path: str, text: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def cpu(self, mhz: str = "2000.0", flags: str = "fpu sse avx2") -> None:
        self.put("proc/cpuinfo", CPU.format(mhz=mhz, flags=flags))

    def link(self, path: str, to: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(os.path.relpath(self.root / to, place.parent))

    def disk(self, name: str, device: str, **about: str) -> None:
        """`device` is below sys/devices."""
        home = f"sys/devices/{device}"
        block = f"{home}/block/{name}"
        for key, text in {"size": "1000", "queue/rotational": "0"}.items():
            self.put(f"{block}/{key}", text)
        for key, text in about.items():
            self.put(f"{home}/{key}", text)
        self.link(f"{block}/device", home)
        self.link(f"sys/block/{name}", block)

    def nic(self, name: str, device: str, driver: str) -> None:
        home = f"sys/devices/{device}"
        self.put(f"{home}/vendor", "0x15b3\n")
        self.put(f"{home}/net/{name}/dev_port", "0\n")
        self.put(f"sys/bus/pci/drivers/{driver}/uevent", "")
        self.link(f"{home}/driver", f"sys/bus/pci/drivers/{driver}")
        self.link(f"{home}/net/{name}/device", home)
        self.link(f"sys/class/net/{name}", f"{home}/net/{name}")

    def read(self) -> bytes:
        return json.dumps(read_inventory(self.root, arch="x86_64")).encode()


@pytest.fixture
def rack(tmp_path: Path) -> Rack:
    return Rack(tmp_path)


def test_what_varies_while_a_machine_runs_is_not_in_it(rack: Rack) -> None:
    before = rack.read()
    rack.cpu(mhz="3400.1", flags="avx2 fpu sse")
    rack.put("proc/meminfo", "MemTotal:       32610000 kB\n")
    rack.put("proc/cmdline", "BOOT_IMAGE=/vmlinuz-6.2 ro quiet console=tty0 console=ttyS0,115200")
    assert rack.read() == before


def test_processor_memory_bios_kernel_and_system_are_told(rack: Rack) -> None:
    found = read_inventory(rack.root, arch="x86_64")
    assert found["cpu"]["model"] == "Intel(R) Xeon(R) Gold 6338"
    assert [found["cpu"][name] for name in ("sockets", "cores", "threads")] == [1, 2, 2]
    assert found["memory"] == {"mib": 31872}
    assert found["bios"] == {"bios_vendor": "bios_vendor 7", "bios_version": "bios_version 7"}
    assert found["kernel"]["parameters"]["console"] == "tty0 ttyS0,115200"
    assert found["os"] == {"id": "rhel", "version": "10.1", "name": "RHEL 10.1"}


def test_memory_is_counted_by_blocks_where_the_kernel_tells_them(rack: Rack) -> None:
    rack.put("sys/devices/system/memory/block_size_bytes", "8000000\n")
    for number, online in enumerate("110"):
        rack.put(f"sys/devices/system/memory/memory{number}/online", online)
    assert read_inventory(rack.root)["memory"] == {"mib": 256}


def test_a_disk_keeps_its_place_when_names_and_hosts_are_given_anew(rack: Rack) -> None:
    pci = "pci0000:00/0000:00:17.0"
    rack.disk("sda", f"{pci}/ata5/host4/target4:0:0/4:0:0:0", model="SSD  870 ")
    rack.put(f"sys/devices/{pci}/ata5/ata_port/ata5/port_no", "2\n")
    rack.disk("nvme0n1", "pci0000:00/0000:5e:00.0/nvme/nvme0", firmware_rev="GDC5302Q")
    rack.disk("vda", "pci0000:00/0000:00:04.0/virtio1")
    disks = read_inventory(rack.root)["disks"]
    assert list(disks) == ["0000:00:04.0", "0000:00:17.0 ata-2 0:0:0", "0000:5e:00.0 n1"]
    assert disks["0000:00:17.0 ata-2 0:0:0"] == {
        "bytes": 512000, "model": "SSD 870", "rotates": False,
    }  # fmt: skip
    assert disks["0000:5e:00.0 n1"]["firmware"] == "GDC5302Q"


def test_disks_and_cards_of_software_are_none(rack: Rack) -> None:
    rack.put("sys/devices/virtual/block/loop0/size", "1000")
    rack.link("sys/block/loop0", "sys/devices/virtual/block/loop0")
    rack.put("sys/devices/virtual/net/lo/dev_port", "0")
    rack.link("sys/class/net/lo", "sys/devices/virtual/net/lo")
    assert not {"disks", "nics"} & set(read_inventory(rack.root))


def test_a_card_is_named_by_its_slot(rack: Rack) -> None:
    rack.nic("ens1f0np0", "pci0000:3a/0000:3a:00.0/0000:3b:00.1", "mlx5_core")
    assert read_inventory(rack.root)["nics"] == {
        "0000:3b:00.1": {"driver": "mlx5_core", "vendor": "0x15b3"}
    }


def test_secrets_and_what_is_not_the_kernels_stay_in_the_lab(rack: Rack) -> None:
    rack.put("proc/cmdline", "ro rd.password=hunter2hunter2 -- --token abcdefgh")
    told = rack.read().decode()
    assert "hunter2" not in told and "abcdefgh" not in told and "product_serial" not in told


def test_a_change_is_one_difference_with_both_values(rack: Rack) -> None:
    before = read_inventory(rack.root)
    rack.cpu(flags="fpu sse avx2 amx_tile")
    rack.put("proc/cmdline", "ro console=tty0 console=ttyS0,115200 quiet mitigations=off")
    told = [
        (one.what, one.before, one.after) for one in differences(before, read_inventory(rack.root))
    ]
    assert told == [
        ("cpu / flags / amx_tile", None, True),
        ("kernel / parameters / mitigations", None, "off"),
    ]


def test_labels_are_derived_and_the_labs_own_count_more(rack: Rack) -> None:
    assert labels_of(read_inventory(rack.root, arch="x86_64"), {"os": "mine", "rack": "7"}) == {
        "arch": "x86_64", "cpus": "2", "memory": "31GiB", "memory_gib": "31",
        "os": "mine", "os_version": "10.1", "rack": "7",
    }  # fmt: skip


def test_this_machine_can_be_read_by_anybody_and_says_the_same_twice() -> None:
    found = read_inventory()
    assert found == read_inventory()
    assert found["cpu"]["threads"] >= 1 and found["kernel"]["release"]
