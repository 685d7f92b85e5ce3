"""Numbers of the list of ends. Pure."""

import re

from msgspec import Struct

from ringtest.control.kernel.errors import NotFound

LARGEST = 2**63 - 1


class PutSequence(Struct):
    """Body of `PUT /jobs_events/sequence`."""

    sequence: int


def read_number(text: str) -> int:
    """The number in a path; 404 for anything else, as for ids.

    >>> read_number("12")
    12
    """
    if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) > LARGEST:
        raise NotFound("no such number of a job event")
    return int(text)
