"""Files that somebody put beside components without a row in the database. Pure."""

from contextlib import suppress
from uuid import UUID, uuid5

from ringtest.control.component_files.model import parse_file_name
from ringtest.control.kernel.errors import BadRequest

_SPACE = UUID("5a0f8b39-6f3c-5d0e-9a35-0d0c10000000")


def component_path(key: str) -> tuple[UUID, str] | None:
    """Component and path of a key `<component>/<path>`; None for any other key.

    >>> component_path("c7a66ba9-4a5b-4a44-a7bb-2bb5a5a1e3a1/BaseOS/a.rpm")
    (UUID('c7a66ba9-4a5b-4a44-a7bb-2bb5a5a1e3a1'), 'BaseOS/a.rpm')
    >>> component_path("readme.txt") is None
    True
    """
    first, _, path = key.partition("/")
    with suppress(ValueError, BadRequest):
        return UUID(first), parse_file_name(path)
    return None


def id_of_path(component_id: UUID, path: str) -> UUID:
    """The id of such a file: always the same one."""
    return uuid5(_SPACE, f"{component_id}/{path}")
