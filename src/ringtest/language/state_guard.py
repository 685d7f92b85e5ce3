"""What of a machine a run must leave as it found it. Pure."""

from typing import Any, Literal

from msgspec import Struct


class StateGuard(Struct, frozen=True, omit_defaults=True):
    """What is watched around each test, and what happens when it is not as it was."""

    libvirt: str | list[str] = []
    """Addresses, such as `qemu:///system`: domains, networks, pools and their volumes."""
    services: list[str] | dict[str, Any] = []
    """Names, or names with commands of their own as in an environment."""
    files: list[str] = []
    """Paths and patterns, relative ones from the work folder; 1 MiB of each is kept to restore."""
    restore: bool = True
    """Whether everything is put back as it was."""
    fail: bool = False
    """Whether a test that left a difference is errored."""
    each: Literal["test", "step"] = "test"
    """Around each test of a runner, which then starts its program for each, or around the step."""
    permit: list[str] = []
    """Regular expressions of what may differ, such as `domain tmp-.*`."""

    @property
    def addresses(self) -> list[str]:
        """Those of libvirt.

        >>> StateGuard(libvirt="test:///default").addresses
        ['test:///default']
        """
        return [self.libvirt] if isinstance(self.libvirt, str) else self.libvirt
