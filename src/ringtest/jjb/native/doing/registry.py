"""Does actions by their kind. Kinds are named in `kinds`, which knows all of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ringtest.jjb.native.doing.build import Build
from ringtest.jjb.native.program import Action

Inside = Sequence[Action]
Does = Callable[[dict[str, Any], Inside, Build], None]
_KINDS: dict[str, Does] = {}


def know(kinds: Mapping[str, Does]) -> None:
    """Adds kinds of actions."""
    _KINDS.update(kinds)


def do(action: Action, build: Build) -> None:
    """One action. Raises Failed."""
    _KINDS[action.kind](action.given, action.actions, build)


def do_all(actions: Inside, build: Build) -> None:
    """Actions inside of another, the first that fails ends them."""
    for action in actions:
        build.say(f"$ {action.title or action.kind}")
        do(action, build)
