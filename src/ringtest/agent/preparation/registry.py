"""The handlers of an agent, and what a definition may wish for."""

from collections.abc import Mapping
from typing import Any

from ringtest.agent.preparation.files import place_files
from ringtest.agent.preparation.framework import install_framework
from ringtest.agent.preparation.git import check_out
from ringtest.agent.preparation.handlers import Handlers
from ringtest.agent.preparation.images import place_images
from ringtest.agent.preparation.packages import install_packages
from ringtest.agent.preparation.repositories import place_repositories
from ringtest.agent.preparation.services import run_services
from ringtest.agent.preparation.wishes import RESERVED

KEYS: Mapping[str, str] = {
    "repositories": "where the system's package manager finds packages, by name",
    "packages": "packages of the system and of pip",
    "git": "repositories at a revision, by path",
    "framework": "the test program, from packages or from a checkout",
    "images": "disk images of guests, by path",
    "files": "configuration files, whole or edited, by path",
    "services": "services that run or are stopped, by name",
}


def make_handlers() -> Handlers:
    """All of them."""
    handlers = Handlers()
    handlers.add("repositories")(place_repositories)
    handlers.add("packages", after=["place_repositories"])(install_packages)
    handlers.add("git", after=["install_packages"])(check_out)
    handlers.add("framework", after=["install_packages", "check_out"])(install_framework)
    handlers.add("images", after=["install_packages"])(place_images)
    handlers.add("files", after=["install_packages", "check_out"])(place_files)
    handlers.add("services", after=["place_images", "place_files", "install_framework"])(
        run_services
    )
    return handlers


def unknown_keys(wanted: Mapping[str, Any]) -> list[str]:
    """Keys of a definition's environment that no handler brings about."""
    return [key for key in wanted if key not in KEYS and key not in RESERVED]
