"""What is seen while jobs are rendered: options, secrets, plugins, arguments of macros."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ringtest.jjb.chain import Step
from ringtest.jjb.checking import options, secrets
from ringtest.jjb.checking.mentions import Mentions
from ringtest.jjb.checking.rules import finding
from ringtest.jjb.checking.words import meant
from ringtest.jjb.expansion.definitions import Macro
from ringtest.jjb.loading.values import Map
from ringtest.jjb.problems import Problem
from ringtest.language.places import Place

Seen = tuple[str, str, Place | None, str | None, tuple[Step, ...]]
_FILLER = re.compile(r"jenkins|hudson|plugin|[^a-z0-9]")


class Watching:
    """A `rendering.watch.Watch` that collects findings.

    plugins: of the controller, or None when nothing is known of them.
    macros: (kind, name) of those that were used.
    """

    def __init__(
        self, mentions: Mentions, plugins: Sequence[Mapping[str, Any]] | None, allow_empty: bool
    ) -> None:
        self.findings: list[Problem] = []
        self.macros: set[tuple[str, str]] = set()
        self._mentions = mentions
        self._allow_empty = allow_empty
        self._open: list[Seen] = []
        self._told: set[tuple[Any, ...]] = set()
        self._plugins: set[str] | None = None
        if plugins is not None:
            names = (plugin.get(key) for plugin in plugins for key in ("shortName", "longName"))
            self._plugins = {plain(str(name)) for name in names if name}

    def component(
        self,
        kind: str,
        name: str,
        data: Any,
        place: Place | None,
        job: str | None,
        chain: Sequence[Step],
    ) -> None:
        """See `Watch`."""
        self._open.append((kind, name, place, job, tuple(chain)))
        if not isinstance(data, dict | list) or not data:
            return
        tree = options.known(kind, name)
        if tree is not None:
            for key, where, there in options.unknown(tree, data, place):
                said = f"{kind} {name!r} has no option {key!r}{meant(key, there)}"
                self._tell("unknown-option", said, where, job, chain)
        for said, where in secrets.in_plain_text(kind, name, data, place):
            self._tell("plain-secret", said, where, job, chain)

    def end(self) -> None:
        """See `Watch`."""
        self._open.pop()

    def macro(
        self,
        macro: Macro,
        data: Mapping[Any, Any],
        given: Mapping[Any, Any],
        place: Place | None,
        job: str | None,
    ) -> None:
        """See `Watch`."""
        self.macros.add((macro.kind, macro.name))
        names = self._mentions.of(macro.body)
        if names.open:
            return
        used = names.all()
        for key in data:
            if key not in used:
                where = data.place_of_key(key) or place if isinstance(data, Map) else place
                said = f"{macro.what} does not use {key!r}{meant(key, used)}"
                self._tell("unused-variable", said, where, job, ())
        if self._allow_empty:
            for name in sorted(names.needed - given.keys()):
                said = f"{name!r} is set nowhere for {macro.what}"
                self._tell("undefined-variable", said, place, job, ())

    def plugin(self, names: Sequence[str]) -> None:
        """See `Watch`."""
        if self._plugins is None or not self._open:
            return
        if not any(plain(name) in self._plugins for name in names):
            kind, name, place, job, chain = self._open[-1]
            called = " or ".join(repr(each) for each in names)
            said = f"{kind} {name!r} needs the plugin {called}, which the controller has not"
            self._tell("missing-plugin", said, place, job, chain)

    def _tell(
        self, rule: str, message: str, place: Place | None, job: str | None, chain: Sequence[Step]
    ) -> None:
        if (rule, message, place) not in self._told:
            self._told.add((rule, message, place))
            self.findings.append(finding(rule, message, place, job, chain))


def plain(name: str) -> str:
    """A plugin's name without what its two names differ in.

    >>> plain("SSH Agent Plugin"), plain("ssh-agent")
    ('sshagent', 'sshagent')
    """
    return _FILLER.sub("", name.lower()) or name.lower()
