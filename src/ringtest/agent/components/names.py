"""Names of files: where they may lie, and how sizes are told."""

import re
from pathlib import Path

from ringtest.agent.attempt import safe_name

_NUMBERS = re.compile(r"[0-9a-f]{7,64}(?![a-z])|\d+")


def safe_path(name: str) -> Path:
    """A relative path that stays below its folder, whatever the name says.

    >>> safe_path("repo/../x 1.rpm").as_posix(), safe_path("/").as_posix()
    ('repo/x_1.rpm', '_')
    """
    parts = [safe_name(part) for part in name.split("/") if part not in ("", ".", "..")]
    return Path(*parts) if parts else Path("_")


def without_version(name: str) -> str:
    """What names of versions of one file have in common.

    >>> without_version("ring-1.2.10.tar.xz") == without_version("ring-1.3.0.tar.xz")
    True
    >>> without_version("ring.iso"), without_version("a/kernel-6.1.x86_64.rpm")
    ('ring.iso', 'a/kernel-#.#.x#_#.rpm')
    """
    return _NUMBERS.sub("#", name)


def human_size(size: float) -> str:
    """Bytes for people.

    >>> human_size(12), human_size(1536), human_size(5 * 2**30)
    ('12 B', '1.5 KiB', '5.0 GiB')
    """
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
