"""Where a controller is and as whom to speak to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_USERS = ("JENKINS_USER", "JENKINS_USER_ID")
_SECRETS = ("JENKINS_TOKEN", "JENKINS_API_TOKEN", "JENKINS_PASSWORD")


@dataclass(frozen=True, slots=True)
class Site:
    """A controller's address, with a slash at its end, and an identity.

    `secret` is an API token (better: it needs no crumb and outlives restarts) or a password;
    it never shows in the repr. `timeout` is in seconds. `ca`: certificates in PEM form that are
    trusted beside the usual ones.
    """

    url: str
    user: str | None = None
    secret: str | None = field(default=None, repr=False)
    timeout: float = 60.0
    ca: str = field(default="", repr=False)


def find_site(
    environment: Mapping[str, str],
    section: Mapping[str, str],
    *,
    url: str | None = None,
    user: str | None = None,
) -> Site | None:
    """What options, then the environment, then an ini file's `[jenkins]` say. None: no address.

    >>> find_site({"JENKINS_URL": "http://ci"}, {"user": "me", "password": "x"})
    Site(url='http://ci/', user='me', timeout=60.0)
    >>> find_site({}, {}) is None
    True
    """
    address = url or environment.get("JENKINS_URL") or section.get("url")
    if not address:
        return None
    text = address.strip()
    if "://" not in text:
        text = f"https://{text}"
    timeout = section.get("timeout", "")
    return Site(
        text.rstrip("/") + "/",
        user or _first(environment, _USERS) or section.get("user") or None,
        _first(environment, _SECRETS) or section.get("password") or None,
        float(timeout) if timeout.replace(".", "", 1).isdigit() else 60.0,
    )


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environment[name] for name in names if environment.get(name)), None)
