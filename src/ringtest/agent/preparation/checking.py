"""What is wrong with an environment, as far as that shows without bringing it about."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ringtest.agent.control import StageFailed
from ringtest.agent.preparation.files import read_files
from ringtest.agent.preparation.framework import read_frameworks
from ringtest.agent.preparation.git import read_checkouts
from ringtest.agent.preparation.images import read_images
from ringtest.agent.preparation.packages import read_packages
from ringtest.agent.preparation.repositories import read_sources
from ringtest.agent.preparation.services import read_services
from ringtest.agent.preparation.wishes import read_expiry

_READERS: Mapping[str, Callable[[Any], object]] = {
    "expire_seconds": read_expiry,
    "files": read_files,
    "framework": read_frameworks,
    "git": read_checkouts,
    "images": read_images,
    "packages": read_packages,
    "repositories": read_sources,
    "services": read_services,
}


def faults(wanted: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each with the keys that lead to it. Where a variable stands its value decides, later.

    >>> list(faults({"git": {"src": {"url": "a", "ref": 5}}, "packages": {"dnf": "vim"}}))
    [(('git', 'src'), 'git: src: Expected `str`, got `int` - at `$.ref`'), \
(('packages', 'dnf'), 'packages: dnf is a list of names')]
    """
    for key, said in wanted.items():
        parts: list[tuple[tuple[str, ...], Any]] = [((key,), said)]
        if isinstance(said, Mapping) and said:
            parts = [((key, str(name)), {name: one}) for name, one in said.items()]
        for path, part in parts:
            try:
                if key in _READERS and "{{" not in repr(part):
                    _READERS[key](part)
            except StageFailed as error:
                yield path, error.message
