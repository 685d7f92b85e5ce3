"""Passwords that cost next to nothing to hash and to check.

The real cost would be most of what a test costs that makes a server in its own process and
asks it. What tests start as programs hashes as it does anywhere; each hash names its cost.
"""

from ringtest.control.accounts import model
from ringtest.control.identity import service

_DEFAULTS = model.hash_password.__kwdefaults__ or {}
REAL_COST: int = _DEFAULTS["cost"]
_CHEAP = 2


def make_cheap() -> None:
    """From now on: those that are made, and those that are asked for and not there."""
    _DEFAULTS["cost"] = _CHEAP
    vars(service)["NO_PASSWORD"] = model.NO_PASSWORD.replace(f"${REAL_COST}$", f"${_CHEAP}$", 1)
