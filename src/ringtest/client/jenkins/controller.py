"""A controller's verbs: what planning, commands and connectors do with it."""

from collections.abc import Callable
from types import TracebackType
from typing import Any

import httpx

from ringtest.client.jenkins.errors import Missing, NameTaken
from ringtest.client.jenkins.exchange import RETRIES, Exchange
from ringtest.client.jenkins.listing import Listing, item_path, read_listing, view_path
from ringtest.client.jenkins.site import Site
from ringtest.client.retry import Retries

_PLUGINS = "plugins[shortName,longName,version]"


class Controller:
    """One Jenkins. Names are full names, with folders: `team/nightly`.

    Raises Refused and its kinds when it answers but does not do it, Unreachable without answer.
    """

    def __init__(
        self,
        site: Site,
        *,
        retries: Retries = RETRIES,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.exchange = Exchange(site, retries=retries, transport=transport)

    def __enter__(self) -> "Controller":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.exchange.close()

    @property
    def url(self) -> str:
        """The address, with a slash at its end."""
        return self.exchange.site.url

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self.exchange.requests

    def listing(self) -> Listing:
        """Every job, folder and view, in one request for each 500."""
        return read_listing(self.exchange)

    def plugins(self) -> list[dict[str, str]]:
        """What is installed: shortName, longName and version of each, by name."""
        shown: list[dict[str, Any]] = self.exchange.json("pluginManager/", _PLUGINS, depth=1)[
            "plugins"
        ]
        names = ("longName", "shortName", "version")
        found = [{name: str(each[name]) for name in names} for each in shown]
        return sorted(found, key=lambda each: each["shortName"])

    def config(self, kind: str, name: str) -> bytes:
        """The config.xml of a job or a view. Missing when there is none."""
        return self.exchange.get(f"{_path(kind, name)}config.xml").content

    def create(self, kind: str, name: str, xml: bytes, *, made: Callable[[bytes], bool]) -> None:
        """A job or view. `made` says of a config.xml whether this call wrote it.

        NameTaken when there is another one of that name.
        """
        folder, _, short = name.rpartition("/")
        verb = "createItem" if kind == "job" else "createView"
        path = item_path(folder) + verb

        def done() -> bool:
            try:
                return made(self.config(kind, name))
            except Missing:
                return False

        def send() -> httpx.Response:
            return self.exchange.post(path, params={"name": short}, content=xml, again=False)

        try:
            self.exchange.unless_done(send, done)
        except NameTaken:
            if not done():
                raise

    def change(self, kind: str, name: str, xml: bytes) -> None:
        """Write a config.xml over the one that is there. Missing when there is none."""
        self.exchange.post(f"{_path(kind, name)}config.xml", content=xml, again=True)

    def delete(self, kind: str, name: str) -> None:
        """Remove a job, folder or view with everything in it; fine when it is gone already."""
        try:
            self.exchange.post(f"{_path(kind, name)}doDelete", again=True)
        except Missing:
            return

    def set_disabled(self, name: str, disabled: bool) -> None:
        """Let a job be built, or not."""
        verb = "disable" if disabled else "enable"
        self.exchange.post(f"{item_path(name)}{verb}", again=True)


def _path(kind: str, name: str) -> str:
    return view_path(name) if kind == "view" else item_path(name)
