"""Where this machine gets its Python packages from, as pip itself is configured.

No address is written down here: pip is asked for its settings (`pip config list`, which
covers files and environment) and, when none names an index, for its own default.
"""

import ast
import re
import ssl
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

_DEFAULT = re.compile(r"\(default (https?://\S+?)\)")


class NoIndex(Exception):
    """pip names no index that can be read over HTTP."""


@dataclass(frozen=True, slots=True)
class PipSettings:
    """The settings that matter for reading an index."""

    indexes: tuple[str, ...]
    """Base addresses of HTTP indexes, the main one first."""
    cert: str | None = None
    proxy: str | None = None
    trusted_hosts: frozenset[str] = frozenset()
    timeout_seconds: float = 60.0

    def verify(self, url: str) -> ssl.SSLContext | bool:
        """What to check TLS certificates against: pip's bundle, the system's, or nothing."""
        parts = urlsplit(url)
        if self.trusted_hosts & {parts.hostname, f"{parts.hostname}:{parts.port}"}:
            return False
        return ssl.create_default_context(cafile=self.cert) if self.cert else True


def read_pip_settings(python: str = sys.executable) -> PipSettings:
    """The settings of the pip of this `python`. NoIndex when it uses no HTTP index."""
    listed = _ask_pip(python, "config", "list")
    help_text = " ".join(_ask_pip(python, "help", "download").split())
    return parse_settings(listed.splitlines(), help_text)


def parse_settings(listed: Iterable[str], help_text: str) -> PipSettings:
    """Settings from the lines of `pip config list` and pip's own help (for the default).

    >>> parse_settings(["global.index-url='https://one.example/simple/'"], "").indexes
    ('https://one.example/simple',)
    >>> parse_settings([], "--index-url <url> (default https://two.example/simple).").indexes
    ('https://two.example/simple',)
    """
    values: dict[str, str] = {}
    for rank in ("global.", "install.", "download.", ":env:."):  # the later, the stronger
        for line in listed:
            name, _, value = line.partition("=")
            if name.startswith(rank):
                values[name.removeprefix(rank)] = str(ast.literal_eval(value))
    default = _DEFAULT.search(help_text)
    main = values.get("index-url") or (default.group(1) if default else "")
    offline = values.get("no-index", "").lower() in ("1", "true", "yes", "on")
    addresses = [] if offline else [main, *values.get("extra-index-url", "").split()]
    indexes = tuple(one.rstrip("/") for one in addresses if one.startswith(("http:", "https:")))
    if not indexes:
        raise NoIndex("pip is configured without an index that is read over HTTP")
    proxy = values.get("proxy")
    return PipSettings(
        indexes=indexes,
        cert=values.get("cert"),
        proxy=f"http://{proxy}" if proxy and "://" not in proxy else proxy,
        trusted_hosts=frozenset(values.get("trusted-host", "").split()),
        timeout_seconds=float(values.get("timeout") or values.get("default-timeout") or 60),
    )


def _ask_pip(python: str, *arguments: str) -> str:
    command = [python, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
