"""What an agent tells of its machine, and how two machines differ. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import msgspec
from msgspec import Struct

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.texts import Name
from ringtest.language.differing import differences

MOST_BYTES = 256 * 1024
"""Of an inventory with its labels, as JSON."""
KEPT = 500
"""Changes that are kept of a lab; the oldest go first."""

_DEEPEST = 2
"""Devices have values, by their bus id, within their group."""


class TellInventory(Struct, kw_only=True):
    """Body of `POST /agent/inventory`, from a lab's agent."""

    agent: Name
    labels: dict[str, str] = {}
    inventory: dict[str, dict[str, Any]]

    def digest(self) -> str:
        """The same for the same machine; 400 when it is too much, or no tree of values."""
        told = msgspec.json.encode([self.labels, self.inventory], order="sorted")
        if len(told) > MOST_BYTES:
            raise BadRequest(f"inventory: more than {MOST_BYTES} bytes")
        for group, values in self.inventory.items():
            if not _is_plain(values, _DEEPEST):
                raise BadRequest(f"inventory: {group[:80]!r} holds more than values by name")
        return hashlib.sha256(told).hexdigest()


def _is_plain(value: object, levels: int) -> bool:
    """
    >>> _is_plain({"0000:03:00.0": {"driver": "ixgbe"}}, 2), _is_plain({"a": [1]}, 2)
    (True, False)
    """
    if isinstance(value, dict):
        return levels > 0 and all(_is_plain(inner, levels - 1) for inner in value.values())
    return value is None or isinstance(value, str | int | bool)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every difference as it is answered.

    >>> changes({"memory": {"mib": 1024}}, {"memory": {"mib": 2048}})
    [{'what': 'memory / mib', 'before': 1024, 'after': 2048}]
    """
    return [asdict(one) for one in differences(before, after)]
