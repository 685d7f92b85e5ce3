"""The handlers of an agent, and what a definition may wish for."""

from collections.abc import Mapping
from typing import Any

from ringtest.agent.preparation.files import place_files
from ringtest.agent.preparation.git import check_out
from ringtest.agent.preparation.handlers import Handlers
from ringtest.agent.preparation.packages import install_packages

KEYS: Mapping[str, str] = {
    "packages": "packages of the system and of pip",
    "files": "configuration files, by path",
    "git": "repositories at a revision, by path",
}


def make_handlers() -> Handlers:
    """All of them."""
    handlers = Handlers()
    handlers.add("packages")(install_packages)
    handlers.add("git", after=["install_packages"])(check_out)
    handlers.add("files", after=["install_packages", "check_out"])(place_files)
    return handlers


def unknown_keys(wanted: Mapping[str, Any]) -> list[str]:
    """Keys of a definition's environment that no handler brings about."""
    return [key for key in wanted if key not in KEYS and key != "expire_seconds"]
