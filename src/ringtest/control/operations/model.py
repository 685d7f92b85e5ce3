"""Who may read measures. Pure."""

import hmac
import ipaddress
from collections.abc import Mapping

from ringtest.control.kernel.errors import BadRequest

_SHORTEST = 16
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


def check_setting(metrics: str) -> str:
    """The setting, or BadRequest for a token that could be guessed.

    >>> check_setting("local")
    'local'
    """
    if metrics not in ("local", "off") and len(metrics) < _SHORTEST:
        raise BadRequest(
            f"RINGTEST_METRICS must be local, off or a token of {_SHORTEST} characters or more"
        )
    return metrics


def may_read(metrics: str, client: str | None, headers: Mapping[str, str]) -> bool:
    """Whether a request may see measures. Header names are in lower case.

    Behind a proxy on this machine every request comes from this machine, so one that was
    forwarded does not count as local.

    >>> may_read("local", "127.0.0.1", {}), may_read("local", "192.0.2.1", {})
    (True, False)
    >>> may_read("local", "127.0.0.1", {"x-forwarded-for": "192.0.2.1"})
    False
    """
    if metrics == "off":
        return False
    if metrics == "local":
        return _is_local(client) and not any(name in headers for name in _FORWARDED)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    same = hmac.compare_digest(token.strip().encode(), metrics.encode())
    return scheme.lower() == "bearer" and same


def _is_local(client: str | None) -> bool:
    try:
        address = ipaddress.ip_address(client or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
