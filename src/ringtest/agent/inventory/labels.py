"""Labels of a lab's machine: what its people say of it, and what it shows by itself. Pure."""

from collections.abc import Mapping

from ringtest.agent.inventory.reading import Inventory


def derived(inventory: Inventory) -> dict[str, str]:
    """What people choose machines by.

    >>> derived({"cpu": {"arch": "aarch64", "threads": 8}, "memory": {"mib": 16384},
    ...          "os": {"id": "fedora", "version": "42"}})
    {'arch': 'aarch64', 'cpus': '8', 'memory': '16GiB', 'memory_gib': '16', 'os': 'fedora', \
'os_version': '42'}
    >>> derived({"nics": {"03:00.0": {"driver": "mlx5_core"}, "04:00.0": {"driver": "ixgbe"}}})
    {'nic': 'ixgbe, mlx5_core'}
    """
    cpu, system = inventory.get("cpu", {}), inventory.get("os", {})
    memory = inventory.get("memory", {}).get("mib")
    drivers = {nic.get("driver") for nic in inventory.get("nics", {}).values()} - {None}
    found = {
        "arch": cpu.get("arch"),
        "cpus": cpu.get("threads"),
        "memory": memory and f"{round(memory / 1024)}GiB",
        "memory_gib": memory and round(memory / 1024),
        "nic": ", ".join(sorted(drivers)),
        "os": system.get("id"),
        "os_version": system.get("version"),
    }
    return {name: str(value) for name, value in found.items() if value}


def labels_of(inventory: Inventory, own: Mapping[str, str]) -> dict[str, str]:
    """All of them; what the lab says itself counts more.

    >>> labels_of({"os": {"id": "rhel"}}, {"rack": "7", "os": "rhel-nightly"})
    {'os': 'rhel-nightly', 'rack': '7'}
    """
    return dict(sorted({**derived(inventory), **own}.items()))
