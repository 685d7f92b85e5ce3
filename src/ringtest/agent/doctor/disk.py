"""The data folder: may it be written, is there room?"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ringtest.agent.doctor.model import Found, Lab, bad, ok, warn

LEAST_GIB = 2.0
"""Less than this keeps jobs from telling what they did."""


def data_folder(lab: Lab) -> Iterator[Found]:
    """It can be made or written by who runs this."""
    if lab.settings is None:
        return
    data = lab.settings.data
    there = _nearest(data)
    if not os.access(there, os.W_OK | os.X_OK) or not there.is_dir():
        yield bad("disk", f"{there} cannot be written", "name another folder with data or --data")
        return
    free = shutil.disk_usage(there).free / 2**30
    wanted = lab.settings.cache_gib
    message = f"{free:.1f} GiB free for {data}"
    if free < LEAST_GIB:
        yield bad("disk", message, f"free at least {LEAST_GIB:g} GiB, or move data elsewhere")
    elif free < wanted and not (data / "cache").exists():
        yield warn("disk", message, f"cache_gib is {wanted:g}: make it less, or the disk larger")
    else:
        yield ok("disk", message)


def inodes(lab: Lab) -> Iterator[Found]:
    """Files can be made, not only filled."""
    if lab.settings is None:
        return
    stat = os.statvfs(_nearest(lab.settings.data))
    if stat.f_files and stat.f_favail < 10_000:
        yield warn("disk", f"only {stat.f_favail} inodes are free", "remove small files there")


def _nearest(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if one.exists())
